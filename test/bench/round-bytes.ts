/** The bytes of a round as its encodings have them: the least there is, and what one validator is sent in all. */
import { voteMessage } from '../../protocol/consensus/certificate.ts'
import type { Digest } from '../../protocol/crypto.ts'
import { commitmentOf } from '../../protocol/message/commitment.ts'
import type { Entry, ManifestEntry } from '../../protocol/message/entry.ts'
import { messageId, type Unsigned } from '../../protocol/message/message.ts'
import { encodeEnvelopes } from '../../protocol/wire.ts'
import { certificateBy } from './certificate.ts'
import { type Crew, createCrew, digestOf } from './committee.ts'
import { COMPETITION, statementOf, submissionsOf } from './round.ts'

const MIB = 2 ** 20
/** Copies of a small message that gossip brings, as measured (docs/adr/0002-gossipsub.md says 5.7 at eight peers, at D = 8 it is nine). */
const GOSSIP_COPIES = 9
/** Those of `node/peers/network.ts`: members that a certificate is sent to at a time, and that announce a height, a MANIFEST never. */
const SOME = 8
const ANNOUNCERS = 4

/** Everything here is as long as in a real round; that it means nothing costs no byte. */
const ID = digestOf('id')

const manifestOf = (crew: Crew, submissions: readonly Digest[]): ManifestEntry => ({
  kind: 'manifest',
  competition: COMPETITION.id,
  round: 1,
  paramsHash: ID,
  image: ID,
  closeBlock: 1_000_000,
  beaconBlock: 1_000_000,
  incumbent: null,
  thetaPpm: COMPETITION.thetaPpm,
  submissions: submissions.map((id) => ({ id, receiptBlock: 1_000_000, receipts: crew.authors.map(() => ID) })),
})

const sizesOf = (o: { readonly members: number; readonly submissions: number }) => {
  const crew = createCrew(o.members, { competitions: [COMPETITION] })
  const [author] = crew.authors
  if (author === undefined) throw new Error('no author')
  const sizeOf = (message: Unsigned): number =>
    encodeEnvelopes({ kind: 'message', message: author.sign(message, crew.domains) })[0]?.length ?? 0
  const { hotkey } = author
  const made = submissionsOf(crew, { from: 0, count: o.submissions })
  const entry = manifestOf(
    crew,
    made.map((message) => messageId(message, crew.domains)),
  )
  const common = { competition: COMPETITION.id, round: 1, manifest: ID }
  const sealed = statementOf(crew, hotkey, { ...common, entry, seed: ID, params: COMPETITION })
  const commitment = commitmentOf({ ...common, domain: ID, hotkey, ...sealed })
  const at = { height: 1_000_000, view: 0, value: ID }
  const certificate = certificateBy(crew, at)
  const proposalOf = (of: Entry): number => {
    const header = { height: at.height, previous: ID, logRoot: ID, block: 1_000_000, epoch: 1, evidence: [], entry: of }
    return sizeOf({ kind: 'proposal', body: { ...at, hotkey, parentView: null, header } as never })
  }
  const ids = crew.authors.map(() => ID)
  return {
    submission: made[0] === undefined ? 0 : (encodeEnvelopes({ kind: 'message', message: made[0] })[0]?.length ?? 0),
    receipt: sizeOf({ kind: 'receipt', body: { submission: ID, hotkey, block: 1_000_000 } }),
    commit: sizeOf({ kind: 'commit', body: { ...common, hotkey, commitment } }),
    reveal: sizeOf({ kind: 'reveal', body: { ...common, hotkey, ...sealed } }),
    vote: sizeOf(voteMessage('finalize', { ...at, hotkey })),
    certificate: encodeEnvelopes({ kind: 'certificate', certificate })[0]?.length ?? 0,
    proposals: [
      proposalOf(entry),
      proposalOf({ kind: 'commits', ...common, commits: ids }),
      proposalOf({ kind: 'result', ...common, reveals: ids, result: ID }),
    ],
  }
}

/** What a round cannot be said in less: each reveal and receipt once. */
export const leastMiB = (o: { readonly members: number; readonly submissions: number }): number => {
  const { reveal, receipt } = sizesOf(o)
  return ((o.members - 1) * (reveal + o.submissions * receipt)) / MIB
}

/** An attestation of a result is of this size, whatever the round. */
const ATTESTATION_BYTES = 800

/** What one validator is sent when nothing is sent twice but by design; nothing of what the transport adds. */
export const sentMiB = (o: { readonly members: number; readonly submissions: number }): number => {
  const sizes = sizesOf(o)
  const others = o.members - 1
  const some = Math.min(SOME, others)
  const items = others * (sizes.reveal + sizes.commit + o.submissions * sizes.receipt)
  const gossip = Math.min(GOSSIP_COPIES, others) * (o.members * ATTESTATION_BYTES + o.submissions * sizes.submission)
  const heights = sizes.proposals.map((proposal, index) => {
    const certificates = 2 * some * sizes.certificate
    const decided = proposal + sizes.certificate
    const announced = index === 0 ? 0 : Math.min(GOSSIP_COPIES, others) * ANNOUNCERS * decided
    return proposal + 2 * others * sizes.vote + certificates + announced
  })
  return (items + gossip + heights.reduce((sum, bytes) => sum + bytes, 0)) / MIB
}
