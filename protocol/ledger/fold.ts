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
  /** Named by a manifest and not finished: what of them a round has not brought to an end the next ones go on with. */
  readonly underWay: Set<Digest>
  /** Submissions that are done with: never measured again. */
  readonly finished: Set<Digest>
  /** Rounds without a verdict, by submission that is not finished; those that did not name it among them. */
  readonly inconclusive: Map<Digest, number>
  /** Every validator that ever had a seat in one of its rounds: as many as permits were held, never more than the chain sold. */
  readonly tallies: Map<Key, Tally>
}

/**
 * a submission gets this many rounds without a verdict or in quarantine, then it is finished: else one that never ends could hold its
 * place for ever. A round that does not name it any more is one of them, or what no manifest can name would hold its payment for ever.
 */
const INCONCLUSIVE_ROUNDS_MAX = 5

export const createStanding = (): Standing => ({
  records: [],
  provisional: new Map(),
  underWay: new Set(),
  finished: new Set(),
  inconclusive: new Map(),
  tallies: new Map(),
})

/** The leader, or null while the baseline leads. */
export const incumbentOf = (standing: Standing): LeadRecord | null => standing.records.at(-1) ?? null

const isJudged = (row: SubmissionResult | undefined): boolean => row?.verdict === 'pass' || row?.verdict === 'miner'

/** What a round did to a submission under way; it has no row where the manifest did not name it. */
const settle = (standing: Standing, id: Digest, row: SubmissionResult | undefined): void => {
  const isOpen = row?.board === 'quarantined' || !isJudged(row)
  if (!isOpen) {
    standing.inconclusive.delete(id)
    if (row?.board !== 'provisional') standing.finished.add(id)
    return
  }
  const rounds = (standing.inconclusive.get(id) ?? 0) + 1
  standing.inconclusive.set(id, rounds)
  if (rounds < INCONCLUSIVE_ROUNDS_MAX) return
  standing.inconclusive.delete(id)
  standing.finished.add(id)
}

/** @returns what of it this round has given up without a verdict. */
const settleAll = (standing: Standing, rows: ReadonlyMap<Digest, SubmissionResult>): readonly Digest[] => {
  const { underWay, finished } = standing
  for (const id of rows.keys()) underWay.add(id)
  for (const id of underWay) settle(standing, id, rows.get(id))
  const ended = [...underWay].filter((id) => finished.has(id))
  for (const id of ended) underWay.delete(id)
  return ended.filter((id) => !isJudged(rows.get(id)))
}

/**
 * a new leader stays leader until another takes over; with a new leader every count of confirmations starts again. A provisional one that
 * got no verdict this round keeps its count; one that did not qualify again, or is quarantined, loses it.
 * @returns the submissions that are finished with this round and got no verdict.
 */
export const foldResult = (standing: Standing, result: RoundResult, block: number): readonly Digest[] => {
  foldMarks(standing.tallies, result.validators)
  const rows = new Map(result.submissions.map((s) => [s.id, s]))
  const givenUp = settleAll(standing, rows)
  const record = result.submissions.find((s) => s.board === 'record')
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
  if (record === undefined) return givenUp
  const { id, hotkey, bundle, metricPpm, scorePpb, values } = record
  standing.records.push({ submission: id, hotkey, bundle, round: result.round, block, metricPpm, scorePpb, values })
  return givenUp
}
