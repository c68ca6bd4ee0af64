/** All messages by kind: the one table that signing, the wire and the archive read. */
import type { Codec, Infer } from '../canonical.ts'
import { encode, hashOf } from '../canonical.ts'
import { type Digest, type Key, type Signature, type SignatureClaim, signedHead, wrappedBytes } from '../crypto.ts'
import { delegation } from './membership.ts'
import { params } from './params.ts'
import { commit, receipt, reveal, roundAttestation, submission } from './round.ts'
import { checkStatement, PREDICATE_TYPES, preAuthEncoding } from './statement.ts'
import { proposal, vote } from './vote.ts'

/** Signed messages: kind → codec of the body. Kinds are signed over; never rename one. */
export const MESSAGES = {
  delegation,
  submission,
  receipt,
  commit,
  reveal,
  roundAttestation,
  proposal,
  notarize: vote,
  nullify: vote,
  finalize: vote,
  params,
} as const

export type MessageKind = keyof typeof MESSAGES
export type BodyOf<K extends MessageKind> = Infer<(typeof MESSAGES)[K]>

/** A body with its signature, not yet known to be true. */
export type Signed<K extends MessageKind = MessageKind> = {
  readonly [P in K]: { readonly kind: P; readonly body: BodyOf<P>; readonly signature: Signature }
}[K]

/** A body to be signed by this node's own key. */
export type Unsigned<K extends MessageKind = MessageKind> = {
  readonly [P in K]: { readonly kind: P; readonly body: BodyOf<P> }
}[K]

declare const verified: unique symbol
/** A message whose signature holds; made in `wire.ts` only. */
export type Verified<M> = M & { readonly [verified]: true }

/** The two domains: hotkeys' delegations stand under the chain's, everything else under the mesh's. */
export type Domains = { readonly chain: Digest; readonly mesh: Digest }

/** What stands before each body: the same for every message of a kind in a mesh, so made once. */
const heads = new WeakMap<Domains, Map<MessageKind, Uint8Array>>()

const headOf = (kind: MessageKind, domains: Domains): Uint8Array => {
  const known = heads.get(domains)
  const head = known?.get(kind)
  if (head !== undefined) return head
  const made = signedHead({ kind, domain: kind === 'delegation' ? domains.chain : domains.mesh })
  heads.set(domains, (known ?? new Map<MessageKind, Uint8Array>()).set(kind, made))
  return made
}

const codecOf = (kind: MessageKind): Codec<unknown> => MESSAGES[kind] as Codec<unknown>

/** The bytes that are hashed for a message's id and, for session keys, signed. */
export const bodyBytes = ({ kind, body }: Unsigned, domains: Domains): Uint8Array =>
  encode(codecOf(kind), body, headOf(kind, domains))

const isSameMesh = (a: Domains, b: Domains): boolean => a === b || (a.chain === b.chain && a.mesh === b.mesh)

/** Bodies are immutable and a message is asked for its id many times on its way: each is hashed once a mesh. */
const ids = new WeakMap<object, { readonly kind: MessageKind; readonly domains: Domains; readonly id: Digest }>()

/** a message's identity is its body, never its envelope or signature (sr25519 signs differently each time). */
export const messageId = (message: Unsigned, domains: Domains): Digest => {
  const known = ids.get(message.body)
  if (known !== undefined && known.kind === message.kind && isSameMesh(known.domains, domains)) return known.id
  const id = hashOf(codecOf(message.kind), message.body, headOf(message.kind, domains))
  ids.set(message.body, { kind: message.kind, domains, id })
  return id
}

/** How a kind is signed: by the hotkey in a wallet, by the session key over the body, or over its statement under DSSE. */
const SIGNED_BY = {
  delegation: 'hotkey',
  submission: 'hotkey',
  receipt: 'session',
  commit: 'session',
  reveal: 'statement',
  roundAttestation: 'statement',
  proposal: 'session',
  notarize: 'session',
  nullify: 'session',
  finalize: 'session',
  params: 'hotkey',
} as const satisfies Record<MessageKind, 'hotkey' | 'session' | 'statement'>

/** True for what a hotkey signed: the message itself names the key, whoever reads it. */
export const namesItsKey = ({ kind }: Signed): boolean => SIGNED_BY[kind] === 'hotkey'

/** The exact bytes a signer signs for a message. */
export const bytesToSign = (message: Unsigned, domains: Domains): Uint8Array => {
  if (message.kind === 'reveal' || message.kind === 'roundAttestation') return preAuthEncoding(message.body.statement)
  const bytes = bodyBytes(message, domains)
  return SIGNED_BY[message.kind] === 'hotkey' ? wrappedBytes(bytes) : bytes
}

/**
 * What must hold for a message to be verified. `sessionKeyOf` gives the session key of a hotkey, or null when it has none in force.
 * @returns null when the signer is unknown.
 */
export const signatureClaim = (
  message: Signed,
  context: { domains: Domains; sessionKeyOf: (hotkey: Key) => Key | null },
): SignatureClaim | null => {
  const bytes = bytesToSign(message, context.domains)
  if (message.kind === 'delegation' || message.kind === 'submission' || message.kind === 'params') {
    const { hotkey, scheme } = message.body
    return { scheme, publicKey: hotkey, message: bytes, signature: message.signature }
  }
  const publicKey = context.sessionKeyOf(message.body.hotkey)
  if (publicKey === null) return null
  return { scheme: 'ed25519', publicKey, message: bytes, signature: message.signature }
}

/** a statement says itself, under its own signature, everything that the message around it says, its mesh and its kind. @throws ProtocolError BAD_STATEMENT */
export const checkFields = (message: Signed, domain: Digest): void => {
  if (message.kind !== 'reveal' && message.kind !== 'roundAttestation') return
  const { statement, ...fields } = message.body
  checkStatement(statement, { predicateType: PREDICATE_TYPES[message.kind], predicate: { ...fields, domain } })
}
