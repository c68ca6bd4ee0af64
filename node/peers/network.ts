/** Sends signed messages: what the committee alone needs over direct streams, everything else by gossip; fetches what is missing. */
import { setTimeout as delay } from 'node:timers/promises'
import {
  BLOB_BYTES_MAX,
  type Committee,
  type Decided,
  type Digest,
  type Domains,
  decodeEnvelope,
  encodeEnvelopes,
  hash,
  hexToBytes,
  type Item,
  itemId,
  MESSAGE_BYTES_MAX,
  type MessageKind,
  ProtocolError,
  type Relayed,
} from '../../protocol/index.ts'
import type { Log } from '../log.ts'
import type { Network } from '../machine/ports.ts'
import { GOSSIP_BYTES_MAX, type Mesh, MeshError, type Topic } from '../mesh/index.ts'
import { PACKED_BYTES_MAX } from '../miner/bundle.ts'

/**
 * Where a kind of message travels; null: direct streams to the committee, one copy each. Gossip costs some nine copies of a small message, and
 * about a millisecond of CPU each: too much for a receipt of every member for every submission. What got lost is pulled when an entry names it.
 */
const TOPIC_OF: Readonly<Record<MessageKind, Topic | null>> = {
  delegation: 'delegations',
  submission: 'submissions',
  receipt: null,
  commit: null,
  reveal: null,
  roundAttestation: 'attestations',
  proposal: null,
  notarize: null,
  nullify: null,
  finalize: null,
  // Handed to one validator, which sends it on to the committee.
  params: null,
}

/**
 * Members that a certificate or a status is sent to at a time, drawn afresh. Most members make a certificate from the votes themselves, and
 * whoever learns one sends it on: so it reaches all who lack it in a few hops. To all from all would be the largest part of a round's bytes;
 * and whoever is behind would be handed the same heights by everybody.
 */
const SOME = 8
/**
 * Members that announce a decided height to those outside; others take their turn at the next. Who still missed one asks for it. Gossip brings
 * each of them some nine times: a MANIFEST, by far the largest and awaited by nobody outside, is not announced.
 */
const ANNOUNCERS = 4

/** Fetches under way at once; what is beyond is asked for again by the machine. */
const FETCHES_MAX = 64
/** One pass over all peers, then a pause, this many times: about a minute, after which the machine's next input asks again. */
const FETCH_PASSES_MAX = 60
const FETCH_PAUSE_MS = 1_000
const FETCH_TIMEOUT_MS = 15_000

/** What a request brought, or what was on this node's own disk all along; its digest is checked. */
type Found =
  | { readonly what: 'item'; readonly item: Item; readonly from: string }
  | { readonly what: 'blob'; readonly digest: Digest; readonly bytes: Uint8Array }

/** What is looked for. The machine asks for no other blobs than bundles, which are smaller than a matrix. */
type Wanted = { readonly what: 'message' | 'blob'; readonly digest: Digest; readonly bytesMax: number }

/** What an answer holds, if it is what was asked for. */
const toFound = (
  bytes: Uint8Array,
  o: Pick<Wanted, 'what' | 'digest'> & { readonly domains: Domains; readonly from: string },
): Found | null => {
  const { what, digest, from } = o
  if (what === 'blob') return hash(bytes) === digest ? { what, digest, bytes } : null
  try {
    const [received] = decodeEnvelope(bytes)
    if (received?.kind !== 'message' && received?.kind !== 'evidence') return null
    return itemId(received, o.domains) === digest ? { what: 'item', item: received, from } : null
  } catch (error) {
    if (error instanceof ProtocolError) return null
    throw error
  }
}

/** What this node has itself. */
type Local = {
  /** A message or evidence. */
  readonly item: (id: Digest) => Item | null
  readonly blob: (digest: Digest) => Promise<Uint8Array | null>
  /** Seen to be no bundle: not fetched again. */
  readonly isMalformed: (digest: Digest) => boolean
  /** About to come in another way. */
  readonly isComing: (id: Digest) => boolean
  /** So many decided heights of the archive from this one on. */
  readonly decided: (fromHeight: number, countMax: number) => readonly Decided[]
}

const lookHere = async ({ what, digest }: Wanted, local: Local, self: string): Promise<Found | null> => {
  if (what === 'blob') {
    const bytes = await local.blob(digest)
    return bytes && { what, digest, bytes }
  }
  const item = local.item(digest)
  return item && { what: 'item', item, from: self }
}

const isForSome = ({ kind }: Exclude<Relayed, { kind: 'archived' }>): boolean =>
  kind === 'certificate' || kind === 'status'

/** The committee as it is at the moment, without this node. */
const createSenders = ({ mesh, committee }: { readonly mesh: Mesh; readonly committee: () => Committee }) => {
  const others = (): string[] => committee().members.flatMap(({ peerId }) => (peerId === mesh.peerId ? [] : [peerId]))
  return {
    toCommittee: (data: Uint8Array): void => {
      for (const peerId of others()) mesh.send(peerId, data)
    },
    toSome: (data: Uint8Array): void => {
      const left = others()
      for (let count = Math.min(SOME, left.length); count > 0; count--) {
        for (const peerId of left.splice(Math.floor(Math.random() * left.length), 1)) mesh.send(peerId, data)
      }
    },
    isMyTurn: (height: number): boolean => {
      const { members } = committee()
      const place = members.findIndex(({ peerId }) => peerId === mesh.peerId)
      return place >= 0 && (place + height) % members.length < ANNOUNCERS
    },
  }
}

