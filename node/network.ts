/** Sends signed messages: votes over direct streams to the committee, everything else by gossip; fetches what is missing. */
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
  MESSAGE_BYTES_MAX,
  type MessageKind,
  messageId,
  type Signed,
} from '../protocol/index.ts'
import type { Log } from './log.ts'
import type { Mesh, Topic } from './mesh/port.ts'
import type { Network } from './ports.ts'

/** Where a kind of message travels; null: direct streams to the committee. */
const TOPIC_OF: Readonly<Record<MessageKind, Topic | null>> = {
  delegation: 'delegations',
  submission: 'submissions',
  receipt: 'receipts',
  commit: 'commits',
  reveal: 'reveals',
  roundAttestation: 'attestations',
  proposal: null,
  notarize: null,
  nullify: null,
  finalize: null,
}

/** Fetches under way at once; what is beyond is asked for again by the machine. */
const FETCHES_MAX = 64
/** One pass over all peers, then a pause, this many times: about a minute, after which the machine's next input asks again. */
const FETCH_PASSES_MAX = 60
const FETCH_PAUSE_MS = 1_000
const FETCH_TIMEOUT_MS = 15_000

/** `bytes` is null when the blob was on this node's own disk all along. */
type Found =
  | { readonly what: 'message'; readonly message: Signed; readonly from: string }
  | { readonly what: 'blob'; readonly digest: Digest; readonly bytes: Uint8Array | null }

export const createNetwork = (o: {
  readonly mesh: Mesh
  readonly domains: Domains
  readonly committee: () => Committee
  /** What this node has itself is not asked of others. */
  readonly local: {
    readonly message: (id: Digest) => Signed | null
    readonly hasBlob: (digest: Digest) => Promise<boolean>
    /** Decided heights of the archive from this one on, as many as one answer may hold. */
    readonly decided: (fromHeight: number) => readonly Decided[]
  }
  readonly found: (item: Found) => Promise<void> | void
  readonly log: Log
  readonly signal: AbortSignal
}): Network & {
  /** A blob from the peers, not stored here; null when nobody has it. */
  readonly fetchBlob: (digest: Digest) => Promise<Uint8Array | null>
  /** Tells whoever listens without stake: auditors and miners. */
  readonly announce: (decided: Decided) => void
} => {
  const { mesh, log } = o
  const fetching = new Set<Digest>()

  const toCommittee = (data: Uint8Array): void => {
    for (const { peerId } of o.committee().members) if (peerId !== mesh.peerId) mesh.send(peerId, data)
  }
  const publish = (topic: Topic, data: Uint8Array): void => {
    mesh.publish(topic, data).catch((error: unknown) => log.warn({ topic, error: `${error}` }, 'publish failed'))
  }

  const ask = async (peerId: string, what: 'message' | 'blob', digest: Digest): Promise<Found | null> => {
    const data = hexToBytes(digest)
    const signal = AbortSignal.any([o.signal, AbortSignal.timeout(FETCH_TIMEOUT_MS)])
    if (what === 'blob') {
      const bytes = await mesh.request({ peerId, kind: 'blob', data, bytesMax: BLOB_BYTES_MAX, signal })
      return hash(bytes) === digest ? { what, digest, bytes } : null
    }
    const bytes = await mesh.request({ peerId, kind: 'item', data, bytesMax: MESSAGE_BYTES_MAX, signal })
    const [received] = decodeEnvelope(bytes)
    if (received?.kind !== 'message' || messageId(received.message, o.domains) !== digest) return null
    return { what, message: received.message, from: peerId }
  }

  /** Committee members first: they are bound to hold what they voted for. */
  const peersToAsk = (): readonly string[] => {
    const connected = mesh.connectedPeers()
    const members = new Set(o.committee().members.map((member) => member.peerId))
    return connected.toSorted((a, b) => Number(members.has(b)) - Number(members.has(a)) || (a < b ? -1 : 1))
  }

  const lookHere = async (what: 'message' | 'blob', digest: Digest): Promise<Found | null> => {
    if (what === 'blob') return (await o.local.hasBlob(digest)) ? { what, digest, bytes: null } : null
    const message = o.local.message(digest)
    return message && { what, message, from: mesh.peerId }
  }

  const look = async (what: 'message' | 'blob', digest: Digest): Promise<Found | null> => {
    for (let pass = 0; pass < FETCH_PASSES_MAX && !o.signal.aborted; pass++) {
      for (const peerId of peersToAsk()) {
        try {
          const found = await ask(peerId, what, digest)
          if (found !== null) return found
        } catch (error) {
          log.debug({ peerId, what, digest, error: `${error}` }, 'peer does not have it')
        }
      }
      await pause(FETCH_PAUSE_MS, o.signal)
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
        what.kind === 'archived' ? { kind: 'decided' as const, decided: o.local.decided(what.fromHeight) } : what
      for (const data of encodeEnvelopes(content)) {
        if (to === 'committee') toCommittee(data)
        else if (member !== undefined && member.peerId !== mesh.peerId) mesh.send(member.peerId, data)
      }
    },
    fetch: (what, digest) => {
      if (fetching.has(digest) || fetching.size >= FETCHES_MAX) return
      fetching.add(digest)
      lookHere(what, digest)
        .then((here) => here ?? look(what, digest))
        .then((found) => (found === null ? log.warn({ what, digest }, 'nobody has it') : o.found(found)))
        .catch((error: unknown) => log.warn({ what, digest, error: `${error}` }, 'fetch failed'))
        .finally(() => fetching.delete(digest))
    },
    fetchBlob: async (digest) => {
      const found = await look('blob', digest)
      return found?.what === 'blob' ? found.bytes : null
    },
    announce: (decided) => {
      for (const data of encodeEnvelopes({ kind: 'decided', decided: [decided] })) publish('certificates', data)
    },
  }
}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done)
  })
