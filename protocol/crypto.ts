/** Hashing, domain separation and the reference signature checks; this file never signs. */
import { ed25519 } from '@noble/curves/ed25519.js'
import { sha512 } from '@noble/hashes/sha2.js'
import { bytesToHex, concatBytes, hexToBytes } from '@noble/hashes/utils.js'
import { verify as verifySchnorrkel } from '@scure/sr25519'
import { sha256Hex } from '#sha256'

export { bytesToHex, concatBytes, hexToBytes }

const encoder = new TextEncoder()

export const utf8ToBytes = (text: string): Uint8Array => encoder.encode(text)

/** SHA-256, 64 lower-case hex characters: the identity of anything in the mesh. */
export type Digest = string
/** A 32-byte public key, 64 lower-case hex characters. A validator or miner is its hotkey. */
export type Key = string
/** A 64-byte signature, 128 lower-case hex characters. */
export type Signature = string

/** Of all parts in their order, as one. `#sha256` is the host's own where it has one (ADR 8). */
export const hash = (...parts: readonly Uint8Array[]): Digest => {
  const [first] = parts
  return sha256Hex(parts.length === 1 && first !== undefined ? first : concatBytes(...parts))
}

const TAG = utf8ToBytes('evalmesh/v1')

/**
 * what a session key signs: tag ‖ kind ‖ domain ‖ the canonical encoding of the whole body, the kind with its length before it,
 * so that a signature of one kind or mesh never verifies as another. This is all of it that stands before the body.
 */
export const signedHead = (o: { kind: string; domain: Digest }): Uint8Array => {
  const kind = utf8ToBytes(o.kind)
  return concatBytes(TAG, Uint8Array.of(kind.length), kind, hexToBytes(o.domain))
}

const WRAP = { open: utf8ToBytes('<Bytes>'), close: utf8ToBytes('</Bytes>') }

/** What a hotkey signs: wallets sign raw bytes only inside this wrapping, so that they can never be an extrinsic. */
export const wrappedBytes = (bytes: Uint8Array): Uint8Array => concatBytes(WRAP.open, bytes, WRAP.close)

/** A signature together with what it claims; whoever checks many at once gets a list of these. */
export type SignatureClaim = {
  readonly scheme: 'ed25519' | 'sr25519'
  readonly publicKey: Key
  readonly message: Uint8Array
  readonly signature: Signature
}

const { Point } = ed25519
const ORDER = Point.Fn.ORDER

const toNumber = (littleEndian: Uint8Array): bigint => BigInt(`0x${bytesToHex(littleEndian.toReversed())}`)

/** Slow and plain: what libsodium's `crypto_sign_verify_detached` accepts, which is what nodes run. */
const verifyEd25519 = (signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean => {
  const [r, s] = [signature.subarray(0, 32), toNumber(signature.subarray(32))]
  if (signature.length !== 64 || s >= ORDER) return false
  const [pointA, pointR] = [Point.fromBytes(publicKey), Point.fromBytes(r)]
  if (pointA.isSmallOrder() || pointR.isSmallOrder()) return false
  const challenge = toNumber(sha512(concatBytes(r, publicKey, message))) % ORDER
  return Point.BASE.multiplyUnsafe(s).equals(pointR.add(pointA.multiplyUnsafe(challenge)))
}

/**
 * one strict rule for ed25519: canonical encodings of key, R and S, neither key nor R of small order, and S·B = R + k·A
 * exactly, not times the cofactor as RFC 8032 would allow; for sr25519 schnorrkel under the context "substrate".
 */
export const verifySignature = (claim: SignatureClaim): boolean => {
  const signature = hexToBytes(claim.signature)
  const publicKey = hexToBytes(claim.publicKey)
  try {
    return claim.scheme === 'ed25519'
      ? verifyEd25519(signature, claim.message, publicKey)
      : verifySchnorrkel(claim.message, signature, publicKey)
  } catch {
    // Both libraries throw at bytes that are no point, key or signature.
    return false
  }
}
