/** Direct messages: one kept stream to each peer, fed from a bounded queue, opened again whenever it breaks. */
import { setTimeout as delay } from 'node:timers/promises'
import { pipe } from 'it-pipe'
import { MeshError } from './errors.ts'
import { fromFrames, isGarbage, toDuplex, toFrames } from './frames.ts'
import type { Connection, Host, Stream } from './libp2p-types.ts'
import {
  DIRECT_BATCH_BYTES,
  DIRECT_BYTES_MAX,
  DIRECT_PEERS_MAX,
  DIRECT_QUEUE_BYTES_MAX,
  DIRECT_QUEUE_MAX,
  OPEN_MS_MAX,
  REDIAL_MS_MAX,
  REDIAL_MS_MIN,
} from './limits.ts'
import { createOutbox, type Outbox } from './outbox.ts'
import type { MeshHandlers, MeshLog } from './port.ts'

type Sender = { readonly outbox: Outbox; running: boolean }

type Options = {
  readonly host: Host
  readonly domain: string
  readonly receive: MeshHandlers['direct']
  /** Called with the peer that sent bytes that are no frame. */
  readonly onGarbage: (peerId: string) => void
  readonly log: MeshLog
  /** Aborts when the mesh closes. */
  readonly signal: AbortSignal
}

/** Keeps one stream on this connection until it or the mesh ends; takes from the outbox only while the stream lives. */
const pump = async (o: { connection: Connection; protocol: string; outbox: Outbox; signal: AbortSignal }) => {
  const open = AbortSignal.any([o.signal, AbortSignal.timeout(OPEN_MS_MAX)])
  const stream = await o.connection.newStream(o.protocol, { signal: open, maxOutboundStreams: 1 })
  const ended = new AbortController()
  const end = (): void => ended.abort()
  stream.addEventListener('close', end, { once: true })
  o.signal.addEventListener('abort', end, { once: true })
  try {
    await pipe(o.outbox.take(ended.signal), toFrames, toDuplex(stream).sink)
  } finally {
    o.signal.removeEventListener('abort', end)
    stream.abort(new MeshError('CLOSED'))
  }
}

/** The receiving side: every frame to the handler, garbage counted against its sender. */
const createReceiver = (o: Options) => async (stream: Stream, connection: Connection) => {
  const from = connection.remotePeer.toString()
  try {
    for await (const data of pipe(toDuplex(stream).source, fromFrames(DIRECT_BYTES_MAX))) {
      try {
        o.receive({ from, data })
      } catch (error) {
        o.log.error({ from, error: String(error) }, 'the direct handler threw')
      }
    }
    await stream.close()
  } catch (error) {
    stream.abort(new MeshError('BAD_FRAME'))
    if (isGarbage(error)) o.onGarbage(from)
    else o.log.debug({ from, error: String(error) }, 'direct stream ended')
  }
}

/** Registers the protocol and returns `send`. */
export const startDirect = async (o: Options) => {
  const protocol = `/evalmesh/1/${o.domain}/direct`
  const self = o.host.peerId.toString()
  const senders = new Map<string, Sender>()

  const connectionTo = (peerId: string): Connection | undefined =>
    // The newest: after a peer's restart the older one may be a corpse that nobody has noticed yet.
    o.host.getConnections().findLast((c) => c.status === 'open' && c.remotePeer.toString() === peerId)

  const run = async (peerId: string, sender: Sender): Promise<void> => {
    sender.running = true
    for (let failures = 0; !o.signal.aborted && !sender.outbox.isEmpty(); ) {
      const connection = connectionTo(peerId)
      if (connection === undefined) break
      const startedAt = performance.now()
      try {
        await pump({ connection, protocol, outbox: sender.outbox, signal: o.signal })
      } catch (error) {
        o.log.debug({ peerId, error: String(error) }, 'direct stream lost')
      }
      failures = performance.now() - startedAt > REDIAL_MS_MAX ? 0 : failures + 1
      const wait = Math.min(REDIAL_MS_MAX, REDIAL_MS_MIN * 2 ** failures)
      await delay(wait, undefined, { signal: o.signal }).catch(() => {})
    }
    sender.running = false
    if (sender.outbox.isEmpty()) senders.delete(peerId)
  }

  const wake = (peerId: string): void => {
    const sender = senders.get(peerId)
    if (sender !== undefined && !sender.running) void run(peerId, sender)
  }

  const addSender = (peerId: string): Sender => {
    if (senders.size >= DIRECT_PEERS_MAX) {
      const victim = [...senders].find(([, s]) => !s.running)?.[0] ?? ''
      senders.delete(victim)
      o.log.warn({ peerId: victim }, 'direct queue dropped: too many peers have one')
    }
    const outbox = createOutbox({
      countMax: DIRECT_QUEUE_MAX,
      bytesMax: DIRECT_QUEUE_BYTES_MAX,
      batchBytes: DIRECT_BATCH_BYTES,
    })
    const sender = { outbox, running: false }
    senders.set(peerId, sender)
    return sender
  }

  await o.host.handle(protocol, createReceiver(o), { maxInboundStreams: 2, maxOutboundStreams: 1 })
  o.host.addEventListener('peer:connect', (event) => wake(event.detail.toString()))

  return {
    /** Throws `TOO_LARGE`. */
    send(peerId: string, data: Uint8Array): void {
      if (data.byteLength > DIRECT_BYTES_MAX) {
        throw new MeshError('TOO_LARGE', { peerId, bytes: data.byteLength, bytesMax: DIRECT_BYTES_MAX })
      }
      if (o.signal.aborted || peerId === self) return
      const sender = senders.get(peerId) ?? addSender(peerId)
      const dropped = sender.outbox.push(data)
      if (dropped > 0) o.log.debug({ peerId, dropped }, 'direct queue full: oldest dropped')
      wake(peerId)
    },
  }
}
