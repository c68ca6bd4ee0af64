/** Medians by hardware class, and whether large classes contradict each other. */
import type { Committee } from '../committee.ts'
import { ONE_PPM } from '../competition/pair.ts'
import type { Key } from '../crypto.ts'
import { weightedMedian } from './median.ts'
import type { ClassMedian } from './result.ts'
import type { Measured } from './statement.ts'

/** One validator's word on one submission, with what its host says of itself. */
export type Seen = {
  readonly hotkey: Key
  readonly weight: bigint
  readonly noisePpm: number
  readonly hardwareClass: string
  readonly measured: Measured
}

export const weigh = (seen: readonly Seen[]): bigint => seen.reduce((sum, { weight }) => sum + weight, 0n)

export const medianOf = <T extends number | bigint>(seen: readonly Seen[], pick: (m: Measured) => T, none: T): T =>
  weightedMedian(seen.map(({ measured, weight }) => ({ value: pick(measured), weight }))) ?? none

/** the median of each named value by itself; all counted passes tell the same names. */
export const valueMedians = (seen: readonly Seen[]): Measured['values'] =>
  Object.fromEntries(
    Object.keys(seen[0]?.measured.values ?? {}).map((name) => [name, medianOf(seen, (m) => m.values[name] ?? 0n, 0n)]),
  )

/** Median throughput of those that tell one; null when none does. */
export const rawMedianOf = (seen: readonly Seen[]): bigint | null =>
  weightedMedian(
    seen.flatMap(({ measured: { rawMilli }, weight }) => (rawMilli === null ? [] : [{ value: rawMilli, weight }])),
  )

/** The counted values of one class. */
type ClassGroup = { readonly hardwareClass: string; readonly weight: bigint; readonly seen: readonly Seen[] }

const groupsOf = (counted: readonly Seen[]): readonly ClassGroup[] => {
  const names = [...new Set(counted.map(({ hardwareClass }) => hardwareClass))].sort((a, b) => (a < b ? -1 : 1))
  return names.map((hardwareClass) => {
    const seen = counted.filter((one) => one.hardwareClass === hardwareClass)
    return { hardwareClass, weight: weigh(seen), seen }
  })
}

/**
 * a submission is flagged when of two classes, each with more than a third of the committee's whole weight, one has its median above 1 and
 * the other below; smaller classes are shown only.
 */
export const classMedians = (
  counted: readonly Seen[],
  o: { readonly committee: Committee /** A throughput is certified. */; readonly hasRaw: boolean },
): { readonly classes: readonly ClassMedian[]; readonly isSplit: boolean } => {
  const { total } = o.committee
  const groups = groupsOf(counted).map((group) => ({
    ...group,
    metricPpm: medianOf(group.seen, (m) => m.centrePpm, 0),
  }))
  const large = groups.filter(({ weight }) => 3n * weight > total)
  return {
    classes: groups.map(({ hardwareClass, weight, metricPpm, seen }) => ({
      hardwareClass,
      weightPpm: Number((weight * BigInt(ONE_PPM)) / total),
      metricPpm,
      rawMilli: o.hasRaw ? rawMedianOf(seen) : null,
    })),
    isSplit: large.some(({ metricPpm }) => metricPpm > ONE_PPM) && large.some(({ metricPpm }) => metricPpm < ONE_PPM),
  }
}
