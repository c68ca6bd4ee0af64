/** Raw runs of two codes on the round's matrices, and what any score of them is made of. */
import type { Rational } from '../integers.ts'

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

export const sum = (values: readonly bigint[]): bigint => values.reduce((total, value) => total + value, 0n)
const sizesOf = (runs: CodeRuns): bigint => BigInt(runs.compressedBytes[0]) + BigInt(runs.compressedBytes[1])
export const timesOf = (runs: CodeRuns): bigint => sum([...runs.compressNs, ...runs.decompressNs])

/** Bytes of the matrices themselves, once each. */
export const rawBytesOf = (matrices: readonly MatrixRuns[]): bigint =>
  sum(matrices.map(({ rawBytes }) => BigInt(rawBytes)))

/** C: share of the bytes that are left; `rawBytes` of the matrices that these are the runs on. */
export const ratioOf = (runs: readonly CodeRuns[], rawBytes: bigint): Rational => ({
  num: sum(runs.map(sizesOf)),
  den: 2n * rawBytes,
})

/** t: mean over matrices of compress + decompress in ns, as the reference host would have taken. */
export const nanosOf = (runs: readonly CodeRuns[], host: HostSpeed): Rational => ({
  num: sum(runs.map(timesOf)) * host.referenceNanos,
  den: 2n * BigInt(runs.length) * host.hereNanos,
})
