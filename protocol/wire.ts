/** Bytes from a peer to verified messages and back: the only file that knows protobuf, and the only one that makes `Verified`. */
import { Envelope } from '../proto/index.ts'
import { assert } from './assert.ts'
import { bad } from './bytes.ts'
import { type Codec, signature } from './canonical.ts'
import { concatBytes, type Digest, type Key, type SignatureClaim } from './crypto.ts'
import { ProtocolError } from './errors.ts'
import { MESSAGE_BYTES_MAX } from './limits.ts'
import type { Relayed } from './machine-types.ts'
import { headerDigest } from './message/entry.ts'
import { type Evidence, evidenceClaims, evidenceId } from './message/evidence.ts'
import {
  checkFields,
  type Domains,
  MESSAGES,
  type MessageKind,
  messageId,
  namesItsKey,
  type Signed,
  signatureClaim,
  type Verified,
} from './message/message.ts'
import { type Certificate, catchUp, certificate, type Decided, type Status, status } from './message/vote.ts'

/** What stands or falls with its signatures. */
export type Unverified =
  | { readonly kind: 'message'; readonly message: Signed }
  | { readonly kind: 'certificate'; readonly certificate: Certificate }
  | { readonly kind: 'decided'; readonly decided: Decided }
  | { readonly kind: 'evidence'; readonly evidence: Evidence }

/** What the log names by an id. */
export type Item = Extract<Unverified, { kind: 'message' | 'evidence' }>

/** The id that it is asked for by. @throws ProtocolError BAD_EVIDENCE for evidence of nothing. */
export const itemId = (item: Item, domains: Domains): Digest =>
  item.kind === 'message' ? messageId(item.message, domains) : evidenceId(item.evidence, domains)

/** What an envelope brings; a status is worth only what its authenticated stream is. */
export type Received = Unverified | { readonly kind: 'status'; readonly status: Status }

/** The same, its signatures checked: with `at` beside it, an input of the machine. */
export type Admitted =
  | { readonly kind: 'message'; readonly message: Verified<Signed> }
  | { readonly kind: 'certificate'; readonly certificate: Verified<Certificate> }
  | { readonly kind: 'decided'; readonly decided: Verified<Decided> }
  | { readonly kind: 'evidence'; readonly evidence: Verified<Evidence> }

/** Something unverified beside what must hold for it: all of a certificate's claims, one of a message's (R-101: one for each key it may stand under). */
export type Claimed = { readonly item: Unverified; readonly claims: readonly SignatureClaim[] }

const KINDS = Object.keys(MESSAGES) as readonly MessageKind[]
const CONTENTS = ['message', 'certificate', 'decided', 'status', 'evidence'] as const

/** What an envelope carries; the archive's heights are read from it first. */
type Content = Exclude<Relayed, { kind: 'archived' }>

const signedToWire = ({ kind, body, signature: signed }: Signed): object => ({
  [kind]: (MESSAGES[kind] as Codec<unknown>).toWire(body),
  signature: signature.toWire(signed),
})

const toWire = (content: Content): object => {
  switch (content.kind) {
    case 'message':
      return { message: signedToWire(content.message) }
    case 'certificate':
      return { certificate: certificate.toWire(content.certificate) }
    case 'decided':
      return { decided: catchUp.toWire(content) }
    case 'status':
      return { status: status.toWire(content.status) }
    case 'evidence': {
      const { delegation, messages } = content.evidence
      return { evidence: { delegation: signedToWire(delegation), messages: messages.map(signedToWire) } }
    }
  }
}

/**
 * The envelopes that carry `content`: one, or several when a batch of decided heights is too large for one.
 * @throws ProtocolError TOO_LARGE when one item alone is above MESSAGE_BYTES_MAX.
 */
