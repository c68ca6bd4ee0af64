/** Which messages are kept: each kind's rule, its bound, and who gives way when it is full. */
import { unreachable } from '../assert.ts'
import { memberOf, weightOf } from '../committee.ts'
import type { Digest, Key } from '../crypto.ts'
import type { Effect } from '../machine-types.ts'
import { commitmentOf } from '../message/commitment.ts'
import { type MessageKind, messageId, type Signed } from '../message/message.ts'
import { attestedBy } from './attestation.ts'
import { candidateHotkeys } from './epoch.ts'
import { isGuest, takeGuest } from './guests.ts'
import { propose } from './params.ts'
import { admissionFault } from './payment.ts'
import { ask, type CompetitionState, type Held, heldSince, isHere, type OpenRound, type RoundState } from './state.ts'

/** Submissions without a verdict in one competition; beyond it newcomers are refused, since the older ones have receipts already. */
const CANDIDATES_MAX = 1_024
/** Submissions known by a receipt only; beyond it newcomers wait until they are relayed again. */
const ORPHANS_MAX = 256
/** Days' worth of one miner's submissions that may wait at once. */
const WAITING_DAYS = 2
/**
 * Delegations that one hotkey may replace between two headers; beyond it each gives way to a newer one only after a while: else one signature
 * each fills every node's journal. Some at once, since who holds a newer one than others do refuses their EPOCH.
 */
const REPLACED_MAX = 8
const DELEGATION_EVERY_MS = 60_000
/** Ids asked for between two heights: more than the largest proposal names; beyond it all are forgotten and asked for again. */
const WANTED_MAX = 1 << 16

/** What became of a message: whether it is kept, and what its sender signed before for the same thing, if that differs. */
export type Acceptance = { readonly isKept: boolean; readonly conflict: Signed | null }

const DROPPED: Acceptance = { isKept: false, conflict: null }

/**
 * A message on its way in. `isTrusted`: out of this node's own journal. `isNamed`: that, or the log or a proposal names it, so bounds do not
 * apply.
 */
type Incoming<K extends MessageKind> = {
  readonly held: Held<K>
  readonly isNamed: boolean
  readonly isTrusted: boolean
}

const keep = (state: RoundState, held: Held): Acceptance => {
  state.items.set(held.id, held)
  state.wanted.delete(held.id)
  state.asked.delete(held.id)
  return { isKept: true, conflict: null }
}

/** What is named and beyond the bounds. */
const keepGuest = (
  state: RoundState,
  { held, isNamed, isTrusted }: Incoming<MessageKind>,
  subject = '',
): Acceptance => {
  const place = `${held.message.kind} ${subject} ${held.message.body.hotkey}`
  return isNamed && takeGuest(state.guests, { id: held.id, place, isTrusted }) ? keep(state, held) : DROPPED
}

/** One item a sender: the first is the one that counts here; another one is kept only where it is named. */
const keepFirst = <K extends 'receipt' | 'commit' | 'reveal' | 'roundAttestation'>(
  state: RoundState,
  table: Map<Key, Held<K>>,
  o: Incoming<K> & { readonly hotkey: Key; readonly subject: string },
): Acceptance => {
  const first = table.get(o.hotkey)
  if (first === undefined) {
    table.set(o.hotkey, o.held)
    return keep(state, o.held)
  }
  const { isKept } = keepGuest(state, o as Incoming<MessageKind>, o.subject)
  return { isKept, conflict: (first satisfies Held<K> as Held).message }
}

export const mayBeMember = (state: RoundState, hotkey: Key): boolean =>
  hotkey === state.self ||
  state.inForce.has(hotkey) ||
  (state.latest !== null && candidateHotkeys(state.latest).has(hotkey))

