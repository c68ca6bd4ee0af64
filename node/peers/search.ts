/** Looks among the peers for what is missing here, by its digest, until one of them has what this node takes. */
import { setTimeout as delay } from 'node:timers/promises'
import {
  BLOB_BYTES_MAX,
  type Committee,
  type Digest,
  type Domains,
  decodeEnvelope,
  hash,
  hexToBytes,
  type Item,
  itemId,
  MESSAGE_BYTES_MAX,
  ProtocolError,
} from '../../protocol/index.ts'
import type { Log } from '../log.ts'
import { type Mesh, MeshError } from '../mesh/index.ts'
import { PACKED_BYTES_MAX } from '../miner/bundle.ts'
import { within } from '../within.ts'

/**
 * Fetches of one sort under way at once; what is beyond is asked for again by the machine, and then takes the place of one that has asked every
 * peer already: any leader may name what nobody has, and would else take all places for minutes.
 */
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
  /** Seen to be no bundle, or none that anybody claims here: not fetched again. */
  readonly isRefused: (digest: Digest) => boolean
  /** About to come in another way. */
  readonly isComing: (id: Digest) => boolean
}

const lookHere = async ({ what, digest }: Wanted, local: Local, self: string): Promise<Found | null> => {
  if (what === 'blob') {
    const bytes = await local.blob(digest)
    return bytes && { what, digest, bytes }
  }
  const item = local.item(digest)
  return item && { what: 'item', item, from: self }
}

export type SearchParts = {
  readonly mesh: Mesh
  readonly domains: Domains
  readonly committee: () => Committee
  /** What this node has itself is not asked of others. */
  readonly local: Local
  /** Peers, those that served badly at the end. */
  readonly inOrder: (peerIds: readonly string[]) => readonly string[]
  /** A peer that did not answer in time, with something else, or with what nobody signed. */
  readonly blame: (peerId: string, fault: 'stalled' | 'garbage' | 'forged') => void
  /** Resolves once it is taken; rejects with the ProtocolError when it is not. */
  readonly found: (item: Found) => Promise<void> | void
  readonly log: Pick<Log, 'debug' | 'warn'>
  readonly signal: AbortSignal
  /** Tests wait less between two passes. */
  readonly pauseMs?: number
}

/** What a peer answers with that may be it; null where it has nothing of the kind. */
const askPeer = async (o: SearchParts, peerId: string, wanted: Wanted, over: AbortSignal): Promise<Found | null> => {
  const { what, digest, bytesMax } = wanted
  const kind = what === 'blob' ? 'blob' : 'item'
  try {
    const bytes = await within({ ms: FETCH_TIMEOUT_MS, ends: [o.signal, over] }, (signal) =>
      o.mesh.request({ peerId, kind, data: hexToBytes(digest), bytesMax, signal }),
    )
    const found = toFound(bytes, { what, digest, domains: o.domains, from: peerId })
    if (found === null) o.blame(peerId, 'garbage')
    return found
  } catch (error) {
    if (error instanceof MeshError && error.code === 'TIMEOUT' && !o.signal.aborted) o.blame(peerId, 'stalled')
    o.log.debug({ peerId, ...wanted, error: `${error}` }, 'peer does not have it')
    return null
  }
}

/**
 * Hands over what was found. An id says nothing of the signature: one by a key that is in force no more, or by none at all, may stand
 * under the right body, and another peer may have a better one. Whatever else is wrong with it is so whoever has it.
 */
const isTaken = async (o: SearchParts, found: Found): Promise<boolean> => {
  try {
    await o.found(found)
    return true
  } catch (error) {
    if (!(error instanceof ProtocolError && (error.code === 'BAD_SIGNATURE' || error.code === 'FORGED'))) throw error
    const from = found.what === 'item' ? found.from : o.mesh.peerId
    if (error.code === 'FORGED' && from !== o.mesh.peerId) o.blame(from, 'forged')
    o.log.debug({ from, code: error.code, facts: error.facts }, 'found under a signature that does not hold')
    return false
  }
}

