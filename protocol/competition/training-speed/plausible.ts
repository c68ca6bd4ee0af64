/** What no machine can do: a run that would need more arithmetic a second than its device has is no training. */
import { parametersOf, type TrainingContract, tokensPerStep } from './contract.ts'

/**
 * Peak of dense bf16 tensor arithmetic by what the driver calls the device, in GFLOP/s, from NVIDIA's data sheets: A100 (DS-10031, 2021), H100
 * (2023), H200 (2024), L4 and L40S (2023), A10 and A40 (2021), RTX 4090 (Ada whitepaper v1.02, with fp32 accumulation).
 */
const PEAK_GFLOPS: readonly (readonly [name: string, gflops: number])[] = [
  ['H100 PCIe', 756_000],
  ['H100', 989_000],
  ['H200', 989_000],
  ['A100', 312_000],
  ['L40S', 362_000],
  ['L4', 121_000],
  ['A10', 125_000],
  ['A40', 149_700],
  ['RTX 4090', 165_200],
]

/** A device that is not in the table: the largest that is sold. */
const UNKNOWN_GFLOPS = 2_500_000
/** A CPU core with matrix units at 4 GHz, several times over: 2 × 1,024 bf16 products and sums a cycle. */
const CORE_GFLOPS = 16_000
/** Nobody reaches more of the peak than this over a whole step. */
const REACHABLE_PERCENT = 85n

/** Peak in GFLOP/s of what the harness ran on. @param device the driver's name of the GPU; null for so many cores of a CPU. */
export const peakGflops = (o: { readonly device: string | null; readonly cpus: number }): number => {
  if (o.device === null) return Math.ceil(o.cpus) * CORE_GFLOPS
  const { device } = o
  // "A100" must not be found as "A10".
  const found = PEAK_GFLOPS.find(([name]) => new RegExp(`\\b${name}\\b`).test(device.replaceAll(/[-_]/g, ' ')))
  return found?.[1] ?? UNKNOWN_GFLOPS
}

/** Floating point operations that a token costs: 6 a parameter, and attention's 12 · layers · width · sequence. */
export const flopsPerToken = (contract: TrainingContract): bigint => {
  const { layers, width, sequence } = contract.model
  return 6n * BigInt(parametersOf(contract)) + 12n * BigInt(layers) * BigInt(width) * BigInt(sequence)
}

/** a run of so many steps cannot take less than this on a device of this peak, at 85 % of it. */
export const leastNanos = (
  contract: TrainingContract,
  o: { readonly steps: number; readonly gflops: number },
): bigint =>
  // A GFLOP/s is one operation a nanosecond.
  (flopsPerToken(contract) * BigInt(tokensPerStep(contract)) * BigInt(o.steps) * 100n) /
  (REACHABLE_PERCENT * BigInt(o.gflops))
