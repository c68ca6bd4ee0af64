/** What the protocol sees of the chain: finalised blocks and the metagraph at one of them. */
import type { Digest, Key } from './crypto.ts'

export type BlockRef = { readonly number: number; readonly hash: Digest }

export type Neuron = {
  readonly uid: number
  readonly hotkey: Key
  readonly coldkey: Key
  readonly stakeRao: bigint
  readonly permit: boolean
}

/** A subnet's neurons at one finalised block. `epochStart` is the first block of the chain epoch that the block lies in. */
export type Metagraph = {
  readonly block: BlockRef
  readonly epoch: number
  readonly epochStart: number
  readonly ownerHotkey: Key
  readonly neurons: readonly Neuron[]
}
