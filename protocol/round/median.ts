/** The stake-weighted median, as the chain's own Yuma takes it. */
import { compareNumbers } from '../competition/integers.ts'

export type Weighted<T extends number | bigint> = { readonly value: T; readonly weight: bigint }

/** the smallest value v with 2·W(≤ v) > W; null when nothing has weight. */
export const weightedMedian = <T extends number | bigint>(votes: readonly Weighted<T>[]): T | null => {
  const total = votes.reduce((sum, vote) => sum + vote.weight, 0n)
  let below = 0n
  for (const { value, weight } of [...votes].sort((a, b) => compareNumbers(a.value, b.value))) {
    below += weight
    if (2n * below > total) return value
  }
  return null
}
