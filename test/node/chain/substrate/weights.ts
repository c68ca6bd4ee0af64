/** The weight calls of the test chain: Subtensor's checks in its order, plainly and hidden. */
import { blake2b } from '@noble/hashes/blake2.js'
import { setWeights } from '../../../../node/chain/local/set-weights.ts'
import { uidOf } from '../../../../node/chain/local/state.ts'
import { commitHash } from '../../../../node/chain/subtensor/payload.ts'
import type { PlainEvent } from './types.ts'
import { epochOf, REVEAL_PERIOD, type World } from './world.ts'

/** The world and events after a call, or the chain's name for why it failed. */
export type Result = { readonly world: World; readonly events: readonly PlainEvent[] } | { readonly error: string }

type RowOrder = {
  readonly signer: string
  readonly index: number
  readonly uids: readonly number[]
  readonly values: readonly number[]
  readonly versionKey: bigint
  readonly block: number
  /** A reveal is under no rate limit and leaves the block of the last update. */
  readonly isReveal: boolean
}

const netuidOf = (index: number): number => index % 4096

/** set_weights of one mechanism: its rows stand in the local chain's place of rows while the call runs. */
export const storeRow = (world: World, o: RowOrder): Result => {
  const { local } = world
  const isFirst = o.index < 4096
  const rows = isFirst ? local.weights : (world.mechanisms.get(o.index) ?? new Map())
  const before = {
    ...local,
    weights: rows,
    subnet: o.isReveal ? { ...local.subnet, weightsRateLimit: 0 } : local.subnet,
  }
  const call = {
    kind: 'set_weights',
    netuid: netuidOf(o.index),
    uids: o.uids,
    values: o.values,
    versionKey: o.versionKey,
  } as const
  const result = setWeights(before, call, { signer: o.signer, block: o.block })
  if ('error' in result) return result
  const neurons = o.isReveal || !isFirst ? local.neurons : result.state.neurons
  const after = isFirst
    ? { ...world, local: { ...local, neurons, weights: result.state.weights } }
    : { ...world, mechanisms: new Map(world.mechanisms).set(o.index, result.state.weights) }
  const uid = uidOf(local, o.signer)
  return { world: after, events: [{ pallet: 'SubtensorModule', name: 'WeightsSet', data: [o.index, uid] }] }
}

export const setRow = (world: World, o: Omit<RowOrder, 'isReveal'>): Result =>
  world.isHidden ? { error: 'CommitRevealEnabled' } : storeRow(world, { ...o, isReveal: false })

type Committer = { readonly signer: string; readonly index: number; readonly block: number }

/** The uid that may commit now, and the world in which it has: a commit counts as an update. */
const commitAs = (
  world: World,
  { signer, index, block }: Committer,
): { readonly local: World['local'] } | { readonly error: string } => {
  const { local } = world
  if (!world.isHidden) return { error: 'CommitRevealDisabled' }
  if (netuidOf(index) !== local.subnet.netuid) return { error: 'MechanismDoesNotExist' }
  const uid = uidOf(local, signer)
  const neuron = local.neurons[uid]
  if (neuron === undefined) return { error: 'HotKeyNotRegisteredInSubNet' }
  const isTooFast = neuron.lastUpdate !== 0 && block - neuron.lastUpdate < local.subnet.weightsRateLimit
  if (isTooFast) return { error: 'CommittingWeightsTooFast' }
  const neurons = local.neurons.map((each, at) => (at === uid ? { ...each, lastUpdate: block } : each))
  return { local: { ...local, neurons } }
}

export const commitToTime = (
  world: World,
  o: Committer & { readonly wire: string; readonly round: bigint; readonly version: number },
): Result => {
  if (o.version !== world.commitVersion) return { error: 'IncorrectCommitRevealVersion' }
  const committed = commitAs(world, o)
  if ('error' in committed) return committed
  const commit = {
    hotkey: o.signer,
    index: o.index,
    epoch: epochOf(world, o.block),
    block: o.block,
    wire: o.wire,
    round: o.round,
  }
  const hash = Buffer.from(blake2b(Buffer.from(o.wire, 'hex'), { dkLen: 32 })).toString('hex')
  const data = [`0x${o.signer}`, o.index, `0x${hash}`, o.round]
  return {
    world: { ...world, ...committed, timed: [...world.timed, commit] },
    events: [{ pallet: 'SubtensorModule', name: 'TimelockedWeightsCommitted', data }],
  }
}

export const commitToHash = (world: World, o: Committer & { readonly hash: string }): Result => {
  const committed = commitAs(world, o)
  if ('error' in committed) return committed
  const commit = { hotkey: o.signer, index: o.index, epoch: epochOf(world, o.block), block: o.block, hash: o.hash }
  return {
    world: { ...world, ...committed, hashed: [...world.hashed, commit] },
    events: [{ pallet: 'SubtensorModule', name: 'WeightsCommitted', data: [`0x${o.signer}`, o.index, `0x${o.hash}`] }],
  }
}

export const revealHash = (
  world: World,
  o: Omit<RowOrder, 'isReveal'> & { readonly salt: readonly number[] },
): Result => {
  if (!world.isHidden) return { error: 'CommitRevealDisabled' }
  const mine = world.hashed.filter(({ hotkey, index }) => hotkey === o.signer && index === o.index)
  if (mine.length === 0) return { error: 'NoWeightsCommitFound' }
  const hash = Buffer.from(commitHash({ ...o, hotkey: o.signer })).toString('hex')
  const commit = mine.find((each) => each.hash === hash)
  if (commit === undefined) return { error: 'InvalidRevealCommitHashNotMatch' }
  const epoch = epochOf(world, o.block)
  if (epoch < commit.epoch + REVEAL_PERIOD) return { error: 'RevealTooEarly' }
  if (epoch > commit.epoch + REVEAL_PERIOD) return { error: 'ExpiredWeightCommit' }
  const stored = storeRow(world, { ...o, isReveal: true })
  if ('error' in stored) return stored
  const data = [`0x${o.signer}`, o.index, `0x${hash}`]
  return {
    world: { ...stored.world, hashed: world.hashed.filter((each) => each !== commit) },
    events: [{ pallet: 'SubtensorModule', name: 'WeightsRevealed', data }],
  }
}
