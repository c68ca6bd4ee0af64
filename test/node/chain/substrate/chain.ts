/** The test chain itself: blocks on blocks, a pool, finality that lags or stalls, forks and upgrades on command. No IO, no clock. */
import { blake2b } from '@noble/hashes/blake2.js'
import type { Call, Extrinsic } from '@polkadot/types/interfaces'
import { accountOf, stateRoot, withAccount } from '../../../../node/chain/local/state.ts'
import { beginBlock } from './begin-block.ts'
import { carryOut } from './dispatch.ts'
import { type PoolError, type Pooled, readExtrinsic, refusalOf } from './pool.ts'
import type { PlainEvent, Types } from './types.ts'
import type { World } from './world.ts'

export type TestBlock = {
  readonly number: number
  readonly hash: string
  readonly parent: TestBlock | null
  readonly header: Readonly<Record<string, unknown>>
  readonly extrinsics: readonly Pooled[]
  /** After the block. */
  readonly world: World
  /** SCALE of System.Events, without the length. */
  readonly events: readonly Uint8Array[]
  readonly specVersion: number
  /** Tells two blocks of one height with the same content apart. */
  readonly salt: number
}

/** What a block is made again from, in the order in which blocks were made; those of a branch that was left among them. */
export type PastBlock = Pick<TestBlock, 'number' | 'salt' | 'specVersion'> & {
  /** 0x-hex, as they were sent. */
  readonly extrinsics: readonly string[]
}

export type TestChain = ReturnType<typeof createTestChain>

const ZERO = `0x${'00'.repeat(32)}`

const ancestor = (block: TestBlock, number: number): TestBlock | null => {
  let at: TestBlock | null = block
  while (at !== null && at.number > number) at = at.parent
  return at
}

/** Those of the pool that follow their account's nonce one after the other. */
const ready = (pool: Iterable<Pooled>, world: World): readonly Pooled[] => {
  const next = new Map<string, number>()
  return [...pool]
    .sort((a, b) => a.nonce - b.nonce)
    .filter(({ signer, nonce }) => {
      const want = next.get(signer) ?? accountOf(world.local, signer).nonce
      if (nonce === want) next.set(signer, want + 1)
      return nonce === want
    })
}

type Applied = { readonly world: World; readonly events: readonly PlainEvent[] }

const apply = (types: Types, world: World, o: { readonly pooled: Pooled; readonly block: number }): Applied => {
  const { signer, nonce, extrinsic } = o.pooled
  const local = withAccount(world.local, signer, { ...accountOf(world.local, signer), nonce: nonce + 1 })
  const spent = { ...world, local }
  const result = carryOut(spent, extrinsic.method as Call, { types, origin: signer, block: o.block })
  const info = { weight: { refTime: 1, proofSize: 0 }, class: 'Normal', paysFee: 'Yes' }
  const system = (name: string, ...data: unknown[]): PlainEvent => ({ pallet: 'System', name, data })
  return 'error' in result
    ? { world: spent, events: [system('ExtrinsicFailed', types.dispatchError(result.error), info)] }
    : { world: result.world, events: [...result.events, system('ExtrinsicSuccess', info)] }
}

/** What a block does to the world: its own work first, then each extrinsic in turn. */
const contentOf = (
  types: Types,
  before: World,
  o: { readonly extrinsics: readonly Pooled[]; readonly number: number },
): Pick<TestBlock, 'world' | 'events'> => {
  const begun = beginBlock(before, o.number)
  let { world } = begun
  const events: Uint8Array[] = begun.events.map((event) => types.encodeEvent(null, event))
  for (const [index, pooled] of o.extrinsics.entries()) {
    const applied = apply(types, world, { pooled, block: o.number })
    world = applied.world
    events.push(...applied.events.map((event) => types.encodeEvent(index, event)))
  }
  return { world, events }
}

type Body = Omit<TestBlock, 'number' | 'hash' | 'parent' | 'header'>

export const pastOf = ({ number, salt, specVersion, extrinsics }: TestBlock): PastBlock => ({
  ...{ number, salt, specVersion },
  extrinsics: extrinsics.map(({ bytes }) => bytes),
})

