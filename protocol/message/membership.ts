/** Messages that say who speaks: a hotkey's delegation to the keys of one running node. */
import { count, hex, type Infer, key, oneOf, struct, text, u16, u32 } from '../canonical.ts'
import { PEER_ID_BYTES_MAX } from '../limits.ts'
import { type Json, parseJson, printJson } from './statement.ts'

export const keyScheme = oneOf(['sr25519', 'ed25519'])

/**
 * a hotkey signs nothing but delegations, a miner's its submissions, and the subnet owner's changes of parameters. Among several delegations the one with the highest
 * counter counts; two with one counter are evidence.
 * Signed under the chain's domain (`chainDomain`), since the mesh's own domain contains the genesis delegations.
 */
export const delegation = struct({
  netuid: u16,
  hotkey: key,
  scheme: keyScheme,
  /** ed25519, signs every mesh message. */
  sessionKey: key,
  /** X25519, opens sealed submissions. */
  sealingKey: key,
  peerId: text(PEER_ID_BYTES_MAX),
  /** Valid for blocks fromBlock ≤ b < toBlock. */
  fromBlock: count,
  toBlock: count,
  counter: u32,
})
export type Delegation = Infer<typeof delegation>

/** A delegation with its hotkey's signature over the wrapped bytes. */
export const signedDelegation = struct({ body: delegation, signature: hex(64) })
export type SignedDelegation = Infer<typeof signedDelegation>

export const printSignedDelegation = (delegation: SignedDelegation): Uint8Array =>
  printJson(signedDelegation.toJson(delegation) as Json)

/** @throws ProtocolError BAD_STATEMENT or BAD_SHAPE */
export const parseSignedDelegation = (bytes: Uint8Array): SignedDelegation =>
  signedDelegation.fromWire(parseJson(bytes), 'delegation')
