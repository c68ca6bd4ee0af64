/** How much of a bfloat16 matrix is left after a round trip: cosine times one minus the relative error, in whole numbers alone. */
import { isqrt, type Rational } from '../integers.ts'

/** Words with all eight bits of the exponent set are infinite or no number. */
const EXPONENT_ALL = 0xff

/** A finite word is worth significand · 2^(exponent − 134): exponents 1 to 254, subnormals sharing the lowest, and significands below 256. */
const EXPONENTS = Uint8Array.from({ length: 65_536 }, (_, word) => Math.max(1, (word >> 7) & EXPONENT_ALL))
const SIGNIFICANDS = Int16Array.from({ length: 65_536 }, (_, word) => {
  const fraction = word & 0x7f
  const whole = ((word >> 7) & EXPONENT_ALL) === 0 ? fraction : fraction | 0x80
  return word >= 0x8000 ? -whole : whole
})

/** Σx², Σy² and Σxy over the elements of two matrices, exact, in units of 2^−268. */
export type Sums = { readonly xx: bigint; readonly yy: bigint; readonly xy: bigint }

/** Products of two significands by the sum of their exponents. Each is below 2^16, so that a double holds 2^37 of them exactly. */
const createBuckets = (): Float64Array => new Float64Array(2 * EXPONENT_ALL)

const add = (buckets: Float64Array, exponents: number, product: number): void => {
  buckets[exponents] = (buckets[exponents] ?? 0) + product
}

const totalOf = (buckets: Float64Array): bigint => buckets.reduceRight((sum, bucket) => 2n * sum + BigInt(bucket), 0n)

const wordAt = (bytes: Uint8Array, index: number): number =>
  (bytes[2 * index] ?? 0) | ((bytes[2 * index + 1] ?? 0) << 8)

/**
 * Exact sums over two matrices of one length, little-endian. An element that is infinite or no number in either must be the same word in both,
 * and is in no sum.
 * @returns the index of the first element that is not, where there is one.
 */
export const sumsOf = (x: Uint8Array, y: Uint8Array): Sums | { readonly strange: number } => {
  const [xx, yy, xy] = [createBuckets(), createBuckets(), createBuckets()]
  for (let index = 0; index < x.length >> 1; index += 1) {
    const [a, b] = [wordAt(x, index), wordAt(y, index)]
    const [ea, eb] = [EXPONENTS[a] ?? 0, EXPONENTS[b] ?? 0]
    if (ea === EXPONENT_ALL || eb === EXPONENT_ALL) {
      if (a !== b) return { strange: index }
      continue
    }
    const [ma, mb] = [SIGNIFICANDS[a] ?? 0, SIGNIFICANDS[b] ?? 0]
    add(xx, 2 * ea, ma * ma)
    add(yy, 2 * eb, mb * mb)
    add(xy, ea + eb, ma * mb)
  }
  return { xx: totalOf(xx), yy: totalOf(yy), xy: totalOf(xy) }
}

/** Σ(x − y)². */
const errorOf = ({ xx, yy, xy }: Sums): bigint => xx + yy - 2n * xy

/** Both factors are above 0: the product of two negative ones would be a similarity, too. */
const isAlike = (sums: Sums): boolean => sums.xy > 0n && errorOf(sums) < sums.xx

/**
 * The sign of similarity − num/den, for sums with both factors above 0. With A = Σx², B = Σy², D = Σxy, N = Σ(x − y)² the similarity is
 * D · (√A − √N) / (A · √B); moving √N to the other side and squaring twice leaves whole numbers.
 */
const compareTo = (sums: Sums, { num, den }: Rational): number => {
  const { xx, yy, xy } = sums
  const error = errorOf(sums)
  const left = den ** 2n * xy ** 2n * (xx - error) - num ** 2n * xx ** 2n * yy
  if (left < 0n) return -1
  const difference = left ** 2n - 4n * num ** 2n * den ** 2n * xx ** 2n * xy ** 2n * yy * error
  return difference > 0n ? 1 : difference < 0n ? -1 : 0
}

/** Whether the similarity is above `bound`; never where a factor is not above 0. A matrix of zeros is like zeros alone. */
export const isSimilar = (sums: Sums, bound: Rational): boolean =>
  sums.xx === 0n ? sums.yy === 0n : isAlike(sums) && compareTo(sums, bound) > 0

/** The similarity in parts of `scale`, rounded down; 0 where a factor is not above 0, the whole for zeros that are zeros. */
export const similarityScaled = (sums: Sums, scale: number): number => {
  if (sums.xx === 0n) return sums.yy === 0n ? scale : 0
  if (!isAlike(sums)) return 0
  let [least, most] = [0, scale]
  while (least < most) {
    const middle = Math.floor((least + most + 1) / 2)
    if (compareTo(sums, { num: BigInt(middle), den: BigInt(scale) }) >= 0) least = middle
    else most = middle - 1
  }
  return least
}

/** The two factors' parts for a person to read, in millionths, rounded down: cosine and relative error. `xx` and `yy` are above 0. */
export const partsOf = (sums: Sums): { readonly cosinePpm: number; readonly errorPpm: number } => {
  const { xx, yy, xy } = sums
  const cosine = Number(isqrt((xy ** 2n * 10n ** 12n) / (xx * yy)))
  return { cosinePpm: xy < 0n ? -cosine : cosine, errorPpm: Number(isqrt((errorOf(sums) * 10n ** 12n) / xx)) }
}
