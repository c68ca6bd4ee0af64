/** RESULT once more, from the text of docs/PROTOCOL.md alone. */
import type { DeriveQuery } from '../../../protocol/round/derive.ts'
import type { RoundResult } from '../../../protocol/round/result.ts'
import { summaryOf, upperWeightedMedian } from './medians.ts'

type Submission = RoundResult['submissions'][number]
type Value = Submission['byValidator'][number]
type Mark = RoundResult['validators'][number]

/** One validator's word on one submission. */
type Word = {
  readonly weight: bigint
  readonly noisePpm: number
  readonly hardwareClass: string
  readonly value: Value
}

const weightOf = (words: readonly Word[]): bigint => words.reduce((total, { weight }) => total + weight, 0n)
const isTwoThirds = (part: bigint, whole: bigint): boolean => part * 3n > whole * 2n

const medianOf = <T extends number | bigint>(words: readonly Word[], pick: (value: Value) => T | null): T | null =>
  upperWeightedMedian(
    words.flatMap(({ weight, value }) => {
      const picked = pick(value)
      return picked === null ? [] : [{ weight, value: picked }]
    }),
  )

/** Everyone's word on the submission at this place; centre, deviation and pair come from the quads, not from what the statement says of them. */
const wordsOn = (query: DeriveQuery, place: number): readonly Word[] =>
  query.attestations.flatMap(({ hotkey, evaluation }) => {
    const said = evaluation.submissions[place]
    if (said === undefined) return []
    const { verdict, code, quadsPpm, scorePpb, values, rawMilli } = said
    const summary = summaryOf(quadsPpm, query.entry.thetaPpm)
    return [
      {
        weight: query.committee.members.find((member) => member.hotkey === hotkey)?.weight ?? 0n,
        noisePpm: evaluation.hostNoisePpm,
        hardwareClass: evaluation.hardware.class,
        value: { hotkey, use: 'none', verdict, code, ...summary, scorePpb, values, rawMilli },
      },
    ]
  })

/** */
const verdictOf = (words: readonly Word[], o: { readonly quiet: readonly Word[]; readonly whole: bigint }) => {
  if (isTwoThirds(weightOf(o.quiet), o.whole)) return { verdict: 'pass', code: '' } as const
  for (const { value } of words) {
    const same = words.filter((other) => other.value.verdict === 'miner' && other.value.code === value.code)
    if (weightOf(same) * 2n > weightOf(words)) return { verdict: 'miner', code: value.code } as const
  }
  const passed = words.filter(({ value }) => value.verdict === 'pass')
  const isNoise = isTwoThirds(weightOf(passed), o.whole)
  return { verdict: 'inconclusive', code: isNoise ? 'NOISY_HOSTS' : 'NO_QUORUM' } as const
}

/** */
const usesOf = (
  words: readonly Word[],
  o: { readonly counted: readonly Word[]; readonly metricPpm: number; readonly quiet: number },
): readonly Value['use'][] => {
  const far = (value: Value): number => Math.abs(value.centrePpm - o.metricPpm)
  const usual = medianOf(o.counted, far) ?? 0
  return words.map(({ value, noisePpm }) => {
    if (value.verdict !== 'pass') return 'none'
    if (noisePpm > o.quiet) return 'noisy'
    const isFar = far(value) > 6 * usual && far(value) * 2 > o.quiet
    return o.counted.length > 0 && isFar ? 'flagged' : 'counted'
  })
}

/** */
const isLeading = (counted: readonly Word[], o: { readonly metricPpm: number; readonly thetaPpm: number }): boolean => {
  const all = weightOf(counted)
  const above = counted.filter(({ value }) => value.centrePpm * 2 > 2_000_000 + o.thetaPpm)
  const better = counted.filter(({ value }) => value.pair === 'better')
  return o.metricPpm > 1_000_000 + o.thetaPpm && isTwoThirds(weightOf(above), all) && weightOf(better) * 2n > all
}

/** each class by itself, and whether two that weigh enough lie on two sides of 1. */
const classesOf = (counted: readonly Word[], o: { readonly whole: bigint; readonly isTold: boolean }) => {
  const names = counted
    .map(({ hardwareClass }) => hardwareClass)
    .filter((name, place, all) => all.indexOf(name) === place)
    .toSorted((a, b) => (a < b ? -1 : 1))
  const of = (name: string): readonly Word[] => counted.filter(({ hardwareClass }) => hardwareClass === name)
  const centre = (name: string): number => medianOf(of(name), (value) => value.centrePpm) ?? 0
  const large = names.filter((name) => weightOf(of(name)) * 3n > o.whole)
  return {
    isSplit: large.some((a) => large.some((b) => centre(a) > 1_000_000 && centre(b) < 1_000_000)),
    classes: names.map((hardwareClass) => ({
      hardwareClass,
      weightPpm: Number((weightOf(of(hardwareClass)) * 1_000_000n) / o.whole),
      metricPpm: centre(hardwareClass),
      rawMilli: o.isTold ? medianOf(of(hardwareClass), (value) => value.rawMilli) : null,
    })),
  }
}

