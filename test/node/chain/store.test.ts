/** Tests of the local chain's store and pool on their own: damage is found, and every bound holds. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { Level } from 'level'
import { type Block, headerHash, nextBlock } from '../../../node/chain/local/block.ts'
import { LocalChainError, RequestError } from '../../../node/chain/local/errors.ts'
import { extrinsicHash, signExtrinsic } from '../../../node/chain/local/extrinsic.ts'
import { parseGenesis } from '../../../node/chain/local/genesis.ts'
import { createPool } from '../../../node/chain/local/pool.ts'
import { startProducer } from '../../../node/chain/local/producer.ts'
import { type ChainStore, openStore } from '../../../node/chain/local/store.ts'
import { signerOf } from './devnet.ts'

const payer = signerOf('payer')
const payee = signerOf('payee').publicKey
const genesis = parseGenesis({
  accounts: [{ key: payer.publicKey, freeRao: '1000000' }],
  subnet: { netuid: 7, tempo: 5, ownerHotkey: payee },
  neurons: [],
})
const genesisHash = 'ab'.repeat(32)

async function folder(t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'evalmesh-chain-store-'))
  t.after(() => rm(dir, { recursive: true }))
  return dir
}

/** Adds a block with one payment and returns it. */
async function appendPayment(store: ChainStore): Promise<Block> {
  const { head } = store.tip()
  const parent = store.blockAt(head)?.header
  assert.ok(parent)
  const call = { kind: 'transfer', to: payee, amountRao: 1000n } as const
  const bytes = signExtrinsic({ genesisHash, nonce: head, call, signer: payer })
  const extrinsics = [{ hash: extrinsicHash(bytes), bytes }]
  const next = nextBlock({ parent, state: store.stateAt(parent), extrinsics, timeMs: parent.timeMs + 1 })
  await store.append({ ...next, final: head })
  return next.block
}

test('store: what was appended is there after it is opened again, with past states and places', async (t) => {
  const dir = await folder(t)
  const first = await openStore(dir, genesis)
  const blocks = [await appendPayment(first), await appendPayment(first)]
  await first.close()
  const again = await openStore(dir, null)
  assert.deepEqual(again.tip(), { head: 2, final: 1 })
  for (const [index, block] of blocks.entries()) {
    assert.deepEqual(again.blockAt(index + 1), block)
    const paid = again.stateAt(block.header).accounts.get(payee)?.freeRao
    assert.equal(paid, 1000n * BigInt(index + 1))
    assert.deepEqual(again.placeOf(block.receipts[0]?.extrinsicHash ?? ''), { block: index + 1, index: 0 })
  }
  assert.equal(again.blockAt(3), undefined)
  await again.close()
})

test('store: a state or a parent that does not hash to what the head says is CORRUPT', async (t) => {
  const dir = await folder(t)
  const store = await openStore(dir, genesis)
  const one = await appendPayment(store)
  const two = await appendPayment(store)
  await store.close()
  const isCorrupt = (error: unknown): boolean => error instanceof LocalChainError && error.code === 'CORRUPT'
  const swap = async (target: string, source: string): Promise<Uint8Array> => {
    const db = new Level<string, Uint8Array>(dir, { valueEncoding: 'view' })
    const [was, other] = await db.getMany([target, source])
    assert.ok(was && other)
    await db.put(target, other)
    await db.close()
    return was
  }
  const restore = async (key: string, value: Uint8Array): Promise<void> => {
    const db = new Level<string, Uint8Array>(dir, { valueEncoding: 'view' })
    await db.put(key, value)
    await db.close()
  }
  const stateKey = `state/${two.header.stateRoot}`
  const state = await swap(stateKey, `state/${one.header.stateRoot}`)
  await assert.rejects(openStore(dir, null), isCorrupt)
  await restore(stateKey, state)
  const block = await swap('block/0000000001', 'block/0000000000')
  await assert.rejects(openStore(dir, null), isCorrupt)
  await restore('block/0000000001', block)
  const whole = await openStore(dir, genesis)
  assert.deepEqual(whole.tip(), { head: 2, final: 1 })
  await whole.close()
})

test('producer: time, height and finality never go back, also with a longer lag than before', async (t) => {
  const dir = await folder(t)
  t.mock.method(Date, 'now', () => 1000)
  let final = 0
  for (const [finalityLag, blocks] of [
    [1, 6],
    [50, 9],
  ] as const) {
    const store = await openStore(dir, genesis)
    const onFatal = (error: unknown): void => assert.fail(String(error))
    const producer = startProducer({ store, blockMs: 1, finalityLag, onFatal })
    while (producer.head() < blocks) await producer.nextFinality(AbortSignal.timeout(1000))
    await producer.stop()
    assert.ok(producer.final() >= Math.max(final, 5))
    final = producer.final()
    const { head } = store.tip()
    for (let number = 1; number <= head; number += 1) {
      const [before, block] = [store.blockAt(number - 1), store.blockAt(number)]
      assert.ok(before && block)
      assert.equal(block.header.parent, headerHash(before.header))
      assert.ok(block.header.timeMs > before.header.timeMs)
    }
    await store.close()
  }
})

test('pool: an account fills its share and no more, and what left for a block makes room', () => {
  let stateNonce = 0
  const pool = createPool({ genesisHash, stateNonce: () => stateNonce, isIncluded: () => false })
  const submit = (nonce: number): void => {
    const call = { kind: 'transfer', to: payee, amountRao: 1n } as const
    pool.submit(signExtrinsic({ genesisHash, nonce, call, signer: payer }))
  }
  const refused = (nonce: number, name: string): void =>
    assert.throws(
      () => submit(nonce),
      (error) => error instanceof RequestError && error.facts['name'] === name,
    )
  for (let nonce = 0; nonce < 64; nonce += 1) submit(nonce)
  refused(63, 'StaleNonce')
  refused(65, 'FutureNonce')
  refused(64, 'PoolFull')
  const included = pool.oldest(10)
  assert.equal(included.length, 10)
  pool.remove(included)
  stateNonce = 10
  assert.equal(pool.nextNonce(payer.publicKey), 64)
  submit(64)
})