/** Committee members first: they are bound to hold what they voted for. */
const peersToAsk = ({ mesh, committee, inOrder }: SearchParts): readonly string[] => {
  const connected = mesh.connectedPeers()
  const members = new Set(committee().members.map((member) => member.peerId))
  const sorted = connected.toSorted((a, b) => Number(members.has(b)) - Number(members.has(a)) || (a < b ? -1 : 1))
  return inOrder(sorted)
}

/** One search: how often it has asked every peer, and what ends it. */
type Search = { passes: number; readonly over: AbortController }

const newSearch = (): Search => ({ passes: 0, over: new AbortController() })

/** Asks one peer after the other until `take` is content; after a pass that brought bad signatures only, no more. */
const look = async (
  o: SearchParts,
  wanted: Wanted,
  { search, take }: { readonly search: Search; readonly take: (found: Found) => Promise<boolean> },
): Promise<Found | null> => {
  const over = search.over.signal
  const isOver = (): boolean => o.signal.aborted || over.aborted
  let isAnyRefused = false
  for (; search.passes < FETCH_PASSES_MAX && !isAnyRefused && !isOver(); ) {
    for (const peerId of peersToAsk(o)) {
      if (isOver()) return null
      const found = await askPeer(o, peerId, wanted, over)
      if (found === null) continue
      if (await take(found)) return found
      isAnyRefused = true
    }
    search.passes += 1
    await delay(o.pauseMs ?? FETCH_PAUSE_MS, undefined, { signal: o.signal }).catch(() => undefined)
  }
  return null
}

/** A place for one more; null while each of those that have one is at its first look at the peers. */
const takePlace = (places: Map<Digest, Search>, digest: Digest): Search | null => {
  if (places.size >= FETCHES_MAX) {
    const victim = [...places].find(([, { passes }]) => passes > 0)
    if (victim === undefined) return null
    places.delete(victim[0])
    victim[1].over.abort()
  }
  const search = newSearch()
  places.set(digest, search)
  return search
}

export const createSearch = (o: SearchParts) => {
  const { local, log } = o
  /** Of each sort its own: a miner's code waits for no message that a proposal names. */
  const places = { message: new Map<Digest, Search>(), blob: new Map<Digest, Search>() }
  const run = async (wanted: Wanted, search: Search): Promise<void> => {
    const here = await lookHere(wanted, local, o.mesh.peerId)
    if (here !== null && (await isTaken(o, here))) return
    const { what, digest } = wanted
    const found = await look(o, wanted, { search, take: (one) => isTaken(o, one) })
    if (found === null && !search.over.signal.aborted) log.warn({ what, digest }, 'nobody has it')
  }
  return {
    /** Hands a message, evidence or bundle to `found` once it is there; what is looked for already is not looked for twice. */
    fetch: (what: Wanted['what'], digest: Digest): void => {
      const under = places[what]
      if (under.has(digest) || local.isComing(digest) || local.isRefused(digest)) return
      const search = takePlace(under, digest)
      if (search === null) return
      run({ what, digest, bytesMax: what === 'blob' ? PACKED_BYTES_MAX : MESSAGE_BYTES_MAX }, search)
        .catch((error: unknown) => log.warn({ what, digest, error: `${error}` }, 'fetch failed'))
        .finally(() => under.get(digest) === search && under.delete(digest))
    },
    /** A blob from the peers, not stored here; null when nobody has it. */
    fetchBlob: async (digest: Digest): Promise<Uint8Array | null> => {
      const wanted = { what: 'blob', digest, bytesMax: BLOB_BYTES_MAX } as const
      const found = await look(o, wanted, { search: newSearch(), take: async () => true })
      return found?.what === 'blob' ? found.bytes : null
    },
  }
}
