/** What a simulated mesh is about: its committee, its rounds, and what the world outside the machine answers. */
import type { Application } from '../../protocol/application.ts'
import type { PaymentFacts } from '../../protocol/chain/payment.ts'
import type { BlockRef, Metagraph } from '../../protocol/chain-view.ts'
import type { Digest, Key } from '../../protocol/crypto.ts'
import { hash, utf8ToBytes } from '../../protocol/crypto.ts'
import type { Genesis } from '../../protocol/genesis.ts'
import type { Effect } from '../../protocol/machine-types.ts'
import type { Header } from '../../protocol/message/entry.ts'
import type { Domains, Signed, Unsigned } from '../../protocol/message/message.ts'
import type { Signing } from './signing.ts'

export type Evaluate = Extract<Effect, { kind: 'evaluate' }>
export type ReadPayment = Extract<Effect, { kind: 'readPayment' }>

/** What somebody outside says, and to which validators by their places: all, or every other one. */
export type Spoken = { readonly message: Signed; readonly to: 'all' | 'even' | 'odd' }

export type Scene<S> = {
  readonly name: 'toy' | 'rounds'
  readonly genesis: Genesis
  readonly domains: Domains
  /** The validators, by rising hotkey; index is a node's place. */
  readonly keys: readonly Key[]
  readonly signing: Signing
  /** Real signatures over real bytes: what is delivered was decoded and verified as a node would. */
  readonly isReal: boolean
  readonly application: Application<S>
  readonly createRounds: (self: Key | null) => S
  /** Under which id a message is asked for. */
  readonly idOf: (message: Unsigned) => Digest
  /** What outsiders (miners) say when this block is final. */
  readonly outside: (block: number) => readonly Spoken[]
  /** `swing`: by how much stakes move from epoch to epoch, per mille. */
  readonly metagraph: (block: number, swing: number) => Metagraph | null
  /** What final blocks show of a payment; the same to everybody. */
  readonly payment: (effect: ReadPayment) => PaymentFacts | null
  /** `life`: how often the process has started; what a crash forgot is measured again, behind another nonce. */
  readonly evaluate: (node: Key, effect: Evaluate, life: number) => { nonce: Digest; statement: Uint8Array } | null
  /** Another header that an equivocating leader may propose in the place of this one. */
  readonly twist: (header: Header) => Header
  /** Whether a log holds what must be decided once everything has healed at this block, so many whole rounds among it; the run ends there. */
  readonly isDone: (log: readonly Header[], healedBlock: number, rounds: number) => boolean
}

/** Short beside Δ: more happens between two timers. */
export const BLOCK_MS = 500

const blocks = new Map<number, BlockRef>()

/** The same chain in every run. */
export const blockAt = (number: number): BlockRef => {
  const known = blocks.get(number) ?? { number, hash: hash(utf8ToBytes(`block/${number}`)) }
  blocks.set(number, known)
  return known
}
