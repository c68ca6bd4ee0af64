/** EPOCH: the next committee as a function of the chain at the first block of its new epoch. */
import type { Metagraph, Neuron } from '../chain-view.ts'
import { type Committee, isQuorum, weightOf } from '../committee.ts'
import { compareNumbers } from '../competition/integers.ts'
import { ONE_PPM } from '../competition/pair.ts'
import type { Digest, Key } from '../crypto.ts'
import { ProtocolError } from '../errors.ts'
import { MEMBERS_MAX, MEMBERS_MIN } from '../limits.ts'
import type { EntryOf } from '../message/entry.ts'
import type { Delegation } from '../message/membership.ts'

/** Members with the keys that they delegated to, in the order of their hotkeys. @throws ProtocolError BAD_GENESIS for a member without a delegation. */
export const committeeOf = (o: {
  readonly epoch: number
  readonly seed: Digest
  readonly members: readonly { readonly hotkey: Key; readonly weight: bigint }[]
  readonly delegationOf: (hotkey: Key) => Delegation | undefined
}): Committee => {
  const members = o.members.map(({ hotkey, weight }) => {
    const delegation = o.delegationOf(hotkey)
    if (delegation === undefined) throw new ProtocolError('BAD_GENESIS', { hotkey, want: 'a delegation' })
    const { sessionKey, sealingKey, peerId } = delegation
    return { hotkey, sessionKey, sealingKey, peerId, weight }
  })
  return {
    epoch: o.epoch,
    members: members.sort((a, b) => (a.hotkey < b.hotkey ? -1 : 1)),
    total: members.reduce((sum, member) => sum + member.weight, 0n),
    seed: o.seed,
  }
}

/**
 * a weight is the stake, but at most `capPpm` of the sum of all weights: the largest fixed point of w = min(stake, cap · Σw), rounded down.
 * Where too few members leave no such point, all weigh as the least.
 */
export const cappedWeights = (stakes: readonly bigint[], capPpm: number): readonly bigint[] => {
  const falling = [...stakes].sort((a, b) => compareNumbers(b, a))
  const [cap, one] = [BigInt(capPpm), BigInt(ONE_PPM)]
  let rest = falling.reduce((sum, stake) => sum + stake, 0n)
  for (const [capped, stake] of falling.entries()) {
    const uncapped = one - BigInt(capped) * cap
    if (uncapped <= 0n) break
    const limit = (cap * rest) / uncapped
    if (stake <= limit) return stakes.map((value) => (value < limit ? value : limit))
    rest -= stake
  }
  return stakes.map(() => falling.at(-1) ?? 0n)
}

const permittedOf = (metagraph: Metagraph): readonly Neuron[] =>
  metagraph.neurons
    .filter((neuron) => neuron.permit && neuron.stakeRao > 0n)
    .sort((a, b) => compareNumbers(b.stakeRao, a.stakeRao) || a.uid - b.uid)
    .slice(0, MEMBERS_MAX)

const isInForce = (delegation: Delegation, block: number): boolean =>
  delegation.fromBlock <= block && block < delegation.toBlock

/** Hotkeys that may be members at this metagraph's block: permitted, the largest stakes first where there are too many. */
export const eligibleHotkeys = (metagraph: Metagraph): ReadonlySet<Key> =>
  new Set(permittedOf(metagraph).map((neuron) => neuron.hotkey))

/**
 * Hotkeys whose delegations are kept: who may be a member, and the largest stakes without a permit yet. A permit comes with the first block of
 * an epoch, and a delegation that came only after it would cost its hotkey that epoch.
 */
export const candidateHotkeys = (metagraph: Metagraph): ReadonlySet<Key> => {
  const staked = metagraph.neurons
    .filter((neuron) => neuron.stakeRao > 0n)
    .sort((a, b) => compareNumbers(b.stakeRao, a.stakeRao) || a.uid - b.uid)
    .slice(0, MEMBERS_MAX)
  return new Set([...eligibleHotkeys(metagraph), ...staked.map((neuron) => neuron.hotkey)])
}

/** A delegation with its message id. */
export type Delegated = { readonly id: Digest; readonly body: Delegation }

/** Everyone who may be a member and has a delegation in force at the block, with the weights that follow. */
export const epochEntry = (
  metagraph: Metagraph,
  o: {
    readonly capPpm: number
    /** What a hotkey may sit by, if it may. */
    readonly delegationOf: (hotkey: Key) => Delegated | undefined
    /** Convicts that the chain no longer knows. */
    readonly released?: readonly Key[]
  },
): EntryOf<'epoch'> => {
  const speaking = permittedOf(metagraph).flatMap((neuron) => {
    const delegated = o.delegationOf(neuron.hotkey)
    return delegated !== undefined && isInForce(delegated.body, metagraph.block.number) ? [{ neuron, delegated }] : []
  })
  const weights = cappedWeights(
    speaking.map(({ neuron }) => neuron.stakeRao),
    o.capPpm,
  )
  const members = speaking.map(({ neuron, delegated }, index) => ({
    hotkey: neuron.hotkey,
    weight: weights[index] ?? 0n,
    delegation: delegated.id,
  }))
  return {
    kind: 'epoch',
    epoch: metagraph.epoch,
    block: metagraph.block.number,
    blockHash: metagraph.block.hash,
    members: members.sort((a, b) => (a.hotkey < b.hotkey ? -1 : 1)),
    owner: metagraph.ownerHotkey,
    released: o.released ?? [],
  }
}

/**
 * R-58: the next committee has at least four members and holds more than two thirds of the old members' weight that is still eligible. Where
 * the chain and the convictions leave fewer there is no next one: the old committee stays, and with it whoever it has convicted.
 */
export const isSuccessor = (old: Committee, entry: EntryOf<'epoch'>, eligible: ReadonlySet<Key>): boolean => {
  const staying = weightOf(
    old,
    entry.members.map((member) => member.hotkey).filter((hotkey) => eligible.has(hotkey)),
  )
  return entry.members.length >= MEMBERS_MIN && isQuorum(staying, weightOf(old, eligible))
}
