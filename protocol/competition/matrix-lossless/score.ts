/** The score of lossless matrix compression from raw sizes and nanoseconds, exact to the last bit. */
import { assert } from '../../assert.ts'
import { floorScaled, isqrt, type Rational } from '../integers.ts'
import { ONE_PPM } from '../pair.ts'

/** Two runs of one code on one matrix, as the referee measured them. */
export type CodeRuns = {
  readonly compressedBytes: readonly [number, number]
  readonly compressNs: readonly [bigint, bigint]
  readonly decompressNs: readonly [bigint, bigint]
}

/** One quad: candidate, partner, partner, candidate on one matrix. */
export type MatrixRuns = { readonly rawBytes: number; readonly candidate: CodeRuns; readonly partner: CodeRuns }

/** How this host's clock compares: times are multiplied by reference / here. Both > 0, mean ns of the baseline per matrix. */
export type HostSpeed = { readonly referenceNanos: bigint; readonly hereNanos: bigint }

/** Mean time a matrix at which a score reaches 0. */
const TIME_LIMIT_NS = 1_012_000_000n

const PPB = 1_000_000_000n
/** A ratio against a partner that scores 0, and the largest that is told: a thousandfold. */
const RATIO_MAX_PPM = 1000n * BigInt(ONE_PPM)

const sum = (values: readonly bigint[]): bigint => values.reduce((total, value) => total + value, 0n)
const sizesOf = (runs: CodeRuns): bigint => BigInt(runs.compressedBytes[0]) + BigInt(runs.compressedBytes[1])
const timesOf = (runs: CodeRuns): bigint => sum([...runs.compressNs, ...runs.decompressNs])

/** Share of the bytes that are left, and mean ns of compress + decompress a matrix, not yet clamped. */
type Facts = { readonly ratio: Rational; readonly nanos: Rational }

/**
 * score = max(0, 1 − C) · max(0, 1 − t / 1.012 s), each factor clamped by itself, as an exact fraction.
 */
export const scoreOf = (facts: Facts): Rational => {
  const saved = facts.ratio.den - facts.ratio.num
  const limit = facts.nanos.den * TIME_LIMIT_NS
  const quick = limit - facts.nanos.num
  if (saved <= 0n || quick <= 0n) return { num: 0n, den: 1n }
  return { num: saved * quick, den: facts.ratio.den * limit }
}

const ratioOf = (runs: readonly CodeRuns[], rawBytes: bigint): Rational => ({
  num: sum(runs.map(sizesOf)),
  den: 2n * rawBytes,
})

/** Mean over matrices of compress + decompress, as the reference host would have taken. */
const nanosOf = (runs: readonly CodeRuns[], host: HostSpeed): Rational => ({
  num: sum(runs.map(timesOf)) * host.referenceNanos,
  den: 2n * BigInt(runs.length) * host.hereNanos,
})

/** How one score stands to another in ppm, rounded down; two zeros are equal. */
const ratioPpm = (candidate: Rational, partner: Rational): number => {
  if (partner.num === 0n) return candidate.num === 0n ? ONE_PPM : Number(RATIO_MAX_PPM)
  const ppm = (candidate.num * partner.den * BigInt(ONE_PPM)) / (candidate.den * partner.num)
  return Number(ppm < RATIO_MAX_PPM ? ppm : RATIO_MAX_PPM)
}

export type Scored = {
  /** Candidate's score over the partner's, a quad each, in the order of the matrices. */
  readonly quadsPpm: readonly number[]
  /** C, share of the bytes that are left; rounded up, so that nobody gains by rounding. */
  readonly ratioPpb: bigint
  /** t, mean a matrix on the reference host; rounded up. */
  readonly timeNanos: bigint
  readonly scorePpb: bigint
  /** The same three before rounding: C, t in ns, score; for printing. */
  readonly ratio: Rational
  readonly nanos: Rational
  readonly score: Rational
}

const ceil = (value: Rational, scale: bigint): bigint => (value.num * scale + value.den - 1n) / value.den

/**
 * a quad's value is the ratio of the two scores made from the whole round's exact C and this quad's times.
 * `matrices` is not empty; every matrix was lossless (else there is nothing to score).
 */
export const scoreRuns = (matrices: readonly MatrixRuns[], host: HostSpeed): Scored => {
  assert(matrices.length > 0 && host.hereNanos > 0n, 'a score needs a matrix and a host that was timed')
  const raw = sum(matrices.map((matrix) => BigInt(matrix.rawBytes)))
  const candidates = matrices.map((matrix) => matrix.candidate)
  const ratio = ratioOf(candidates, raw)
  const partnerRatio = ratioOf(
    matrices.map((matrix) => matrix.partner),
    raw,
  )
  const nanos = nanosOf(candidates, host)
  const score = scoreOf({ ratio, nanos })
  return {
    quadsPpm: matrices.map(({ candidate, partner }) =>
      ratioPpm(
        scoreOf({ ratio, nanos: nanosOf([candidate], host) }),
        scoreOf({ ratio: partnerRatio, nanos: nanosOf([partner], host) }),
      ),
    ),
    ratioPpb: ceil(ratio, PPB),
    timeNanos: ceil(nanos, 1n),
    scorePpb: floorScaled(score, PPB),
    ratio,
    nanos,
    score,
  }
}

/** What a host learns by running the baseline against itself. */
export type HostCertificate = {
  /** Standard deviation of the quads around 1, in the competition's own metric. */
  readonly noisePpm: number
  /** The baseline's mean ns a matrix here. */
  readonly hereNanos: bigint
}

/**
 * a host's noise is the root mean square distance from 1 of A/A quads, in the competition's own metric.
 * `matrices`: the baseline as candidate and as partner.
 */
export const certifyHost = (matrices: readonly MatrixRuns[], referenceNanos: bigint): HostCertificate => {
  const runs = matrices.flatMap((matrix) => [matrix.candidate, matrix.partner])
  const mean = sum(runs.map(timesOf)) / (2n * BigInt(runs.length))
  const hereNanos = mean > 0n ? mean : 1n
  const { quadsPpm } = scoreRuns(matrices, { referenceNanos, hereNanos })
  const squares = sum(quadsPpm.map((ppm) => BigInt(ppm - ONE_PPM) ** 2n))
  return { noisePpm: Number(isqrt(squares / BigInt(quadsPpm.length))), hereNanos }
}
