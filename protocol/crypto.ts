/** Hashing, domain separation and the reference signature checks; this file never signs. */
import { ed25519 } from '@noble/curves/ed25519.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js'
import { verify as verifySchnorrkel } from '@scure/sr25519'

export { bytesToHex, concatBytes, hexToBytes, utf8ToBytes }

/** SHA-256, 64 lower-case hex characters: the identity of anything in the mesh. */
export type Digest = string
/** A 32-byte public key, 64 lower-case hex characters. A validator or miner is its hotkey. */
export type Key = string
/** A 64-byte signature, 128 lower-case hex characters. */
export type Signature = string

export const hash = (...parts: readonly Uint8Array[]): Digest => bytesToHex(sha256(concatBytes(...parts)))

const TAG = utf8ToBytes('evalmesh/v1')

/**
 * what a session key signs: tag ‖ kind ‖ domain ‖ the canonical encoding of the whole body, the kind with its length before it,
 * so that a signature of one kind or mesh never verifies as another.
 */
export const signedBytes = (o: { kind: string; domain: Digest; body: Uint8Array }): Uint8Array => {
  const kind = utf8ToBytes(o.kind)
  return concatBytes(TAG, Uint8Array.of(kind.length), kind, hexToBytes(o.domain), o.body)
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

/** one strict rule: canonical encodings only, no point of small order (RFC 8032 without the cofactor's leniency). */
export const verifySignature = (claim: SignatureClaim): boolean => {
  const signature = hexToBytes(claim.signature)
  const publicKey = hexToBytes(claim.publicKey)
  try {
    return claim.scheme === 'ed25519'
      ? ed25519.verify(signature, claim.message, publicKey, { zip215: false })
      : verifySchnorrkel(claim.message, signature, publicKey)
  } catch {
    return false
  }
}
