/** The ledger: who leads each competition and how it came to that, folded from decided results in the order of the log. */
import type { Digest, Key } from '../crypto.ts'
import type { RoundResult, SubmissionResult } from '../round/result.ts'
import { foldMarks, type Tally } from './tally.ts'

/** One taking of the lead. */
export type LeadRecord = {
  readonly submission: Digest
  readonly hotkey: Key
  readonly bundle: Digest
  readonly round: number
  /** Block of the header that decided it: decay counts from here. */
  readonly block: number
  readonly metricPpm: number
  readonly scorePpb: bigint
  /** What the competition told beside the score, by name. */
  readonly values: SubmissionResult['values']
}

/** One competition's standing. Mutated by `foldResult` only. */
export type Standing = {
  /** In the order they happened; the last one leads. */
  readonly records: LeadRecord[]
  /** Ahead of the leader, to be confirmed: rounds in a row so far. */
  provisional: ReadonlyMap<Digest, number>
  /** Submissions that are done with: never measured again. */
  readonly finished: Set<Digest>
  /** Rounds without a verdict, by submission that is not finished. */
  readonly inconclusive: Map<Digest, number>
  /** Every validator that ever had a seat in one of its rounds: as many as permits were held, never more than the chain sold. */
  readonly tallies: Map<Key, Tally>
}

/**
 * a submission gets this many rounds without a verdict or in quarantine, then it is finished: else one that never ends could hold its
 * place for ever.
 */
const INCONCLUSIVE_ROUNDS_MAX = 5

export const createStanding = (): Standing => ({
  records: [],
  provisional: new Map(),
  finished: new Set(),
  inconclusive: new Map(),
  tallies: new Map(),
})

/** The leader, or null while the baseline leads. */
export const incumbentOf = (standing: Standing): LeadRecord | null => standing.records.at(-1) ?? null

const settle = (standing: Standing, submission: SubmissionResult): void => {
  const { id, verdict, board } = submission
  const isOpen = board === 'quarantined' || (verdict !== 'pass' && verdict !== 'miner')
  if (!isOpen) {
    standing.inconclusive.delete(id)
    if (board !== 'provisional') standing.finished.add(id)
    return
  }
  const rounds = (standing.inconclusive.get(id) ?? 0) + 1
  standing.inconclusive.set(id, rounds)
  if (rounds < INCONCLUSIVE_ROUNDS_MAX) return
  standing.inconclusive.delete(id)
  standing.finished.add(id)
}

/**
 * a new leader stays leader until another takes over; with a new leader every count of confirmations starts again. A provisional one that
 * got no verdict this round keeps its count; one that did not qualify again, or is quarantined, loses it.
 */
export const foldResult = (standing: Standing, result: RoundResult, block: number): void => {
  foldMarks(standing.tallies, result.validators)
  for (const submission of result.submissions) settle(standing, submission)
  const record = result.submissions.find((s) => s.board === 'record')
  const rows = new Map(result.submissions.map((s) => [s.id, s]))
  const next = new Map<Digest, number>()
  for (const [id, rounds] of standing.provisional) {
    const board = rows.get(id)?.board
    const isKept = !standing.finished.has(id) && board !== 'provisional' && board !== 'quarantined'
    if (isKept) next.set(id, record === undefined ? rounds : 0)
  }
  for (const { id, board } of result.submissions) {
    if (board === 'provisional') next.set(id, record === undefined ? (standing.provisional.get(id) ?? 0) + 1 : 0)
  }
  standing.provisional = next
  if (record === undefined) return
  const { id, hotkey, bundle, metricPpm, scorePpb, values } = record
  standing.records.push({ submission: id, hotkey, bundle, round: result.round, block, metricPpm, scorePpb, values })
}
