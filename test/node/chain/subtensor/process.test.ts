/** The test chain as a process: what was final stays so through SIGKILL, forks and a node that is early, as the demo needs it. */
import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { openChain } from '../../../../node/chain/open.ts'
import { startChain } from '../../../../node/demo/chain.ts'
import { newFolder } from '../../store/folder.ts'
import { payee, payer, spec, validators } from '../subnet.ts'
import { needsMetadata } from './net.ts'

test('the test chain goes on after SIGKILL from where it was, under the same addresses', needsMetadata, async (t) => {
  const dir = join(newFolder(t), 'chain')
  await mkdir(dir)
  await writeFile(join(dir, 'genesis.json'), JSON.stringify(spec))
  const process = await startChain('substrate', { dir, host: '127.0.0.1', blockMs: 100 })
  t.after(() => process.stop())
  const { endpoint } = process
  assert.equal(endpoint.split(',').length, 3)
  const chain = await openChain(endpoint)
  t.after(() => chain.close())
  const [alice] = validators
  const { signal } = new AbortController()
  const order = { netuid: 7, uids: [0, 2], values: [65_535, 20_000], versionKey: 3n, signer: alice, signal }
  const [set, paid] = await Promise.all([
    chain.setWeights(order),
    chain.transfer({ to: payee, amountRao: 5_000n, signer: payer }),
  ])
  const genesis = await chain.genesisHash()
  const head = await chain.finalizedHead()
  const seen = await Promise.all(Array.from({ length: head.number }, (_, index) => chain.blockAt(index + 1)))
  await process.kill()
  await process.start()
  assert.equal(process.endpoint, endpoint)
  assert.equal(await chain.genesisHash(), genesis)
  for (const block of seen) assert.deepEqual(await chain.blockAt(block?.number ?? 0), block)
  const { weights } = await chain.weightsOf({ netuid: 7, hotkey: alice.publicKey })
  assert.deepEqual(weights, [
    [0, 65_535],
    [2, 20_000],
  ])
  assert.deepEqual((await chain.transfersAt(paid)).transfers, [{ from: payer.publicKey, to: payee, amountRao: 5_000n }])
  // Past several forks that the early node has called final on both sides, in order and without a gap.
  // Thirty blocks, and as slow as the machine makes them.
  const until = AbortSignal.timeout(60_000)
  let last = set.block
  for await (const block of chain.followFinalized({ after: last.number, signal: until })) {
    assert.equal(block.number, last.number + 1)
    last = block
    if (block.number > head.number + 30) break
  }
  assert.ok(last.number > head.number + 30, 'it goes on')
})
