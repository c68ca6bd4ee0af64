/** Joins the parts of the transport into one mesh: a libp2p host with gossip, direct streams, requests and a dialer. */
import { setMaxListeners } from 'node:events'
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { identify } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { peerIdFromPrivateKey, peerIdFromString } from '@libp2p/peer-id'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { createLibp2p } from 'libp2p'
import { startDialer, toBootstrapPeer } from './dialer.ts'
import { startDirect } from './direct.ts'
import { MeshError } from './errors.ts'
import { createGossip, gossipService } from './gossip.ts'
import type { Host, PeerId } from './libp2p-types.ts'
import { CONNECTIONS_CROWDED, CONNECTIONS_MAX, CONNECTIONS_PER_SECOND_MAX } from './limits.ts'
import type { Mesh, MeshHandlers, MeshLog } from './port.ts'
import { createTurns, request, serveRequests } from './request.ts'
import { createStrikes, type Strikes } from './strikes.ts'

export type MeshOptions = {
  /** Ed25519 seed of this peer's key, 32 bytes. */
  readonly privateKeySeed: Uint8Array
  /** Multiaddrs to listen on, as `/ip4/0.0.0.0/tcp/9440`; port 0 takes a free one. May be empty for a client. */
  readonly listen: readonly string[]
  /** Multiaddrs with `/p2p/` of the peers to stay connected with; the own one may be among them. */
  readonly bootstrap: readonly string[]
  /** Hex of the domain (`protocol.md` §3); peers of another domain share neither topics nor protocols with us. */
  readonly domain: string
  readonly handlers: MeshHandlers
  readonly log: MeshLog
  /** Connections from which on strangers are sent away; tests have fewer. */
  readonly crowdedAt?: number
}

const toPrivateKey = async (seed: Uint8Array) => {
  if (seed.byteLength !== 32) throw new MeshError('BAD_OPTIONS', { privateKeySeed: `${seed.byteLength} bytes, not 32` })
  return generateKeyPairFromSeed('Ed25519', seed)
}

/** The peer id that belongs to an Ed25519 seed of 32 bytes; throws `BAD_OPTIONS` on another length. */
export const toPeerId = async (privateKeySeed: Uint8Array): Promise<string> =>
  peerIdFromPrivateKey(await toPrivateKey(privateKeySeed)).toString()

const createHost = async (o: MeshOptions, strikes: Strikes): Promise<Host> => {
  const isDenied = (peerId: PeerId): boolean => strikes.isBanned(peerId.toString())
  return createLibp2p({
    privateKey: await toPrivateKey(o.privateKeySeed),
    start: false,
    addresses: { listen: [...o.listen] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionManager: { maxConnections: CONNECTIONS_MAX, inboundConnectionThreshold: CONNECTIONS_PER_SECOND_MAX },
    connectionGater: {
      denyDialPeer: isDenied,
      denyInboundEncryptedConnection: isDenied,
      // libp2p's default in browsers refuses loopback; here every address that was configured is meant.
      denyDialMultiaddr: () => false,
    },
    services: { identify: identify(), pubsub: gossipService({ domain: o.domain, strikes }) },
  })
}

const toKnownPeerId = (text: string): PeerId => {
  try {
    return peerIdFromString(text)
  } catch (error) {
    throw new MeshError('UNREACHABLE', { peerId: text, reason: 'not a peer id' }, error)
  }
}

/** A mesh that has its peer id, and hears, sends and is seen from `start` on. */
export type PreparedMesh = Mesh & {
  /** Resolves when it listens; joining goes on in the background. Once. Throws `LISTEN_FAILED`, and nothing is open then. */
  start(): Promise<void>
}

/** For a node whose handlers need parts that need the mesh: it starts the mesh when all of them are there. Throws `BAD_OPTIONS`. */
export const prepareMesh = async (o: MeshOptions): Promise<PreparedMesh> => {
  if (!/^[0-9a-f]{8,64}$/.test(o.domain)) throw new MeshError('BAD_OPTIONS', { domain: o.domain })
  const peers = o.bootstrap.map(toBootstrapPeer)
  const strikes = createStrikes(() => performance.now())
  const host = await createHost(o, strikes)
  const closing = new AbortController()
  // Every kept stream, dial loop and request listens to it.
  setMaxListeners(0, closing.signal)
  const { log, handlers, domain } = o
  const signal = closing.signal

  const inTurn = createTurns()
  const onGarbage = (peerId: string): void => {
    log.warn({ peerId }, 'malformed frame')
    if (!strikes.strike(peerId)) return
    log.warn({ peerId }, 'peer disconnected: too many malformed frames')
    void host.hangUp(peerIdFromString(peerId)).catch(() => {})
  }

  const isMember = handlers.isMember ?? (() => false)
  await serveRequests({ host, domain, answer: handlers.request, isMember, onGarbage, log })
  const direct = await startDirect({ host, domain, receive: handlers.direct, onGarbage, log, signal })
  const gossip = createGossip({ host, domain, judge: handlers.gossip, log })
  const crowdedAt = o.crowdedAt ?? CONNECTIONS_CROWDED
  const isAwaited = (peerId: PeerId): boolean =>
    isMember(peerId.toString()) || peers.some((peer) => peer.peerId.equals(peerId))
  host.addEventListener('peer:connect', ({ detail: peerId }) => {
    if (host.getConnections().length <= crowdedAt || isAwaited(peerId)) return
    log.debug({ peerId: peerId.toString() }, 'a stranger is sent away: too many are connected')
    void host.hangUp(peerId).catch(() => {})
  })
  host.addEventListener('peer:connect', (e) => log.info({ peerId: e.detail.toString() }, 'peer connected'))
  host.addEventListener('peer:disconnect', (e) => log.info({ peerId: e.detail.toString() }, 'peer disconnected'))

  return {
    peerId: host.peerId.toString(),
    async start() {
      try {
        await host.start()
        gossip.subscribe()
      } catch (error) {
        await host.stop()
        throw new MeshError('LISTEN_FAILED', { listen: o.listen, reason: String(error) }, error)
      }
      startDialer({ host, peers, log, signal })
    },
    addresses: () => host.getMultiaddrs().map(String),
    async publish(topic, data) {
      if (signal.aborted) throw new MeshError('CLOSED')
      await gossip.publish(topic, data)
    },
    send: direct.send,
    async request(r) {
      if (signal.aborted) throw new MeshError('CLOSED')
      const peer = toKnownPeerId(r.peerId)
      return await inTurn(r.peerId, () => request({ host, domain, closed: signal, ...r, peer }))
    },
    connectedPeers: gossip.listeners,
    async close() {
      closing.abort()
      await host.stop()
    },
  }
}

/** Starts a peer at once. Throws `BAD_OPTIONS`, `LISTEN_FAILED`. */
export const createMesh = async (o: MeshOptions): Promise<Mesh> => {
  const mesh = await prepareMesh(o)
  await mesh.start()
  return mesh
}
