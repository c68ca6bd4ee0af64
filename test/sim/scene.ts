/** What a simulated mesh is about: its committee, its rounds, and what the world outside the machine answers. */
import type { Application } from '../../protocol/application.ts'
import type { BlockRef, Metagraph } from '../../protocol/chain-view.ts'
import type { Digest, Key } from '../../protocol/crypto.ts'
import { hash, utf8ToBytes } from '../../protocol/crypto.ts'
import type { Genesis } from '../../protocol/genesis.ts'
import type { Effect } from '../../protocol/machine-types.ts'
import type { Header } from '../../protocol/message/entry.ts'
import type { Signed } from '../../protocol/message/message.ts'

export type Evaluate = Extract<Effect, { kind: 'evaluate' }>

export type Scene<S> = {
  readonly genesis: Genesis
  /** The validators, by rising hotkey; index is a node's place. */
  readonly keys: readonly Key[]
  readonly application: Application<S>
  readonly createRounds: (self: Key) => S
  /** Under which id a message is asked for. */
  readonly idOf: (message: Signed) => Digest
  /** What outsiders (miners) say when this block is final. */
  readonly outside: (block: number) => readonly Signed[]
  readonly metagraph: (block: number) => Metagraph | null
  readonly evaluate: (node: Key, effect: Evaluate) => { nonce: Digest; statement: Uint8Array } | null
  /** Another header that an equivocating leader may propose in the place of this one. */
  readonly twist: (header: Header) => Header
  /** Whether a log holds what must be decided once everything has healed at this block; the run ends there. */
  readonly isDone: (log: readonly Header[], healedBlock: number) => boolean
}

export const BLOCK_MS = 1000

export const blockAt = (number: number): BlockRef => ({ number, hash: hash(utf8ToBytes(`block/${number}`)) })
