/** Hash commits across restarts: what opens them is on disk before they are sent, and they are revealed once, whoever dies in between. */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { Chain, HotkeySigner, WeightsReceipt } from '../../../../node/chain/port.ts'
import { newFolder } from '../../store/folder.ts'
import { chainError } from '../compliance.ts'
import { validators } from '../subnet.ts'
import { type Net, needsMetadata, netFor } from './net.ts'

const [alice, bob] = validators
const NETUID = 7
/** The reveal must find its epoch: ten blocks, on a machine that other tests share. */
const BLOCK_MS = 150
const PATIENCE_MS = 30_000

const soon = (): AbortSignal => AbortSignal.timeout(PATIENCE_MS)
const order = (signer: HotkeySigner = alice) => {
  return { netuid: NETUID, uids: [0, 2], values: [65_535, 20_000], versionKey: 3n, signer, signal: soon() }
}
const STORED = [
  [0, 65_535],
  [2, 20_000],
]

const rowOf = async (chain: Chain): Promise<unknown> =>
  (await chain.weightsOf({ netuid: NETUID, hotkey: alice.publicKey })).weights

/** Reveals that any block holds. */
const revealsIn = (net: Net): number => {
  let found = 0
  for (let block = net.chain.best(); block.parent !== null; block = block.parent) {
    found += block.extrinsics.filter(({ extrinsic }) => /^reveal/.test(extrinsic.method.method)).length
  }
  return found
}

const open = async (t: TestContext, mechanism = 0) => {
  const pendingDir = join(newFolder(t), 'reveals')
  const net = await netFor(t, { isHidden: true, commitVersion: 5 })
  const start = (): Chain => net.connect({ pendingDir, mechanism })
  const files = (): Promise<readonly string[]> => readdir(pendingDir).catch(() => [])
  const left = (chain: Chain, signer: HotkeySigner = alice) => chain.unrevealed({ netuid: NETUID, signer })
  return { net, start, files, left, pendingDir }
}

const pathOf = ({ path }: WeightsReceipt): string => path

for (const mechanism of [0, 1]) {
  test(
    `reveals: a restart between commit and reveal loses nothing, mechanism ${mechanism}`,
    needsMetadata,
    async (t) => {
      const { net, start, files, left, pendingDir } = await open(t, mechanism)
      net.run(BLOCK_MS)
      const before = start()
      assert.equal(pathOf(await before.setWeights(order())), 'hash')
      await before.close()
      const [name = ''] = await files()
      assert.equal((await stat(join(pendingDir, name))).mode & 0o777, 0o600)
      const after = start()
      assert.deepEqual(await left(after, bob), [], 'another hotkey’s are not ours')
      const [one, ...more] = await left(after)
      assert.ok(one !== undefined && more.length === 0)
      assert.deepEqual(await rowOf(after), [])
      await one.reveal(soon())
      assert.deepEqual(await rowOf(after), STORED)
      assert.equal(revealsIn(net), 1)
      assert.deepEqual(await files(), [])
      assert.deepEqual(await left(after), [])
    },
  )
}

test('reveals: the salt is on disk before the chain sees the commit', needsMetadata, async (t) => {
  const { net, start, pendingDir } = await open(t)
  net.produce(3)
  const chain = start()
  let seen = -1
  const watching: HotkeySigner = {
    ...alice,
    sign: (bytes) => {
      seen = readdirSync(pendingDir).length
      return alice.sign(bytes)
    },
  }
  const setting = chain.setWeights(order(watching))
  while (net.chain.pool().length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  assert.equal(seen, 1)
  net.run(BLOCK_MS)
  await setting
})

test(
  'reveals: a process that dies before its commit is in a block has it found and revealed',
  needsMetadata,
  async (t) => {
    const { net, start, left } = await open(t)
    net.produce(3)
    const before = start()
    const setting = before.setWeights(order()).catch(() => undefined)
    while (net.chain.pool().length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    await before.close()
    await setting
    net.run(BLOCK_MS)
    const after = start()
    const [one] = await left(after)
    assert.ok(one !== undefined)
    await one.reveal(soon())
    assert.deepEqual(await rowOf(after), STORED)
  },
)

test(
  'reveals: a commit that no block holds and none can any more is told as lost, and forgotten',
  needsMetadata,
  async (t) => {
    const { net, start, left, files } = await open(t)
    net.produce(3)
    const before = start()
    const setting = before.setWeights(order()).catch(() => undefined)
    while (net.chain.pool().length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    await before.close()
    await setting
    // The same bytes may have been sent again and wait to be read: the node dies with them.
    await net.servers[0]?.stop()
    net.chain.dropPool()
    await net.servers[0]?.start()
    net.run(20)
    const after = start()
    const [one] = await left(after)
    assert.ok(one !== undefined)
    await assert.rejects(one.reveal(soon()), chainError('WEIGHTS_LOST'))
    assert.deepEqual(await files(), [])
  },
)

test('reveals: one that stands already is not revealed again', needsMetadata, async (t) => {
  const { net, start, left, files, pendingDir } = await open(t)
  net.run(BLOCK_MS)
  const before = start()
  const receipt = await before.setWeights(order())
  const [name = ''] = await files()
  const kept = await readFile(join(pendingDir, name), 'utf8')
  assert.ok(receipt.reveal !== null)
  await receipt.reveal(soon())
  // Dead after the reveal was in its block, before the file was gone.
  await writeFile(join(pendingDir, name), kept, { mode: 0o600 })
  await before.close()
  // Its commit could be in any block of an era.
  net.run(20)
  const after = start()
  const [one] = await left(after)
  assert.ok(one !== undefined)
  await one.reveal(soon())
  assert.equal(revealsIn(net), 1)
  assert.deepEqual(await files(), [])
})

test('reveals: a wait that is given up leaves the salt to the next process', needsMetadata, async (t) => {
  const { net, start, files } = await open(t)
  net.run(BLOCK_MS)
  const chain = start()
  const receipt = await chain.setWeights(order())
  assert.ok(receipt.reveal !== null)
  await assert.rejects(receipt.reveal(AbortSignal.abort()), chainError('ABORTED'))
  assert.equal((await files()).length, 1)
})

test('reveals: a commit that the chain refuses leaves no salt', needsMetadata, async (t) => {
  const { net, start, files } = await open(t)
  net.run(BLOCK_MS)
  const chain = start()
  await chain.setWeights(order())
  // Refused for its rate before inclusion.
  await assert.rejects(chain.setWeights(order()), chainError('EXTRINSIC_REFUSED', 'CommittingWeightsTooFast'))
  assert.equal((await files()).length, 1)
})

test(
  'reveals: a file that is none is named, and no commit of anybody’s is given up for it',
  needsMetadata,
  async (t) => {
    const { net, start, left, pendingDir } = await open(t)
    net.run(BLOCK_MS)
    const chain = start()
    await chain.setWeights(order())
    await writeFile(join(pendingDir, 'cut.json'), '{"netuid":7')
    await assert.rejects(left(chain), chainError('BAD_REQUEST'))
  },
)
