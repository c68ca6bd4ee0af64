/** The durable blocks and states of a local chain: one synced batch a block, so that a SIGKILL loses none that was announced. */
import { Level } from 'level'
import { type Block, blockCodec, genesisBlock, type Header, headerHash } from './block.ts'
import { decode, encode, struct, u32 } from './codec.ts'
import { LocalChainError } from './errors.ts'
import type { Genesis } from './genesis.ts'
import { type State, stateCodec, stateRoot } from './state.ts'

/** Both numbers never go back. */
export type Tip = { readonly head: number; readonly final: number }

/** Where an extrinsic was included. */
export type Place = { readonly block: number; readonly index: number }

/**
 * States are kept under their root, once each: a block that changes nothing costs its header. Nothing is pruned: an idle
 * day at two blocks a second is some 35 MB.
 */
export type ChainStore = {
  tip(): Tip
  /** Undefined beyond the head. */
  blockAt(number: number): Block | undefined
  /** The state after a block that is stored. */
  stateAt(header: Header): State
  placeOf(extrinsicHash: string): Place | undefined
  /** Durable when it resolves. */
  append(o: { readonly block: Block; readonly state: State; readonly final: number }): Promise<void>
  close(): Promise<void>
}

const tipCodec = struct<Tip>({ head: u32, final: u32 })
const placeCodec = struct<Place>({ block: u32, index: u32 })
const tipKey = 'tip'
const blockKey = (number: number): string => `block/${String(number).padStart(10, '0')}`
const stateKey = (root: string): string => `state/${root}`
const extrinsicKey = (extrinsicHash: string): string => `extrinsic/${extrinsicHash}`

/**
 * Opens the folder, writing `genesis` into an empty one. Throws LocalChainError GENESIS_MISMATCH when it holds another
 * chain, BAD_GENESIS when it is empty and there is none, CORRUPT when the head does not hash to what it should.
 */
export async function openStore(dir: string, genesis: Genesis | null): Promise<ChainStore> {
  const db = new Level<string, Uint8Array>(dir, { valueEncoding: 'view' })
  await db.open()
  try {
    return await loadStore(db, genesis)
  } catch (error) {
    await db.close()
    throw error
  }
}

async function loadStore(db: Level<string, Uint8Array>, genesis: Genesis | null): Promise<ChainStore> {
  let tip: Tip = { head: 0, final: 0 }
  const blockAt = (number: number): Block | undefined => {
    const bytes = db.getSync(blockKey(number))
    return bytes && decode(blockCodec, bytes)
  }
  const store: ChainStore = {
    tip: () => tip,
    blockAt,
    stateAt(header) {
      const bytes = db.getSync(stateKey(header.stateRoot))
      if (!bytes) throw new LocalChainError('CORRUPT', { missing: 'state', block: header.number })
      return decode(stateCodec, bytes)
    },
    placeOf(extrinsicHash) {
      const bytes = db.getSync(extrinsicKey(extrinsicHash))
      return bytes && decode(placeCodec, bytes)
    },
    async append({ block, state, final }) {
      const { number, stateRoot: root } = block.header
      const next = { head: number, final }
      const places = block.receipts.map(({ extrinsicHash }, index) => {
        return { key: extrinsicKey(extrinsicHash), value: encode(placeCodec, { block: number, index }) }
      })
      const isNewState = number === 0 || blockAt(number - 1)?.header.stateRoot !== root
      const entries = [
        { key: blockKey(number), value: encode(blockCodec, block) },
        ...(isNewState ? [{ key: stateKey(root), value: encode(stateCodec, state) }] : []),
        ...places,
        { key: tipKey, value: encode(tipCodec, next) },
      ]
      await db.batch(
        entries.map((entry) => ({ type: 'put' as const, ...entry })),
        durable,
      )
      tip = next
    },
    close: () => db.close(),
  }
  const stored = db.getSync(tipKey)
  if (stored) tip = decode(tipCodec, stored)
  else if (genesis)
    await store.append({ block: genesisBlock(genesis.name, genesis.state), state: genesis.state, final: 0 })
  else
    throw new LocalChainError('BAD_GENESIS', { field: 'genesis', why: 'the folder is empty and no genesis was given' })
  checkStored(store, genesis)
  return store
}

/** classic-level's option, which the type common to all of level's engines leaves out. */
const durable = { sync: true, valueEncoding: 'view' } as const

function checkStored(store: ChainStore, genesis: Genesis | null): void {
  const first = store.blockAt(0)
  const { head } = store.tip()
  const last = store.blockAt(head)
  if (!first || !last) throw new LocalChainError('CORRUPT', { missing: 'block', block: first ? head : 0 })
  if (stateRoot(store.stateAt(last.header)) !== last.header.stateRoot)
    throw new LocalChainError('CORRUPT', { block: head })
  const before = store.blockAt(head - 1)
  if (before && headerHash(before.header) !== last.header.parent) throw new LocalChainError('CORRUPT', { block: head })
  const given = genesis && headerHash(genesisBlock(genesis.name, genesis.state).header)
  if (given !== null && given !== headerHash(first.header)) {
    throw new LocalChainError('GENESIS_MISMATCH', { stored: headerHash(first.header), given })
  }
}
