/** How waiting grows with the view: 1.25 to its power, in exact integers so that no two machines round it differently. */

/** Beyond this view a wait no longer grows: 4 s have then become 84 minutes. */
const VIEW_MAX = 32

/** for so many Δ a voter refuses proposals for what they leave out: several leaders have had their turn. */
export const DEMANDING_DELTAS = 120

/** base · 1.25^view in whole ms, rounded down; the view's timer is this of 4Δ, the patience before an omission is refused of 2Δ. */
export const backoffMs = (baseMs: number, view: number): number => {
  const power = BigInt(Math.min(view, VIEW_MAX))
  return Number((BigInt(baseMs) * 5n ** power) / 4n ** power)
}
