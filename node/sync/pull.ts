/** One batch of the log from one peer: decided heights with every message that they name, or what the peer did wrong. */
import {
  type Decided,
  type Digest,
  type Domains,
  decode,
  decodeEnvelope,
  encode,
  type Item,
  itemId,
  MESSAGE_BYTES_MAX,
  namedBy,
  ProtocolError,
  SYNC_BATCH_MAX,
} from '../../protocol/index.ts'
import { type Mesh, MeshError, type RequestKind } from '../mesh/index.ts'
import { within } from '../within.ts'
import { heightsRequest, ITEMS_BYTES_MAX, ITEMS_MAX, itemsAnswer, itemsRequest, standingAnswer } from './messages.ts'
import type { Fault } from './peers.ts'

/** A peer that has not answered by then is left: others may be faster. */
const ANSWER_MS_MAX = 10_000
/** Where a peer stands is one number. */
const STANDING_MS_MAX = 3_000
/** A whole batch: who drips one message an answer is as good as silent. */
const BATCH_MS_MAX = 60_000
/** Messages of one batch that wait for their turn: what goes beyond is asked for with the next batch. */
const BATCH_BYTES_MAX = 16 << 20
/** But one height must fit whole: a RESULT of the largest committee with the largest reveals has 32 MiB. */
const HEIGHT_BYTES_MAX = 40 << 20

/** A peer's fault while serving; everything else that is thrown is this node's own. */
export class PeerFault extends Error {
  readonly fault: Fault

  constructor(fault: Fault, message: string, cause?: unknown) {
    super(message, { cause })
    this.fault = fault
  }
}

/** Heights in order, the first the one asked for; every message that they name is in `messages` or was here before. */
export type Batch = {
  readonly from: string
  readonly decided: readonly Decided[]
  readonly messages: ReadonlyMap<Digest, Item>
  /** What the peer still owed at the end of this batch. */
  readonly owed: PeerFault | null
}

/** @throws what is no fault of the peer's. */
const toFault = (error: unknown): PeerFault => {
  if (error instanceof PeerFault) return error
  if (error instanceof ProtocolError) return new PeerFault('garbage', error.message, error)
  if (!(error instanceof MeshError)) throw error
  switch (error.code) {
    case 'TOO_LARGE':
    case 'BAD_FRAME':
      return new PeerFault('garbage', error.message, error)
    case 'REFUSED':
      return new PeerFault('refused', error.message, error)
    case 'ABORTED':
    case 'CLOSED':
      throw error
    default:
      return new PeerFault('stalled', error.message, error)
  }
}

/** One question to the peer that this batch is pulled from. */
type Ask = (kind: RequestKind, data: Uint8Array, bytesMax: number) => Promise<Uint8Array>

const pullHeights = async (ask: Ask, from: number): Promise<readonly Decided[]> => {
  const answer = await ask('certificates', encode(heightsRequest, { from }), MESSAGE_BYTES_MAX)
  const decided = decodeEnvelope(answer).map((one) => {
    if (one.kind !== 'decided') throw new PeerFault('garbage', `${one.kind} where decided heights were asked for`)
    return one.decided
  })
  const isStray = decided.some(({ header }, index) => header.height !== from + index)
  if (isStray || decided.length > SYNC_BATCH_MAX) throw new PeerFault('unordered', `heights from ${from} asked for`)
  return decided
}

/** Of these messages what the peer gives in one answer, in the order asked for. */
const pullSome = async (ask: Ask, ids: readonly Digest[], domains: Domains) => {
  // The answer's own lengths come on top.
  const bytesMax = ITEMS_BYTES_MAX + (ITEMS_MAX + 1) * 4
  const answer = await ask('items', encode(itemsRequest, { ids: ids.slice(0, ITEMS_MAX) }), bytesMax)
  const wanted = new Set(ids)
  return decode(itemsAnswer, answer).items.map((raw) => {
    const [one] = decodeEnvelope(raw)
    const item = one?.kind === 'message' || one?.kind === 'evidence' ? one : null
    const id = item && itemId(item, domains)
    if (item === null || id === null || !wanted.has(id)) {
      throw new PeerFault('garbage', 'a message that was not asked for')
    }
    return { id, item, sizeBytes: raw.length }
  })
}

