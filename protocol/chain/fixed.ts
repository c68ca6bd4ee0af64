/** The chain's fixed-point numbers (I32F32 and I64F64) as bigints in units of 2^-32: every operation rounds down, as there. */

const U16_MAX = 65_535n

/** A whole number as I32F32; those met here (u16 weights and sums of them) never reach its end at 2^31. */
export const fixed = (whole: number | bigint): bigint => BigInt(whole) << 32n

export const mul = (a: bigint, b: bigint): bigint => (a * b) >> 32n

/** 0 for a division by 0, as the chain's safe_div. */
export const div = (a: bigint, b: bigint): bigint => (b === 0n ? 0n : (a << 32n) / b)

export const sum = (values: Iterable<bigint>): bigint => {
  let total = 0n
  for (const value of values) total += value
  return total
}

/** Each over the sum of all; all zero stays so. */
export const normalize = (values: readonly bigint[]): readonly bigint[] => {
  const total = sum(values)
  return total === 0n ? values : values.map((value) => div(value, total))
}

/** Whole amounts over their sum in I64F64, then cut to I32F32: the two roundings that the chain makes of stakes. */
export const normalizeStakes = (amounts: readonly bigint[]): readonly bigint[] => {
  const total = sum(amounts)
  return amounts.map((amount) => (total === 0n ? 0n : ((amount << 64n) / total) >> 32n))
}

/** A proportion as the chain stores it; above 1 it stays at 65535. */
export const toU16 = (proportion: bigint): number => {
  const value = mul(proportion, fixed(U16_MAX)) >> 32n
  return Number(value > U16_MAX ? U16_MAX : value)
}
