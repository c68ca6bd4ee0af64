/** What a height of the log decides: the entry and the header that chains it to everything before. */
import {
  count,
  digest,
  hashOf,
  type Infer,
  key,
  list,
  oneOf,
  option,
  struct,
  text,
  u32,
  u64,
  union,
} from '../canonical.ts'
import { type Digest, utf8ToBytes } from '../crypto.ts'
import { COMPETITION_ID_BYTES_MAX, EVIDENCE_MAX, MEMBERS_MAX, SUBMISSIONS_MAX } from '../limits.ts'

const competition = text(COMPETITION_ID_BYTES_MAX)

/** The next committee: a pure function of the chain at the first block of its new epoch. `delegation` is the digest of the signed delegation. */
const epoch = struct({
  epoch: u32,
  block: count,
  blockHash: digest,
  members: list(struct({ hotkey: key, weight: u64, delegation: digest }), MEMBERS_MAX),
  /** Hotkey of the subnet's owner at that block. */
  owner: key,
  /** Convicts whose hotkeys the chain no longer knows at this block, rising: registered again they may come back. */
  released: list(key, MEMBERS_MAX),
})

const submissionRef = struct({
  id: digest,
  /** Weighted median of the blocks in `receipts`: order and priority. */
  receiptBlock: count,
  /** Message ids of the receipts that justify it, at most one a member. */
  receipts: list(digest, MEMBERS_MAX),
})

/** The submissions of a round in order. The seed needs the hash of `beaconBlock`, which lies in the future when this is proposed. */
const manifest = struct({
  competition,
  round: u32,
  paramsHash: digest,
  /** Image that every measurement ran in. */
  image: digest,
  /** The block at which submissions closed: a multiple of roundBlocks after genesis. */
  closeBlock: count,
  beaconBlock: count,
  incumbent: option(digest),
  thetaPpm: u32,
  submissions: list(submissionRef, SUBMISSIONS_MAX),
})

/** Message ids of the commits that count, in the order of their hotkeys. `manifest` is the digest of the manifest's decided header. */
const commits = struct({ competition, round: u32, manifest: digest, commits: list(digest, MEMBERS_MAX) })

/** Message ids of the reveals that count, in the order of their hotkeys, and the hash of everything derived from them. */
const result = struct({ competition, round: u32, manifest: digest, reveals: list(digest, MEMBERS_MAX), result: digest })

/** The round failed at a stage; who was missing. */
const voided = struct({
  competition,
  round: u32,
  manifest: digest,
  stage: oneOf(['commits', 'reveals']),
  missing: list(key, MEMBERS_MAX),
})

/** Message id of the change of parameters that the subnet's owner signed. */
const params = struct({ message: digest })

export const entry = union({ epoch, manifest, commits, result, void: voided, params })
export type Entry = Infer<typeof entry>
export type EntryOf<K extends Entry['kind']> = Extract<Entry, { readonly kind: K }>
export type ManifestEntry = EntryOf<'manifest'>
export type SubmissionRef = Infer<typeof submissionRef>

/**
 * a height decides the digest of its header: the entry, the header before, and the Merkle root (RFC 6962) of all headers before.
 * Signatures are in no leaf, so every node has the same root.
 */
export const header = struct({
  height: count,
  /** Digest of the header at height − 1; the mesh's domain at height 1. */
  previous: digest,
  /** Merkle root over the digests of headers 1 … height − 1. */
  logRoot: digest,
  /** The proposer's finalised block: not below the header before, never above what a voter has seen final. The log's only clock. */
  block: count,
  /** Epoch of the committee that votes this height. */
  epoch: u32,
  entry,
  /** Ids of evidence, rising: whom it convicts has no seat in the committees that follow. */
  evidence: list(digest, EVIDENCE_MAX),
})
export type Header = Infer<typeof header>

const HEADER_TAG = utf8ToBytes('evalmesh/v1/header')
/** Headers are immutable and looked at by every vote: each is hashed once. */
const digests = new WeakMap<Header, Digest>()

/** What votes name: the hash of the whole header under its tag. */
export const headerDigest = (value: Header): Digest => {
  const known = digests.get(value)
  if (known !== undefined) return known
  const made = hashOf(header, value, HEADER_TAG)
  digests.set(value, made)
  return made
}
