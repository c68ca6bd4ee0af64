/** A seeded source of chance: the same seed draws the same schedule on every machine. */

export type Random = {
  /** A whole number from 0 to below `bound`. */
  readonly below: (bound: number) => number
  /** True with this many chances in a thousand. */
  readonly chance: (perMille: number) => boolean
}

export const createRandom = (seed: number): Random => {
  let state = seed >>> 0
  // mulberry32: 32 bits of state are plenty for one schedule.
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
  const below = (bound: number): number => next() % bound
  return { below, chance: (perMille) => below(1000) < perMille }
}
