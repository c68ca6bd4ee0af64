/** A row that is set once more through real extrinsics: the same row, in time, whichever way the subnet wants its weights. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createChainReader } from '../../../../node/chain/reader.ts'
import { createFakeLog } from '../../fakes.ts'
import { validators } from '../subnet.ts'
import { needsMetadata, netFor } from './net.ts'

const [signer] = validators
const hotkey = signer.publicKey
const netuid = 7

for (const isHidden of [false, true]) {
  test(
    `weights: ${isHidden ? 'behind a timelock' : 'plainly'}, the row that stands is set once more before its validator counts as silent`,
    needsMetadata,
    async (t) => {
      const net = await netFor(t, { isHidden })
      net.run(50)
      const signal = AbortSignal.timeout(60_000)
      const order = { netuid, uids: [0, 2], values: [65_535, 20_000], versionKey: 3n, signer, signal }
      const set = await net.client.setWeights(order)
      await set.reveal?.(signal)
      const before = await net.client.weightsOf({ netuid, hotkey })
      const { activityCutoff } = await net.client.yumaInputAt({ netuid, block: before.setAt ?? 0 })
      // Nothing newer is decided for three quarters of the cutoff.
      net.produce(Math.ceil((3 * activityCutoff) / 4))
      // A quarter of it, some thirty blocks, is left: enough seconds for a machine that other tests share.
      net.run(250)
      const stopping = new AbortController()
      t.after(() => stopping.abort())
      const told = Promise.withResolvers<Readonly<Record<string, unknown>>>()
      const fake = createFakeLog()
      const last = isHidden ? 'weights set' : 'weights repeated: nothing newer is decided'
      const info = (facts: object, event?: string): void => {
        fake.info(facts, event)
        if (event === last) told.resolve({ ...facts })
      }
      const fail = (facts: object, event?: string): void => told.reject(new Error(`${event} ${JSON.stringify(facts)}`))
      const reader = createChainReader({
        chain: net.client,
        netuid,
        hotkey: signer,
        versionKey: 3n,
        certified: () => set.block.number - 1,
        submit: () => undefined,
        now: () => 0,
        signal: stopping.signal,
        log: { info, warn: fail, error: fail },
      })
      void reader.follow()
      const { repeatedAt } = await told.promise
      const after = await net.client.weightsOf({ netuid, hotkey })
      assert.deepEqual(after.weights, before.weights)
      assert.equal(after.setAt, repeatedAt)
      assert.ok(Number(repeatedAt) - Number(before.setAt) < activityCutoff, 'it was never silent')
    },
  )
}
