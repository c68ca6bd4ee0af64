/** Yuma consensus as Subtensor computes it at an epoch, to the last unit: what a set of rows will give, before the chain says so. */
import { div, fixed, mul, normalize, normalizeStakes, sum, toU16 } from './fixed.ts'

/** (uid, u16 weight), as stored on chain. */
export type YumaRow = readonly (readonly [uid: number, weight: number])[]

/** One slot as the epoch sees it. Blocks are numbers of this chain. */
export type YumaNeuron = {
  /** Stake weight (alpha and weighted TAO, inherited stake included) in rao, or in any other unit that all share. */
  readonly stake: bigint
  /** As stored at the last epoch. */
  readonly permit: boolean
  /** Block of the last weights or commit. */
  readonly lastUpdate: number
  readonly registeredAt: number
  /** Oldest commit that is neither revealed nor expired, where the subnet hides weights; else null. */
  readonly commitBlock: number | null
  readonly weights: YumaRow
}

/** A subnet at the block at which its epoch runs. */
export type YumaInput = {
  readonly block: number
  /** Blocks after which a validator's stake no longer counts. */
  readonly activityCutoff: number
  /** The majority over 65535. */
  readonly kappa: number
  /** Stakes below it count nothing, except the owner's; in the unit of the stakes. */
  readonly stakeThreshold: bigint
  /** May weight itself and needs neither permit nor stake; null when the owner's hotkey has no uid. */
  readonly ownerUid: number | null
  /** By uid. */
  readonly neurons: readonly YumaNeuron[]
}

/** By uid. Values are u16 as the chain stores them; `stake` is the part of the active stake in units of 2^-32. */
export type YumaOutcome = {
  readonly active: readonly boolean[]
  readonly stake: readonly bigint[]
  /** The weight that a majority gives: what is above it counts nothing. */
  readonly consensus: readonly number[]
  /** How much of a validator's row stands after the consensus has cut it. */
  readonly validatorTrust: readonly number[]
  /** The miner's part of what the subnet pays to miners. */
  readonly incentive: readonly number[]
}

type Cells = ReadonlyMap<number, bigint>

/** A row without what the epoch leaves out (self-weight, slots that have changed hands, what is not yet revealed), over its sum. */
const cellsOf = (input: YumaInput, uid: number): Cells => {
  const neuron = input.neurons[uid]
  const isOwner = uid === input.ownerUid
  if (neuron === undefined || !(neuron.permit || isOwner)) return new Map()
  const kept = neuron.weights.filter(([target, weight]) => {
    const registeredAt = input.neurons[target]?.registeredAt
    if (registeredAt === undefined || weight === 0) return false
    if (target === uid && !isOwner) return false
    return neuron.lastUpdate > registeredAt && (neuron.commitBlock === null || neuron.commitBlock >= registeredAt)
  })
  const total = sum(kept.map(([, weight]) => fixed(weight)))
  return new Map(kept.map(([target, weight]) => [target, div(fixed(weight), total)]))
}

type Voter = { readonly stake: bigint; readonly score: bigint }

/** The chain's search for the stake-weighted median: halves by the value in the middle of the list, not of the order. */
const medianOf = (voters: readonly Voter[], o: { minority: bigint; lo: bigint; hi: bigint }): bigint => {
  const { minority, lo, hi } = o
  const pivot = voters[voters.length >> 1]?.score ?? 0n
  if (voters.length < 2) return pivot
  const lower = voters.filter(({ score }) => score < pivot)
  const upper = voters.filter(({ score }) => score > pivot)
  const below = lo + sum(lower.map(({ stake }) => stake))
  const above = hi - sum(upper.map(({ stake }) => stake))
  if (below <= minority && minority < above) return pivot
  if (minority < below && lower.length > 0) return medianOf(lower, { minority, lo, hi: below })
  if (above <= minority && upper.length > 0) return medianOf(upper, { minority, lo: above, hi })
  return pivot
}

/** Stakes of those that may vote and have been heard of lately, over their sum. */
const activeStakes = (input: YumaInput, active: readonly boolean[]): readonly bigint[] => {
  const { neurons, ownerUid, stakeThreshold } = input
  const counted = neurons.map(({ stake }, uid) => (stake < stakeThreshold && uid !== ownerUid ? 0n : stake))
  const stakes = normalizeStakes(counted)
  return normalize(stakes.map((stake, uid) => (active[uid] && (neurons[uid]?.permit || uid === ownerUid) ? stake : 0n)))
}

/**
 * What the epoch at `block` makes of the rows. Exact where the subnet has one mechanism; dividends, which hang on bonds of earlier
 * epochs, are not told.
 */
export const predictYuma = (input: YumaInput): YumaOutcome => {
  const { neurons } = input
  const active = neurons.map(({ lastUpdate }) => lastUpdate + input.activityCutoff >= input.block)
  const stake = activeStakes(input, active)
  const rows = neurons.map((_, uid) => cellsOf(input, uid))
  // The chain normalises once more what it has just normalised, and so must we: the last bits differ.
  const voting = stake.flatMap((part, uid) => (part > 0n ? [{ uid, part }] : []))
  const parts = normalize(voting.map(({ part }) => part))
  const hi = sum(parts)
  const minority = hi - div(fixed(input.kappa), fixed(65_535))
  const consensus = neurons.map((_, target) => {
    const voters = voting.map(({ uid }, index) => ({ stake: parts[index] ?? 0n, score: rows[uid]?.get(target) ?? 0n }))
    return medianOf(voters, { minority, lo: 0n, hi })
  })
  const cut = rows.map((row) => [...row].map(([target, weight]) => [target, least(weight, consensus[target])] as const))
  const ranks = neurons.map(() => 0n)
  for (const [uid, row] of cut.entries()) {
    for (const [target, weight] of row) ranks[target] = (ranks[target] ?? 0n) + mul(stake[uid] ?? 0n, weight)
  }
  return {
    active,
    stake,
    consensus: consensus.map(toU16),
    validatorTrust: cut.map((row) => toU16(sum(row.map(([, weight]) => weight)))),
    incentive: normalize(ranks).map(toU16),
  }
}

const least = (a: bigint, b = 0n): bigint => (a < b ? a : b)
