/** What a lying validator is: the real machine, and a mask that changes what it says and speaks when it should not. */
import type { Digest, Key } from '../../../protocol/crypto.ts'
import type { Entry, Header } from '../../../protocol/message/entry.ts'
import type { Domains, Signed, Unsigned, Verified } from '../../../protocol/message/message.ts'
import type { RoundState } from '../../../protocol/round/state.ts'
import type { Params } from '../faults.ts'
import type { Payload } from '../network.ts'
import type { Random } from '../random.ts'

/** What a liar knows and can do. It may sign with its own key only; what it forges is refused at the door. */
export type Liar = {
  readonly self: Key
  /** All validators. */
  readonly keys: readonly Key[]
  readonly domains: Domains
  readonly random: Random
  readonly params: Params
  /** Whether a chance of this strategy strikes now. */
  readonly hits: () => boolean
  readonly sign: (message: Unsigned) => Verified<Signed>
  /** Another header as good as this one. */
  readonly twist: (header: Header) => Header
  /** What the machine under the mask would propose now. */
  readonly due: () => Entry | null
  /** The rounds of the machine under the mask; null while it is down, and in the toy's. */
  readonly rounds: () => RoundState | null
  readonly messageOf: (id: Digest) => Signed | null
  /** Says something later, past its own mask. */
  readonly later: (afterMs: number, payload: Payload, to: Key) => void
}

export type Strategy = {
  /** What this peer gets in the place of what the honest machine would send it. */
  readonly faces?: (payload: Payload, to: Key) => readonly Payload[]
  /** What it says to everyone, unasked, when it hears something. */
  readonly heard?: (payload: Payload) => readonly Payload[]
}

export type Adversary = (liar: Liar) => Strategy

export const say = (liar: Liar, message: Unsigned): Payload => ({ kind: 'message', message: liar.sign(message) })

/** The peer that a number of the plan means. */
export const peerOf = (liar: Liar, number: number | undefined): Key | undefined => {
  const peers = liar.keys.filter((key) => key !== liar.self)
  return peers[(number ?? 0) % peers.length]
}
