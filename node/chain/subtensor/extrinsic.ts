/** Signed extrinsics: a call by name to the bytes that a node takes, mortal, under the runtime of one final block. */
import type { RuntimeVersion } from '@polkadot/types/interfaces'
import { type BlockRef, ChainError, type HotkeySigner } from '../port.ts'
import { type At, callIndexOf } from './runtime.ts'

/** A call under the chain's own names; arguments in its order, account and hash ids as 0x-hex. */
export type Call = { readonly pallet: string; readonly name: string; readonly args: readonly unknown[] }

/** Blocks in which it may be included: afterwards it never can be, so that who has not found it may sign anew. */
export const ERA_BLOCKS = 64

/** `hash` is the BLAKE2 of the bytes, by which a block's extrinsics are searched; 64 hex digits. */
export type SignedExtrinsic = {
  readonly hex: string
  readonly hash: string
  readonly nonce: number
  /** Last block that may include it. */
  readonly lastBlock: number
}

/** Numbers of MultiSignature. */
const SCHEMES = { ed25519: 0, sr25519: 1 } as const

/** @throws ChainError BAD_REQUEST when the runtime has no such call or its arguments do not fit. */
export const signCall = (o: {
  readonly at: At
  readonly head: BlockRef
  readonly genesisHash: string
  readonly version: { readonly specVersion: number; readonly transactionVersion: number }
  readonly nonce: number
  readonly call: Call
  readonly signer: HotkeySigner
}): SignedExtrinsic => {
  const { at, head, call, signer, nonce } = o
  const { registry } = at
  const callIndex = callIndexOf(at, call.pallet, call.name)
  if (callIndex === null) throw new ChainError('BAD_REQUEST', { why: `the runtime has no ${call.pallet}.${call.name}` })
  try {
    const method = registry.createType('Call', { callIndex, args: [...call.args] })
    const extrinsic = registry.createType('Extrinsic', method)
    const publicKey = Buffer.from(signer.publicKey, 'hex')
    extrinsic.sign(
      {
        address: signer.publicKey,
        addressRaw: publicKey,
        publicKey,
        // The scheme's number stands before the signature: a Substrate account does not tell it.
        sign: (bytes: Uint8Array) => Uint8Array.from([SCHEMES[signer.scheme], ...signer.sign(bytes)]),
      } as unknown as Parameters<typeof extrinsic.sign>[0],
      {
        blockHash: `0x${head.hash}`,
        genesisHash: `0x${o.genesisHash}`,
        era: registry.createType('ExtrinsicEra', { current: head.number, period: ERA_BLOCKS }),
        nonce,
        tip: 0,
        runtimeVersion: registry.createType('RuntimeVersion', o.version) as unknown as RuntimeVersion,
      },
    )
    const hash = extrinsic.hash.toHex().slice(2)
    return { hex: extrinsic.toHex(), hash, nonce, lastBlock: head.number + ERA_BLOCKS - 1 }
  } catch (error) {
    throw new ChainError('BAD_REQUEST', { why: String(error) }, { cause: error })
  }
}
