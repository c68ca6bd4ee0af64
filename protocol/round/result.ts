/** What a round ended in, derived by every node alike: verdicts, medians, ranking, and each validator's own values beside them. */
import { digest, encode, type Infer, key, list, oneOf, option, struct, text, u16, u32, u64 } from '../canonical.ts'
import { PAIR_VERDICTS } from '../competition/pair.ts'
import { type Digest, hash, utf8ToBytes } from '../crypto.ts'
import { COMPETITION_ID_BYTES_MAX, MEMBERS_MAX, SUBMISSIONS_MAX } from '../limits.ts'
import { CODE_BYTES_MAX, VERDICTS } from './statement.ts'

/** How a value was used: in the median; in it but far from the others; not, since its host is too noisy; not, since it is no pass. */
const USES = ['counted', 'flagged', 'noisy', 'none'] as const

/** Where a submission stands on the board: not measured; measured; no difference to the leader; ahead but to be confirmed; the new leader. */
const BOARDS = ['none', 'accepted', 'tie', 'provisional', 'record'] as const

const validatorValue = struct({
  hotkey: key,
  verdict: oneOf(VERDICTS),
  code: text(CODE_BYTES_MAX),
  use: oneOf(USES),
  centrePpm: u32,
  madPpm: u32,
  pair: oneOf(PAIR_VERDICTS),
  ratioPpb: u64,
  timeNanos: u64,
  scorePpb: u64,
})
export type ValidatorValue = Infer<typeof validatorValue>

const submissionResult = struct({
  id: digest,
  /** The miner. */
  hotkey: key,
  bundle: digest,
  verdict: oneOf(VERDICTS),
  code: text(CODE_BYTES_MAX),
  board: oneOf(BOARDS),
  /** 1 is best; 0 for no rank. */
  rank: u16,
  /** Upper weighted medians of the counted values; 0 unless the verdict is a pass. The metric is the score over the partner's. */
  metricPpm: u32,
  ratioPpb: u64,
  timeNanos: u64,
  scorePpb: u64,
  /** In the order of their hotkeys. */
  byValidator: list(validatorValue, MEMBERS_MAX),
})
export type SubmissionResult = Infer<typeof submissionResult>

export const roundResult = struct({
  competition: text(COMPETITION_ID_BYTES_MAX),
  round: u32,
  manifest: digest,
  /** The leader that everything was measured against; null for the baseline. */
  incumbent: option(digest),
  thetaPpm: u32,
  /** The leader from here on. */
  winner: option(digest),
  /** In the manifest's order. */
  submissions: list(submissionResult, SUBMISSIONS_MAX),
})
export type RoundResult = Infer<typeof roundResult>

/** RESULT holds this digest, so a quorum signs the derivation and not only its inputs. */
export const resultDigest = (value: RoundResult): Digest =>
  hash(utf8ToBytes('evalmesh/v1/result'), encode(roundResult, value))
