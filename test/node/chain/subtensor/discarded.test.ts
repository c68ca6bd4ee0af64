/** A node keeps the state of its newest blocks alone: whoever was frozen or cut off for longer says so, or finds out otherwise, and goes on. */
import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { Chain } from '../../../../node/chain/port.ts'
import { newFolder } from '../../store/folder.ts'
import { chainError } from '../compliance.ts'
import { validators } from '../subnet.ts'
import { needsMetadata, netFor } from './net.ts'

const [signer, payee] = validators
const NETUID = 7
/** More than any era: nothing that was sent before can come any more. */
const LONG = 80

const soon = (): AbortSignal => AbortSignal.timeout(30_000)
const order = () => ({ netuid: NETUID, uids: [0, 2], values: [65_535, 20_000], versionKey: 3n, signer, signal: soon() })
const STORED = [
  [0, 65_535],
  [2, 20_000],
]
const rowOf = async (chain: Chain): Promise<unknown> =>
  (await chain.weightsOf({ netuid: NETUID, hotkey: signer.publicKey })).weights

/** A chain made by hand, of whose servers none has an older state than those about the newest final block once time has passed. */
const open = async (t: TestContext, o: { isHidden?: boolean; commitVersion?: number; views?: number } = {}) => {
  let oldest = 0
  const view = { oldestState: () => oldest }
  const net = await netFor(t, { ...o, views: Array.from({ length: o.views ?? 1 }, () => view) })
  net.produce(3)
  const pendingDir = join(newFolder(t), 'reveals')
  return {
    net,
    connect: () => net.connect({ pendingDir }),
    files: (): Promise<readonly string[]> => readdir(pendingDir).catch(() => []),
    /** Blocks that nobody looks at while they come. */
    pass: (count: number): void => {
      net.produce(count)
      // The runtime of a block is that of the state before it.
      oldest = net.chain.finalized().number - 1
    },
    sent: async (): Promise<void> => {
      while (net.chain.pool().length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    },
  }
}

test(
  'discarded: weights whose block nobody can look into any more are an error, and the next ones are set',
  needsMetadata,
  async (t) => {
    const { net, connect, pass, sent } = await open(t)
    const chain = connect()
    const setting = assert.rejects(chain.setWeights(order()), chainError('STATE_DISCARDED'))
    await sent()
    pass(LONG)
    await setting
    assert.deepEqual(await rowOf(chain), STORED, 'they stand all the same')
    net.run(50)
    assert.equal((await chain.setWeights(order())).path, 'plain')
  },
)

test(
  'discarded: a transfer whose outcome nobody can look into any more is an error, never a second transfer',
  needsMetadata,
  async (t) => {
    const { net, connect, pass, sent } = await open(t, { views: 2 })
    const chain = connect()
    const paying = chain.transfer({ to: payee.publicKey, amountRao: 5n, signer, signal: soon() })
    const refused = assert.rejects(paying, chainError('STATE_DISCARDED'))
    await sent()
    pass(LONG)
    await refused
    net.produce(LONG)
    const sums = net.chain.byNumber(4)?.extrinsics.length
    assert.equal(sums, 1)
    for (let number = 5; number <= net.chain.best().number; number += 1) {
      assert.equal(net.chain.byNumber(number)?.extrinsics.length, 0)
    }
  },
)

test(
  'discarded: timelocked weights that were revealed while nobody looked are found standing',
  needsMetadata,
  async (t) => {
    const { net, connect, pass, sent } = await open(t, { isHidden: true })
    const chain = connect()
    const setting = chain.setWeights(order())
    await sent()
    net.produce(2)
    const { reveal } = await setting
    assert.ok(reveal !== null)
    const asked = net.servers[0]?.calls.length ?? 0
    const revealed = reveal(soon())
    // It waits for blocks once it knows the epoch.
    const isWaiting = () => net.servers[0]?.calls.slice(asked).includes('chain_getFinalizedHead') === true
    while (!isWaiting()) await new Promise((resolve) => setTimeout(resolve, 5))
    pass(LONG)
    await revealed
    assert.deepEqual(await rowOf(chain), STORED)
  },
)

/** A hash commit of a process that is gone, and the next process so many blocks later. */
const openLeft = async (t: TestContext, blocks: number) => {
  const { net, connect, files, pass, sent } = await open(t, { isHidden: true, commitVersion: 5 })
  const before = connect()
  const setting = before.setWeights(order())
  await sent()
  net.produce(2)
  await setting
  await before.close()
  pass(blocks)
  const after = connect()
  const [left] = await after.unrevealed({ netuid: NETUID, signer })
  assert.ok(left !== undefined)
  return { net, after, left, files }
}

test(
  'discarded: a hash commit of an earlier process is revealed without a look into its block',
  needsMetadata,
  async (t) => {
    const { net, after, left, files } = await openLeft(t, 3)
    net.run(100)
    await left.reveal(soon())
    assert.deepEqual(await rowOf(after), STORED)
    assert.deepEqual(await files(), [])
  },
)

test(
  'discarded: a hash commit whose epoch went by while nobody looked is told as lost, and forgotten',
  needsMetadata,
  async (t) => {
    const { left, files } = await openLeft(t, LONG)
    await assert.rejects(left.reveal(soon()), chainError('WEIGHTS_LOST'))
    assert.deepEqual(await files(), [])
  },
)