export const createNetwork = (o: {
  readonly mesh: Mesh
  readonly domains: Domains
  readonly committee: () => Committee
  /** What this node has itself is not asked of others. */
  readonly local: Local
  /** Peers, those that served badly at the end. */
  readonly inOrder: (peerIds: readonly string[]) => readonly string[]
  /** A peer that did not answer in time, or with something else. */
  readonly blame: (peerId: string, fault: 'stalled' | 'garbage') => void
  readonly found: (item: Found) => Promise<void> | void
  readonly log: Pick<Log, 'debug' | 'warn'>
  readonly signal: AbortSignal
  /** Tests wait less between two passes. */
  readonly pauseMs?: number
}): Network & {
  /** A blob from the peers, not stored here; null when nobody has it. */
  readonly fetchBlob: (digest: Digest) => Promise<Uint8Array | null>
  /** Tells whoever listens without stake: auditors and miners. */
  readonly announce: (decided: Decided) => void
} => {
  const { mesh, log } = o
  const fetching = new Set<Digest>()

  const { toCommittee, toSome, isMyTurn } = createSenders(o)
  const publish = (topic: Topic, data: Uint8Array): void => {
    mesh.publish(topic, data).catch((error: unknown) => log.warn({ topic, error: `${error}` }, 'publish failed'))
  }

  const ask = async (peerId: string, { what, digest, bytesMax }: Wanted): Promise<Found | null> => {
    const signal = AbortSignal.any([o.signal, AbortSignal.timeout(FETCH_TIMEOUT_MS)])
    const kind = what === 'blob' ? 'blob' : 'item'
    const bytes = await mesh.request({ peerId, kind, data: hexToBytes(digest), bytesMax, signal })
    const found = toFound(bytes, { what, digest, domains: o.domains, from: peerId })
    if (found === null) o.blame(peerId, 'garbage')
    return found
  }

  /** Committee members first: they are bound to hold what they voted for. */
  const peersToAsk = (): readonly string[] => {
    const connected = mesh.connectedPeers()
    const members = new Set(o.committee().members.map((member) => member.peerId))
    const sorted = connected.toSorted((a, b) => Number(members.has(b)) - Number(members.has(a)) || (a < b ? -1 : 1))
    return o.inOrder(sorted)
  }

  const look = async (wanted: Wanted): Promise<Found | null> => {
    for (let pass = 0; pass < FETCH_PASSES_MAX && !o.signal.aborted; pass++) {
      for (const peerId of peersToAsk()) {
        try {
          const found = await ask(peerId, wanted)
          if (found !== null) return found
        } catch (error) {
          if (error instanceof MeshError && error.code === 'TIMEOUT' && !o.signal.aborted) o.blame(peerId, 'stalled')
          log.debug({ peerId, ...wanted, error: `${error}` }, 'peer does not have it')
        }
      }
      await delay(o.pauseMs ?? FETCH_PAUSE_MS, undefined, { signal: o.signal }).catch(() => undefined)
    }
    return null
  }

  return {
    broadcast: (message) => {
      const topic = TOPIC_OF[message.kind]
      for (const data of encodeEnvelopes({ kind: 'message', message })) {
        if (topic === null) toCommittee(data)
        else publish(topic, data)
      }
    },
    relay: (what, to) => {
      const member = o.committee().members.find(({ hotkey }) => hotkey === to)
      const content =
        what.kind === 'archived'
          ? { kind: 'decided' as const, decided: o.local.decided(what.fromHeight, what.count) }
          : what
      for (const data of encodeEnvelopes(content)) {
        // Those without stake hear of it too; what is too large for gossip they can ask for.
        if (what.kind === 'evidence' && data.length <= GOSSIP_BYTES_MAX) publish('evidence', data)
        if (to === 'committee') (isForSome(content) ? toSome : toCommittee)(data)
        else if (member !== undefined && member.peerId !== mesh.peerId) mesh.send(member.peerId, data)
      }
    },
    fetch: (what, digest) => {
      const { isComing, isMalformed } = o.local
      if (fetching.has(digest) || isComing(digest) || fetching.size >= FETCHES_MAX || isMalformed(digest)) return
      fetching.add(digest)
      const wanted = { what, digest, bytesMax: what === 'blob' ? PACKED_BYTES_MAX : MESSAGE_BYTES_MAX }
      lookHere(wanted, o.local, mesh.peerId)
        .then((here) => here ?? look(wanted))
        .then((found) => (found === null ? log.warn({ what, digest }, 'nobody has it') : o.found(found)))
        .catch((error: unknown) => log.warn({ what, digest, error: `${error}` }, 'fetch failed'))
        .finally(() => fetching.delete(digest))
    },
    fetchBlob: async (digest) => {
      const found = await look({ what: 'blob', digest, bytesMax: BLOB_BYTES_MAX })
      return found?.what === 'blob' ? found.bytes : null
    },
    announce: (decided) => {
      const { height, entry } = decided.header
      if (entry.kind === 'manifest' || !isMyTurn(height)) return
      for (const data of encodeEnvelopes({ kind: 'decided', decided: [decided] })) publish('certificates', data)
    },
  }
}
