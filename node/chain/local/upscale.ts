/** The chain's own scaling of a row of u16 weights, to the last unit as Subtensor's fixed-point arithmetic gives it. */

const u16Max = 65_535n
const fractionBits = 32n
const half = 1n << (fractionBits - 1n)

/**
 * Scales a row so that its greatest value is 65535; a row of zeros stays.
 * Above 32768 Subtensor multiplies by the ratio truncated to 2^-32 (e·65535 would overflow its I32F32), else it multiplies first.
 */
export function maxUpscale(values: readonly number[]): number[] {
  const greatest = BigInt(Math.max(0, ...values))
  if (greatest === 0n) return values.map(() => 0)
  const ratio = (u16Max << fractionBits) / greatest
  return values.map((value) => {
    const e = BigInt(value)
    const scaled = greatest > 32_768n ? e * ratio : ((e * u16Max) << fractionBits) / greatest
    return Number((scaled + half) >> fractionBits)
  })
}
