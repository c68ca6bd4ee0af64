/** Every way that weights go to a row of the test chain, down to the bytes of the signed extrinsic. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { xxhashAsHex } from '@polkadot/util-crypto'
import type { Chain, WeightsReceipt } from '../../../../node/chain/port.ts'
import { commitHash, storageIndex, timelockPayload } from '../../../../node/chain/subtensor/payload.ts'
import { decryptWith, identityOf, roundAt } from '../../../../node/chain/subtensor/timelock.ts'
import { chainError } from '../compliance.ts'
import { validators } from '../subnet.ts'
import { secondsOf, TEST_BEACON } from '../substrate/begin-block.ts'
import type { TestBlock } from '../substrate/chain.ts'
import { HANG_UP, type View } from '../substrate/server.ts'
import type { World } from '../substrate/world.ts'
import { type Net, needsMetadata, netFor, typesOfTests } from './net.ts'

const [signer] = validators
const uids = [0, 2]
const values = [65_535, 20_000]
const hotkey = signer.publicKey

const order = (): Parameters<Chain['setWeights']>[0] => ({
  netuid: 7,
  uids,
  values,
  versionKey: 3n,
  signer,
  signal: AbortSignal.timeout(60_000),
})

/** The one extrinsic of the block: its call's index and arguments as they are on the wire, and who signed it with which scheme. */
const sentIn = (block: TestBlock, index: number) => {
  const extrinsic = block.extrinsics[index]?.extrinsic
  assert.ok(extrinsic !== undefined)
  const bytes = Buffer.from(extrinsic.toU8a(true))
  const call = Buffer.from(extrinsic.method.toU8a())
  assert.deepEqual(bytes.subarray(-call.length), call, 'the call is the end of the bytes')
  // Version 4, signed; the address form Id; the account; the scheme sr25519.
  assert.equal(bytes.subarray(0, 2).toString('hex'), '8400')
  assert.equal(bytes.subarray(2, 34).toString('hex'), hotkey)
  assert.equal(bytes[34], 1)
  return { name: extrinsic.method.method, call: call.toString('hex') }
}

const blockOf = (net: Net, { block }: WeightsReceipt): TestBlock =>
  net.chain.byHash(`0x${block.hash}`) ?? assert.fail('the receipt names a block of the chain')

const u16 = (value: number): string => Buffer.from(Uint16Array.of(value).buffer).toString('hex')
const u64 = (value: bigint): string => Buffer.from(BigUint64Array.of(value).buffer).toString('hex')
/** SCALE of the row: both vectors of two. */
const ROW = `08${uids.map(u16).join('')}08${values.map(u16).join('')}`
const PALLET = '07'

const rowOf = async (chain: Chain): Promise<unknown> => (await chain.weightsOf({ netuid: 7, hotkey })).weights
const STORED = [
  [0, 65_535],
  [2, 20_000],
]

test('weights: plainly, they are a set_weights and stand as they were sent', needsMetadata, async (t) => {
  const net = await netFor(t)
  net.run(50)
  const receipt = await net.client.setWeights(order())
  assert.equal(receipt.path, 'plain')
  assert.equal(receipt.reveal, null)
  const { call } = sentIn(blockOf(net, receipt), receipt.extrinsicIndex)
  assert.equal(call, `${PALLET}00${u16(7)}${ROW}${u64(3n)}`)
  assert.deepEqual(await rowOf(net.client), STORED)
  assert.equal((await net.client.weightsOf({ netuid: 7, hotkey })).behindBlocks, undefined)
})

test(
  'weights: of a second mechanism, they stand under its own index and leave the first alone',
  needsMetadata,
  async (t) => {
    const net = await netFor(t, { client: { mechanism: 1 } })
    net.run(50)
    const receipt = await net.client.setWeights(order())
    const { call } = sentIn(blockOf(net, receipt), receipt.extrinsicIndex)
    assert.equal(call, `${PALLET}77${u16(7)}01${ROW}${u64(3n)}`)
    assert.deepEqual(await rowOf(net.client), STORED)
    assert.deepEqual(await rowOf(net.connect({ mechanism: 0 })), [])
  },
)

