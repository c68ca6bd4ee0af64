/** A seeded source of chance: the same seed draws the same schedule on every machine. */

export type Random = {
  /** A whole number from 0 to below `bound`. */
  readonly below: (bound: number) => number
  /** True with this many chances in a thousand. */
  readonly chance: (perMille: number) => boolean
}

/** FNV-1a over seed and name: streams of different names are as good as independent, and one that is not used shifts no other. */
const mix = (seed: number, name: string): number => {
  let state = (0x811c9dc5 ^ seed) >>> 0
  for (let index = 0; index < name.length; index++) state = Math.imul(state ^ name.charCodeAt(index), 0x01000193) >>> 0
  return state
}

export const createRandom = (seed: number, name = ''): Random => {
  let state = mix(seed, name)
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
