/** Real hosts on loopback for the transport's tests, with what each of them heard. */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { TestContext } from 'node:test'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { createLibp2p } from 'libp2p'
import { type Mesh, type MeshHandlers, type MeshLog, prepareMesh, toPeerId } from '../../../node/mesh/index.ts'

export const DOMAIN = 'ab'.repeat(32)

export const toSeed = (name: string): Uint8Array => createHash('sha256').update(name).digest()

export const text = (data: Uint8Array): string => new TextDecoder().decode(data)
export const bytes = (s: string): Uint8Array => new TextEncoder().encode(s)

export const silent: MeshLog = { debug() {}, info() {}, warn() {}, error() {} }

export type Heard = { readonly gossip: string[]; readonly direct: string[] }
export type TestPeer = { readonly mesh: Mesh; readonly heard: Heard }

/** Resolves when `isDone` holds, looked at on every turn of the event loop's timers; fails the test after `msMax`: a slow machine is no fault. */
export const until = async (isDone: () => boolean, what: string, msMax = 60_000): Promise<void> => {
  const deadline = performance.now() + msMax
  while (!isDone()) {
    if (performance.now() > deadline) throw new Error(`not within ${msMax} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

type PeerOptions = {
  readonly listen?: string
  readonly bootstrap?: readonly string[]
  readonly domain?: string
  readonly handlers?: Partial<MeshHandlers>
  readonly log?: MeshLog
  readonly crowdedAt?: number
}

/** A peer that accepts all gossip and echoes requests, unless `handlers` says otherwise, and is not started; it is closed with the test. */
export const preparePeer = async (t: TestContext, name: string, o: PeerOptions = {}) => {
  const heard: Heard = { gossip: [], direct: [] }
  const mesh = await prepareMesh({
    privateKeySeed: toSeed(name),
    listen: [o.listen ?? '/ip4/127.0.0.1/tcp/0'],
    bootstrap: o.bootstrap ?? [],
    domain: o.domain ?? DOMAIN,
    log: o.log ?? silent,
    ...(o.crowdedAt === undefined ? {} : { crowdedAt: o.crowdedAt }),
    handlers: {
      gossip({ topic, data }) {
        heard.gossip.push(`${topic}:${text(data)}`)
        return 'accept'
      },
      direct({ data }) {
        heard.direct.push(text(data))
      },
      async request({ data }) {
        return data
      },
      ...o.handlers,
    },
  })
  t.after(() => mesh.close())
  return { mesh, heard }
}

export const startPeer = async (t: TestContext, name: string, o: PeerOptions = {}): Promise<TestPeer> => {
  const peer = await preparePeer(t, name, o)
  await peer.mesh.start()
  return peer
}

/** The address a peer of this name will have on a given port. */
export const toAddress = async (name: string, port: number): Promise<string> =>
  `/ip4/127.0.0.1/tcp/${port}/p2p/${await toPeerId(toSeed(name))}`

/** Resolves when each of the two knows that the other listens. */
export const joined = (a: TestPeer, b: TestPeer): Promise<void> =>
  until(
    () => a.mesh.connectedPeers().includes(b.mesh.peerId) && b.mesh.connectedPeers().includes(a.mesh.peerId),
    'two peers joined',
  )

/** Ports that were free a moment ago. */
export const freePorts = async (count: number): Promise<number[]> => {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const ports = servers.map((server) => {
    const address = server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  })
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

/** A bare libp2p host that can say anything on any protocol. */
export const startHostile = async (t: TestContext) => {
  const host = await createLibp2p({ transports: [tcp()], connectionEncrypters: [noise()], streamMuxers: [yamux()] })
  t.after(() => host.stop())
  return host
}

/** Announces a frame of 2^35 bytes. */
export const HUGE_FRAME = Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x80, 0x01)