for (const mechanism of [0, 1]) {
  test(
    `weights: behind a hash, mechanism ${mechanism} commits, waits for the epoch and reveals`,
    needsMetadata,
    async (t) => {
      const net = await netFor(t, { isHidden: true, commitVersion: 5, client: { mechanism } })
      // The reveal must find its epoch: ten blocks, on a machine that other tests share.
      net.run(150)
      const receipt = await net.client.setWeights(order())
      assert.equal(receipt.path, 'hash')
      const commit = sentIn(blockOf(net, receipt), receipt.extrinsicIndex)
      const of = mechanism === 0 ? '' : '01'
      assert.equal(commit.call.slice(0, -64), `${PALLET}${mechanism === 0 ? '60' : '73'}${u16(7)}${of}`)
      assert.deepEqual(await rowOf(net.client), [], 'nobody sees them yet')
      assert.ok(receipt.reveal !== null)
      const revealed = await receipt.reveal(AbortSignal.timeout(20_000))
      assert.equal(
        Math.floor(revealed.number / 10),
        Math.floor(receipt.block.number / 10) + 1,
        'in the very next epoch',
      )
      assert.deepEqual(await rowOf(net.client), STORED)
      const block = net.chain.byHash(`0x${revealed.hash}`)
      const [reveal] = block?.extrinsics ?? []
      assert.ok(reveal !== undefined)
      const salt = [...(reveal.extrinsic.method.args[mechanism === 0 ? 3 : 4] as unknown as Iterable<unknown>)].map(
        Number,
      )
      const index = storageIndex(7, mechanism)
      const hash = Buffer.from(commitHash({ uids, values, versionKey: 3n, hotkey, index, salt })).toString('hex')
      assert.equal(commit.call.slice(-64), hash, 'what was committed to is what was revealed')
      const { call } = sentIn(block ?? assert.fail('the reveal is in a block'), 0)
      const words = `${(4 * salt.length).toString(16)}${salt.map(u16).join('')}`
      assert.equal(call, `${PALLET}${mechanism === 0 ? '61' : '74'}${u16(7)}${of}${ROW}${words}${u64(3n)}`)
    },
  )
}

for (const mechanism of [0, 1]) {
  test(
    `weights: behind a timelock, the chain itself reveals them, and nobody can before the round, mechanism ${mechanism}`,
    needsMetadata,
    async (t) => {
      const net = await netFor(t, { isHidden: true, client: { mechanism } })
      net.run(150)
      const receipt = await net.client.setWeights(order())
      assert.equal(receipt.path, 'timelocked')
      const block = blockOf(net, receipt)
      const { call } = sentIn(block, receipt.extrinsicIndex)
      const [commit] = block.world.timed
      assert.ok(commit !== undefined && commit.hotkey === hotkey && commit.index === storageIndex(7, mechanism))
      // The wire with its length as a compact number of two bytes, the round, and version 4.
      const sizeBytes = u16((commit.wire.length / 2) * 4 + 1)
      assert.equal(call, `${PALLET}76${u16(7)}0${mechanism}${sizeBytes}${commit.wire}${u64(commit.round)}${u16(4)}`)
      const signature = identityOf(commit.round).multiply(1_234_567_890_123_456_789n).toBytes(true)
      const payload = decryptWith(signature, Buffer.from(commit.wire, 'hex'))
      assert.deepEqual(payload, Buffer.from(timelockPayload({ uids, values, versionKey: 3n, hotkey })))
      assert.ok(receipt.reveal !== null)
      const revealed = await receipt.reveal(AbortSignal.timeout(20_000))
      assert.equal(Math.floor(revealed.number / 10), Math.floor(receipt.block.number / 10) + 1)
      // The epoch's block and three more: the pulse must be younger than the epoch.
      assert.equal(revealed.number % 10, 3)
      assert.equal((await net.client.weightsOf({ netuid: 7, hotkey })).behindBlocks, 22)
      assert.deepEqual(await rowOf(net.client), STORED)
    },
  )
}

/** SCALE of a constant's name, type and value: eight bytes of milliseconds. */
const SLOT = /(30536c6f744475726174696f6e(?:..){1,4}20)e02e000000000000/
const SLOT_MS = 250

