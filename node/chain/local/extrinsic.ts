/** Signed extrinsics of the local chain: the calls, their canonical bytes, what is signed and how it is checked. */
import { hash } from 'node:crypto'
import { verifySignature } from '../../../protocol/index.ts'
import type { HotkeySigner } from '../port.ts'
import { type Codec, decode, encode, hex32, hex64, struct, u16, u32, u64, union, vec } from './codec.ts'
import { uidsMax } from './state.ts'

/** What an account can ask of the chain; the signer is the hotkey for set_weights, the coldkey for all others. */
export type Call =
  | { readonly kind: 'transfer'; readonly to: string; readonly amountRao: bigint }
  | { readonly kind: 'burned_register'; readonly netuid: number; readonly hotkey: string }
  | { readonly kind: 'add_stake'; readonly hotkey: string; readonly amountRao: bigint }
  | {
      readonly kind: 'set_weights'
      readonly netuid: number
      readonly uids: readonly number[]
      readonly values: readonly number[]
      readonly versionKey: bigint
    }

/** `nonce` counts the signer's extrinsics from 0. */
export type Extrinsic = {
  readonly signer: string
  readonly nonce: number
  readonly call: Call
  readonly signature: string
}

type CallOf<K extends Call['kind']> = Omit<Extract<Call, { kind: K }>, 'kind'>

export const callCodec: Codec<Call> = union<Call>({
  transfer: struct<CallOf<'transfer'>>({ to: hex32, amountRao: u64 }),
  burned_register: struct<CallOf<'burned_register'>>({ netuid: u16, hotkey: hex32 }),
  add_stake: struct<CallOf<'add_stake'>>({ hotkey: hex32, amountRao: u64 }),
  set_weights: struct<CallOf<'set_weights'>>({
    netuid: u16,
    uids: vec(u16, uidsMax),
    values: vec(u16, uidsMax),
    versionKey: u64,
  }),
})

export const extrinsicCodec: Codec<Extrinsic> = struct<Extrinsic>({
  signer: hex32,
  nonce: u32,
  call: callCodec,
  signature: hex64,
})

/** The greatest set_weights (two vectors of 4096 u16) with its envelope; more is not an extrinsic. */
export const extrinsicSizeBytesMax = 2 * (4 + 2 * uidsMax) + 256

const tag = Buffer.from('evalmesh/local-chain/extrinsic/v1', 'utf8')

/** What the signer signs: the genesis hash keeps an extrinsic of one chain from being one of another. */
function signedBytes(genesisHash: string, body: Omit<Extrinsic, 'signature'>): Uint8Array {
  const bytes = [
    encode(hex32, genesisHash),
    encode(hex32, body.signer),
    encode(u32, body.nonce),
    encode(callCodec, body.call),
  ]
  return Buffer.concat([tag, ...bytes])
}

/** The canonical bytes of a signed extrinsic; throws ChainCodecError when the call's values are out of range. */
export function signExtrinsic(o: {
  readonly genesisHash: string
  readonly nonce: number
  readonly call: Call
  readonly signer: HotkeySigner
}): Uint8Array {
  const body = { signer: o.signer.publicKey, nonce: o.nonce, call: o.call }
  const signature = Buffer.from(o.signer.sign(signedBytes(o.genesisHash, body))).toString('hex')
  return encode(extrinsicCodec, { ...body, signature })
}

/** False for a signature of anyone else, over anything else or for another chain; never throws. */
export function hasValidSignature(extrinsic: Extrinsic, genesisHash: string): boolean {
  const { signature, signer: publicKey } = extrinsic
  const message = signedBytes(genesisHash, extrinsic)
  // As on the real chain, an account signs under either scheme.
  return (['sr25519', 'ed25519'] as const).some((scheme) => verifySignature({ scheme, publicKey, message, signature }))
}

/** Throws ChainCodecError for anything but the canonical bytes of one extrinsic. */
export function decodeExtrinsic(bytes: Uint8Array): Extrinsic {
  return decode(extrinsicCodec, bytes)
}

/** The name of an extrinsic: the SHA-256 of its canonical bytes, signature included. */
export function extrinsicHash(bytes: Uint8Array): string {
  return hash('sha256', bytes)
}
