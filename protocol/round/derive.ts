/** RESULT from its reveals: quorums, medians, outliers, ranking, the lead; pure, integer, the same on every node and for every auditor. */
import { type Committee, isQuorum, memberOf, weightOf } from '../committee.ts'
import { compareNumbers } from '../competition/integers.ts'
import { ONE_PPM } from '../competition/pair.ts'
import type { Digest, Key } from '../crypto.ts'
import { incumbentOf, type Standing } from '../ledger/fold.ts'
import { isBetter, isConfirmed } from '../ledger/takeover.ts'
import type { ManifestEntry } from '../message/entry.ts'
import { classMedians, medianOf, rawMedianOf, type Seen, valueMedians, weigh } from './classes.ts'
import { marksOf } from './marks.ts'
import { weightedMedian } from './median.ts'
import type { RoundResult, SubmissionResult, ValidatorValue } from './result.ts'
import type { Evaluation } from './statement.ts'

/** A counted reveal, its statement parsed and checked. */
export type Attestation = { readonly hotkey: Key; readonly evaluation: Evaluation }

export type DeriveQuery = {
  /** Digest of the manifest's header. */
  readonly manifest: Digest
  readonly entry: ManifestEntry
  /** The committee in force at the manifest. */
  readonly committee: Committee
  /** One a member, in the order of their hotkeys. */
  readonly attestations: readonly Attestation[]
  /** The competition's standing before this result. */
  readonly standing: Standing
  readonly confirmRounds: number
  readonly submissionOf: (id: Digest) => { readonly hotkey: Key; readonly bundle: Digest }
}

/** why a round says neither; the line is for the miner. */
export const INCONCLUSIVE = {
  NO_QUORUM: 'Too few validators agreed on one outcome: it enters the next round by itself.',
  NOISY_HOSTS: 'Too many validators’ hosts were too noisy to vote: it enters the next round by itself.',
} as const

const seenOf = (query: DeriveQuery, index: number): readonly Seen[] =>
  query.attestations.flatMap(({ hotkey, evaluation }) => {
    const measured = evaluation.submissions[index]
    const weight = memberOf(query.committee, hotkey)?.weight ?? 0n
    const { hostNoisePpm: noisePpm, hardware } = evaluation
    return measured === undefined ? [] : [{ hotkey, weight, noisePpm, hardwareClass: hardware.class, measured }]
  })

/**
 * a pass needs passes of hosts within their noise of more than two thirds of the committee's whole weight; `miner` needs more than half
 * of the revealed weight with one and the same code; all else is inconclusive and enters the next manifest by itself.
 */
const judge = (
  seen: readonly Seen[],
  counted: readonly Seen[],
  total: bigint,
): Pick<SubmissionResult, 'verdict' | 'code'> => {
  if (isQuorum(weigh(counted), total)) return { verdict: 'pass', code: '' }
  const faulted = seen.filter(({ measured }) => measured.verdict === 'miner')
  const codes = [...new Set(faulted.map(({ measured }) => measured.code))]
  const agreed = codes.find((code) => 2n * weigh(faulted.filter((s) => s.measured.code === code)) > weigh(seen))
  if (agreed !== undefined) return { verdict: 'miner', code: agreed }
  const isNoise = isQuorum(weigh(seen.filter(({ measured }) => measured.verdict === 'pass')), total)
  const code: keyof typeof INCONCLUSIVE = isNoise ? 'NOISY_HOSTS' : 'NO_QUORUM'
  return { verdict: 'inconclusive', code }
}

const isCounted = (seen: Seen, thetaPpm: number): boolean =>
  seen.measured.verdict === 'pass' && seen.noisePpm <= thetaPpm

/** a value farther from the median than θ/2 and than 6 times the weighted median of such distances is flagged; it stays in the median. */
const isOutlier = (value: number, o: { metricPpm: number; deviation: number; thetaPpm: number }): boolean => {
  const distance = Math.abs(value - o.metricPpm)
  return distance > 6 * o.deviation && 2 * distance > o.thetaPpm
}

/** How each value was used. `isPass`: the median of `counted` is certified. */
const usesOf = (
  seen: readonly Seen[],
  o: {
    readonly counted: readonly Seen[]
    readonly isPass: boolean
    readonly metricPpm: number
    readonly thetaPpm: number
  },
): readonly ValidatorValue['use'][] => {
  const distances = o.counted.map(({ weight, measured }) => ({
    weight,
    value: Math.abs(measured.centrePpm - o.metricPpm),
  }))
  const deviation = weightedMedian(distances) ?? 0
  return seen.map((one) => {
    if (one.measured.verdict !== 'pass') return 'none'
    if (!isCounted(one, o.thetaPpm)) return 'noisy'
    return o.isPass && isOutlier(one.measured.centrePpm, { ...o, deviation }) ? 'flagged' : 'counted'
  })
}

