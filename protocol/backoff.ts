/** The one clock of impatience: how long a view lasts and how long an omission is excused, growing by a quarter with each view. */

/** 1.25^v in thousandths, rounded down at every step; farther views stay at the last, about 26 minutes at Δ = 1 s and factor 4. */
const GROWTH = Array.from({ length: 27 }).reduce<number[]>(
  (table) => [...table, Math.floor(((table.at(-1) ?? 1000) * 5) / 4)],
  [1000],
)

/** factor · Δ · 1.25^view in ms, in integers, so that every node's table is the same. */
export const backoffMs = (o: { deltaMs: number; factor: number; view: number }): number => {
  const growth = GROWTH[Math.min(o.view, GROWTH.length - 1)] ?? 1000
  return Math.floor((o.factor * o.deltaMs * growth) / 1000)
}
