/** What direct messages promise: order, a bounded queue, life after a peer's death, and no patience with garbage. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { type TestContext, test } from 'node:test'
import { multiaddr } from '@multiformats/multiaddr'
import { MeshError } from '../../../node/mesh/index.ts'
import { createOutbox } from '../../../node/mesh/outbox.ts'
import {
  bytes,
  DOMAIN,
  freePorts,
  HUGE_FRAME,
  joined,
  preparePeer,
  startHostile,
  startPeer,
  text,
  toAddress,
  until,
} from './peers.ts'

/** A peer in a process of its own that prints each direct message; resolves when it listens. */
const spawnPeer = async (
  t: TestContext,
  name: string,
  port: number,
): Promise<{ child: ChildProcess; lines: string[] }> => {
  const child = spawn(process.execPath, [new URL('./child-peer.ts', import.meta.url).pathname, name, `${port}`], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  t.after(() => child.kill('SIGKILL'))
  const lines: string[] = []
  const reader = createInterface({ input: child.stdout })
  await once(reader, 'line')
  reader.on('line', (line) => lines.push(line))
  return { child, lines }
}

test('direct messages arrive in the order they were sent, in both directions', async (t) => {
  const a = await startPeer(t, 'a')
  const b = await startPeer(t, 'b', { bootstrap: a.mesh.addresses() })
  await joined(a, b)
  const expected = Array.from({ length: 500 }, (_, i) => `v${i}`)
  for (const m of expected) {
    a.mesh.send(b.mesh.peerId, bytes(m))
    b.mesh.send(a.mesh.peerId, bytes(m))
  }
  await until(() => a.heard.direct.length === 500 && b.heard.direct.length === 500, '500 each')
  assert.deepEqual(a.heard.direct, expected)
  assert.deepEqual(b.heard.direct, expected)
})

test('what is sent before the peer is there waits for it', async (t) => {
  const [port = 0] = await freePorts(1)
  const address = await toAddress('late', port)
  const a = await startPeer(t, 'a', { bootstrap: [address] })
  a.mesh.send(address.split('/').at(-1) ?? '', bytes('early bird'))
  const late = await startPeer(t, 'late', { listen: `/ip4/127.0.0.1/tcp/${port}` })
  await until(() => late.heard.direct.length === 1, 'the queued message')
  assert.deepEqual(late.heard.direct, ['early bird'])
})

test('a peer that was killed and started again is dialled again and hears direct messages and gossip', async (t) => {
  const [port = 0] = await freePorts(1)
  const address = await toAddress('mortal', port)
  const peerId = address.split('/').at(-1) ?? ''
  const first = await spawnPeer(t, 'mortal', port)
  const a = await startPeer(t, 'a', { bootstrap: [address] })
  a.mesh.send(peerId, bytes('one'))
  await until(() => first.lines.includes('direct one'), 'the first message')
  first.child.kill('SIGKILL')
  await once(first.child, 'exit')
  await until(() => a.mesh.connectedPeers().length === 0, 'the death noticed')

  const second = await spawnPeer(t, 'mortal', port)
  a.mesh.send(peerId, bytes('two'))
  await until(() => second.lines.includes('direct two'), 'the second message')
  await until(() => a.mesh.connectedPeers().includes(peerId), 'joined again')
  await a.mesh.publish('submissions', bytes('three'))
  await until(() => second.lines.includes('gossip three'), 'gossip after the restart')
  assert.deepEqual(
    second.lines.filter((l) => l.startsWith('direct')),
    ['direct two'],
  )
})

test('a direct message over the limit is refused by its sender, and one to a stranger or nonsense harms nobody', async (t) => {
  const a = await startPeer(t, 'a')
  assert.throws(
    () => a.mesh.send('x', new Uint8Array(1024 * 1024 + 1)),
    (e) => e instanceof MeshError && e.code === 'TOO_LARGE',
  )
  a.mesh.send('not a peer id', bytes('lost'))
  a.mesh.send(a.mesh.peerId, bytes('lost'))
  for (let i = 0; i < 300; i++) a.mesh.send(`stranger ${i}`, bytes('lost'))
  // More queues than are kept: a real peer still gets one.
  const b = await startPeer(t, 'b', { bootstrap: a.mesh.addresses() })
  await joined(a, b)
  a.mesh.send(b.mesh.peerId, bytes('found'))
  await until(() => b.heard.direct.length === 1, 'the message')
  assert.deepEqual([b.heard.direct, a.heard.direct], [['found'], []])
})

test('a peer that keeps sending malformed frames is disconnected and not let in again', async (t) => {
  const a = await startPeer(t, 'a')
  const [address = ''] = a.mesh.addresses()
  const hostile = await startHostile(t)
  for (let i = 0; i < 3; i++) {
    const stream = await hostile.dialProtocol(multiaddr(address), `/evalmesh/1/${DOMAIN}/direct`)
    const closed = once(stream, 'close')
    stream.send(HUGE_FRAME)
    await closed
  }
  await until(() => hostile.getConnections().length === 0, 'disconnected')
  await assert.rejects(hostile.dialProtocol(multiaddr(address), `/evalmesh/1/${DOMAIN}/direct`))
  assert.deepEqual(a.heard.direct, [])

  const honest = await startPeer(t, 'honest', { bootstrap: a.mesh.addresses() })
  await joined(a, honest)
})

test('a full queue drops its oldest messages, by count and by bytes, and loses none when its taker leaves', async () => {
  const outbox = createOutbox({ countMax: 3, bytesMax: 10, batchBytes: 4 })
  for (const m of ['a', 'b', 'c']) assert.equal(outbox.push(bytes(m)), 0)
  assert.equal(outbox.push(bytes('d')), 1)
  assert.equal(outbox.push(bytes('12345678')), 1)
  const left = new AbortController()
  const taken: string[][] = []
  for await (const batch of outbox.take(left.signal)) {
    taken.push(batch.map(text))
    if (outbox.isEmpty()) break
  }
  assert.deepEqual(taken, [['c', 'd'], ['12345678']], 'together what fits, and alone what never does')

  const idle = outbox.take(left.signal).next()
  left.abort()
  assert.equal((await idle).done, true)
  outbox.push(bytes('kept'))
  const next = await outbox.take(new AbortController().signal).next()
  assert.deepEqual(next.done === true ? undefined : next.value.map(text), ['kept'])
})

test('what is said in one turn of the event loop is taken together', async () => {
  const outbox = createOutbox({ countMax: 3, bytesMax: 10, batchBytes: 10 })
  const next = outbox.take(new AbortController().signal).next()
  outbox.push(bytes('a'))
  await null
  outbox.push(bytes('b'))
  const { value } = await next
  assert.deepEqual(value?.map(text), ['a', 'b'])
})

test('a peer that is not started hears nothing of those who wait for it, and all of it then', async (t) => {
  const [port = 0] = await freePorts(1)
  const late = await preparePeer(t, 'late', { listen: `/ip4/127.0.0.1/tcp/${port}` })
  const address = await toAddress('late', port)
  assert.equal(address.split('/').at(-1), late.mesh.peerId)
  const waiting = await startPeer(t, 'waiting', { bootstrap: [address] })
  waiting.mesh.send(late.mesh.peerId, bytes('are you there?'))
  await assert.rejects(
    waiting.mesh.request({
      ...{ peerId: late.mesh.peerId, kind: 'status', data: bytes('?') },
      ...{ bytesMax: 9, signal: AbortSignal.timeout(5_000) },
    }),
    (error) => error instanceof MeshError && error.code === 'UNREACHABLE',
  )
  assert.deepEqual([late.heard, late.mesh.addresses()], [{ gossip: [], direct: [] }, []])
  await late.mesh.start()
  await until(() => late.heard.direct.length > 0, 'what was sent meanwhile comes')
  assert.deepEqual(late.heard.direct, ['are you there?'])
})
