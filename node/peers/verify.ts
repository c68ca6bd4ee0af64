/** Checks signatures with the fastest library there is for each scheme; what was seen to hold is not checked twice. */
import sodium from 'sodium-native'
import { type SignatureClaim, verifySignature } from '../../protocol/index.ts'

/** One answer for each claim, in order. */
export type VerifySignatures = (claims: readonly SignatureClaim[]) => Promise<readonly boolean[]>

/** Claims remembered as good: votes come again inside certificates, and resends repeat them. The oldest give way. */
const CACHE_MAX = 20_000
/** Larger messages are statements: each has a place of its own in the machine, and gossip brings it once. */
const CACHED_BYTES_MAX = 512
/** Work between two turns of the event loop: about 3 ms. One sr25519 check takes as long as some 30 of ed25519 (0.1 ms each). */
const SLICE = 32
const COST = { ed25519: 1, sr25519: SLICE } as const

/** Where hex becomes what the library reads: written anew for each check. */
const signature = Buffer.alloc(sodium.crypto_sign_BYTES)
const publicKey = Buffer.alloc(sodium.crypto_sign_PUBLICKEYBYTES)

const verifyEd25519 = (claim: SignatureClaim): boolean => {
  if (signature.write(claim.signature, 'hex') < signature.length) return false
  if (publicKey.write(claim.publicKey, 'hex') < publicKey.length) return false
  const { buffer, byteOffset, byteLength } = claim.message
  return sodium.crypto_sign_verify_detached(signature, Buffer.from(buffer, byteOffset, byteLength), publicKey)
}

const isSame = (a: SignatureClaim, b: SignatureClaim): boolean =>
  a.scheme === b.scheme && a.publicKey === b.publicKey && Buffer.compare(a.message, b.message) === 0

export const createVerifier = (): VerifySignatures => {
  /** By signature, the last claim that it held for. */
  const good = new Map<string, SignatureClaim>()

  const remember = (claim: SignatureClaim): void => {
    if (claim.message.length > CACHED_BYTES_MAX) return
    good.set(claim.signature, claim)
    for (const oldest of good.keys()) {
      if (good.size <= CACHE_MAX) break
      good.delete(oldest)
    }
  }
  const check = (claim: SignatureClaim): boolean => {
    const known = good.get(claim.signature)
    if (known !== undefined && isSame(known, claim)) return true
    const holds = claim.scheme === 'ed25519' ? verifyEd25519(claim) : verifySignature(claim)
    if (holds) remember(claim)
    return holds
  }
  return async (claims) => {
    const results: boolean[] = []
    let spent = 0
    for (const claim of claims) {
      if (spent >= SLICE) {
        await new Promise((resolve) => setImmediate(resolve))
        spent = 0
      }
      results.push(check(claim))
      spent += COST[claim.scheme]
    }
    return results
  }
}
