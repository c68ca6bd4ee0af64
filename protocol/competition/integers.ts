/** Exact arithmetic that certified numbers are made of: rationals in bigint, medians of integers, integer roots. */

/** A non-negative fraction; `den` > 0. Not reduced. */
export type Rational = { readonly num: bigint; readonly den: bigint }

export const compareNumbers = (a: number | bigint, b: number | bigint): number => (a < b ? -1 : a > b ? 1 : 0)

export const compareNames = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** Whole multiples of 1/scale in the fraction, rounded down. */
export const floorScaled = (value: Rational, scale: bigint): bigint => (value.num * scale) / value.den

/** The same, rounded up. */
export const ceilScaled = (value: Rational, scale: bigint): bigint => (value.num * scale + value.den - 1n) / value.den

/** R-40: the centre of an even number of values is the lower of the two in the middle; of none it is null. */
export const lowerMedian = (values: readonly number[]): number | null => {
  const sorted = [...values].sort(compareNumbers)
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? null
}

/** Lower median of the distances from `centre`. */
export const medianDeviation = (values: readonly number[], centre: number): number =>
  lowerMedian(values.map((value) => Math.abs(value - centre))) ?? 0

/** Largest integer whose `degree`-th power is at most `value`; `value` ≥ 0, `degree` ≥ 1. */
export const floorRoot = (value: bigint, degree: bigint): bigint => {
  if (value < 2n) return value
  // Newton from above falls until it is there.
  let guess = 1n << BigInt(Math.ceil(value.toString(2).length / Number(degree)))
  for (;;) {
    const next = ((degree - 1n) * guess + value / guess ** (degree - 1n)) / degree
    if (next >= guess) return guess
    guess = next
  }
}

/** Largest integer whose square is at most `value`; `value` ≥ 0. */
export const isqrt = (value: bigint): bigint => floorRoot(value, 2n)

/** 14 decimals, halves away from zero: how scores are shown, never how they are certified. */
export const printRational = (value: Rational): string => {
  const scaled = (2n * value.num * 10n ** 14n + value.den) / (2n * value.den)
  return `${scaled / 10n ** 14n}.${`${scaled % 10n ** 14n}`.padStart(14, '0')}`
}
