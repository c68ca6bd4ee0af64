/** What the world around the rounds' test mesh answers. */
import type { PaymentFacts, PaymentRef } from '../../../protocol/chain/payment.ts'
import type { Metagraph } from '../../../protocol/chain-view.ts'
import type { Digest, Key } from '../../../protocol/crypto.ts'
import type { Signed, Unsigned } from '../../../protocol/message/message.ts'
import type { Measured } from '../../../protocol/round/statement.ts'

/** Tests replace what they are about. */
export type World = {
  measure: (o: { hotkey: Key; submission: Digest; miner: Key; round: number }) => Measured
  noisePpm: (hotkey: Key) => number
  metagraph: (block: number) => Metagraph
  /** What this validator's chain shows of a payment; null while it does not answer. */
  payment: (o: { hotkey: Key; ref: PaymentRef; miner: Key }) => PaymentFacts | null
  /** False loses the message between the two. */
  delivers: (o: { from: Key; to: Key; message: Signed }) => boolean
  shows: () => boolean
  /** False: this validator keeps silent where it should speak. */
  signs: (o: { hotkey: Key; message: Unsigned }) => boolean
  /** The session key that this validator signs with: given, every node takes only what stands under a key that it knows of. */
  sessionKey: ((hotkey: Key) => Key) | null
}
