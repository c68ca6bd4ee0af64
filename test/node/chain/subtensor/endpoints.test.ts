/** What a client of several nodes believes: liars about finality, foreign chains, forks, stalls, restarts and upgrades on command. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Chain } from '../../../../node/chain/port.ts'
import { chainError, follow } from '../compliance.ts'
import { payee, payer, validators } from '../subnet.ts'
import { SILENCE, type View } from '../substrate/server.ts'
import { needsMetadata, netFor } from './net.ts'

/** Calls its best block final, which may still be forked away. */
const early: View = { finalized: (chain) => chain.best() }
/** Shows another chain. */
const foreign: View = { answer: (method) => (method === 'chain_getBlockHash' ? `0x${'ab'.repeat(32)}` : undefined) }

const pay = (chain: Chain, amountRao: bigint) =>
  chain.transfer({ to: payee, amountRao, signer: payer, signal: AbortSignal.timeout(20_000) })

const sum = async (chain: Chain, o: { readonly until: number; readonly amountRao: bigint }): Promise<number> => {
  let found = 0
  for (let number = 1; number <= o.until; number += 1) {
    const ref = { blockNumber: number, blockHash: (await chain.blockAt(number))?.hash ?? '' }
    for (let extrinsicIndex = 0; ; extrinsicIndex += 1) {
      const did = await chain.transfersAt({ ...ref, extrinsicIndex }).catch(() => null)
      if (did === null) break
      found += did.transfers.filter((each) => each.amountRao === o.amountRao).length
    }
  }
  return found
}

test(
  'endpoints: one of three that is early with finality is outvoted, also when it comes first',
  needsMetadata,
  async (t) => {
    const net = await netFor(t, { views: [early, {}, {}], finalityLag: 3 })
    net.produce(10)
    assert.equal((await net.client.finalizedHead()).number, 7)
    assert.equal(await net.client.blockAt(8), null)
    assert.equal(
      (await net.connect({ endpoints: [net.servers[0]?.url ?? ''] }).finalizedHead()).number,
      10,
      'alone it is believed',
    )
  },
)

test('endpoints: of two, what both call final counts; with one away the other goes on', needsMetadata, async (t) => {
  const net = await netFor(t, { views: [early, {}], finalityLag: 3 })
  net.produce(10)
  assert.equal((await net.client.finalizedHead()).number, 7)
  await net.servers[1]?.stop()
  assert.equal((await net.client.finalizedHead()).number, 10)
  await net.servers[1]?.start()
  assert.equal((await net.client.finalizedHead()).number, 7)
})

test('endpoints: one that is behind, and asked first, keeps no block from a follower', needsMetadata, async (t) => {
  const behind: View = { finalized: (chain) => chain.byNumber(3) ?? chain.genesis, newest: () => 3 }
  const net = await netFor(t, { views: [behind, {}, {}] })
  net.produce(12)
  const seen = await follow(net.client, { after: 0, count: 10 })
  assert.deepEqual(
    seen.map(({ number }) => number),
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
  )
  assert.equal((await net.client.metagraphAt({ netuid: 7, block: 9 })).block.number, 9)
})

test(
  'forks: what was called final and is gone is another chain, and no follower goes on with it',
  needsMetadata,
  async (t) => {
    const net = await netFor(t, { views: [early], finalityLag: 5 })
    net.produce(8)
    const blocks = net.client.followFinalized({ after: 0, signal: AbortSignal.timeout(10_000) })[Symbol.asyncIterator]()
    for (let number = 1; number <= 8; number += 1) assert.equal((await blocks.next()).value?.number, number)
    net.chain.fork(3)
    net.produce(6)
    await assert.rejects(blocks.next(), chainError('CHAIN_CHANGED'))
  },
)

test(
  'endpoints: one of another chain is not asked, and two chains of equal weight are believed in nothing',
  needsMetadata,
  async (t) => {
    const net = await netFor(t, { views: [foreign, {}, {}] })
    net.produce(5)
    assert.equal(await net.client.genesisHash(), net.chain.genesis.hash.slice(2))
    assert.equal((await net.client.finalizedHead()).number, 4)
    const two = net.connect({ endpoints: net.servers.slice(0, 2).map(({ url }) => url), patienceMs: 200 })
    await assert.rejects(two.genesisHash(), chainError('CHAIN_DISAGREES'))
  },
)

test(
  'endpoints: those that name different blocks of one height are believed again when they agree',
  needsMetadata,
  async (t) => {
    let isLying = true
    const lie = `0x${'cd'.repeat(32)}`
    const liar: View = {
      answer: (method, [number]) => (isLying && method === 'chain_getBlockHash' && number !== 0 ? lie : undefined),
    }
    const net = await netFor(t, { views: [{}, liar], client: { patienceMs: 200 } })
    net.produce(5)
    await assert.rejects(net.client.finalizedHead(), chainError('CHAIN_DISAGREES'))
    isLying = false
    assert.equal((await net.client.finalizedHead()).number, 4)
  },
)

