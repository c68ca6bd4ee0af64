/** Medians and PAIR-1 straight from their definitions, looking at every value for every value. */

type Weighted<T> = { readonly value: T; readonly weight: bigint }

const smallest = <T extends number | bigint>(values: readonly T[]): T | null =>
  values.reduce<T | null>((least, value) => (least === null || value < least ? value : least), null)

const sum = (weights: readonly bigint[]): bigint => weights.reduce((total, weight) => total + weight, 0n)

/** the smallest value v with 2·W(≤ v) > W. */
export const upperWeightedMedian = <T extends number | bigint>(votes: readonly Weighted<T>[]): T | null => {
  const upTo = (v: T): bigint => sum(votes.filter(({ value }) => value <= v).map(({ weight }) => weight))
  const whole = sum(votes.map(({ weight }) => weight))
  return smallest(votes.map(({ value }) => value).filter((v) => 2n * upTo(v) > whole))
}

/** the one in the middle, of two the lower. */
const lowerMedian = (values: readonly number[]): number | null =>
  values.toSorted((a, b) => a - b)[Math.ceil(values.length / 2) - 1] ?? null

/** Number of ways to choose k of n, by Pascal's triangle. */
const choose = (n: number, k: number): bigint => {
  let row = [1n]
  for (let i = 0; i < n; i += 1) row = [1n, ...row.map((left, j) => left + (row[j + 1] ?? 0n))]
  return row[k] ?? 0n
}

const ranks = new Map<string, number>()

/** the largest k for which fewer than k heads of n coins are at most this likely. */
const rankOf = (n: number, spendPpm: number): number => {
  const key = `${n} ${spendPpm}`
  const known = ranks.get(key)
  if (known !== undefined) return known
  let rank = 0
  for (let k = 1; k <= n; k += 1) {
    const fewer = sum(Array.from({ length: k }, (_, heads) => choose(n, heads)))
    if (fewer * 1_000_000n <= BigInt(spendPpm) * 2n ** BigInt(n)) rank = k
  }
  ranks.set(key, rank)
  return rank
}

type Pair = 'better' | 'not better' | 'inconclusive'

/** R-42 after one look; null when it says neither. */
const lookAt = (seen: readonly number[], o: { readonly spendPpm: number; readonly thetaPpm: number }): Pair | null => {
  const rank = rankOf(seen.length, o.spendPpm)
  const centre = lowerMedian(seen)
  if (rank === 0 || centre === null) return null
  const rising = seen.toSorted((a, b) => a - b)
  const lower = rising[rank - 1] ?? 0
  const upper = rising[seen.length - rank] ?? 0
  const bar = 1_000_000 + o.thetaPpm
  if (centre > bar && lower > 1_000_000) return 'better'
  return centre < bar && upper < bar ? 'not better' : null
}

/** What follows from a submission's quads: centre, deviation, and the host's word. */
export const summaryOf = (quadsPpm: readonly number[], thetaPpm: number) => {
  const centrePpm = lowerMedian(quadsPpm) ?? 0
  const looks = [
    { quads: 8, spendPpm: 4_000 },
    { quads: 16, spendPpm: 11_000 },
  ].filter(({ quads }) => quads < quadsPpm.length)
  let pair: Pair | null = null
  for (const { quads, spendPpm } of [...looks, { quads: quadsPpm.length, spendPpm: 25_100 }]) {
    pair ??= lookAt(quadsPpm.slice(0, quads), { spendPpm, thetaPpm })
  }
  return {
    centrePpm,
    madPpm: lowerMedian(quadsPpm.map((quad) => Math.abs(quad - centrePpm))) ?? 0,
    pair: pair ?? ('inconclusive' as const),
  }
}
