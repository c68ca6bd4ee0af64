/** The score of training speed from raw nanoseconds: how many times the reference's speed, and tokens a second. */
import { floorScaled, isqrt, lowerMedian, type Rational } from '../integers.ts'
import { ONE_PPM } from '../pair.ts'

const NANOS_PER_SECOND = 1_000_000_000n
const MILLI = 1_000n
const PPB = 1_000_000_000n

/** One quad: both runs of each code on the same data and first weights. */
export type TrainingQuad = {
  /** Tokens that each of the four runs was handed. */
  readonly tokens: number
  readonly steps: number
  readonly candidateNs: readonly [bigint, bigint]
  readonly partnerNs: readonly [bigint, bigint]
}

const sum = (values: readonly bigint[]): bigint => values.reduce((total, value) => total + value, 0n)

/** a quad's value is the partner's time over the candidate's, geometric mean of its two pairs, in ppm, rounded down. */
export const quadPpm = ({ candidateNs: [c1, c2], partnerNs: [p1, p2] }: TrainingQuad): number => {
  const square = BigInt(ONE_PPM) * BigInt(ONE_PPM)
  const most = 1_000n * BigInt(ONE_PPM)
  const ppm = isqrt((p1 * p2 * square) / (c1 * c2))
  return Number(ppm < most ? ppm : most)
}

export type TrainingScored = {
  readonly quadsPpm: readonly number[]
  readonly scorePpb: bigint
  readonly values: Readonly<Record<string, bigint>>
  readonly rawMilli: bigint
  /** Lower median of the quads. */
  readonly centrePpm: number
  /** Candidate's mean time a step here. */
  readonly stepNanos: Rational
}

/**
 * the score is the reference's time a step on this host over the candidate's, in ppb; TPS is that times the TPS of the pinned reference,
 * whose time a step is `referenceNanos`; the raw TPS is tokens over time as this host's clock saw them. All rounded down.
 * @param o.quads at least one.
 */
export const scoreTraining = (o: {
  readonly quads: readonly TrainingQuad[]
  /** The reference's mean time a step, pinned and on this host. */
  readonly referenceNanos: bigint
  readonly hereNanos: bigint
}): TrainingScored => {
  const { quads, referenceNanos, hereNanos } = o
  const nanos = sum(quads.flatMap(({ candidateNs }) => [...candidateNs]))
  const steps = 2n * sum(quads.map((quad) => BigInt(quad.steps)))
  const tokens = 2n * sum(quads.map((quad) => BigInt(quad.tokens)))
  const score = { num: hereNanos * steps, den: nanos }
  const tpsMilli = (score.num * tokens * NANOS_PER_SECOND * MILLI) / (score.den * steps * referenceNanos)
  const quadsPpm = quads.map(quadPpm)
  return {
    quadsPpm,
    scorePpb: floorScaled(score, PPB),
    values: { tpsMilli },
    rawMilli: (tokens * NANOS_PER_SECOND * MILLI) / nanos,
    centrePpm: lowerMedian(quadsPpm) ?? 0,
    stepNanos: { num: nanos, den: steps },
  }
}

/** R-46 for training: root mean square distance from 1 of the reference's quads against itself, and its mean time a step here. */
export const certifyTraining = (quads: readonly TrainingQuad[]): { noisePpm: number; hereNanos: bigint } => {
  const squares = sum(quads.map((quad) => BigInt(quadPpm(quad) - ONE_PPM) ** 2n))
  const nanos = sum(quads.flatMap(({ candidateNs, partnerNs }) => [...candidateNs, ...partnerNs]))
  const steps = 4n * sum(quads.map((quad) => BigInt(quad.steps)))
  const mean = nanos / steps
  return { noisePpm: Number(isqrt(squares / BigInt(quads.length))), hereNanos: mean > 0n ? mean : 1n }
}