test('forks: a payment that a fork drops is included again, and counts once', needsMetadata, async (t) => {
  const net = await netFor(t, { finalityLag: 4 })
  const paying = pay(net.client, 4_321n)
  while (net.chain.pool().length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  net.produce(3)
  assert.equal(net.chain.pool().length, 0, 'it is in a block')
  net.chain.fork(3)
  net.run(50)
  const ref = await paying
  const { number } = await net.client.finalizedHead()
  assert.equal(await sum(net.client, { until: number, amountRao: 4_321n }), 1)
  assert.equal((await net.client.blockAt(ref.blockNumber))?.hash, ref.blockHash)
})

test(
  'payments: one that a node took without a word is no refused one, whatever the others say',
  needsMetadata,
  async (t) => {
    let take = (_bytes: string): void => assert.fail('before there is a chain')
    const mute: View = {
      answer: (method, [bytes]) => {
        if (method !== 'author_submitExtrinsic') return undefined
        take(String(bytes))
        return SILENCE
      },
    }
    const full: View = {
      answer: (method) => {
        if (method === 'author_submitExtrinsic') throw new Error('no room')
        return undefined
      },
    }
    // An honest answer is never as late, whatever else this machine does.
    const net = await netFor(t, { views: [mute, full], client: { answerMsMax: 2_000 } })
    take = (bytes) => void net.chain.submit(bytes)
    net.run(50)
    const ref = await pay(net.client, 2_718n)
    assert.equal((await net.client.transfersAt(ref)).transfers.length, 1)
    assert.equal(await sum(net.client, { until: (await net.client.finalizedHead()).number, amountRao: 2_718n }), 1)
  },
)

test('finality: while it stalls nothing is reported done, and all is once it goes on', needsMetadata, async (t) => {
  const net = await netFor(t)
  net.produce(3)
  net.chain.stall(true)
  net.run(50)
  let isDone = false
  const paying = pay(net.client, 777n).then((ref) => {
    isDone = true
    return ref
  })
  while (net.chain.best().number < 40) await new Promise((resolve) => setTimeout(resolve, 20))
  assert.equal(isDone, false)
  assert.equal((await net.client.finalizedHead()).number, 2)
  net.chain.stall(false)
  assert.ok((await paying).blockNumber < 40)
})

test('restarts: all nodes go and come back under a follower, which sees every block', needsMetadata, async (t) => {
  const net = await netFor(t, { views: [{}, {}] })
  net.run(50)
  const seeing = follow(net.client, { after: 0, count: 60 })
  await new Promise((resolve) => setTimeout(resolve, 300))
  await Promise.all(net.servers.map((server) => server.stop()))
  await new Promise((resolve) => setTimeout(resolve, 300))
  await Promise.all(net.servers.map((server) => server.start()))
  assert.deepEqual(
    (await seeing).map(({ number }) => number),
    Array.from({ length: 60 }, (_, index) => index + 1),
  )
})

test(
  'upgrades: a runtime that changes under a pending call has it signed anew, and old blocks are still read',
  needsMetadata,
  async (t) => {
    const net = await netFor(t)
    net.produce(5)
    const before = await net.client.metagraphAt({ netuid: 7, block: 3 })
    net.chain.upgrade()
    net.run(50)
    const first = await pay(net.client, 1_011n)
    assert.equal(net.chain.byHash(`0x${first.blockHash}`)?.specVersion, net.chain.types.version.specVersion + 1)
    net.chain.upgrade()
    const second = await pay(net.client, 1_012n)
    assert.equal((await net.client.transfersAt(second)).transfers.length, 1)
    assert.deepEqual(await net.client.metagraphAt({ netuid: 7, block: 3 }), before)
  },
)

test('nonces: two processes with one hotkey both get their calls in', needsMetadata, async (t) => {
  const net = await netFor(t)
  net.run(50)
  const other = net.connect()
  const refs = await Promise.all(
    [1n, 2n, 3n].flatMap((step) => [pay(net.client, 1_100n + step), pay(other, 1_200n + step)]),
  )
  assert.equal(new Set(refs.map((ref) => `${ref.blockHash}/${ref.extrinsicIndex}`)).size, 6)
})

test('signatures: one that is wrong is refused before inclusion, and changes nothing', needsMetadata, async (t) => {
  const net = await netFor(t)
  net.run(50)
  const [alice] = validators
  const order = { netuid: 7, uids: [0, 2], values: [65_535, 1], versionKey: 3n, signal: AbortSignal.timeout(20_000) }
  const turned = {
    ...alice,
    sign: (bytes: Uint8Array) => {
      const signature = alice.sign(bytes)
      signature[5] = (signature[5] ?? 0) ^ 1
      return signature
    },
  }
  await assert.rejects(
    net.client.setWeights({ ...order, signer: turned }),
    chainError('EXTRINSIC_REFUSED', 'BadSignature'),
  )
  assert.equal((await net.client.weightsOf({ netuid: 7, hotkey: alice.publicKey })).setAt, null)
})