const acceptDelegation = (state: RoundState, incoming: Incoming<'delegation'>): Acceptance => {
  const { held, isNamed, isTrusted } = incoming
  const { hotkey, counter, netuid } = held.message.body
  const isKnown = isTrusted || mayBeMember(state, hotkey)
  if (netuid !== state.genesis.netuid || !(isNamed || isKnown)) return DROPPED
  const newest = state.delegations.get(hotkey)
  const isNewer = newest === undefined || newest.message.body.counter < counter
  const conflict = newest?.message.body.counter === counter ? newest.message : null
  if (isNewer && !isNamed && isTooSoon(state, held, newest)) return DROPPED
  const { isKept } = isNewer && isKnown ? keep(state, held) : keepGuest(state, incoming)
  if (isNewer && isKept) state.delegations.set(hotkey, held)
  if (isNewer && isKept && newest !== undefined) state.replaced.add(newest.id)
  return { isKept, conflict }
}

/** the first ones are taken at once, and so are this node's own: a change of keys waits for nothing. */
const isTooSoon = (state: RoundState, held: Held<'delegation'>, newest: Held<'delegation'> | undefined): boolean => {
  const { hotkey } = held.message.body
  if (newest === undefined || newest.since === null || hotkey === state.self) return false
  const replaced = [...state.replaced].filter((id) => state.items.get(id)?.message.body.hotkey === hotkey)
  if (replaced.length < REPLACED_MAX) return false
  return heldSince(state, held) - newest.since < DELEGATION_EVERY_MS
}

/** One change a target: the newest that may still be decided. Its signer is no validator, so two of one counter convict nobody. */
const acceptParams = (state: RoundState, incoming: Incoming<'params'>): Acceptance =>
  propose(state, incoming.held) ? keep(state, incoming.held) : keepGuest(state, incoming)

export const isRegistered = (state: RoundState, miner: Key): boolean =>
  state.latest?.neurons.some((neuron) => neuron.hotkey === miner) ?? true

/** `isTrusted`: out of the journal, where who had no uid counted for nothing; that is not known yet. */
const isWelcome = (
  state: RoundState,
  competition: CompetitionState,
  o: { readonly miner: Key; readonly isTrusted: boolean },
): boolean => {
  const held = [...competition.candidates.values()].filter((c) => !isGuest(state.guests, c.held.id))
  const waiting = held.filter((c) => c.held.message.body.hotkey === o.miner).length
  return (
    isRegistered(state, o.miner) &&
    waiting < WAITING_DAYS * competition.params.dailySubmissionsMax &&
    (o.isTrusted || held.length < CANDIDATES_MAX)
  )
}

/** More than a third has receipts for it: at least one honest validator found it welcome. */
export const isVouched = (state: RoundState, receipts: Iterable<Key>): boolean =>
  3n * weightOf(state.committee, receipts) > state.committee.total

export const isAdmissible = (
  state: RoundState,
  competition: CompetitionState,
  { id, message }: Held<'submission'>,
): boolean => admissionFault(state, competition, { id, body: message.body, block: state.logBlock }) === null

const acceptSubmission = (state: RoundState, incoming: Incoming<'submission'>): Acceptance => {
  const { held } = incoming
  const { hotkey } = held.message.body
  const competition = state.competitions.get(held.message.body.competition)
  if (competition === undefined || competition.standing.finished.has(held.id)) return DROPPED
  const receipts = state.orphans.get(held.id) ?? new Map<Key, Held<'receipt'>>()
  const isWanted =
    isVouched(state, receipts.keys()) || isWelcome(state, competition, { miner: hotkey, isTrusted: incoming.isTrusted })
  const isWithin = isWanted && isAdmissible(state, competition, held)
  // A manifest names each submission once, and no more of them than a round measures: each has a place.
  const { isKept } = isWithin ? keep(state, held) : keepGuest(state, incoming, held.id)
  if (!isKept) return DROPPED
  state.orphans.delete(held.id)
  competition.candidates.set(held.id, { held, receipts, sinceBlock: null, found: null })
  return { isKept, conflict: null }
}

const isFinished = (state: RoundState, submission: Digest): boolean =>
  [...state.competitions.values()].some(({ standing }) => standing.finished.has(submission))