/** `isCut`: there was no room for all; those of the first height were asked for in any case. */
const pullMessages = async (
  ask: Ask,
  o: { readonly ids: readonly Digest[]; readonly first: readonly Digest[]; readonly domains: Domains },
): Promise<{ readonly found: ReadonlyMap<Digest, Item>; readonly isCut: boolean }> => {
  const found = new Map<Digest, Item>()
  let sizeBytes = 0
  for (let left = o.ids; left.length > 0; ) {
    const bytesMax = o.first.every((id) => found.has(id)) ? BATCH_BYTES_MAX : HEIGHT_BYTES_MAX
    if (sizeBytes >= bytesMax) return { found, isCut: true }
    const got = await pullSome(ask, left, o.domains)
    const last = got.at(-1)
    if (last === undefined) break
    for (const one of got) {
      found.set(one.id, one.item)
      sizeBytes += one.sizeBytes
    }
    // What stands before the last one given was passed over: the peer lacks it, or will not give it.
    left = left.slice(left.indexOf(last.id) + 1)
  }
  return { found, isCut: false }
}

type Options = {
  readonly mesh: Pick<Mesh, 'request'>
  readonly domains: Domains
  /** On this node already. */
  readonly isHere: (id: Digest) => boolean
  readonly signal: AbortSignal
  /** Tests wait less. */
  readonly answerMsMax?: number
}

const pullBatch = async (ask: Ask, o: Options & { readonly peerId: string; readonly from: number }): Promise<Batch> => {
  const decided = await pullHeights(ask, o.from)
  if (decided.length === 0) throw new PeerFault('empty', `nothing from height ${o.from} on`)
  const idsOf = ({ header }: Decided): readonly Digest[] => namedBy(header).filter((id) => !o.isHere(id))
  const needed = decided.map(idsOf)
  const ids = [...new Set(needed.flat())]
  const { found, isCut } = await pullMessages(ask, { ids, first: needed[0] ?? [], domains: o.domains })
  const broken = needed.findIndex((named) => named.some((id) => !found.has(id)))
  if (broken < 0) return { from: o.peerId, decided, messages: found, owed: null }
  const owed = new PeerFault('withheld', `a message of height ${o.from + broken}`)
  if (broken === 0) throw owed
  return { from: o.peerId, decided: decided.slice(0, broken), messages: found, owed: isCut ? null : owed }
}

export type Puller = ReturnType<typeof createPuller>

export const createPuller = (o: Options) => {
  /** Whatever the peer does wrong within `work` is thrown as its fault. */
  const asking = async <T>(peerId: string, answerMsMax: number, work: (ask: Ask) => Promise<T>): Promise<T> => {
    try {
      return await within({ ms: BATCH_MS_MAX, ends: [o.signal] }, (batch) => {
        const limits = { ms: answerMsMax, ends: [batch] }
        return work((kind, data, bytesMax) =>
          within(limits, (signal) => o.mesh.request({ peerId, kind, data, bytesMax, signal })),
        )
      })
    } catch (error) {
      o.signal.throwIfAborted()
      throw toFault(error)
    }
  }
  const msMax = o.answerMsMax ?? ANSWER_MS_MAX

  return {
    /** All below this height the peer can serve, as it says. @throws PeerFault */
    standing: (peerId: string): Promise<number> =>
      asking(
        peerId,
        Math.min(msMax, STANDING_MS_MAX),
        async (ask) => decode(standingAnswer, await ask('status', new Uint8Array(), 64)).height,
      ),
    /** Of these messages those that the peer has. @throws PeerFault */
    messages: (peerId: string, ids: readonly Digest[]): Promise<Batch['messages']> =>
      asking(peerId, msMax, async (ask) => (await pullMessages(ask, { ids, first: ids, domains: o.domains })).found),
    /** At least one height whole. @throws PeerFault */
    batch: (peerId: string, from: number): Promise<Batch> =>
      asking(peerId, msMax, (ask) => pullBatch(ask, { ...o, peerId, from })),
  }
}