/** A submission by itself: `board` is still without what the others and earlier rounds say. */
const judged = (query: DeriveQuery, place: number): Submission & { readonly isAhead: boolean } => {
  const { thetaPpm, submissions } = query.entry
  const id = submissions[place]?.id ?? ''
  const whole = query.committee.members.reduce((total, { weight }) => total + weight, 0n)
  const words = wordsOn(query, place)
  const quiet = words.filter(({ value, noisePpm }) => value.verdict === 'pass' && noisePpm <= thetaPpm)
  const verdict = verdictOf(words, { quiet, whole })
  const counted = verdict.verdict === 'pass' ? quiet : []
  const metricPpm = medianOf(counted, (value) => value.centrePpm) ?? 0
  const isTold = isTwoThirds(weightOf(counted.filter(({ value }) => value.rawMilli !== null)), whole)
  const { classes, isSplit } = classesOf(counted, { whole, isTold })
  const isAhead = isLeading(counted, { metricPpm, thetaPpm })
  const uses = usesOf(words, { counted, metricPpm, quiet: thetaPpm })
  const isClose = Math.abs(metricPpm - 1_000_000) <= thetaPpm
  const board = isAhead ? (isSplit ? 'quarantined' : 'provisional') : isClose ? 'tie' : 'accepted'
  return {
    id,
    ...query.submissionOf(id),
    ...verdict,
    board: verdict.verdict === 'pass' ? board : 'none',
    flag: isSplit ? 'classes' : 'none',
    rank: 0,
    metricPpm,
    scorePpb: medianOf(counted, (value) => value.scorePpb) ?? 0n,
    // whatever is told has a median of its own.
    values: Object.fromEntries(
      [...new Set(counted.flatMap(({ value }) => Object.keys(value.values)))].map((name) => [
        name,
        medianOf(counted, (value) => value.values[name] ?? null) ?? 0n,
      ]),
    ),
    rawMilli: isTold ? medianOf(counted, (value) => value.rawMilli) : null,
    classes,
    byValidator: words.map(({ value }, at) => ({ ...value, use: uses[at] ?? 'none' })),
    isAhead: isAhead && !isSplit,
  }
}

/** */
const markOf = (query: DeriveQuery, hotkey: string, submissions: readonly Submission[]): Mark => {
  const reveal = query.attestations.find((attestation) => attestation.hotkey === hotkey)
  if (reveal === undefined) return { hotkey, mark: 'missing', hardwareClass: '', noisePpm: 0 }
  const { hardware, hostNoisePpm } = reveal.evaluation
  const isFlagged = submissions.some(({ byValidator }) =>
    byValidator.some((value) => value.hotkey === hotkey && value.use === 'flagged'),
  )
  const mark = hostNoisePpm > query.entry.thetaPpm ? 'noisy' : isFlagged ? 'flagged' : 'counted'
  return { hotkey, mark, hardwareClass: hardware.class, noisePpm: hostNoisePpm }
}

/** Everything that RESULT certifies of these reveals. `query.standing` is the ledger before it. */
export const naiveResult = (query: DeriveQuery): RoundResult => {
  const { entry, standing } = query
  const alone = entry.submissions.map((_, place) => judged(query, place))
  // how many come before it: those with a larger metric, and those with the same that the manifest names earlier.
  const rankOf = (row: Submission, place: number): number =>
    row.verdict !== 'pass'
      ? 0
      : 1 +
        alone.filter(
          (other, at) =>
            other.verdict === 'pass' &&
            (other.metricPpm > row.metricPpm || (other.metricPpm === row.metricPpm && at < place)),
        ).length
  const ranked = alone.map((row, place) => ({ ...row, rank: rankOf(row, place) }))
  //
  const needed = entry.incumbent === null ? 1 : query.confirmRounds
  const confirmed = ranked.filter(({ id, isAhead }) => isAhead && (standing.provisional.get(id) ?? 0) + 1 >= needed)
  const record = confirmed.find(({ rank }) => confirmed.every((other) => rank <= other.rank))
  const submissions = ranked.map(({ isAhead: _, ...row }) =>
    row.id === record?.id ? { ...row, board: 'record' as const } : row,
  )
  return {
    competition: entry.competition,
    round: entry.round,
    manifest: query.manifest,
    incumbent: entry.incumbent,
    thetaPpm: entry.thetaPpm,
    winner: record?.id ?? standing.records.at(-1)?.submission ?? null,
    submissions,
    validators: query.committee.members.map(({ hotkey }) => markOf(query, hotkey, submissions)),
  }
}