/** Two receipts for one submission convict nobody: whoever crashed before its receipt was durable signs another one, at another block. */
const keepReceipt = (
  state: RoundState,
  table: Map<Key, Held<'receipt'>>,
  incoming: Incoming<'receipt'>,
): Acceptance => {
  const { hotkey, submission: subject } = incoming.held.message.body
  return { ...keepFirst(state, table, { ...incoming, hotkey, subject }), conflict: null }
}

/** Forgets the receipts of a submission that is not here; told again they are taken again. */
export const forgetOrphan = (state: RoundState, id: Digest, receipts: ReadonlyMap<Key, Held<'receipt'>>): void => {
  state.orphans.delete(id)
  for (const receipt of receipts.values()) state.items.delete(receipt.id)
}

const acceptReceipt = (state: RoundState, incoming: Incoming<'receipt'>): Acceptance => {
  const { submission, hotkey, block } = incoming.held.message.body
  if (!incoming.isNamed && !state.inForce.has(hotkey)) return DROPPED
  for (const competition of state.competitions.values()) {
    const candidate = competition.candidates.get(submission)
    if (candidate === undefined) continue
    if (hotkey === state.self) noteOwnReceipt(competition, candidate.held, block)
    return keepReceipt(state, candidate.receipts, incoming)
  }
  if (isFinished(state, submission)) return DROPPED
  const orphan = state.orphans.get(submission)
  if (orphan === undefined && state.orphans.size >= ORPHANS_MAX) {
    if (!incoming.isTrusted) return DROPPED
    // Those that the journal tells first had been forgotten before there was room for this one.
    const [oldest] = state.orphans
    if (oldest !== undefined) forgetOrphan(state, ...oldest)
  }
  const receipts = orphan ?? new Map<Key, Held<'receipt'>>()
  state.orphans.set(submission, receipts)
  return keepReceipt(state, receipts, incoming)
}

/** Counts a receipt of mine against its miner's quota, once. */
export const noteOwnReceipt = (competition: CompetitionState, submission: Held<'submission'>, block: number): void => {
  if (competition.ownReceipts.some((own) => own.submission === submission.id)) return
  const recent = competition.ownReceipts.filter((own) => own.block > block - competition.params.blocksPerDay)
  competition.ownReceipts = [...recent, { submission: submission.id, miner: submission.message.body.hotkey, block }]
}

const roundOf = (state: RoundState, body: { competition: string; manifest: Digest; hotkey: Key }): OpenRound | null => {
  const open = state.competitions.get(body.competition)?.open ?? null
  return open?.manifest === body.manifest && memberOf(open.committee, body.hotkey) !== undefined ? open : null
}

const acceptCommit = (state: RoundState, incoming: Incoming<'commit'>): Acceptance => {
  const { body } = incoming.held.message
  const round = roundOf(state, body)
  if (round === null || (round.committed !== null && !incoming.isNamed)) return DROPPED
  return keepFirst(state, round.commits, { ...incoming, hotkey: body.hotkey, subject: body.manifest })
}

/**
 * A commit and a reveal of one hotkey and manifest where the reveal is not the commit's preimage, this message among them; null where they fit, or
 * one is not here.
 */
export const unopenedBy = (state: RoundState, message: Signed): readonly Signed[] | null => {
  if (message.kind !== 'commit' && message.kind !== 'reveal') return null
  const round = roundOf(state, message.body)
  const { hotkey } = message.body
  const commit = message.kind === 'commit' ? message : round?.commits.get(hotkey)?.message
  const reveal = message.kind === 'reveal' ? message : round?.reveals.get(hotkey)?.message
  if (commit === undefined || reveal === undefined) return null
  const opened = commitmentOf({ domain: state.domains.mesh, ...reveal.body })
  return commit.body.commitment === opened ? null : [commit, reveal]
}

