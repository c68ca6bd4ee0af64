/** MANIFEST: which submissions a round measures, in which order, and when its seed falls. */
import type { CheckQuery, EntryCheck } from '../application.ts'
import { nullifierOf, type PaymentRef } from '../chain/payment.ts'
import { isQuorum, memberOf, weightOf } from '../committee.ts'
import type { Digest, Key } from '../crypto.ts'
import { incumbentOf } from '../ledger/fold.ts'
import type { ManifestEntry, SubmissionRef } from '../message/entry.ts'
import { allHeld, checkOmitted, invalid, isHeldLong, isRising, VALID, wait } from './checks.ts'
import { fetchBundles, fetchNamed } from './items.ts'
import { weightedMedian } from './median.ts'
import { admissionFault, eachPaidOnce } from './payment.ts'
import { type Candidate, type CompetitionState, type Held, heldOf, type RoundState } from './state.ts'

/** The beacon block lies this far above the proposer's head: time to decide before its hash can be known. */
const BEACON_AHEAD_BLOCKS = 6
/** a fresh manifest is notarized only while its beacon block is at least this far above the voter's head. */
const BEACON_MARGIN_BLOCKS = 3

/** The newest block at or below `block` at which submissions closed: the genesis block plus a multiple of `roundBlocks`. */
const closeAt = (state: RoundState, competition: CompetitionState, block: number): number => {
  const { roundBlocks } = competition.params
  return state.genesis.block + Math.floor((block - state.genesis.block) / roundBlocks) * roundBlocks
}

type Receipts = ReadonlyMap<Key, Held<'receipt'>>

/**
 * a submission enters with receipts of a quorum at blocks up to the close; its place is the weighted median of their blocks, then its id.
 * @returns null without a quorum.
 */
const refOf = (state: RoundState, id: Digest, receipts: readonly Held<'receipt'>[]): SubmissionRef | null => {
  const votes = receipts.map(({ message: { body } }) => ({
    value: body.block,
    weight: memberOf(state.committee, body.hotkey)?.weight ?? 0n,
  }))
  const weight = weightOf(
    state.committee,
    receipts.map(({ message }) => message.body.hotkey),
  )
  const receiptBlock = weightedMedian(votes)
  if (receiptBlock === null || !isQuorum(weight, state.committee.total)) return null
  return { id, receiptBlock, receipts: receipts.map((receipt) => receipt.id).sort((a, b) => (a < b ? -1 : 1)) }
}

const timely = (state: RoundState, receipts: Receipts, closeBlock: number): readonly Held<'receipt'>[] =>
  [...receipts.values()].filter(
    ({ message: { body } }) => body.block <= closeBlock && memberOf(state.committee, body.hotkey) !== undefined,
  )

const isBefore = (a: SubmissionRef, b: SubmissionRef): boolean =>
  a.receiptBlock < b.receiptBlock || (a.receiptBlock === b.receiptBlock && a.id < b.id)

type Ranked = { readonly candidate: Candidate; readonly ref: SubmissionRef }

const paymentOf = ({ held }: Candidate): PaymentRef | null => held.message.body.payment

/** The candidates in order of priority, by what `isCounted` lets count of the receipts and submissions held here; at most the cap. */
const rank = (
  state: RoundState,
  competition: CompetitionState,
  o: { readonly block: number; readonly closeBlock: number; readonly isCounted: (held: Held) => boolean },
): readonly Ranked[] => {
  const ranked = [...competition.candidates.values()]
    .filter(({ held }) => state.stored.has(held.message.body.bundle) && o.isCounted(held))
    .filter(
      ({ held: { id, message } }) =>
        admissionFault(state, competition, { id, body: message.body, block: o.block }) === null,
    )
    .flatMap((candidate) => {
      const receipts = timely(state, candidate.receipts, o.closeBlock).filter((receipt) => o.isCounted(receipt))
      const ref = refOf(state, candidate.held.id, receipts)
      return ref === null ? [] : [{ candidate, ref }]
    })
    .sort((a, b) => (isBefore(a.ref, b.ref) ? -1 : 1))
  return eachPaidOnce(ranked, ({ candidate }) => paymentOf(candidate)).slice(0, competition.params.submissionsMax)
}

