/** The protocol's public surface: what node/, sandbox/ and test/ may use of it. */
export { InvariantError, unreachable } from './assert.ts'
export {
  bytes,
  count,
  decode,
  digest,
  encode,
  type Infer,
  key,
  list,
  oneOf,
  option,
  struct,
  text,
  u8,
  u16,
  u32,
  u64,
  union,
} from './canonical.ts'
export {
  nullifierOf,
  type PaymentClaim,
  type PaymentFacts,
  type PaymentFault,
  type PaymentRef,
  type PaymentTerms,
  paymentFault,
  paymentRef,
  SUBMISSION_FEE_RAO,
} from './chain/payment.ts'
export { predictYuma, type YumaInput, type YumaOutcome, type YumaRow } from './chain/yuma.ts'
export type { Metagraph } from './chain-view.ts'
export {
  type Committee,
  isQuorum,
  memberOf,
  smallestBlockingCoalition,
  smallestCertifyingCoalition,
  weightOf,
} from './committee.ts'
export { hardwareClassOf } from './competition/hardware.ts'
export { COMPETITIONS, matrixRulesOf } from './competition/index.ts'
export { printRational } from './competition/integers.ts'
export type { PoolMatrix } from './competition/matrix/draw.ts'
export type { MatrixRuns } from './competition/matrix/runs.ts'
export { isLastLook } from './competition/pair.ts'
export type {
  CheckCode,
  Checked,
  CompetitionRules,
  HostCertificate,
  MatrixRules,
  Scored,
  TrainingRules,
} from './competition/rules.ts'
export {
  checkTraining,
  type Found,
  type Gate,
  gatesOf,
  type TrainingCode,
} from './competition/training-speed/check.ts'
export {
  elementsOf,
  planTraining,
  type Tolerances,
  type TrainingContract,
  type TrainingPlan,
  tensorsOf,
} from './competition/training-speed/contract.ts'
export { leastNanos, peakGflops } from './competition/training-speed/plausible.ts'
export { quadPpm, type TrainingQuad, type TrainingScored } from './competition/training-speed/score.ts'
export { certificateClaims } from './consensus/certificate.ts'
export {
  bytesToHex,
  type Digest,
  hash,
  hexToBytes,
  type Key,
  type SignatureClaim,
  utf8ToBytes,
  verifySignature,
} from './crypto.ts'
export { ProtocolError } from './errors.ts'
export {
  chainDomain,
  domainsOf,
  type Genesis,
  parseGenesis,
  printGenesis,
} from './genesis.ts'
export { incumbentOf, type LeadRecord, type Standing } from './ledger/fold.ts'
export { isBetter } from './ledger/takeover.ts'
export type { Tally } from './ledger/tally.ts'
export {
  BLOB_BYTES_MAX,
  BUNDLE_BYTES_MAX,
  COMPETITION_ID_BYTES_MAX,
  MEMBERS_MIN,
  MESSAGE_BYTES_MAX,
  STATEMENT_BYTES_MAX,
  SYNC_BATCH_MAX,
} from './limits.ts'
export { createMachine, judgeProposal, type Machine, replayRecord, restoreMachine, step } from './machine.ts'
export type { Effect, Input, JournalRecord, Notice, Relayed } from './machine-types.ts'
export { inclusionProof, isIncluded, merkleRoot } from './merkle.ts'
export { bundleSizeBytes, packBundle, unpackBundle } from './message/bundle.ts'
export { headerDigest, type ManifestEntry } from './message/entry.ts'
export { type Evidence, evidenceId, examine, type Offence } from './message/evidence.ts'
export {
  type Delegation,
  parseSignedDelegation,
  printSignedDelegation,
  type SignedDelegation,
} from './message/membership.ts'
export {
  bytesToSign,
  type Domains,
  type MessageKind,
  messageId,
  type Signed,
  signatureClaim,
  type Unsigned,
  type Verified,
} from './message/message.ts'
export { type ParamsChange, targetOf } from './message/params.ts'
export { PAYLOAD_TYPE } from './message/statement.ts'
export { certificate, type Decided, PHASES } from './message/vote.ts'
export {
  type CompetitionParams,
  competitionParams,
  competitionParamsFault,
  type MeshParams,
  meshParams,
  meshParamsFault,
  paramsHash,
} from './params.ts'
export { rounds } from './round/application.ts'
export { eligibleHotkeys, epochEntry } from './round/epoch.ts'
export { newestEpochFault } from './round/epoch-entry.ts'
export { wantsEvidence } from './round/evidence.ts'
export { namedBy } from './round/fold.ts'
export { paramsRefusal } from './round/params.ts'
export { termsOfPayment } from './round/payment.ts'
export { receiptsToday } from './round/pump.ts'
export { type SubmissionRefusal, submissionRefusal } from './round/refusal.ts'
export type { RoundMark, RoundResult, SubmissionResult, ValidatorValue } from './round/result.ts'
export { evaluationOf } from './round/reveal.ts'
export { sealedUntil } from './round/sealing.ts'
export { sessionKeysOf } from './round/signers.ts'
export {
  bundleOf,
  type CompetitionState,
  createRounds,
  isHere,
  type OpenRound,
  type RoundInputs,
  type RoundState,
} from './round/state.ts'
export { buildStatement, failed, type Measured, passed } from './round/statement.ts'
export { vectorOf, vectorsUpTo } from './round/vector.ts'
export { decodeSs58, encodeSs58 } from './ss58.ts'
export {
  admit,
  type ClaimContext,
  claims,
  decodeEnvelope,
  encodeEnvelopes,
  type Item,
  itemId,
  joinDecided,
  type Received,
} from './wire.ts'
