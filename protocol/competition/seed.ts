/** Where a round's randomness comes from: the seed nobody could grind, sub-seeds by purpose, and a fair choice from them. */
import { hkdf } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { assert } from '../assert.ts'
import { bytesToHex, concatBytes, type Digest, hash, hexToBytes, utf8ToBytes } from '../crypto.ts'

const u32 = (value: number): Uint8Array => {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value)
  return bytes
}

export type RoundId = {
  /** The mesh's domain. */
  readonly domain: Digest
  readonly competition: string
  readonly round: number
  /** Digest of the decided header that holds the manifest. */
  readonly manifest: Digest
}

/** Bytes that name one round of one mesh; every part has a fixed size or its length before it. */
export const roundIdBytes = (o: RoundId): Uint8Array => {
  const name = utf8ToBytes(o.competition)
  return concatBytes(hexToBytes(o.domain), u32(name.length), name, u32(o.round), hexToBytes(o.manifest))
}

/** the seed hashes the decided manifest and a block that came after it, so neither leader nor miner nor block author alone can choose it. */
export const roundSeed = (o: RoundId & { readonly beacon: Digest }): Digest =>
  hash(utf8ToBytes('evalmesh/v1/seed'), roundIdBytes(o), hexToBytes(o.beacon))

/** A seed for one purpose, by HKDF-SHA256: no two purposes share a stream. */
export const subSeed = (seed: Digest, purpose: string): Digest =>
  bytesToHex(hkdf(sha256, hexToBytes(seed), utf8ToBytes('evalmesh/v1'), utf8ToBytes(purpose), 32))

/** Whole numbers from 0 to below a limit (1 to 2^32), evenly: a SHA-256 counter stream, with rejection against bias. */
export const numbersBelow = (seed: Digest): ((limit: number) => number) => {
  const key = hexToBytes(seed)
  let counter = 0
  return (limit) => {
    const bound = 2 ** 32 - (2 ** 32 % limit)
    for (;;) {
      const value = Number.parseInt(hash(key, u32(counter++)).slice(0, 8), 16)
      if (value < bound) return value % limit
    }
  }
}

/**
 * Draws `count` of `items` without replacement (Fisher–Yates).
 * The answer depends on the order of `items`; `count` is at most their number.
 */
export const drawWithoutReplacement = <T>(seed: Digest, items: readonly T[], count: number): readonly T[] => {
  assert(count <= items.length, 'no more is drawn than is there')
  const below = numbersBelow(seed)
  const left = [...items]
  return Array.from({ length: count }, () => {
    const [taken] = left.splice(below(left.length), 1)
    return taken as T
  })
}
