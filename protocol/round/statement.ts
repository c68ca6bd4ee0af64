/** The evaluation statement: what one validator measured in one round, as the in-toto JSON that its commit hashes and its reveal shows. */
import { assert } from '../assert.ts'
import { digest, type Infer, key, list, oneOf, option, record, struct, text, u16, u32, u64 } from '../canonical.ts'
import { HARDWARE_CLASS_BYTES_MAX, hardwareClassOf } from '../competition/hardware.ts'
import { compareNames, lowerMedian, medianDeviation } from '../competition/integers.ts'
import { PAIR_VERDICTS, pairVerdict } from '../competition/pair.ts'
import type { RoundId } from '../competition/seed.ts'
import type { Digest, Key } from '../crypto.ts'
import { ProtocolError } from '../errors.ts'
import { COMPETITION_ID_BYTES_MAX, QUADS_MAX, SUBMISSIONS_MAX, VALUES_MAX } from '../limits.ts'
import { type Json, PREDICATE_TYPES, printJson } from '../message/statement.ts'

/** `pass`: measured; `miner`: the code's own fault; `infra`: ours; `inconclusive`: nobody's, measure again. */
export const VERDICTS = ['pass', 'miner', 'infra', 'inconclusive'] as const
export type Verdict = (typeof VERDICTS)[number]

/** Letters of a reason code: a word of capitals. */
export const CODE_BYTES_MAX = 32
const CODE = /^[A-Z0-9_]*$/
/** Names of a machine's parts. */
const HARDWARE_TEXT_BYTES_MAX = 96

const measured = struct({
  /** Submission id. */
  id: digest,
  verdict: oneOf(VERDICTS),
  /** Why it is no pass, from the evaluator's table; empty for a pass. */
  code: text(CODE_BYTES_MAX),
  /** Lower median of the quads, their median distance from it, the quads: candidate's score over the partner's. 0 and none unless a pass. */
  centrePpm: u32,
  madPpm: u32,
  quadsPpm: list(u32, QUADS_MAX),
  pair: oneOf(PAIR_VERDICTS),
  scorePpb: u64,
  /** What the competition tells beside the score, by the names of its rules: none unless a pass. */
  values: record(u64, VALUES_MAX),
  /** Raw throughput in thousandths a second as the clock here saw it, where the competition measures one. */
  rawMilli: option(u64),
  /** Merkle root over what this validator's runs put out: differs per validator, checkable by rerunning. */
  transcriptRoot: digest,
  /** Blob of the raw runs. */
  runs: digest,
})
/** One submission as one validator saw it. */
export type Measured = Infer<typeof measured>

const hardware = struct({
  model: text(HARDWARE_TEXT_BYTES_MAX),
  cores: u16,
  engine: text(HARDWARE_TEXT_BYTES_MAX),
  strength: text(HARDWARE_TEXT_BYTES_MAX),
  /** Follows from model and cores. */
  class: text(HARDWARE_CLASS_BYTES_MAX),
})

const evaluation = struct({
  domain: digest,
  competition: text(COMPETITION_ID_BYTES_MAX),
  paramsHash: digest,
  round: u32,
  /** Digest of the decided header that holds the manifest. */
  manifest: digest,
  hotkey: key,
  /** Also in the commitment, so that equal measurements hide behind different ones. */
  nonce: digest,
  seed: digest,
  image: digest,
  /** SHA-256 of the referee's and harness's code. */
  referee: digest,
  hardware,
  /** From A/A quads of the baseline; above θ this host's values do not vote. */
  hostNoisePpm: u32,
  submissions: list(measured, SUBMISSIONS_MAX),
})
export type Evaluation = Infer<typeof evaluation>

const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1'
const PREDICATE_TYPE = PREDICATE_TYPES.reveal

/** Statements are immutable, and each is looked at by the round, the result and the archive: what is printed or parsed once is known. */
const parsed = new WeakMap<Uint8Array, Evaluation>()

/** there is one way to print an evaluation; a statement that prints otherwise is none. */
export const buildStatement = (value: Evaluation): Uint8Array => {
  const statement = printJson({
    _type: STATEMENT_TYPE,
    subject: [{ name: 'manifest', digest: { sha256: value.manifest } }],
    predicateType: PREDICATE_TYPE,
    predicate: evaluation.toJson(value) as Json,
  })
  parsed.set(statement, value)
  return statement
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The predicate of whatever JSON this is; checked by printing it again. */
const predicateOf = (bytes: Uint8Array): unknown => {
  try {
    const json: unknown = JSON.parse(decoder.decode(bytes))
    return typeof json === 'object' && json !== null && 'predicate' in json ? json.predicate : null
  } catch (error) {
    throw new ProtocolError('BAD_STATEMENT', { error: error instanceof Error ? error.message : 'unreadable' })
  }
}

const isSame = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, index) => byte === b[index])