/** a round opens when submissions have closed since the last one and there is a submission or a leader to measure. */
export const dueManifest = (state: RoundState, competition: CompetitionState, head: number): ManifestEntry | null => {
  const closeBlock = closeAt(state, competition, head)
  if (competition.open !== null || closeBlock <= competition.lastCloseBlock) return null
  const submissions = rank(state, competition, { block: head, closeBlock, isCounted: () => true }).map(({ ref }) => ref)
  const incumbent = incumbentOf(competition.standing)?.submission ?? null
  if (submissions.length === 0 && incumbent === null) return null
  const { id, image, thetaPpm } = competition.params
  return {
    kind: 'manifest',
    competition: id,
    round: competition.lastRound + 1,
    paramsHash: competition.paramsHash,
    image,
    closeBlock,
    beaconBlock: head + BEACON_AHEAD_BLOCKS,
    incumbent,
    thetaPpm,
    submissions,
  }
}

/** What the log and the header alone say. */
const faultOf = (
  state: RoundState,
  competition: CompetitionState,
  o: { entry: ManifestEntry; block: number },
): string | null => {
  const { entry, block } = o
  const { params, standing } = competition
  if (competition.open !== null) return 'a round is open'
  if (entry.round !== competition.lastRound + 1) return 'round'
  if (entry.paramsHash !== competition.paramsHash) return 'paramsHash'
  if (entry.image !== params.image || entry.thetaPpm !== params.thetaPpm) return 'image or theta'
  if (entry.incumbent !== (incumbentOf(standing)?.submission ?? null)) return 'incumbent'
  if (entry.closeBlock <= competition.lastCloseBlock) return 'closed before'
  if (entry.closeBlock !== closeAt(state, competition, block)) return 'closeBlock'
  if (entry.beaconBlock !== block + BEACON_AHEAD_BLOCKS) return 'beaconBlock'
  const { submissions } = entry
  if (submissions.length > params.submissionsMax) return 'too many submissions'
  if (submissions.length === 0 && entry.incumbent === null) return 'nothing to measure'
  if (submissions.some((ref) => standing.finished.has(ref.id))) return 'a finished submission'
  const ordered = submissions.every((ref, index) => {
    const before = submissions[index - 1]
    return before === undefined || isBefore(before, ref)
  })
  return ordered ? null : 'order'
}

const refFault = (
  state: RoundState,
  o: { entry: ManifestEntry; ref: SubmissionRef; receipts: readonly Held<'receipt'>[] },
): string | null => {
  const bodies = o.receipts.map(({ message }) => message.body)
  const signers = new Set(bodies.map((body) => body.hotkey))
  if (!isRising(o.ref.receipts) || signers.size !== bodies.length) return 'receipts'
  const isFit = bodies.every(
    (body) =>
      body.submission === o.ref.id &&
      body.block <= o.entry.closeBlock &&
      memberOf(state.committee, body.hotkey) !== undefined,
  )
  if (!isFit) return 'receipt'
  return refOf(state, o.ref.id, o.receipts)?.receiptBlock === o.ref.receiptBlock ? null : 'receiptBlock'
}

