/** The pool of the local chain: extrinsics that are checked and wait for a block, bounded in all directions. */
import type { Pooled } from './block.ts'
import type { PoolRefusal } from './errors.ts'
import { ChainCodecError, RequestError } from './errors.ts'
import {
  decodeExtrinsic,
  type Extrinsic,
  extrinsicHash,
  extrinsicSizeBytesMax,
  hasValidSignature,
} from './extrinsic.ts'

/** Two blocks' worth; the newcomer is refused, as it knows best when to come again. */
const pooledMax = 1024
/** One account cannot fill the pool. */
const pooledPerSignerMax = 64

export type Pool = {
  /** Takes an extrinsic; throws RequestError EXTRINSIC_REFUSED whose `facts.name` is a PoolRefusal. */
  submit(bytes: Uint8Array): void
  has(extrinsicHash: string): boolean
  /** The nonce that the account's next extrinsic must carry, those in the pool counted. */
  nextNonce(signer: string): number
  /** The oldest, still in the pool: `remove` them once they are in a durable block. */
  oldest(countMax: number): readonly Pooled[]
  remove(included: readonly Pooled[]): void
}

/** `stateNonce` and `isIncluded` read the head of the chain. */
export function createPool(o: {
  readonly genesisHash: string
  readonly stateNonce: (signer: string) => number
  readonly isIncluded: (extrinsicHash: string) => boolean
}): Pool {
  const pooled = new Map<string, Pooled & { readonly signer: string }>()
  const countOf = (signer: string): number => {
    let count = 0
    for (const each of pooled.values()) if (each.signer === signer) count += 1
    return count
  }
  const nextNonce = (signer: string): number => o.stateNonce(signer) + countOf(signer)
  return {
    submit(bytes) {
      const extrinsic = parse(bytes)
      const hash = extrinsicHash(bytes)
      if (pooled.has(hash)) refuse('AlreadyPooled')
      if (o.isIncluded(hash)) refuse('AlreadyIncluded')
      const { signer, nonce } = extrinsic
      const expected = nextNonce(signer)
      if (nonce < expected) refuse('StaleNonce', { nonce, expected })
      if (nonce > expected) refuse('FutureNonce', { nonce, expected })
      if (pooled.size >= pooledMax || countOf(signer) >= pooledPerSignerMax) refuse('PoolFull')
      // Last, because it costs most.
      if (!hasValidSignature(extrinsic, o.genesisHash)) refuse('BadSignature')
      pooled.set(hash, { hash, bytes, signer })
    },
    has: (hash) => pooled.has(hash),
    nextNonce,
    oldest: (countMax) => [...pooled.values()].slice(0, countMax),
    remove(included) {
      for (const { hash } of included) pooled.delete(hash)
    },
  }
}

function parse(bytes: Uint8Array): Extrinsic {
  if (bytes.length > extrinsicSizeBytesMax) refuse('BadEncoding', { sizeBytesMax: extrinsicSizeBytesMax })
  try {
    return decodeExtrinsic(bytes)
  } catch (error) {
    if (error instanceof ChainCodecError) return refuse('BadEncoding', { why: error.code })
    throw error
  }
}

function refuse(name: PoolRefusal, facts: Readonly<Record<string, string | number>> = {}): never {
  throw new RequestError('EXTRINSIC_REFUSED', { name, ...facts })
}
