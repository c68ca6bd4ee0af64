/** Sends signed messages: what the committee alone needs over direct streams, everything else by gossip. */
import {
  type Committee,
  type Decided,
  type Digest,
  encodeEnvelopes,
  type MessageKind,
  type Relayed,
} from '../../protocol/index.ts'
import type { Network } from '../machine/ports.ts'
import { GOSSIP_BYTES_MAX, type Mesh, type Topic } from '../mesh/index.ts'
import { createSearch, type SearchParts } from './search.ts'

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

const isForSome = ({ kind }: Relayed): boolean => kind === 'certificate' || kind === 'status'

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

export const createNetwork = (
  o: SearchParts & {
    readonly local: {
      /** So many decided heights of the archive from this one on, as envelopes. */
      readonly archived: (fromHeight: number, countMax: number) => readonly Uint8Array[]
    }
  },
): Network & {
  /** A blob from the peers, not stored here; null when nobody has it. */
  readonly fetchBlob: (digest: Digest) => Promise<Uint8Array | null>
  /** Tells whoever listens without stake: auditors and miners. */
  readonly announce: (decided: Decided) => void
} => {
  const { mesh, log } = o
  const { toCommittee, toSome, isMyTurn } = createSenders(o)
  const publish = (topic: Topic, data: Uint8Array): void => {
    mesh.publish(topic, data).catch((error: unknown) => log.warn({ topic, error: `${error}` }, 'publish failed'))
  }

  return {
    ...createSearch(o),
    broadcast: (message) => {
      const topic = TOPIC_OF[message.kind]
      for (const data of encodeEnvelopes({ kind: 'message', message })) {
        if (topic === null) toCommittee(data)
        else publish(topic, data)
      }
    },
    relay: (what, to) => {
      const member = o.committee().members.find(({ hotkey }) => hotkey === to)
      // Whoever has a seat may ask for history by a line: nothing is decoded for it.
      const envelopes = what.kind === 'archived' ? o.local.archived(what.fromHeight, what.count) : encodeEnvelopes(what)
      for (const data of envelopes) {
        // Those without stake hear of it too; what is too large for gossip they can ask for.
        if (what.kind === 'evidence' && data.length <= GOSSIP_BYTES_MAX) publish('evidence', data)
        if (to === 'committee') (isForSome(what) ? toSome : toCommittee)(data)
        else if (member !== undefined && member.peerId !== mesh.peerId) mesh.send(member.peerId, data)
      }
    },
    announce: (decided) => {
      const { height, entry } = decided.header
      if (entry.kind === 'manifest' || !isMyTurn(height)) return
      for (const data of encodeEnvelopes({ kind: 'decided', decided: [decided] })) publish('certificates', data)
    },
  }
}