/** Everything a manifest names must be stored here whole: submissions, bundles, receipts. */
const checkItems = (
  state: RoundState,
  competition: CompetitionState,
  o: { entry: ManifestEntry; block: number; at: number },
): EntryCheck => {
  const { entry, block, at } = o
  const ids = entry.submissions.flatMap((ref) => [ref.id, ...ref.receipts])
  const absent = ids.filter((id) => !state.items.has(id))
  if (absent.length > 0) return wait('items', fetchNamed(state, absent, at))
  for (const ref of entry.submissions) {
    const submission = heldOf(state, 'submission', ref.id)
    if (submission?.message.body.competition !== entry.competition) return invalid('submission')
    const receipts = allHeld(ref.receipts, (id) => heldOf(state, 'receipt', id))
    if ('missing' in receipts) return invalid('receipt kind')
    const fault = refFault(state, { entry, ref, receipts: receipts.items })
    if (fault !== null) return invalid(fault)
    const unfit = admissionFault(state, competition, { id: ref.id, body: submission.message.body, block })
    if (unfit !== null) return invalid(unfit)
  }
  const named = entry.submissions.flatMap((ref) => heldOf(state, 'submission', ref.id)?.message.body ?? [])
  if (eachPaidOnce(named, ({ payment }) => payment).length < named.length) return invalid('one payment twice')
  const bundles = named.map(({ bundle }) => bundle)
  const unstored = bundles.filter((bundle) => !state.stored.has(bundle))
  return unstored.length > 0 ? wait('bundles', fetchBundles(state, unstored, at)) : VALID
}

const nullifierOrNone = (payment: PaymentRef | null): string => (payment === null ? '' : nullifierOf(payment))

/** Nullifiers of what it names: of two submissions with one payment either may be named, since each voter has its own receipts. */
const spentBy = (state: RoundState, entry: ManifestEntry): ReadonlySet<string> => {
  const payments = entry.submissions.map(({ id }) => heldOf(state, 'submission', id)?.message.body.payment ?? null)
  return new Set(payments.filter((payment) => payment !== null).map(nullifierOf))
}

/** What a fresh manifest leaves out: submissions that rank inside the cap, and receipts of those that it names. */
const omittedFrom = (
  state: RoundState,
  competition: CompetitionState,
  o: { entry: ManifestEntry; block: number; isCounted: (held: Held) => boolean },
): readonly Held[] => {
  const { entry, block, isCounted } = o
  const last = entry.submissions.at(-1)
  const isFull = entry.submissions.length === competition.params.submissionsMax
  const named = new Map(entry.submissions.map((ref) => [ref.id, ref]))
  const spent = spentBy(state, entry)
  const left = rank(state, competition, { block, closeBlock: entry.closeBlock, isCounted }).filter(
    ({ candidate, ref }) =>
      !named.has(ref.id) &&
      !spent.has(nullifierOrNone(paymentOf(candidate))) &&
      (!isFull || last === undefined || isBefore(ref, last)),
  )
  const receipts = [...named].flatMap(([id, ref]) => {
    const signers = new Set(ref.receipts.map((receipt) => heldOf(state, 'receipt', receipt)?.message.body.hotkey))
    const held = timely(state, competition.candidates.get(id)?.receipts ?? new Map(), entry.closeBlock)
    return held.filter((receipt) => !signers.has(receipt.message.body.hotkey))
  })
  return [...left.flatMap(({ candidate }) => [candidate.held, ...candidate.receipts.values()]), ...receipts]
}

export const checkManifest = (state: RoundState, entry: ManifestEntry, query: CheckQuery): EntryCheck => {
  const competition = state.competitions.get(entry.competition)
  if (competition === undefined) return invalid('competition')
  const { block } = query.header
  const fault = faultOf(state, competition, { entry, block })
  if (fault !== null) return invalid(fault)
  const items = checkItems(state, competition, { entry, block, at: query.at })
  if (items.kind !== 'valid' || !query.fresh) return items
  const head = state.head?.number ?? 0
  if (entry.beaconBlock < head + BEACON_MARGIN_BLOCKS) return wait('the beacon is too near')
  const isCounted = (held: Held): boolean => isHeldLong(state, query, held)
  return checkOmitted(state, query, omittedFrom(state, competition, { entry, block, isCounted }))
}
