/** What a round ended in, derived by every node alike: verdicts, medians, ranking, and each validator's own values beside them. */
import {
  digest,
  hashOf,
  type Infer,
  key,
  list,
  oneOf,
  option,
  record,
  struct,
  text,
  u16,
  u32,
  u64,
} from '../canonical.ts'
import { HARDWARE_CLASS_BYTES_MAX } from '../competition/hardware.ts'
import { PAIR_VERDICTS } from '../competition/pair.ts'
import { type Digest, utf8ToBytes } from '../crypto.ts'
import { COMPETITION_ID_BYTES_MAX, MEMBERS_MAX, SUBMISSIONS_MAX, VALUES_MAX } from '../limits.ts'
import { CODE_BYTES_MAX, VERDICTS } from './statement.ts'

/** How a value was used: in the median; in it but far from the others; not, since its host is too noisy; not, since it is no pass. */
const USES = ['counted', 'flagged', 'noisy', 'none'] as const

/**
 * Where a submission stands on the board: not measured; measured; no difference to the leader; ahead but to be confirmed; the new leader;
 * ahead, but something must be looked into first.
 */
const BOARDS = ['none', 'accepted', 'tie', 'provisional', 'record', 'quarantined'] as const

/** What must be looked into: nothing; hardware classes disagree on whether it is better at all. */
const FLAGS = ['none', 'classes'] as const

/** How a member's whole reveal went: used; with a value far from the others; none of its values used, since its host is too noisy; not there. */
export const MARKS = ['counted', 'flagged', 'noisy', 'missing'] as const
export type Mark = (typeof MARKS)[number]

const validatorValue = struct({
  hotkey: key,
  verdict: oneOf(VERDICTS),
  code: text(CODE_BYTES_MAX),
  use: oneOf(USES),
  centrePpm: u32,
  madPpm: u32,
  pair: oneOf(PAIR_VERDICTS),
  scorePpb: u64,
  values: record(u64, VALUES_MAX),
  rawMilli: option(u64),
})
export type ValidatorValue = Infer<typeof validatorValue>

const classMedian = struct({
  hardwareClass: text(HARDWARE_CLASS_BYTES_MAX),
  /** Stake whose values are counted in it, as a part of the whole committee's. */
  weightPpm: u32,
  metricPpm: u32,
  rawMilli: option(u64),
})
export type ClassMedian = Infer<typeof classMedian>

const submissionResult = struct({
  id: digest,
  /** The miner. */
  hotkey: key,
  bundle: digest,
  verdict: oneOf(VERDICTS),
  code: text(CODE_BYTES_MAX),
  board: oneOf(BOARDS),
  flag: oneOf(FLAGS),
  /** 1 is best; 0 for no rank. */
  rank: u16,
  /** Upper weighted medians of the counted values; 0 unless the verdict is a pass. The metric is the score over the partner's. */
  metricPpm: u32,
  scorePpb: u64,
  /** The same of each value that the competition's rules name. */
  values: record(u64, VALUES_MAX),
  /** Median throughput in thousandths a second; null where the competition measures none. */
  rawMilli: option(u64),
  /** The same medians among hosts of one class, in the order of the classes' names. */
  classes: list(classMedian, MEMBERS_MAX),
  /** In the order of their hotkeys. */
  byValidator: list(validatorValue, MEMBERS_MAX),
})
export type SubmissionResult = Infer<typeof submissionResult>

const roundMark = struct({
  hotkey: key,
  mark: oneOf(MARKS),
  /** As its reveal says; empty and 0 when it is missing. */
  hardwareClass: text(HARDWARE_CLASS_BYTES_MAX),
  noisePpm: u32,
})
export type RoundMark = Infer<typeof roundMark>

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
  /** Every member of the manifest's committee, in its order. */
  validators: list(roundMark, MEMBERS_MAX),
})
export type RoundResult = Infer<typeof roundResult>

const TAG = utf8ToBytes('evalmesh/v1/result')
/** A derivation is immutable, and its digest is asked for at every look at a proposal. */
const digests = new WeakMap<RoundResult, Digest>()

/** RESULT holds this digest, so a quorum signs the derivation and not only its inputs. */
export const resultDigest = (value: RoundResult): Digest => {
  const known = digests.get(value)
  if (known !== undefined) return known
  const made = hashOf(roundResult, value, TAG)
  digests.set(value, made)
  return made
}
