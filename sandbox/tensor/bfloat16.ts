/** Numbers of other formats as bfloat16: to the nearest, ties to the even one; what is no number stays none. */

/** How a file may hold its numbers, little-endian; bfloat16 is taken as it is. */
export const DTYPES = { bf16: 2, f16: 2, f32: 4 } as const
export type Dtype = keyof typeof DTYPES

const fromFloat32Bits = (bits: number): number => {
  // Rounding could carry a NaN's payload into infinity: it is cut off instead, and kept quiet.
  if ((bits & 0x7fffffff) > 0x7f800000) return (bits >>> 16) | 0x40
  return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16
}

/** Every float16 is a float32: sign, exponent and fraction move. */
const float16ToFloat32Bits = (half: number): number => {
  const sign = (half & 0x8000) << 16
  const exponent = (half >> 10) & 31
  const fraction = half & 1023
  if (exponent === 31) return (sign | 0x7f800000 | (fraction << 13)) >>> 0
  if (exponent > 0) return (sign | ((exponent + 112) << 23) | (fraction << 13)) >>> 0
  if (fraction === 0) return sign >>> 0
  // A subnormal becomes normal: its highest bit is the hidden one.
  const shift = Math.clz32(fraction) - 21
  return (sign | ((113 - shift) << 23) | (((fraction << shift) & 1023) << 13)) >>> 0
}

/** The same numbers as little-endian bfloat16, and how many of them are infinite or NaN. `bytes` holds whole elements. */
export const toBfloat16 = (bytes: Buffer, dtype: Dtype): { readonly bytes: Buffer; readonly strange: number } => {
  const count = bytes.length / DTYPES[dtype]
  const out = Buffer.alloc(2 * count)
  let strange = 0
  for (let index = 0; index < count; index += 1) {
    const half = dtype === 'f32' ? 0 : bytes.readUInt16LE(2 * index)
    const word =
      dtype === 'bf16'
        ? half
        : fromFloat32Bits(dtype === 'f16' ? float16ToFloat32Bits(half) : bytes.readUInt32LE(4 * index))
    if ((word & 0x7f80) === 0x7f80) strange += 1
    out.writeUInt16LE(word, 2 * index)
  }
  return { bytes: out, strange }
}
