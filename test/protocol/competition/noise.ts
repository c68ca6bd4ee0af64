/** Seeded randomness for simulated measurements: the same numbers on every machine and in every run. */

export type Noise = {
  /** In [0, 1). */
  readonly uniform: () => number
  /** Mean 0, deviation 1. */
  readonly normal: () => number
}

/** Mulberry32, and normal numbers from it by Box and Muller. */
export const createNoise = (seed: number): Noise => {
  let state = seed
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform())
  return { uniform, normal }
}