const acceptReveal = (state: RoundState, incoming: Incoming<'reveal'>): Acceptance => {
  const { body } = incoming.held.message
  const round = roundOf(state, body)
  return round === null
    ? DROPPED
    : keepFirst(state, round.reveals, { ...incoming, hotkey: body.hotkey, subject: body.manifest })
}

const acceptAttestation = (state: RoundState, incoming: Incoming<'roundAttestation'>): Acceptance => {
  const attested = attestedBy(state, incoming.held)
  const { hotkey } = incoming.held.message.body
  if (attested === null) return DROPPED
  return keepFirst(state, attested.attestations, { ...incoming, hotkey, subject: attested.header })
}

/**
 * each sender has one place a subject (a submission's receipt, a round's commit, a round's reveal); a second, different body is a conflict
 * to be told, not memory to be filled. What the log or a proposal names is taken in any case.
 * `isTrusted`: from this node's own journal, where it was admitted before.
 */
export const accept = (
  state: RoundState,
  message: Signed,
  o: { readonly since: number | null; readonly isTrusted: boolean },
): Acceptance => {
  const id = messageId(message, state.domains)
  if (state.items.has(id)) return DROPPED
  const base = { id, since: o.since }
  const how = { isTrusted: o.isTrusted, isNamed: o.isTrusted || state.wanted.has(id) }
  switch (message.kind) {
    case 'delegation':
      return acceptDelegation(state, { held: { ...base, message }, ...how })
    case 'submission':
      return acceptSubmission(state, { held: { ...base, message }, ...how })
    case 'receipt':
      return acceptReceipt(state, { held: { ...base, message }, ...how })
    case 'commit':
      return acceptCommit(state, { held: { ...base, message }, ...how })
    case 'reveal':
      return acceptReveal(state, { held: { ...base, message }, ...how })
    case 'roundAttestation':
      return acceptAttestation(state, { held: { ...base, message }, ...how })
    case 'params':
      return acceptParams(state, { held: { ...base, message }, ...how })
    case 'proposal':
    case 'notarize':
    case 'nullify':
    case 'finalize':
      return DROPPED
    default:
      return unreachable(message)
  }
}

const FETCH_EVERY_MS = 1_000
const RELAY_EVERY_MS = 2_000

/** Asks for a message or bundle that is not here, at most once a second. */
const fetch = (state: RoundState, what: 'message' | 'blob', o: { digest: Digest; at: number }): readonly Effect[] =>
  ask(state, { key: o.digest, at: o.at, everyMs: FETCH_EVERY_MS }) ? [{ kind: 'fetch', what, digest: o.digest }] : []

/** Pulls messages and evidence that the log or a proposal names; they are taken whatever the bounds say when they come. */
export const fetchNamed = (state: RoundState, ids: readonly Digest[], at: number): readonly Effect[] =>
  ids
    .filter((digest) => !isHere(state, digest))
    .flatMap((digest) => {
      if (state.wanted.size >= WANTED_MAX) state.wanted.clear()
      state.wanted.add(digest)
      return fetch(state, 'message', { digest, at })
    })

/** Pulls the submissions that only receipts speak of. */
export const fetchOrphans = (state: RoundState, at: number): readonly Effect[] =>
  [...state.orphans.keys()].flatMap((digest) => fetch(state, 'message', { digest, at }))

/** Pulls bundles that are not stored here. */
export const fetchBundles = (state: RoundState, bundles: readonly Digest[], at: number): readonly Effect[] =>
  bundles.filter((digest) => !state.stored.has(digest)).flatMap((digest) => fetch(state, 'blob', { digest, at }))

/** Sends held messages on to everyone: what I refuse a proposal for, its leader must be able to see. */
export const relayHeld = (state: RoundState, items: readonly Held[], at: number): readonly Effect[] =>
  items.flatMap(({ id, message }): readonly Effect[] =>
    ask(state, { key: `relay ${id}`, at, everyMs: RELAY_EVERY_MS })
      ? [{ kind: 'relay', what: { kind: 'message', message }, to: 'committee' }]
      : [],
  )
