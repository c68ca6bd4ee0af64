/** The pull protocol: one question and one answer on a stream of its own, both bounded in size and time. */
import { pipe } from 'it-pipe'
import { isTimeout, within } from '../within.ts'
import { MeshError } from './errors.ts'
import { fromFrames, isGarbage, toDuplex, toFrames } from './frames.ts'
import type { Connection, Host, PeerId, Stream } from './libp2p-types.ts'
import {
  OPEN_MS_MAX,
  REASON_BYTES_MAX,
  REQUEST_BYTES_MAX,
  REQUEST_MS_MAX,
  REQUESTS_MAX,
  REQUESTS_PER_PEER_MAX,
} from './limits.ts'
import { type MeshHandlers, type MeshLog, REQUEST_KINDS, type RequestKind } from './port.ts'

// First byte of an answer.
const OK = 0
const REFUSED = 1
const BUSY = 2

const toProtocol = (domain: string, kind: RequestKind): string => `/evalmesh/1/${domain}/${kind}`

const toAnswer = (status: number, body: Uint8Array): Uint8Array => {
  const answer = new Uint8Array(1 + body.byteLength)
  answer[0] = status
  answer.set(body, 1)
  return answer
}

const refusal = (reason: string): Uint8Array =>
  toAnswer(REFUSED, new TextEncoder().encode(reason).subarray(0, REASON_BYTES_MAX))

/** The only frame that is read of a stream; a stream that ends without one throws `UNREACHABLE`. */
const firstOf = async (messages: AsyncIterable<Uint8Array>): Promise<Uint8Array> => {
  for await (const message of messages) return message
  throw new MeshError('UNREACHABLE', { reason: 'the stream ended without a message' })
}

type ServerOptions = {
  readonly host: Host
  readonly domain: string
  readonly answer: MeshHandlers['request']
  readonly isMember: (peerId: string) => boolean
  readonly onGarbage: (peerId: string) => void
  readonly log: MeshLog
}

/** Answers one question; what the handler throws becomes a refusal. */
const answerOne = async (o: ServerOptions, m: { from: string; kind: RequestKind; data: Uint8Array }) => {
  try {
    return toAnswer(OK, await o.answer(m))
  } catch (error) {
    if (error instanceof MeshError && error.code === 'REFUSED') return refusal(String(error.facts['reason'] ?? ''))
    o.log.error({ from: m.from, kind: m.kind, error: String(error) }, 'the request handler threw')
    return refusal('internal error')
  }
}

/** Registers every kind of request. */
export const serveRequests = async (o: ServerOptions): Promise<void> => {
  const active = new Map<string, number>()
  let total = 0

  const serve = async (kind: RequestKind, stream: Stream, connection: Connection): Promise<void> => {
    const from = connection.remotePeer.toString()
    const mine = active.get(from) ?? 0
    // Identities cost nothing: whoever holds all places keeps no member from what a decision may wait for.
    const isFull = total >= REQUESTS_MAX && !(mine === 0 && o.isMember(from))
    const isBusy = mine >= REQUESTS_PER_PEER_MAX || isFull
    active.set(from, mine + 1)
    total += 1
    const timer = setTimeout(() => stream.abort(new MeshError('TIMEOUT', { kind })), REQUEST_MS_MAX)
    // A handler that is still busy when the mesh closes must not hold the process.
    timer.unref()
    try {
      const duplex = toDuplex(stream)
      const data = isBusy ? undefined : await firstOf(pipe(duplex.source, fromFrames(REQUEST_BYTES_MAX)))
      const answer = data === undefined ? toAnswer(BUSY, new Uint8Array()) : await answerOne(o, { from, kind, data })
      await pipe([[answer]], toFrames, duplex.sink)
    } catch (error) {
      stream.abort(new MeshError('BAD_FRAME', { kind }))
      if (isGarbage(error)) o.onGarbage(from)
      else o.log.debug({ from, kind, error: String(error) }, 'request broken off')
    } finally {
      clearTimeout(timer)
      total -= 1
      const left = (active.get(from) ?? 1) - 1
      if (left > 0) active.set(from, left)
      else active.delete(from)
    }
  }

  // More streams than are served, so that the surplus gets the answer BUSY and not a reset.
  const streams = { maxInboundStreams: 2 * REQUESTS_PER_PEER_MAX, maxOutboundStreams: 2 * REQUESTS_PER_PEER_MAX }
  for (const kind of REQUEST_KINDS) {
    await o.host.handle(toProtocol(o.domain, kind), (stream, connection) => serve(kind, stream, connection), streams)
  }
}