/** a throughput is certified when counted values that tell one weigh more than two thirds of the committee's whole weight. */
const hasThroughput = (counted: readonly Seen[], total: bigint): boolean =>
  isQuorum(weigh(counted.filter(({ measured }) => measured.rawMilli !== null)), total)

const shownOf = ({ hotkey, measured }: Seen, use: ValidatorValue['use']): ValidatorValue => {
  const { verdict, code, centrePpm, madPpm, pair, scorePpb, values, rawMilli } = measured
  return { hotkey, use, verdict, code, centrePpm, madPpm, pair, scorePpb, values, rawMilli }
}

/** One submission before it is compared with the others; `isAhead` says that it qualifies for the lead. */
type Row = { readonly result: SubmissionResult; readonly isAhead: boolean }

const rowOf = (query: DeriveQuery, index: number, id: Digest): Row => {
  const { committee, entry } = query
  const { thetaPpm } = entry
  const seen = seenOf(query, index)
  const counted = seen.filter((s) => isCounted(s, thetaPpm))
  const judged = judge(seen, counted, committee.total)
  const isPass = judged.verdict === 'pass'
  const voters = isPass ? counted : []
  const metricPpm = medianOf(voters, (m) => m.centrePpm, 0)
  const votes = voters.map(({ weight, measured }) => ({ weight, centrePpm: measured.centrePpm, pair: measured.pair }))
  const hasRaw = hasThroughput(voters, committee.total)
  const { classes, isSplit } = classMedians(voters, { committee, hasRaw })
  const isAhead = isPass && isBetter({ votes, metricPpm, thetaPpm })
  const uses = usesOf(seen, { counted, isPass, metricPpm, thetaPpm })
  const result: SubmissionResult = {
    id,
    ...query.submissionOf(id),
    ...judged,
    board: isPass ? (isAhead && isSplit ? 'quarantined' : 'accepted') : 'none',
    flag: isSplit ? 'classes' : 'none',
    rank: 0,
    metricPpm,
    scorePpb: medianOf(voters, (m) => m.scorePpb, 0n),
    values: valueMedians(voters),
    rawMilli: hasRaw ? rawMedianOf(voters) : null,
    classes,
    byValidator: seen.map((s, place) => shownOf(s, uses[place] ?? 'none')),
  }
  return { result, isAhead: isAhead && !isSplit }
}

const isTie = (result: SubmissionResult, thetaPpm: number): boolean =>
  result.board === 'accepted' && Math.abs(result.metricPpm - ONE_PPM) <= thetaPpm

/**
 * passes rank by their metric, equal ones in the manifest's order (ties keep the older); the first in rank that qualifies and is
 * confirmed takes the lead, the others that qualify are provisional.
 */
export const deriveResult = (query: DeriveQuery): RoundResult => {
  const { entry, standing } = query
  const rows = entry.submissions.map(({ id }, index) => rowOf(query, index, id))
  const ranked = rows
    .filter(({ result }) => result.verdict === 'pass')
    .sort((a, b) => compareNumbers(b.result.metricPpm, a.result.metricPpm))
  const record = ranked.find(
    ({ result, isAhead }) =>
      isAhead &&
      isConfirmed({
        hasIncumbent: entry.incumbent !== null,
        confirmations: standing.provisional.get(result.id) ?? 0,
        confirmRounds: query.confirmRounds,
      }),
  )
  const boardOf = (row: Row): SubmissionResult['board'] => {
    if (row === record) return 'record'
    if (row.isAhead) return 'provisional'
    return isTie(row.result, entry.thetaPpm) ? 'tie' : row.result.board
  }
  const submissions = rows.map((row) => ({ ...row.result, board: boardOf(row), rank: ranked.indexOf(row) + 1 }))
  return {
    competition: entry.competition,
    round: entry.round,
    manifest: query.manifest,
    incumbent: entry.incumbent,
    thetaPpm: entry.thetaPpm,
    winner: record?.result.id ?? incumbentOf(standing)?.submission ?? null,
    submissions,
    validators: marksOf(query, submissions),
  }
}

/** RESULT holds reveals of a quorum of the manifest's committee, the whole of it and not the part that committed. */
export const isRevealQuorum = (committee: Committee, hotkeys: Iterable<Key>): boolean =>
  isQuorum(weightOf(committee, hotkeys), committee.total)