/** All blocks ever made, by hash. */
const createTree = (types: Types) => {
  const blocks = new Map<string, TestBlock>()
  return {
    blocks,
    seal(parent: TestBlock | null, body: Body): TestBlock {
      const number = parent === null ? 0 : parent.number + 1
      const header = {
        parentHash: parent?.hash ?? ZERO,
        number,
        stateRoot: `0x${stateRoot(body.world.local)}`,
        extrinsicsRoot: `0x${Buffer.from(blake2b(Buffer.from(`${body.salt}`), { dkLen: 32 })).toString('hex')}`,
        digest: { logs: [] },
      }
      const hash = Buffer.from(blake2b(types.create('Header', header).toU8a(), { dkLen: 32 })).toString('hex')
      const block = { ...body, number, parent, header, hash: `0x${hash}` }
      blocks.set(block.hash, block)
      return block
    },
  }
}

export const createTestChain = (o: {
  readonly types: Types
  readonly world: World
  readonly finalityLag?: number
  /** What an earlier process of this chain has made. */
  readonly past?: Iterable<PastBlock>
}) => {
  const { types } = o
  const { blocks, seal } = createTree(types)
  const pool = new Map<string, Pooled>()
  let specVersion = types.version.specVersion
  let salt = 0
  const genesis = seal(null, { extrinsics: [], world: o.world, events: [], specVersion, salt })
  let best = genesis
  let finalized = genesis
  let isStalled = false

  const make = (extrinsics: readonly Pooled[]): TestBlock => {
    const content = contentOf(types, best.world, { extrinsics, number: best.number + 1 })
    for (const { hash } of extrinsics) pool.delete(hash)
    best = seal(best, { extrinsics, ...content, specVersion, salt })
    const target = isStalled ? null : ancestor(best, best.number - (o.finalityLag ?? 1))
    if (target !== null && target.number > finalized.number) finalized = target
    return best
  }
  const produce = (): TestBlock => {
    salt += 1
    return make(ready(pool.values(), best.world))
  }
  for (const block of o.past ?? []) {
    ;({ salt, specVersion } = block)
    best = ancestor(best, block.number - 1) ?? best
    make(block.extrinsics.map((bytes) => readExtrinsic(types.registry.createType('Extrinsic', bytes), bytes)))
  }

  return {
    types,
    genesis,
    best: () => best,
    finalized: () => finalized,
    byHash: (hash: string) => blocks.get(hash),
    /** On the best chain. */
    byNumber: (number: number) => (number > best.number ? null : ancestor(best, number)),
    pool: (): readonly Pooled[] => [...pool.values()],
    produce,
    /** Leaves the newest blocks that are not final; what they held waits again. */
    fork(depth: number): void {
      const target = ancestor(best, Math.max(finalized.number, best.number - depth)) ?? finalized
      for (let at: TestBlock = best; at.parent !== null && at.number > target.number; at = at.parent) {
        for (const pooled of at.extrinsics) pool.set(pooled.hash, pooled)
      }
      best = target
    },
    stall(stalled: boolean): void {
      isStalled = stalled
    },
    /** The next block is of a runtime with the next version. */
    upgrade(): void {
      specVersion += 1
    },
    /** Changes the state as root would. */
    change(edit: (world: World) => World): void {
      best = { ...best, world: edit(best.world) }
      blocks.set(best.hash, best)
    },
    /** A pool dies with its process. */
    dropPool: (): void => pool.clear(),
    /** Takes an extrinsic, or says under which code and detail it is refused. */
    submit(bytes: string): PoolError | { readonly hash: string } {
      let extrinsic: Extrinsic
      try {
        extrinsic = types.registry.createType('Extrinsic', bytes)
      } catch {
        return { code: 1002, message: 'Verification Error', data: 'Runtime error: could not decode' }
      }
      const pooled = readExtrinsic(extrinsic, bytes)
      const refusal = refusalOf({
        types,
        pooled,
        pool,
        best,
        specVersion,
        genesisHash: genesis.hash,
        hashAt: (n) => ancestor(best, n)?.hash ?? ZERO,
      })
      if (refusal !== null) return refusal
      pool.set(pooled.hash, pooled)
      return { hash: pooled.hash }
    },
  }
}