export const encodeEnvelopes = (content: Content): readonly Uint8Array[] => {
  const encoded = Envelope.encode(toWire(content)).finish()
  if (encoded.length <= MESSAGE_BYTES_MAX) return [encoded]
  if (content.kind !== 'decided' || content.decided.length < 2) {
    throw new ProtocolError('TOO_LARGE', {
      kind: content.kind,
      sizeBytes: encoded.length,
      sizeBytesMax: MESSAGE_BYTES_MAX,
    })
  }
  const half = content.decided.length >> 1
  const parts = [content.decided.slice(0, half), content.decided.slice(half)]
  return parts.flatMap((decided) => encodeEnvelopes({ kind: 'decided', decided }))
}

/** Where the decided heights of an envelope begin, behind its tag and their length. */
const DECIDED_TAG = (3 << 3) | 2

/** A varint as protobuf writes lengths, below 2^28. */
const varint = (value: number): Uint8Array => {
  const groups: number[] = []
  for (let rest = value; rest > 0 || groups.length === 0; rest >>>= 7) groups.push(rest & 0x7f)
  return Uint8Array.from(groups, (group, index) => (index < groups.length - 1 ? group | 0x80 : group))
}

/** The repeated field inside an envelope of decided heights that we encoded. */
const decidedOf = (envelope: Uint8Array): Uint8Array => {
  let at = 1
  while ((envelope[at] ?? 0) >= 0x80) at += 1
  assert(envelope[0] === DECIDED_TAG && at < envelope.length, 'our own envelope of decided heights')
  return envelope.subarray(at + 1)
}

/**
 * One envelope with all decided heights of these, which we encoded, as many of the first as fit: protobuf repeats a field by writing it again,
 * so that nothing is decoded to answer somebody who asks for history.
 */
export const joinDecided = (envelopes: Iterable<Uint8Array>): Uint8Array => {
  const parts: Uint8Array[] = []
  let sizeBytes = 0
  for (const envelope of envelopes) {
    const part = decidedOf(envelope)
    if (1 + varint(sizeBytes + part.length).length + sizeBytes + part.length > MESSAGE_BYTES_MAX) break
    parts.push(part)
    sizeBytes += part.length
  }
  return concatBytes(Uint8Array.of(DECIDED_TAG), varint(sizeBytes), ...parts)
}

const parse = (bytes: Uint8Array) => {
  if (bytes.length > MESSAGE_BYTES_MAX) {
    throw new ProtocolError('TOO_LARGE', { sizeBytes: bytes.length, sizeBytesMax: MESSAGE_BYTES_MAX })
  }
  try {
    return Envelope.decode(bytes)
  } catch (error) {
    throw new ProtocolError('BAD_SHAPE', { error: error instanceof Error ? error.message : 'unreadable' })
  }
}

/** The one name of `names` that is set. */
const only = <N extends string>(raw: Readonly<Record<N, unknown>>, names: readonly N[], path: string): N => {
  let found: N | null = null
  for (const name of names) {
    if (raw[name] === null || raw[name] === undefined) continue
    if (found !== null) throw new ProtocolError('BAD_SHAPE', { path, want: 'exactly one kind' })
    found = name
  }
  if (found === null) throw new ProtocolError('BAD_SHAPE', { path, want: 'exactly one kind' })
  return found
}

type RawSigned = Readonly<Record<MessageKind | 'signature', unknown>>

const toSigned = (raw: RawSigned): Signed => {
  const kind = only(raw, KINDS, 'message')
  const body = (MESSAGES[kind] as Codec<unknown>).fromWire(raw[kind], kind)
  return { kind, body, signature: signature.fromWire(raw.signature, 'signature') } as Signed
}

/** Of two messages at most: more show nothing that two do not. */
const toEvidence = (raw: {
  readonly delegation?: RawSigned | null
  readonly messages?: readonly RawSigned[]
}): Evidence => {
  const delegation = toSigned(raw.delegation ?? bad('evidence', 'a delegation'))
  const messages = raw.messages ?? []
  if (delegation.kind !== 'delegation' || messages.length > 2) return bad('evidence', 'a delegation, two messages')
  return { delegation, messages: messages.map(toSigned) }
}

