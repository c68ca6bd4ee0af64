/** The score of lossless matrix compression from raw sizes and nanoseconds, exact to the last bit. */
import { assert } from '../../assert.ts'
import { ceilScaled, floorScaled, type Rational } from '../integers.ts'
import { linkPpm } from '../matrix/link.ts'
import { type HostSpeed, type MatrixRuns, nanosOf, ratioOf, rawBytesOf } from '../matrix/runs.ts'
import { ratioPpm } from '../pair.ts'
import type { Scored } from '../rules.ts'

/** Mean time a matrix at which a score reaches 0. */
const TIME_LIMIT_NS = 1_012_000_000n

const PPB = 1_000_000_000n

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

/**
 * a quad's value is the ratio of the two scores made from the whole round's exact C and this quad's times. C and t are rounded up, so that
 * nobody gains by rounding.
 * `matrices` is not empty; every matrix was lossless (else there is nothing to score).
 */
export const scoreRuns = (matrices: readonly MatrixRuns[], host: HostSpeed): Scored => {
  assert(matrices.length > 0 && host.hereNanos > 0n, 'a score needs a matrix and a host that was timed')
  const raw = rawBytesOf(matrices)
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
    scorePpb: floorScaled(score, PPB),
    values: {
      linkPpm: linkPpm({ ratio, nanos, rawBytes: { num: raw, den: BigInt(matrices.length) } }),
      ratioPpb: ceilScaled(ratio, PPB),
      timeNanos: ceilScaled(nanos, 1n),
    },
    ratio,
    nanos,
    score,
  }
}