test('weights: where blocks come faster, the round that opens a commit comes sooner', needsMetadata, async (t) => {
  const { opaque } = typesOfTests()
  const fast = opaque.replace(SLOT, (_, head: string) => `${head}${u64(BigInt(SLOT_MS))}`)
  assert.notEqual(fast, opaque)
  const answer: View['answer'] = (_, [name]) => (name === 'Metadata_metadata_at_version' ? fast : undefined)
  const net = await netFor(t, { isHidden: true, views: [{ answer }] })
  net.produce(3)
  const head = net.chain.finalized().number
  const setting = net.client.setWeights(order())
  while (net.chain.pool().length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  net.produce(2)
  const [commit] = blockOf(net, await setting).world.timed
  // The epoch's block and three more.
  const seconds = secondsOf(head) + ((13 - head) * SLOT_MS) / 1000
  assert.equal(commit?.round, roundAt(seconds, TEST_BEACON))
})

/** Hangs up at the second question for the hash of one block: what was heard once is not heard twice. */
const deafTwice = (): View => {
  const asked = new Map<unknown, number>()
  return {
    answer: (method, [number]) => {
      if (method !== 'chain_getBlockHash') return undefined
      asked.set(number, (asked.get(number) ?? 0) + 1)
      return number !== 0 && asked.get(number) === 2 ? HANG_UP : undefined
    },
  }
}

test('weights: while they wait to be revealed a lost connection loses nothing', needsMetadata, async (t) => {
  for (const commitVersion of [4, 5]) {
    const net = await netFor(t, { isHidden: true, commitVersion, views: [deafTwice()] })
    net.run(150)
    const receipt = await net.client.setWeights(order())
    assert.ok(receipt.reveal !== null)
    await receipt.reveal(AbortSignal.timeout(20_000))
    assert.deepEqual(await rowOf(net.client), STORED)
  }
})

test(
  'weights: those that are in a block are not set again because nobody could tell how they stand',
  needsMetadata,
  async (t) => {
    const uidsKey = `${xxhashAsHex('SubtensorModule', 128)}${xxhashAsHex('Uids', 128).slice(2)}`
    let lost = 0
    const forgetful: View = {
      answer: (method, [key]) =>
        method === 'state_getStorage' && String(key).startsWith(uidsKey) && ++lost <= 4 ? HANG_UP : undefined,
    }
    const net = await netFor(t, { views: [forgetful], client: { patienceMs: 0 } })
    net.run(50)
    const { block } = await net.client.setWeights(order())
    assert.ok(lost > 4)
    assert.equal(net.chain.byHash(`0x${block.hash}`)?.extrinsics.length, 1)
  },
)

test(
  'weights: a timelocked commit that a later one of its epoch stands for is told as overtaken',
  needsMetadata,
  async (t) => {
    const quick = (world: World): World => {
      return { ...world, local: { ...world.local, subnet: { ...world.local.subnet, weightsRateLimit: 0 } } }
    }
    const net = await netFor(t, { isHidden: true, edit: quick })
    // Both commits in one epoch.
    net.produce(10)
    net.run(150)
    const first = await net.client.setWeights({ ...order(), values: [65_535, 1] })
    const second = await net.client.setWeights(order())
    assert.equal(Math.floor(first.block.number / 10), Math.floor(second.block.number / 10))
    await assert.rejects(first.reveal?.(AbortSignal.timeout(20_000)) ?? assert.fail(), chainError('WEIGHTS_OVERTAKEN'))
    await second.reveal?.(AbortSignal.timeout(20_000))
    assert.deepEqual(await rowOf(net.client), STORED)
  },
)

test('weights: a timelocked commit that the chain drops in silence is told as lost', needsMetadata, async (t) => {
  const net = await netFor(t, { isHidden: true })
  net.run(150)
  const receipt = await net.client.setWeights(order())
  net.chain.change((world) => ({ ...world, timed: [] }))
  assert.ok(receipt.reveal !== null)
  await assert.rejects(receipt.reveal(AbortSignal.timeout(20_000)), chainError('WEIGHTS_LOST'))
})

test('weights: a commit within the rate limit is refused as a commit', needsMetadata, async (t) => {
  const slow = (world: World): World => {
    return { ...world, local: { ...world.local, subnet: { ...world.local.subnet, weightsRateLimit: 5_000 } } }
  }
  const net = await netFor(t, { isHidden: true, edit: slow })
  net.run(50)
  await net.client.setWeights(order())
  await assert.rejects(net.client.setWeights(order()), chainError('EXTRINSIC_FAILED', 'CommittingWeightsTooFast'))
})
