/** What gossip promises: everybody hears a message once, the wrong is not passed on, and domains do not mix. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MeshError } from '../../../node/mesh/index.ts'
import { bytes, freePorts, joined, silent, startPeer, text, toAddress, until } from './peers.ts'

test('four nodes started together join, and every one hears a published message exactly once', async (t) => {
  const names = ['one', 'two', 'three', 'four']
  const ports = await freePorts(4)
  const bootstrap = await Promise.all(names.map((name, i) => toAddress(name, ports[i] ?? 0)))
  const startedAt = performance.now()
  const peers = await Promise.all(
    names.map((name, i) => startPeer(t, name, { listen: `/ip4/127.0.0.1/tcp/${ports[i]}`, bootstrap })),
  )
  await until(() => peers.every((p) => p.mesh.connectedPeers().length === 3), 'a full mesh')
  t.diagnostic(`joined after ${Math.round(performance.now() - startedAt)} ms`)

  for (const [i, peer] of peers.entries()) await peer.mesh.publish('submissions', bytes(`m${i}`))
  await until(() => peers.every((p) => p.heard.gossip.length >= 3), 'three messages each')
  // Gossip's own repetitions travel with the next heartbeats: wait for a later message to pass before counting.
  for (const [i, peer] of peers.entries()) await peer.mesh.publish('attestations', bytes(`n${i}`))
  await until(() => peers.every((p) => p.heard.gossip.length >= 6), 'six messages each')
  for (const [i, peer] of peers.entries()) {
    const others = [0, 1, 2, 3].filter((j) => j !== i)
    const expected = [...others.map((j) => `attestations:n${j}`), ...others.map((j) => `submissions:m${j}`)]
    assert.deepEqual([...peer.heard.gossip].sort(), expected)
  }
})

test('publishing the same bytes again is no error and is not heard twice', async (t) => {
  const a = await startPeer(t, 'a')
  const b = await startPeer(t, 'b', { bootstrap: a.mesh.addresses() })
  await joined(a, b)
  await a.mesh.publish('submissions', bytes('same'))
  await a.mesh.publish('submissions', bytes('same'))
  await a.mesh.publish('attestations', bytes('same'))
  await until(() => b.heard.gossip.length === 2, 'both topics')
  assert.deepEqual(b.heard.gossip, ['submissions:same', 'attestations:same'])
})

test('publishing alone is no error, and too large a message is refused here', async (t) => {
  const a = await startPeer(t, 'a')
  await a.mesh.publish('submissions', bytes('nobody'))
  await assert.rejects(
    a.mesh.publish('submissions', new Uint8Array(256 * 1024 + 1)),
    (e) => e instanceof MeshError && e.code === 'TOO_LARGE',
  )
})

test('a rejected or ignored message is not passed on, and a peer that keeps sending rejected ones is not heard any more', async (t) => {
  const judged: string[] = []
  const middle = await startPeer(t, 'middle', {
    handlers: {
      gossip({ data }) {
        const s = text(data)
        judged.push(s)
        return s.startsWith('bad') ? 'reject' : s.startsWith('early') ? 'ignore' : 'accept'
      },
    },
  })
  const left = await startPeer(t, 'left', { bootstrap: middle.mesh.addresses() })
  const right = await startPeer(t, 'right', { bootstrap: middle.mesh.addresses() })
  await joined(left, middle)
  await joined(right, middle)

  await left.mesh.publish('submissions', bytes('early'))
  await left.mesh.publish('submissions', bytes('good'))
  await until(() => right.heard.gossip.length === 1, 'the good one')
  assert.deepEqual(right.heard.gossip, ['submissions:good'])

  for (let i = 0; i < 4; i++) await left.mesh.publish('submissions', bytes(`bad${i}`))
  await until(() => judged.filter((s) => s.startsWith('bad')).length >= 3, 'the bad ones judged')
  // The grace period of gossipsub (a good peer's next 128 messages within a second) has to run out.
  const deadline = performance.now() + 60_000
  for (let i = 0; ; i++) {
    assert.ok(performance.now() < deadline, 'a peer that sent rejected messages is still heard')
    const before = judged.length
    await left.mesh.publish('submissions', bytes(`after${i}`))
    await right.mesh.publish('submissions', bytes(`marker${i}`))
    await until(() => judged.includes(`marker${i}`), 'an honest peer is still heard')
    await new Promise((resolve) => setTimeout(resolve, 50))
    if (!judged.slice(before).includes(`after${i}`)) break
  }
  assert.ok(!right.heard.gossip.some((m) => m.includes('bad')))
})

test('a handler that throws neither stops the node nor passes the message on', async (t) => {
  const middle = await startPeer(t, 'middle', {
    handlers: {
      gossip({ data }) {
        if (text(data) === 'boom') throw new Error('a bug')
        return 'accept'
      },
    },
  })
  const left = await startPeer(t, 'left', { bootstrap: middle.mesh.addresses() })
  const right = await startPeer(t, 'right', { bootstrap: middle.mesh.addresses() })
  await joined(left, middle)
  await joined(right, middle)
  await left.mesh.publish('submissions', bytes('boom'))
  await left.mesh.publish('submissions', bytes('fine'))
  await until(() => right.heard.gossip.length === 1, 'the good one')
  assert.deepEqual(right.heard.gossip, ['submissions:fine'])
})

test('a peer of another domain is no listener and hears nothing', async (t) => {
  const a = await startPeer(t, 'a')
  const stranger = await startPeer(t, 'stranger', { bootstrap: a.mesh.addresses(), domain: 'cd'.repeat(32) })
  const friend = await startPeer(t, 'friend', { bootstrap: a.mesh.addresses() })
  await joined(a, friend)
  assert.deepEqual(a.mesh.connectedPeers(), [friend.mesh.peerId])
  await a.mesh.publish('certificates', bytes('ours'))
  await until(() => friend.heard.gossip.length === 1, 'heard')
  assert.deepEqual(stranger.heard.gossip, [])
})

test('a peer may have 256 messages waiting for a verdict; more are ignored, and others are still heard', async (t) => {
  const gate = Promise.withResolvers<void>()
  let waiting = 0
  let ignored = 0
  const judged: string[] = []
  const a = await startPeer(t, 'a', {
    log: {
      ...silent,
      warn() {
        ignored += 1
      },
    },
    handlers: {
      async gossip({ data }) {
        if (text(data).startsWith('slow')) {
          waiting += 1
          await gate.promise
        }
        judged.push(text(data))
        return 'accept' as const
      },
    },
  })
  const flood = await startPeer(t, 'flood', { bootstrap: a.mesh.addresses() })
  const calm = await startPeer(t, 'calm', { bootstrap: a.mesh.addresses() })
  await joined(a, flood)
  await joined(a, calm)
  for (let i = 0; i < 300; i++) await flood.mesh.publish('submissions', bytes(`slow${i}`))
  await until(() => waiting + ignored === 300, 'all 300 seen')
  assert.deepEqual([waiting, ignored], [256, 44])
  await calm.mesh.publish('submissions', bytes('calm'))
  await until(() => judged.includes('calm'), 'the calm peer heard')
  gate.resolve()
  await flood.mesh.publish('submissions', bytes('again'))
  await until(() => judged.includes('again'), 'the flooding peer heard again')
  assert.equal(judged.length, 258)
})
