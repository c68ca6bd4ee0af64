/** How often PAIR-1 says "better" of a candidate whose true gain is known, on hosts of known noise: its operating characteristics. */
import { isqrt } from '../../../protocol/competition/integers.ts'
import { pairVerdict } from '../../../protocol/competition/pair.ts'
import { createNoise, type Noise } from './noise.ts'

/** A host: the coefficient of variation of one run, and the share of runs that something else on the machine delays. */
export type Host = { readonly cv: number; readonly outliers: number }

export const HOSTS: readonly Host[] = [
  { cv: 0.002, outliers: 0 },
  { cv: 0.005, outliers: 0 },
  { cv: 0.01, outliers: 0 },
  { cv: 0.02, outliers: 0 },
  { cv: 0.02, outliers: 0.05 },
  { cv: 0.04, outliers: 0 },
]
/** True gains; the margin is 1 %. */
export const GAINS = [0, 0.005, 0.01, 0.015, 0.02, 0.03] as const

const THETA_PPM = 10_000
/** Looks after 8, 16 and this many quads. */
const QUADS = 32
const EARLY = [8, 16] as const
const RUN_NANOS = 1e9
/** A delayed run takes up to a fifth longer. */
const DELAY_MAX = 0.2

/** Candidate, partner, partner, candidate, as the integer rule reads them. */
const drawQuad = (noise: Noise, { cv, outliers }: Host, gain: number): number => {
  const run = (speed: number): bigint => {
    const delay = noise.uniform() < outliers ? 1 + DELAY_MAX * noise.uniform() : 1
    return BigInt(Math.round((RUN_NANOS / speed) * delay * Math.exp(cv * noise.normal())))
  }
  const [c1, i1, i2, c2] = [run(1 + gain), run(1), run(1), run(1 + gain)]
  return Number(isqrt((i1 * i2 * 10n ** 12n) / (c1 * c2)))
}

/** Share of trials that end in "better", and the mean number of quads until something was said. */
export type Odds = { readonly better: number; readonly quads: number }

/** Deterministic: the same trials for the same arguments. */
export const simulatePair = (o: { readonly host: Host; readonly gain: number; readonly trials: number }): Odds => {
  const noise = createNoise(Math.round(1e6 * (o.host.cv + o.gain)) + 7)
  let [better, quads] = [0, 0]
  for (let trial = 0; trial < o.trials; trial += 1) {
    const drawn = Array.from({ length: QUADS }, () => drawQuad(noise, o.host, o.gain))
    // A look alone says what it says within the whole: its rank is the same, 1 at 8 quads and 4 at 16.
    quads += EARLY.find((count) => pairVerdict(drawn.slice(0, count), THETA_PPM) !== 'inconclusive') ?? QUADS
    if (pairVerdict(drawn, THETA_PPM) === 'better') better += 1
  }
  return { better: better / o.trials, quads: quads / o.trials }
}

/** Of each cell of the table. */
export const TRIALS = 4_000

/** Rows of hosts, columns of gains. */
export const simulateTable = (trials: number): readonly (readonly Odds[])[] =>
  HOSTS.map((host) => GAINS.map((gain) => simulatePair({ host, gain, trials })))
