/** Where an auditor gets a mesh's record: from a running validator over libp2p, or from the directory of a stopped one. */
import { join } from 'node:path'
import {
  type Decided,
  type Digest,
  type Domains,
  decodeEnvelope,
  encode,
  hexToBytes,
  type Item,
  itemId,
  MESSAGE_BYTES_MAX,
  type Received,
} from '../../protocol/index.ts'
import type { Log } from '../log.ts'
import { createJournal } from '../machine/journal.ts'
import type { RequestKind } from '../mesh/index.ts'
import { connectGuest, peerIdOf } from '../peers/guest.ts'
import { openStore } from '../store/index.ts'
import { heightsRequest } from '../sync/messages.ts'
import { createPuller, PeerFault } from '../sync/pull.ts'

/** An archive, believed in nothing: whoever reads it checks every byte. */
export type ArchiveSource = {
  /** A running validator's grows while it is read; a stopped one's ends with its last height, whatever the mesh decides after it. */
  readonly isGrowing: boolean
  /** Decided heights from this one on, in order; empty at the end of the log. `isHere`: items that nobody will ask for. */
  decidedFrom(height: number, isHere: (id: Digest) => boolean): Promise<readonly Decided[]>
  /** A message or evidence. */
  item(id: Digest): Promise<Item | null>
  close(): Promise<void>
}

export const openArchive = async (o: { readonly home: string; readonly domains: Domains }): Promise<ArchiveSource> => {
  const store = await openStore({ dir: join(o.home, 'store') })
  const journal = createJournal({ store, domains: o.domains })
  return {
    isGrowing: false,
    decidedFrom: async (height) => journal.decidedFrom(height),
    item: async (id) => journal.item(id),
    close: () => store.close(),
  }
}

export const openPeer = async (o: {
  readonly peer: string
  readonly domains: Domains
  readonly log: Log
  readonly signal: AbortSignal
}): Promise<ArchiveSource> => {
  const mesh = await connectGuest({ peers: [o.peer], domains: o.domains, log: o.log })
  const peerId = peerIdOf(o.peer)
  const ask = async (kind: RequestKind, data: Uint8Array): Promise<readonly Received[]> => {
    const answer = await mesh.request({ peerId, kind, data, bytesMax: MESSAGE_BYTES_MAX, signal: o.signal })
    return decodeEnvelope(answer)
  }
  /** What the heights read last name. */
  let near: ReadonlyMap<Digest, Item> = new Map()
  return {
    isGrowing: true,
    decidedFrom: async (height, isHere) => {
      try {
        const batch = await createPuller({ ...o, mesh, isHere }).batch(peerId, height)
        near = batch.messages
        return batch.decided
      } catch (error) {
        if (!(error instanceof PeerFault)) throw error
        // The heights alone: whoever replays them says what is wrong or missing.
        const received = await ask('certificates', encode(heightsRequest, { from: height }))
        return received.flatMap((one) => (one.kind === 'decided' ? [one.decided] : []))
      }
    },
    item: async (id) => {
      const found = near.get(id)
      if (found !== undefined) return found
      const [received] = await ask('item', hexToBytes(id))
      if (received?.kind !== 'message' && received?.kind !== 'evidence') return null
      return itemId(received, o.domains) === id ? received : null
    },
    close: () => mesh.close(),
  }
}