/**
 * Shape only; whether it fits its round and itself says `statementFault`.
 * @throws ProtocolError BAD_STATEMENT or BAD_SHAPE unless `bytes` is exactly what `buildStatement` prints.
 */
export const parseStatement = (bytes: Uint8Array): Evaluation => {
  const known = parsed.get(bytes)
  if (known !== undefined) return known
  const value = evaluation.fromWire(predicateOf(bytes), 'predicate')
  if (!isSame(buildStatement(value), bytes)) throw new ProtocolError('BAD_STATEMENT', { want: PREDICATE_TYPE })
  parsed.set(bytes, value)
  return value
}

/** What a round fixes of every statement about it. */
export type StatementTerms = {
  readonly id: RoundId
  readonly paramsHash: Digest
  readonly seed: Digest
  readonly image: Digest
  readonly thetaPpm: number
  /** Names of the values that a pass tells, in rising order. */
  readonly values: readonly string[]
  /** Submission ids in the manifest's order. */
  readonly submissions: readonly Digest[]
}

const summaryOf = (quadsPpm: readonly number[], thetaPpm: number) => {
  const centrePpm = lowerMedian(quadsPpm) ?? 0
  return { centrePpm, madPpm: medianDeviation(quadsPpm, centrePpm), pair: pairVerdict(quadsPpm, thetaPpm) }
}

type Traced = Pick<Measured, 'id' | 'transcriptRoot' | 'runs'>

/** A pass from its quads in the order they were drawn: centre, deviation and verdict follow from them. */
export const passed = (
  o: Traced &
    Pick<Measured, 'quadsPpm' | 'scorePpb' | 'values'> & {
      readonly thetaPpm: number
      readonly rawMilli?: bigint
    },
): Measured => {
  const { thetaPpm, rawMilli = null, ...rest } = o
  assert(o.quadsPpm.length > 0, 'a pass has quads')
  return { ...rest, ...summaryOf(o.quadsPpm, thetaPpm), rawMilli, verdict: 'pass', code: '' }
}

/** A submission that was not measured to the end, and why. */
export const failed = (
  o: Traced & { readonly verdict: Exclude<Verdict, 'pass'>; readonly code: string },
): Measured => ({
  ...o,
  centrePpm: 0,
  madPpm: 0,
  quadsPpm: [],
  pair: 'inconclusive',
  scorePpb: 0n,
  values: {},
  rawMilli: null,
})

const measuredFault = (value: Measured, { thetaPpm, values }: StatementTerms): string | null => {
  if (!CODE.test(value.code)) return 'code'
  if ((value.verdict === 'pass') !== (value.code === '')) return 'code'
  if ((value.verdict === 'pass') !== value.quadsPpm.length > 0) return 'quads'
  const want = summaryOf(value.quadsPpm, thetaPpm)
  if (value.centrePpm !== want.centrePpm || value.madPpm !== want.madPpm || value.pair !== want.pair) return 'summary'
  const names = Object.keys(value.values).sort(compareNames).join()
  if (value.verdict === 'pass') return names === values.join() ? null : 'values'
  return names === '' && value.scorePpb === 0n && value.rawMilli === null ? null : 'values'
}

/**
 * a statement counts only if it names its round's domain, parameters, manifest, seed and image and its signer, lists the manifest's
 * submissions each once in its order, its hardware class, centres, deviations and pair verdicts follow from what else it says, and a pass tells
 * exactly the values that its competition's rules name.
 * @returns the name of the first field that is wrong, or null.
 */
export const statementFault = (
  value: Evaluation,
  terms: StatementTerms,
  signer: { readonly hotkey: Key; readonly nonce: Digest },
): string | null => {
  const { id } = terms
  const wanted: readonly (readonly [string, unknown, unknown])[] = [
    ['domain', value.domain, id.domain],
    ['competition', value.competition, id.competition],
    ['round', value.round, id.round],
    ['manifest', value.manifest, id.manifest],
    ['hotkey', value.hotkey, signer.hotkey],
    ['nonce', value.nonce, signer.nonce],
    ['paramsHash', value.paramsHash, terms.paramsHash],
    ['seed', value.seed, terms.seed],
    ['image', value.image, terms.image],
    ['hardware class', value.hardware.class, hardwareClassOf(value.hardware)],
    ['submissions', value.submissions.map((s) => s.id).join(), terms.submissions.join()],
  ]
  const wrong = wanted.find(([, is, want]) => is !== want)
  if (wrong !== undefined) return wrong[0]
  return value.submissions.map((s) => measuredFault(s, terms)).find((fault) => fault !== null) ?? null
}
