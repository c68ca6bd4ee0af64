/** What a host learns by running a matrix competition's baseline against itself. */
import { isqrt } from '../integers.ts'
import { ONE_PPM } from '../pair.ts'
import type { HostCertificate, Scored } from '../rules.ts'
import { type HostSpeed, type MatrixRuns, sum, timesOf } from './runs.ts'

/**
 * a host's noise is the root mean square distance from 1 of A/A quads, in the competition's own metric.
 * `matrices`: the baseline as candidate and as partner; not empty.
 */
export const certifyHost = (
  matrices: readonly MatrixRuns[],
  o: {
    readonly referenceNanos: bigint
    readonly score: (matrices: readonly MatrixRuns[], host: HostSpeed) => Pick<Scored, 'quadsPpm'>
  },
): HostCertificate => {
  const { referenceNanos } = o
  const runs = matrices.flatMap((matrix) => [matrix.candidate, matrix.partner])
  const mean = sum(runs.map(timesOf)) / (2n * BigInt(runs.length))
  const hereNanos = mean > 0n ? mean : 1n
  const { quadsPpm } = o.score(matrices, { referenceNanos, hereNanos })
  const squares = sum(quadsPpm.map((ppm) => BigInt(ppm - ONE_PPM) ** 2n))
  return { noisePpm: Number(isqrt(squares / BigInt(quadsPpm.length))), hereNanos }
}