/** The reading of an answer frame; throws `REFUSED`, `BUSY`, `BAD_FRAME`. */
const readAnswer = (answer: Uint8Array): Uint8Array => {
  const body = answer.subarray(1)
  switch (answer[0]) {
    case OK:
      return body
    case REFUSED:
      throw new MeshError('REFUSED', { reason: new TextDecoder().decode(body.subarray(0, REASON_BYTES_MAX)) })
    case BUSY:
      throw new MeshError('BUSY')
    default:
      throw new MeshError('BAD_FRAME', { status: answer[0] })
  }
}

/** Ends a wait with the signal: a stream that is reset while it is negotiated may otherwise never say so. */
const until = <T>(signal: AbortSignal, work: Promise<T>): Promise<T> => {
  const { promise, reject } = Promise.withResolvers<never>()
  const stop = (): void => reject(signal.reason)
  if (signal.aborted) stop()
  signal.addEventListener('abort', stop, { once: true })
  promise.catch(() => {})
  return Promise.race([work, promise]).finally(() => signal.removeEventListener('abort', stop))
}

/**
 * Lets at most REQUESTS_PER_PEER_MAX questions to one peer be under way: more it would only answer with BUSY.
 * @returns what runs a question when its turn has come
 */
export const createTurns = () => {
  const queues = new Map<string, { active: number; readonly waiting: (() => void)[] }>()
  return async <T>(peerId: string, ask: () => Promise<T>): Promise<T> => {
    const queue = queues.get(peerId) ?? { active: 0, waiting: [] }
    queues.set(peerId, queue)
    if (queue.active >= REQUESTS_PER_PEER_MAX) await new Promise<void>((resolve) => queue.waiting.push(resolve))
    else queue.active += 1
    try {
      return await ask()
    } finally {
      // Handed over, not given back: whoever comes before the one that waits has gone on would take it as well.
      const next = queue.waiting.shift()
      if (next !== undefined) next()
      else queue.active -= 1
      if (queue.active === 0) queues.delete(peerId)
    }
  }
}

/** Asks `peer` and resolves to the answer's bytes; see `Mesh.request` for the errors. */
export const request = async (o: {
  readonly host: Pick<Host, 'dialProtocol'>
  readonly domain: string
  readonly peer: PeerId
  readonly kind: RequestKind
  readonly data: Uint8Array
  readonly bytesMax: number
  /** The caller's. */
  readonly signal: AbortSignal
  /** Aborts when the mesh closes. */
  readonly closed: AbortSignal
}): Promise<Uint8Array> => {
  const facts = { peerId: o.peer.toString(), kind: o.kind }
  if (o.data.byteLength > REQUEST_BYTES_MAX) {
    throw new MeshError('TOO_LARGE', { ...facts, bytes: o.data.byteLength, bytesMax: REQUEST_BYTES_MAX })
  }
  const limits = { ms: REQUEST_MS_MAX, ends: [o.signal, o.closed] }
  return await within(limits, async (signal) => {
    let stream: Stream | undefined
    let opened: AbortSignal | undefined
    try {
      stream = await within({ ms: OPEN_MS_MAX, ends: [signal] }, (opening) => {
        opened = opening
        return until(opening, o.host.dialProtocol(o.peer, toProtocol(o.domain, o.kind), { signal: opening }))
      })
      // The status byte comes on top; a refusal has room for its reason however little was asked for.
      const bytesMax = 1 + Math.max(o.bytesMax, REASON_BYTES_MAX)
      const reading = firstOf(pipe([[o.data]], toFrames, toDuplex(stream), fromFrames(bytesMax)))
      const answer = readAnswer(await until(signal, reading))
      if (answer.byteLength > o.bytesMax) throw new MeshError('TOO_LARGE', { bytesMax: o.bytesMax })
      return answer
    } catch (error) {
      stream?.abort(new MeshError('ABORTED'))
      if (o.closed.aborted) throw new MeshError('CLOSED', facts)
      if (isTimeout(signal) || (opened !== undefined && isTimeout(opened))) throw new MeshError('TIMEOUT', facts)
      if (o.signal.aborted) throw new MeshError('ABORTED', facts, o.signal.reason)
      if (error instanceof MeshError) throw new MeshError(error.code, { ...error.facts, ...facts }, error.cause)
      throw new MeshError('UNREACHABLE', facts, error)
    }
  })
}
