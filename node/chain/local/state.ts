/** The state of the local chain after a block: accounts, stakes, one subnet, its neurons and their weights. */
import { hash } from 'node:crypto'
import type { Metagraph, Weight } from '../port.ts'
import { bool, type Codec, encode, hex32, pair, sortedMap, struct, u16, u32, u64, vec } from './codec.ts'

/** An account exists as soon as it holds rao or has signed something. */
export type Account = { readonly freeRao: bigint; readonly nonce: number }

/** The subnet's hyperparameters, under the meanings that Subtensor gives them. */
export type Subnet = {
  /** 1 to 65535: 0 is the root network, which takes no weights. */
  readonly netuid: number
  /** Blocks in an epoch; epochs start at the multiples of it. */
  readonly tempo: number
  readonly ownerHotkey: string
  readonly weightsRateLimit: number
  /** 0: any version key will do. */
  readonly versionKey: bigint
  readonly minAllowedWeights: number
  readonly maxAllowedValidators: number
  readonly maxAllowedUids: number
  /** Below it a hotkey sets no weights and gets no permit. */
  readonly stakeThresholdRao: bigint
  /** What a registration burns of the coldkey's balance. */
  readonly burnRao: bigint
}

/** A slot as stored: its uid is its place in the list. */
export type Slot = {
  readonly hotkey: string
  readonly coldkey: string
  readonly permit: boolean
  readonly lastUpdate: number
}

/** A stored row of weights and the block that set it. */
export type Row = { readonly setAt: number; readonly weights: readonly Weight[] }

export type State = {
  readonly accounts: ReadonlyMap<string, Account>
  /** By hotkey, then by the coldkey that staked. */
  readonly stakes: ReadonlyMap<string, ReadonlyMap<string, bigint>>
  readonly subnet: Subnet
  readonly neurons: readonly Slot[]
  /** By uid. */
  readonly weights: ReadonlyMap<number, Row>
}

/** Uids are u16 on the chain; Subtensor allows 256 in a subnet today. */
export const uidsMax = 4096

const account = struct<Account>({ freeRao: u64, nonce: u32 })
const subnet = struct<Subnet>({
  netuid: u16,
  tempo: u32,
  ownerHotkey: hex32,
  weightsRateLimit: u32,
  versionKey: u64,
  minAllowedWeights: u16,
  maxAllowedValidators: u16,
  maxAllowedUids: u16,
  stakeThresholdRao: u64,
  burnRao: u64,
})
const slot = struct<Slot>({ hotkey: hex32, coldkey: hex32, permit: bool, lastUpdate: u32 })
const row = struct<Row>({ setAt: u32, weights: vec(pair(u16, u16), uidsMax) })

export const stateCodec: Codec<State> = struct<State>({
  accounts: sortedMap(hex32, account),
  stakes: sortedMap(hex32, sortedMap(hex32, u64)),
  subnet,
  neurons: vec(slot, uidsMax),
  weights: sortedMap(u16, row),
})

/** What a header commits to: the SHA-256 of the state's canonical bytes. */
export function stateRoot(state: State): string {
  return hash('sha256', encode(stateCodec, state))
}

export function accountOf(state: State, key: string): Account {
  return state.accounts.get(key) ?? { freeRao: 0n, nonce: 0 }
}

/** All that coldkeys have staked to a hotkey, in rao. */
export function stakeOf(state: State, hotkey: string): bigint {
  let total = 0n
  for (const amount of state.stakes.get(hotkey)?.values() ?? []) total += amount
  return total
}

/** The uid of a hotkey, -1 when it is not registered. */
export function uidOf(state: State, hotkey: string): number {
  return state.neurons.findIndex((neuron) => neuron.hotkey === hotkey)
}

export function withAccount(state: State, key: string, changed: Account): State {
  return { ...state, accounts: new Map(state.accounts).set(key, changed) }
}

/** What a block does before its extrinsics: at a multiple of the tempo, permits for the new epoch. */
export function startBlock(state: State, number: number): State {
  return number % state.subnet.tempo === 0 ? { ...state, neurons: withPermits(state) } : state
}

/** The top validators by stake, zero and below the threshold left out; of equal stakes the later uid wins; the owner always. */
function withPermits(state: State): readonly Slot[] {
  const { stakeThresholdRao, maxAllowedValidators, ownerHotkey } = state.subnet
  const ranked = state.neurons
    .map(({ hotkey }, uid) => ({ uid, stakeRao: stakeOf(state, hotkey) }))
    .filter(({ stakeRao }) => stakeRao > 0n && stakeRao >= stakeThresholdRao)
    .sort((a, b) => (a.stakeRao === b.stakeRao ? b.uid - a.uid : a.stakeRao < b.stakeRao ? 1 : -1))
  const permitted = new Set(ranked.slice(0, maxAllowedValidators).map(({ uid }) => uid))
  return state.neurons.map((neuron, uid) => ({
    ...neuron,
    permit: permitted.has(uid) || neuron.hotkey === ownerHotkey,
  }))
}

/** The subnet as others see it after a block. */
export function metagraphOf(state: State, block: { readonly number: number; readonly hash: string }): Metagraph {
  const { netuid, tempo, ownerHotkey, weightsRateLimit } = state.subnet
  const epoch = Math.floor(block.number / tempo)
  return {
    netuid,
    block,
    epoch,
    epochStart: epoch * tempo,
    tempo,
    ownerHotkey,
    ownerColdkey: state.neurons.find(({ hotkey }) => hotkey === ownerHotkey)?.coldkey ?? null,
    weightsRateLimit,
    neurons: state.neurons.map((neuron, uid) => ({ uid, ...neuron, stakeRao: stakeOf(state, neuron.hotkey) })),
  }
}
