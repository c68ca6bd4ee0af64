/** Parts of a whole, as the interface shows them. */

export const ppmOf = (part: bigint, total: bigint): number => Number((part * 1_000_000n) / total)