/**
 * What an envelope brings, in order; size and shape are checked, nothing else.
 * @throws ProtocolError TOO_LARGE or BAD_SHAPE.
 */
export const decodeEnvelope = (bytes: Uint8Array): readonly Received[] => {
  const raw = parse(bytes) as unknown as Readonly<Record<(typeof CONTENTS)[number], unknown>>
  const kind = only(raw, CONTENTS, 'envelope')
  switch (kind) {
    case 'message':
      return [{ kind, message: toSigned(raw.message as RawSigned) }]
    case 'certificate':
      return [{ kind, certificate: certificate.fromWire(raw.certificate, kind) }]
    case 'decided':
      return catchUp.fromWire(raw.decided, kind).decided.map((decided) => ({ kind, decided }))
    case 'status':
      return [{ kind, status: status.fromWire(raw.status, kind) }]
    case 'evidence':
      return [{ kind, evidence: toEvidence(raw.evidence as Parameters<typeof toEvidence>[0]) }]
  }
}

/** What the checks need to know of the mesh; all of it may differ between nodes that have seen different heights. */
export type ClaimContext = {
  readonly domains: Domains
  /** The session keys that a message may stand under, the one in force first; none when its signer has none. */
  readonly sessionKeysOf: (message: Signed) => readonly Key[]
  /** What a certificate claims of its height's committee; throws ProtocolError when it is none, or the committee is not known. */
  readonly certificateClaims: (certificate: Certificate) => readonly SignatureClaim[]
}

const claimsOf = (item: Unverified, context: ClaimContext): readonly SignatureClaim[] => {
  switch (item.kind) {
    case 'message': {
      const { message } = item
      const { domains } = context
      const keys = namesItsKey(message) ? [null] : context.sessionKeysOf(message)
      const claims = keys.flatMap((key) => signatureClaim(message, { domains, sessionKeyOf: () => key }) ?? [])
      if (claims.length === 0) throw new ProtocolError('UNKNOWN_SIGNER', { kind: message.kind })
      checkFields(message, domains.mesh)
      return claims
    }
    case 'certificate':
      return context.certificateClaims(item.certificate)
    case 'decided': {
      const { header, certificate } = item.decided
      const { phase, height, value } = certificate
      if (phase !== 'finalize' || height !== header.height || value !== headerDigest(header)) {
        throw new ProtocolError('BAD_CERTIFICATE', { decided: header.height, phase, height, value })
      }
      return context.certificateClaims(certificate)
    }
    case 'evidence':
      // Made here of two large proposals it may be more than one message holds: then it convinces nobody else.
      encodeEnvelopes(item)
      return evidenceClaims(item.evidence, context.domains)
  }
}

/** What names the keys that should have signed it: whether it holds is the same everywhere. */
const namesItsKeys = (item: Unverified): boolean =>
  item.kind === 'evidence' || (item.kind === 'message' && namesItsKey(item.message))

/**
 * The signatures that must hold for `item`.
 * @throws ProtocolError UNKNOWN_SIGNER, BAD_STATEMENT, BAD_EVIDENCE, TOO_LARGE, or what `certificateClaims` throws.
 */
export const claims = (item: Unverified, context: ClaimContext): Claimed => ({ item, claims: claimsOf(item, context) })

/**
 * `results[i]` is what a verifier said of `claims[i]`.
 * @throws ProtocolError unless all hold, or one of a message's: FORGED for what names the key that should have signed it itself, BAD_SIGNATURE for all else.
 */
export const admit = ({ item, claims }: Claimed, results: readonly boolean[]): Admitted => {
  assert(claims.length > 0 && results.length === claims.length, 'one result for each claim, and at least one')
  const failed = claims.find((_, index) => results[index] !== true)
  const isAnyEnough = item.kind === 'message' && results.includes(true)
  if (failed !== undefined && !isAnyEnough) {
    const facts = { kind: item.kind, publicKey: failed.publicKey }
    throw new ProtocolError(namesItsKeys(item) ? 'FORGED' : 'BAD_SIGNATURE', facts)
  }
  return item as Admitted
}
