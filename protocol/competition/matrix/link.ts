/** The link board of both matrix competitions: how much sooner a matrix is across a link when it is compressed for the way. */
import { floorRoot, type Rational } from '../integers.ts'
import { ONE_PPM } from '../pair.ts'

/** Links that a training run may have, in MB/s: 10^6 bytes a second. */
const LINKS_MBS: readonly bigint[] = [1n, 2n, 5n, 10n, 20n, 50n, 100n]
/** Bytes that 1 MB/s carries in a nanosecond, as a divisor. */
const NANOS_PER_BYTE = 1_000n

/**
 * over a link of b bytes a second the gain is (raw / b) / (t_c + size / b + t_d), which is 1 / (C + b · t / raw); the link value is the
 * geometric mean of the gains over 1, 2, 5, 10, 20, 50 and 100 MB/s, in ppm, rounded down.
 * @param o.ratio C, above 0. @param o.nanos t, mean a matrix. @param o.rawBytes mean a matrix.
 */
export const linkPpm = (o: {
  readonly ratio: Rational
  readonly nanos: Rational
  readonly rawBytes: Rational
}): bigint => {
  const { ratio, nanos, rawBytes } = o
  // 1 / (C + t · b / raw) over one denominator, b in bytes a nanosecond.
  const whole = ratio.den * nanos.den * rawBytes.num * NANOS_PER_BYTE
  const kept = ratio.num * nanos.den * rawBytes.num * NANOS_PER_BYTE
  const rest = ratio.den * nanos.num * rawBytes.den
  const slow = LINKS_MBS.reduce((product, megabytes) => product * (kept + rest * megabytes), 1n)
  const links = BigInt(LINKS_MBS.length)
  return slow === 0n ? 0n : floorRoot((whole ** links * BigInt(ONE_PPM) ** links) / slow, links)
}
