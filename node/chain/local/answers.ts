/** The answers of the local chain's RPC that are canonical bytes in hex: read as strictly as everything else here. */
import type { Metagraph, Neuron, WeightsRow } from '../port.ts'
import { type Header, headerCodec, type Receipt, receiptCodec } from './block.ts'
import { bool, type Codec, hex32, nullable, pair, struct, u16, u32, u64, union, vec } from './codec.ts'
import { uidsMax } from './state.ts'

/** Headers in one answer of a wait: a follower that is far behind asks again at once. */
export const headersPerAnswerMax = 256

/** The longest that a request waits, below the limits that proxies and clients put on an idle connection. */
export const waitMsMax = 20_000

export const headersCodec: Codec<readonly Header[]> = vec(headerCodec, headersPerAnswerMax)

const neuronCodec = struct<Neuron>({
  uid: u16,
  hotkey: hex32,
  coldkey: hex32,
  stakeRao: u64,
  permit: bool,
  lastUpdate: u32,
})

export const metagraphCodec: Codec<Metagraph> = struct<Metagraph>({
  netuid: u16,
  block: struct({ number: u32, hash: hex32 }),
  epoch: u32,
  epochStart: u32,
  tempo: u32,
  ownerHotkey: hex32,
  ownerColdkey: nullable(hex32),
  weightsRateLimit: u32,
  neurons: vec(neuronCodec, uidsMax),
})

/** Nothing is hidden on this chain. */
export const weightsRowCodec: Codec<Omit<WeightsRow, 'behindBlocks'>> = struct<Omit<WeightsRow, 'behindBlocks'>>({
  uid: u16,
  weights: vec(pair(u16, u16), uidsMax),
  setAt: nullable(u32),
})

/** `unknown`: neither in the pool nor in a block (a pool does not outlive its process). `pending`: not final yet. */
export type ExtrinsicStatus =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'pending' }
  | { readonly kind: 'final'; readonly header: Header; readonly index: number; readonly receipt: Receipt }

export const extrinsicStatusCodec: Codec<ExtrinsicStatus> = union<ExtrinsicStatus>({
  unknown: struct<object>({}),
  pending: struct<object>({}),
  final: struct<Omit<Extract<ExtrinsicStatus, { kind: 'final' }>, 'kind'>>({
    header: headerCodec,
    index: u32,
    receipt: receiptCodec,
  }),
})
