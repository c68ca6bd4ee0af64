/** Blocks of the local chain: the header and its hash, receipts, and how the next block follows from a state. */
import { hash } from 'node:crypto'
import { type Codec, encode, hex32, struct, text, u32, u48, vec } from './codec.ts'
import { dispatch } from './dispatch.ts'
import { type ChainEvent, eventCodec } from './events.ts'
import { decodeExtrinsic } from './extrinsic.ts'
import { accountOf, type State, startBlock, stateRoot, withAccount } from './state.ts'

/** A block's hash is the SHA-256 of its header; the parent links the chain, the roots bind what happened and what resulted. */
export type Header = {
  readonly parent: string
  readonly number: number
  readonly timeMs: number
  readonly stateRoot: string
  readonly extrinsicsRoot: string
}

/** What one extrinsic did; `error` is empty after success, else the chain's name for the failure. */
export type Receipt = {
  readonly signer: string
  readonly extrinsicHash: string
  readonly error: string
  readonly events: readonly ChainEvent[]
}

/** A header and the receipts of its extrinsics, by index. */
export type Block = { readonly header: Header; readonly receipts: readonly Receipt[] }

/** More wait for the next block: 512 signatures cost about two seconds to check on a slow core. */
export const extrinsicsPerBlockMax = 512

export const headerCodec: Codec<Header> = struct<Header>({
  parent: hex32,
  number: u32,
  timeMs: u48,
  stateRoot: hex32,
  extrinsicsRoot: hex32,
})

export const receiptCodec: Codec<Receipt> = struct<Receipt>({
  signer: hex32,
  extrinsicHash: hex32,
  error: text(64),
  events: vec(eventCodec, 16),
})

export const blockCodec: Codec<Block> = struct<Block>({
  header: headerCodec,
  receipts: vec(receiptCodec, extrinsicsPerBlockMax),
})

/** 64 hex digits. */
export function headerHash(header: Header): string {
  return hash('sha256', encode(headerCodec, header))
}

/** The name of a block. */
export function headerRef(header: Header): { readonly number: number; readonly hash: string } {
  return { number: header.number, hash: headerHash(header) }
}

/** The hashes in order, hashed: one level is enough, nobody proves the inclusion of an extrinsic here. */
function rootOf(extrinsicHashes: readonly string[]): string {
  return hash('sha256', encode(vec(hex32, extrinsicsPerBlockMax), extrinsicHashes))
}

/** Block 0. It has no parent: the field binds the chain's name, so that two devnets of the same accounts differ. */
export function genesisBlock(name: string, state: State): Block {
  const parent = hash('sha256', Buffer.from(`evalmesh/local-chain/v1/${name}`, 'utf8'))
  return {
    header: { parent, number: 0, timeMs: 0, stateRoot: stateRoot(state), extrinsicsRoot: rootOf([]) },
    receipts: [],
  }
}

/** An extrinsic that the pool has checked: canonical, signed for this chain, in the order of its signer's nonces. */
export type Pooled = { readonly hash: string; readonly bytes: Uint8Array }

/** The block after `parent`: epoch work first, then the extrinsics in order, each spending its signer's nonce even if it fails. */
export function nextBlock(o: {
  readonly parent: Header
  readonly state: State
  readonly extrinsics: readonly Pooled[]
  readonly timeMs: number
}): { readonly block: Block; readonly state: State } {
  const number = o.parent.number + 1
  let state = startBlock(o.state, number)
  const receipts: Receipt[] = []
  for (const pooled of o.extrinsics) {
    const { signer, nonce, call } = decodeExtrinsic(pooled.bytes)
    const spent = withAccount(state, signer, { ...accountOf(state, signer), nonce: nonce + 1 })
    const outcome = dispatch(spent, call, { signer, block: number })
    state = outcome.state
    receipts.push({ signer, extrinsicHash: pooled.hash, error: outcome.error ?? '', events: outcome.events })
  }
  const header = {
    parent: headerHash(o.parent),
    number,
    timeMs: o.timeMs,
    stateRoot: stateRoot(state),
    extrinsicsRoot: rootOf(o.extrinsics.map(({ hash }) => hash)),
  }
  return { block: { header, receipts }, state }
}
