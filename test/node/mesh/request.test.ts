/** What a request promises: an answer within its bounds or a typed reason why not, and nothing left open afterwards. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { createMesh, type Mesh, MeshError, type MeshErrorCode, toPeerId } from '../../../node/mesh/index.ts'
import { createTurns, request } from '../../../node/mesh/request.ts'
import {
  bytes,
  DOMAIN,
  freePorts,
  HUGE_FRAME,
  joined,
  preparePeer,
  silent,
  startHostile,
  startPeer,
  text,
  toAddress,
  toSeed,
  until,
} from './peers.ts'

const never = new AbortController().signal
const PEER_ID = await toPeerId(toSeed('nobody'))

const ask = (mesh: Mesh, peerId: string, data: Uint8Array, o: { bytesMax?: number; signal?: AbortSignal } = {}) =>
  mesh.request({ peerId, kind: 'blob', data, bytesMax: o.bytesMax ?? 1024, signal: o.signal ?? never })

const failsWith = (code: MeshErrorCode, reason?: string) => (e: unknown) => {
  assert.ok(e instanceof MeshError, String(e))
  assert.equal(e.code, code, e.message)
  if (reason !== undefined) assert.equal(e.facts['reason'], reason)
  return true
}

test('a request is answered with the bytes of the handler, whatever its kind', async (t) => {
  const b = await startPeer(t, 'b', {
    handlers: { request: async ({ from, kind, data }) => bytes(`${from === a.mesh.peerId} ${kind} ${text(data)}`) },
  })
  const a = await startPeer(t, 'a', { bootstrap: b.mesh.addresses() })
  await joined(a, b)
  for (const kind of ['status', 'blob', 'item', 'certificates', 'submit'] as const) {
    const answer = await a.mesh.request({ peerId: b.mesh.peerId, kind, data: bytes('?'), bytesMax: 100, signal: never })
    assert.equal(text(answer), `true ${kind} ?`)
  }
  const empty = await a.mesh.request({
    peerId: b.mesh.peerId,
    kind: 'item',
    data: new Uint8Array(),
    bytesMax: 100,
    signal: never,
  })
  assert.equal(text(empty), 'true item ')
})

test('an answer of 16 MiB arrives whole, and one byte over the asked limit is TOO_LARGE', async (t) => {
  const big = new Uint8Array(16 * 1024 * 1024).map((_, i) => i % 251)
  const b = await startPeer(t, 'b', { handlers: { request: async () => big } })
  const a = await startPeer(t, 'a', { bootstrap: b.mesh.addresses() })
  await joined(a, b)
  const answer = await ask(a.mesh, b.mesh.peerId, bytes('?'), { bytesMax: big.byteLength })
  assert.ok(Buffer.from(answer).equals(big))
  await assert.rejects(ask(a.mesh, b.mesh.peerId, bytes('?'), { bytesMax: big.byteLength - 1 }), failsWith('TOO_LARGE'))
  // Small limits are kept too, although a refusal's reason could be longer.
  await assert.rejects(ask(a.mesh, b.mesh.peerId, bytes('?'), { bytesMax: 0 }), failsWith('TOO_LARGE'))
})

test('a question over the limit is refused here, and by the server when it comes anyway', async (t) => {
  let asked = 0
  const count = async () => {
    asked += 1
    return new Uint8Array()
  }
  const b = await startPeer(t, 'b', { handlers: { request: count } })
  const a = await startPeer(t, 'a', { bootstrap: b.mesh.addresses() })
  await joined(a, b)
  await assert.rejects(ask(a.mesh, b.mesh.peerId, new Uint8Array(1024 * 1024 + 1)), failsWith('TOO_LARGE'))

  const hostile = await startHostile(t)
  const address = multiaddr(b.mesh.addresses()[0] ?? '')
  for (const garbage of [HUGE_FRAME, new Uint8Array(64).fill(0xff), Uint8Array.of(9, 1, 2)]) {
    const stream = await hostile.dialProtocol(address, `/evalmesh/1/${DOMAIN}/blob`)
    const closed = once(stream, 'close')
    stream.send(garbage)
    // The third breaks off in the middle of a frame.
    await stream.close().catch(() => {})
    await closed
  }
  assert.equal(asked, 0)
  await ask(a.mesh, b.mesh.peerId, bytes('?'))
  assert.equal(asked, 1)
})

test('a refusal carries its reason, and a bug in the handler is a refusal that tells nothing', async (t) => {
  const b = await startPeer(t, 'b', {
    handlers: {
      async request({ data }) {
        if (text(data) === 'bug') throw new Error('secret')
        throw new MeshError('REFUSED', { reason: 'bundle over 20000 bytes' })
      },
    },
  })
  const a = await startPeer(t, 'a', { bootstrap: b.mesh.addresses() })
  await joined(a, b)
  await assert.rejects(
    ask(a.mesh, b.mesh.peerId, bytes('?'), { bytesMax: 1 }),
    failsWith('REFUSED', 'bundle over 20000 bytes'),
  )
  await assert.rejects(ask(a.mesh, b.mesh.peerId, bytes('bug')), failsWith('REFUSED', 'internal error'))
})

test('thirty questions at once to one peer are all answered, eight at a time', async (t) => {
  let active = 0
  let most = 0
  const b = await startPeer(t, 'b', {
    handlers: {
      async request({ data }) {
        active += 1
        most = Math.max(most, active)
        await new Promise((resolve) => setImmediate(resolve))
        active -= 1
        return data
      },
    },
  })
  const a = await startPeer(t, 'a', { bootstrap: b.mesh.addresses() })
  await joined(a, b)
  const names = Array.from({ length: 30 }, (_, i) => `${i}`)
  assert.deepEqual((await Promise.all(names.map((name) => ask(a.mesh, b.mesh.peerId, bytes(name))))).map(text), names)
  assert.ok(most <= 8, `${most} at once`)
})

test('a place that is given back goes to who waits for it, and to nobody who comes at that moment', async () => {
  for (const ticks of [0, 1, 2, 3, 4]) {
    const inTurn = createTurns()
    const [first, others] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    let active = 0
    let most = 0
    const ask = (answer: Promise<void>) =>
      inTurn('peer', async () => {
        active += 1
        most = Math.max(most, active)
        await answer
        active -= 1
      })
    const asked = [ask(first.promise), ...Array.from({ length: 8 }, () => ask(others.promise))]
    const come = async () => {
      await first.promise
      for (let tick = 0; tick < ticks; tick += 1) await null
      await ask(others.promise)
    }
    asked.push(come())
    first.resolve()
    await new Promise((resolve) => setImmediate(resolve))
    others.resolve()
    await Promise.all(asked)
    assert.equal(most, 8, `${ticks} ticks later`)
  }
})

test('who asks a ninth thing at once is answered BUSY, and the eight are served', async (t) => {
  const gate = Promise.withResolvers<void>()
  const eight = Promise.withResolvers<void>()
  let started = 0
  const b = await startPeer(t, 'b', {
    handlers: {
      async request({ data }) {
        started += 1
        if (started === 8) eight.resolve()
        await gate.promise
        return data
      },
    },
  })
  // A host without our own client's manners: it waits for no turn.
  const host = await startHostile(t)
  await host.dial(multiaddr(b.mesh.addresses()[0]))
  const rude = (name: string) =>
    request({
      ...{ host, domain: DOMAIN, peer: peerIdFromString(b.mesh.peerId), kind: 'blob', data: bytes(name) },
      ...{ bytesMax: 1024, signal: never, closed: never },
    })
  const served = Array.from({ length: 8 }, (_, i) => rude(`${i}`))
  await eight.promise
  await assert.rejects(rude('9'), failsWith('BUSY'))
  gate.resolve()
  assert.deepEqual((await Promise.all(served)).map(text), ['0', '1', '2', '3', '4', '5', '6', '7'])
  assert.equal(text(await rude('again')), 'again')
})

test('strangers that open every stream and ask nothing keep no member from its answer', async (t) => {
  const members = new Set<string>()
  const b = await startPeer(t, 'b', { handlers: { isMember: (peerId) => members.has(peerId) } })
  const address = multiaddr(b.mesh.addresses()[0])
  for (let stranger = 0; stranger < 8; stranger++) {
    const host = await startHostile(t)
    for (let stream = 0; stream < 8; stream++) await host.dialProtocol(address, `/evalmesh/1/${DOMAIN}/blob`)
  }
  const a = await startPeer(t, 'a', { bootstrap: b.mesh.addresses() })
  await joined(a, b)
  await assert.rejects(ask(a.mesh, b.mesh.peerId, bytes('?')), failsWith('BUSY'))
  members.add(a.mesh.peerId)
  assert.equal(text(await ask(a.mesh, b.mesh.peerId, bytes('?'))), '?')
})

test('strangers leave room for members: one that comes when it is crowded is sent away, a member is not', async (t) => {
  const members = new Set<string>()
  const b = await startPeer(t, 'b', { crowdedAt: 2, handlers: { isMember: (peerId) => members.has(peerId) } })
  const address = multiaddr(b.mesh.addresses()[0])
  const strangers = [await startHostile(t), await startHostile(t), await startHostile(t)]
  for (const host of strangers) await host.dial(address)
  await until(() => strangers[2]?.getConnections().length === 0, 'the third is sent away')
  assert.deepEqual(
    strangers.map((host) => host.getConnections().length),
    [1, 1, 0],
  )
  const a = await preparePeer(t, 'a', { bootstrap: b.mesh.addresses() })
  members.add(a.mesh.peerId)
  await a.mesh.start()
  await joined(a, b)
})

test('the caller can end a wait, and the server then has room again', async (t) => {
  const asked = Promise.withResolvers<void>()
  const b = await startPeer(t, 'b', {
    handlers: {
      async request({ data }) {
        if (text(data) !== 'wait') return data
        asked.resolve()
        return await new Promise(() => {})
      },
    },
  })
  const a = await startPeer(t, 'a', { bootstrap: b.mesh.addresses() })
  await joined(a, b)
  const stop = new AbortController()
  const waiting = ask(a.mesh, b.mesh.peerId, bytes('wait'), { signal: stop.signal })
  await asked.promise
  stop.abort()
  await assert.rejects(waiting, failsWith('ABORTED'))
  await assert.rejects(ask(a.mesh, b.mesh.peerId, bytes('?'), { signal: AbortSignal.abort() }), failsWith('ABORTED'))
  const late = AbortSignal.timeout(50)
  await assert.rejects(ask(a.mesh, b.mesh.peerId, bytes('wait'), { signal: late }), failsWith('TIMEOUT'))
  assert.equal(text(await ask(a.mesh, b.mesh.peerId, bytes('still'))), 'still')
})

test('a request that is over leaves nothing in memory, however long its caller lives', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const living = new AbortController().signal
  const callers: WeakRef<object>[] = []
  const host = { dialProtocol: () => Promise.reject(new Error('nobody')) }
  for (let i = 0; i < 50; i++) {
    const signal = AbortSignal.any([living, AbortSignal.timeout(20)])
    callers.push(new WeakRef(signal))
    const asked = request({
      ...{ host: host as never, domain: DOMAIN, peer: peerIdFromString(PEER_ID), kind: 'status', data: bytes('?') },
      ...{ bytesMax: 64, signal, closed: living },
    })
    await assert.rejects(asked, failsWith('UNREACHABLE'))
  }
  const left = (): number => callers.filter((ref) => ref.deref() !== undefined).length
  for (let turn = 0; turn < 10 && left() > 1; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 50))
    collect()
  }
  // The last one may still stand in a register.
  assert.ok(left() <= 1, `${left()} signals are left`)
})

test('a peer that is not there is UNREACHABLE, and so is one that dies while it is asked', async (t) => {
  const [port = 0] = await freePorts(1)
  const ghost = await toAddress('ghost', port)
  const asked = Promise.withResolvers<void>()
  const b = await startPeer(t, 'b', {
    handlers: {
      async request() {
        asked.resolve()
        return await new Promise(() => {})
      },
    },
  })
  const a = await startPeer(t, 'a', { bootstrap: [ghost, ...b.mesh.addresses()] })
  await joined(a, b)
  await assert.rejects(ask(a.mesh, ghost.split('/').at(-1) ?? '', bytes('?')), failsWith('UNREACHABLE'))
  await assert.rejects(ask(a.mesh, 'nonsense', bytes('?')), failsWith('UNREACHABLE'))
  const waiting = assert.rejects(ask(a.mesh, b.mesh.peerId, bytes('?')), failsWith('UNREACHABLE'))
  await asked.promise
  await b.mesh.close()
  await waiting
})

test('a closed mesh says so, ends what was waiting, and its process ends by itself', async (t) => {
  const asked = Promise.withResolvers<void>()
  const b = await startPeer(t, 'b', {
    handlers: {
      async request() {
        asked.resolve()
        return await new Promise(() => {})
      },
    },
  })
  const a = await startPeer(t, 'a', { bootstrap: b.mesh.addresses() })
  await joined(a, b)
  const waiting = assert.rejects(ask(a.mesh, b.mesh.peerId, bytes('?')), failsWith('CLOSED'))
  await asked.promise
  await a.mesh.close()
  await waiting
  await assert.rejects(ask(a.mesh, b.mesh.peerId, bytes('?')), failsWith('CLOSED'))
  await assert.rejects(a.mesh.publish('submissions', bytes('x')), failsWith('CLOSED'))
  a.mesh.send(b.mesh.peerId, bytes('x'))

  const child = spawn(process.execPath, [new URL('./child-peer.ts', import.meta.url).pathname, 'child', '0'])
  t.after(() => child.kill('SIGKILL'))
  const [line] = await once(child.stdout, 'data')
  const address = String(line).trim().split(' ')[1] ?? ''
  const c = await startPeer(t, 'c', { bootstrap: [address] })
  c.mesh.send(address.split('/').at(-1) ?? '', bytes('hello'))
  await once(child.stdout, 'data')
  child.stdin.end()
  const [code] = await once(child, 'exit', { signal: AbortSignal.timeout(60_000) })
  assert.equal(code, 0)
})

test('wrong options are named: seed, domain, bootstrap address, a port that is taken', async (t) => {
  const a = await startPeer(t, 'a')
  const [taken = ''] = a.mesh.addresses()
  const good = {
    privateKeySeed: toSeed('z'),
    listen: ['/ip4/127.0.0.1/tcp/0'],
    bootstrap: [],
    domain: DOMAIN,
    log: silent,
    handlers: { gossip: () => 'accept' as const, direct() {}, request: async () => new Uint8Array() },
  }
  await assert.rejects(createMesh({ ...good, privateKeySeed: new Uint8Array(31) }), failsWith('BAD_OPTIONS'))
  await assert.rejects(createMesh({ ...good, domain: 'not hex' }), failsWith('BAD_OPTIONS'))
  await assert.rejects(createMesh({ ...good, bootstrap: ['/ip4/127.0.0.1/tcp/1'] }), failsWith('BAD_OPTIONS'))
  await assert.rejects(createMesh({ ...good, bootstrap: ['nonsense'] }), failsWith('BAD_OPTIONS'))
  await assert.rejects(createMesh({ ...good, listen: [taken.split('/p2p/')[0] ?? ''] }), failsWith('LISTEN_FAILED'))
})
