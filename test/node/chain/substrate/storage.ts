/** The test chain's storage, encoded from its state when it is asked for, under the real keys and types. */

import type { Codec } from '@polkadot/types/types'
import { compactToU8a, u8aToHex } from '@polkadot/util'
import { accountOf, stakeOf, uidOf } from '../../../../node/chain/local/state.ts'
import { secondsOf } from './begin-block.ts'
import type { TestBlock } from './chain.ts'
import type { Types } from './types.ts'
import { epochOf, REVEAL_PERIOD } from './world.ts'

/** The value at a key's arguments; undefined: nothing is stored there, so that the metadata's default holds. */
type Reader = (block: TestBlock, args: readonly Codec[]) => unknown

const hex = (value: Codec | undefined): string => value?.toHex().slice(2) ?? ''
const number = (value: Codec | undefined): number => Number(value?.toString())
/** Readers of one subnet: the netuid is their first argument. */
const ofSubnet =
  (read: (block: TestBlock) => unknown): Reader =>
  (block, [netuid]) =>
    number(netuid) === block.world.local.subnet.netuid ? read(block) : undefined

const rowsAt = ({ world }: TestBlock, index: number) =>
  index === world.local.subnet.netuid ? world.local.weights : world.mechanisms.get(index)

const SUBTENSOR: Readonly<Record<string, Reader>> = {
  Tempo: ofSubnet(({ world }) => world.local.subnet.tempo),
  LastEpochBlock: ofSubnet(({ world, number }) => epochOf(world, number) * world.local.subnet.tempo),
  SubnetEpochIndex: ofSubnet(({ world, number }) => epochOf(world, number)),
  BlocksSinceLastStep: ofSubnet(({ world, number }) => number % world.local.subnet.tempo),
  PendingEpochAt: ofSubnet(() => 0),
  CommitRevealWeightsEnabled: ({ world }) => world.isHidden,
  RevealPeriodEpochs: ofSubnet(() => REVEAL_PERIOD),
  CommitRevealWeightsVersion: ({ world }) => world.commitVersion,
  StakeThreshold: ({ world }) => world.local.subnet.stakeThresholdRao,
  Uids: ({ world }, [netuid, hotkey]) => {
    const uid = uidOf(world.local, hex(hotkey))
    return number(netuid) !== world.local.subnet.netuid || uid < 0 ? undefined : uid
  },
  Weights: (block, [index, uid]) => rowsAt(block, number(index))?.get(number(uid))?.weights,
  LastUpdate: (block, [index]) =>
    number(index) === block.world.local.subnet.netuid
      ? block.world.local.neurons.map(({ lastUpdate }) => lastUpdate)
      : block.world.local.neurons.map((_, uid) => rowsAt(block, number(index))?.get(uid)?.setAt ?? 0),
  WeightCommits: ({ world }, [index, hotkey]) => {
    const commits = world.hashed.filter((each) => each.index === number(index) && each.hotkey === hex(hotkey))
    return commits.length === 0 ? undefined : commits.map(({ hash, epoch, block }) => [`0x${hash}`, epoch, block, 0])
  },
  TimelockedWeightCommits: ({ world }, [index, epoch]) => {
    const commits = world.timed.filter((each) => each.index === number(index) && each.epoch === number(epoch))
    return commits.map(({ hotkey, block, wire, round }) => [`0x${hotkey}`, block, `0x${wire}`, round])
  },
}

const SYSTEM: Readonly<Record<string, Reader>> = {
  Account: ({ world }, [who]) => {
    const { nonce, freeRao } = accountOf(world.local, hex(who))
    return nonce === 0 && freeRao === 0n ? undefined : { nonce, providers: 1, data: { free: freeRao } }
  },
}

const READERS: readonly (readonly [pallet: string, item: string, read: Reader])[] = [
  ...Object.entries(SUBTENSOR).map(([item, read]) => ['SubtensorModule', item, read] as const),
  ...Object.entries(SYSTEM).map(([item, read]) => ['System', item, read] as const),
  ['Timestamp', 'Now', ({ number: at }) => secondsOf(at) * 1000],
]

/** Answers a raw storage key at a block: 0x-hex, or null where nothing is stored. */
export const createStorage = (types: Types): ((block: TestBlock, key: string) => string | null) => {
  const prefixes = new Map(READERS.map((entry) => [types.prefixOf(entry[0], entry[1]), entry]))
  const events = types.prefixOf('System', 'Events')
  return (block, key) => {
    if (key === events) return u8aToHex(Buffer.concat([compactToU8a(block.events.length), ...block.events]))
    const entry = prefixes.get(key.slice(0, 66))
    if (entry === undefined) return null
    const [pallet, item, read] = entry
    const value = read(block, types.argsOf(pallet, item, key))
    return value === undefined ? null : types.encodeStored(pallet, item, value)
  }
}

/** The runtime's own metagraph, as SubnetInfoRuntimeApi answers; fields that nobody here reads keep their defaults. */
export const encodeMetagraph = (types: Types, { world, number: at }: TestBlock, netuid: number): string => {
  const { subnet, neurons } = world.local
  const encode = (value: unknown): string => types.encodeApi('SubnetInfoRuntimeApi', 'get_metagraph', value)
  if (netuid !== subnet.netuid) return encode(null)
  return encode({
    netuid,
    block: at,
    tempo: subnet.tempo,
    ownerHotkey: `0x${subnet.ownerHotkey}`,
    ownerColdkey: `0x${neurons.find(({ hotkey }) => hotkey === subnet.ownerHotkey)?.coldkey ?? ''}`,
    weightsRateLimit: subnet.weightsRateLimit,
    commitRevealWeightsEnabled: world.isHidden,
    numUids: neurons.length,
    hotkeys: neurons.map(({ hotkey }) => `0x${hotkey}`),
    coldkeys: neurons.map(({ coldkey }) => `0x${coldkey}`),
    validatorPermit: neurons.map(({ permit }) => permit),
    lastUpdate: neurons.map(({ lastUpdate }) => lastUpdate),
    blockAtRegistration: neurons.map(() => 0),
    totalStake: neurons.map(({ hotkey }) => stakeOf(world.local, hotkey)),
  })
}
