/** The score of lossy matrix compression: the share of the bytes that are saved, exact; time is limited, not scored. */
import { assert } from '../../assert.ts'
import { ceilScaled, floorScaled, type Rational } from '../integers.ts'
import { linkPpm } from '../matrix/link.ts'
import { type HostSpeed, type MatrixRuns, nanosOf, ratioOf, rawBytesOf } from '../matrix/runs.ts'
import { ratioPpm } from '../pair.ts'
import type { Scored } from '../rules.ts'

const PPB = 1_000_000_000n

/** score = max(0, 1 − C), as an exact fraction. `ratio` is C. */
export const scoreOf = (ratio: Rational): Rational =>
  ratio.num < ratio.den ? { num: ratio.den - ratio.num, den: ratio.den } : { num: 0n, den: 1n }

/**
 * every quad's value is the ratio of the two scores, each from the whole round's exact C: where sizes do not differ from run to run, every
 * host finds the same. C is rounded up, so that nobody gains by rounding.
 * `matrices` is not empty; every matrix was similar enough (else there is nothing to score).
 */
export const scoreRuns = (matrices: readonly MatrixRuns[], host: HostSpeed): Scored => {
  assert(matrices.length > 0 && host.hereNanos > 0n, 'a score needs a matrix and a host that was timed')
  const raw = rawBytesOf(matrices)
  const candidates = matrices.map((matrix) => matrix.candidate)
  const ratio = ratioOf(candidates, raw)
  const nanos = nanosOf(candidates, host)
  const score = scoreOf(ratio)
  const partner = scoreOf(
    ratioOf(
      matrices.map((matrix) => matrix.partner),
      raw,
    ),
  )
  return {
    quadsPpm: matrices.map(() => ratioPpm(score, partner)),
    scorePpb: floorScaled(score, PPB),
    values: {
      linkPpm: linkPpm({ ratio, nanos, rawBytes: { num: raw, den: BigInt(matrices.length) } }),
      ratioPpb: ceilScaled(ratio, PPB),
    },
    ratio,
    nanos,
    score,
  }
}
