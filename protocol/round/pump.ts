/** What this node should do next, read off the state: looked at after every input, so that a restart needs no memory of what was asked. */
import { memberOf } from '../committee.ts'
import type { Digest, Key } from '../crypto.ts'
import { incumbentOf } from '../ledger/fold.ts'
import type { Effect } from '../machine-types.ts'
import { commitmentOf } from '../message/commitment.ts'
import { signAttestation } from './attestation.ts'
import { missingOf } from './fold.ts'
import { isGuest } from './guests.ts'
import { fetchBundles, fetchNamed, fetchOrphans, noteOwnReceipt, relayHeld } from './items.ts'
import { admissionFault, isPaid, readPayment } from './payment.ts'
import { isRepeatDue } from './repeat.ts'
import { roundIdOf, termsOf } from './reveal.ts'
import {
  ask,
  bundleOf,
  type Candidate,
  type CompetitionState,
  type Held,
  heldSince,
  type OpenRound,
  type RoundState,
} from './state.ts'
import { vectorOf } from './vector.ts'

/** A question to the chain or a signature that brought no answer is asked for again after this. */
const RETRY_MS = 2_000
/** The metagraph is read this often: for new epochs and for who is registered. */
const METAGRAPH_EVERY_BLOCKS = 5
/** A vector's block may lie this far back, else the next one is set: after a restart, or a while away, nothing stale is. */
const WEIGHTS_LATE_BLOCKS = 10

const readMetagraph = (state: RoundState, block: number, at: number): readonly Effect[] =>
  !state.metagraphs.has(block) && ask(state, { key: `metagraph ${block}`, at, everyMs: RETRY_MS })
    ? [{ kind: 'readMetagraph', block }]
    : []

const watchChain = (state: RoundState, head: number, at: number): readonly Effect[] => {
  const { latest } = state
  const isOld = latest === null || head - latest.block.number >= METAGRAPH_EVERY_BLOCKS
  // One question at a time: the key names no block.
  const isAsked = isOld && ask(state, { key: 'metagraph', at, everyMs: RETRY_MS })
  const poll: readonly Effect[] = isAsked ? [{ kind: 'readMetagraph', block: head }] : []
  const isNewEpoch = latest !== null && latest.epoch > state.committee.epoch
  return isNewEpoch ? [...poll, ...readMetagraph(state, latest.epochStart, at)] : poll
}

/** Those who share a purse: a hotkey's own name where its coldkey is not known. */
const purseOf = (state: RoundState, miner: Key): Key =>
  state.latest?.neurons.find((neuron) => neuron.hotkey === miner)?.coldkey ?? miner

/** Receipts of this node within a day of blocks for the miner's hotkey or its coldkey; those that got no verdict do not count. */
export const receiptsToday = (
  state: RoundState,
  competition: CompetitionState,
  o: { readonly miner: Key; readonly head: number },
): number => {
  const { blocksPerDay } = competition.params
  const purse = purseOf(state, o.miner)
  const used = competition.ownReceipts.filter(
    ({ submission, miner, block }) =>
      block > o.head - blocksPerDay &&
      (miner === o.miner || purseOf(state, miner) === purse) &&
      !competition.standing.inconclusive.has(submission),
  )
  return used.length
}

/**
 * a validator signs a receipt for a registered miner's stored bundle while fewer than the daily number of that miner's, by hotkey and by
 * coldkey, have one from it within a day of blocks; those that got no verdict do not count.
 */
export const isWithinQuota = (
  state: RoundState,
  competition: CompetitionState,
  o: { readonly miner: Key; readonly head: number },
): boolean => receiptsToday(state, competition, o) < competition.params.dailySubmissionsMax

/** What a receipt's signer vouches for, each by its own chain and its own count. R-114: where a fee is asked for, that it is paid. */
const isWelcome = (
  state: RoundState,
  competition: CompetitionState,
  o: { readonly candidate: Candidate; readonly isCounted: boolean; readonly head: number },
): boolean => {
  const { id, message } = o.candidate.held
  const { hotkey: miner } = message.body
  if (!state.latest?.neurons.some((neuron) => neuron.hotkey === miner)) return false
  if (!o.isCounted && !isWithinQuota(state, competition, { miner, head: o.head })) return false
  return admissionFault(state, competition, { id, body: message.body, block: o.head }) === null
}

/** for what a manifest has named a quorum has vouched: who came to the committee after it asks for nothing but its code. */
const signReceipt = (
  state: RoundState,
  competition: CompetitionState,
  o: { readonly candidate: Candidate; readonly self: Key; readonly head: number; readonly at: number },
): readonly Effect[] => {
  const { held, receipts } = o.candidate
  if (receipts.has(o.self) || !state.stored.has(held.message.body.bundle)) return []
  const before = competition.ownReceipts.find((own) => own.submission === held.id)
  if (!competition.standing.underWay.has(held.id)) {
    if (!isWelcome(state, competition, { ...o, isCounted: before !== undefined })) return []
    if (!isPaid(o.candidate)) return readPayment(state, o.candidate, o)
  }
  if (!ask(state, { key: `receipt ${held.id}`, at: o.at, everyMs: RETRY_MS })) return []
  // Counted before the signature comes back, so that a burst cannot slip through.
  noteOwnReceipt(competition, held, o.head)
  // Signed anew, under another key or after a crash, it is for the block of the first: nobody loses its place in the order.
  const body = { submission: held.id, hotkey: o.self, block: before?.block ?? o.head }
  return [{ kind: 'sign', message: { kind: 'receipt', body } }]
}

/** The node's own part in an open round. */
type Duty = { readonly round: OpenRound; readonly self: Key; readonly at: number }

const bundlesOf = (competition: CompetitionState, round: OpenRound): readonly Digest[] => {
  const ids = [...round.entry.submissions.map((submission) => submission.id), round.entry.incumbent]
  return ids.flatMap((id) => (id === null ? [] : (bundleOf(competition, id) ?? [])))
}

const evaluate = (state: RoundState, competition: CompetitionState, { round }: Duty): readonly Effect[] => {
  if (round.committed !== null || round.sealed !== null || round.isEvaluating || round.beacon === null) return []
  const terms = termsOf(round, state.domains)
  const isReady = bundlesOf(competition, round).every((bundle) => state.stored.has(bundle))
  if (terms === null || !isReady) return []
  round.isEvaluating = true
  const { competition: id, round: number, manifest } = terms.id
  return [
    {
      kind: 'evaluate',
      competition: id,
      round: number,
      manifest,
      entry: round.entry,
      params: round.params,
      seed: terms.seed,
    },
  ]
}

const signCommit = (state: RoundState, { round, self, at }: Duty): readonly Effect[] => {
  if (round.sealed === null || round.committed !== null || round.commits.has(self)) return []
  if (!ask(state, { key: `commit ${round.manifest}`, at, everyMs: RETRY_MS })) return []
  const { domain: _, ...id } = roundIdOf(round, state.domains)
  const commitment = commitmentOf({ ...roundIdOf(round, state.domains), hotkey: self, ...round.sealed })
  return [{ kind: 'sign', message: { kind: 'commit', body: { ...id, hotkey: self, commitment } } }]
}

/**
 * a reveal is signed only when COMMITS is decided here and names this node's own commit, and if it opens that: who restored an old backup
 * has measured anew, and would convict itself.
 */
const signReveal = (state: RoundState, { round, self, at }: Duty): readonly Effect[] => {
  const commit = round.committed?.commits.get(self)
  if (round.sealed === null || commit === undefined || round.reveals.has(self)) return []
  const { domain, ...id } = roundIdOf(round, state.domains)
  const body = { ...id, hotkey: self, ...round.sealed }
  if (commit.message.body.commitment !== commitmentOf({ domain, ...body })) return []
  if (!ask(state, { key: `reveal ${round.manifest}`, at, everyMs: RETRY_MS })) return []
  return [{ kind: 'sign', message: { kind: 'reveal', body } }]
}

const pumpRound = (
  state: RoundState,
  competition: CompetitionState,
  o: { head: number; at: number },
): readonly Effect[] => {
  const round = competition.open
  if (round === null) return []
  const { beaconBlock } = round.entry
  const isBeaconDue = round.beacon === null && o.head >= beaconBlock
  const beacon: readonly Effect[] =
    isBeaconDue && ask(state, { key: `beacon ${round.manifest}`, at: o.at, everyMs: RETRY_MS })
      ? [{ kind: 'readBlock', number: beaconBlock }]
      : []
  if (state.self === null || memberOf(round.committee, state.self) === undefined) return beacon
  const duty = { round, self: state.self, at: o.at }
  return [...beacon, ...evaluate(state, competition, duty), ...signCommit(state, duty), ...signReveal(state, duty)]
}

const pumpCompetition = (
  state: RoundState,
  competition: CompetitionState,
  o: { head: number; at: number },
): readonly Effect[] => {
  const { self } = state
  const incumbent = incumbentOf(competition.standing)
  // Of what only a proposal names, once the receipts that it names are found right.
  const candidates = [...competition.candidates.values()].filter(({ held }) => !isGuest(state.guests, held.id))
  const bundles = candidates.map(({ held }) => held.message.body.bundle)
  const isMember = self !== null && memberOf(state.committee, self) !== undefined
  const receipts = isMember
    ? candidates.flatMap((candidate) => signReceipt(state, competition, { ...o, candidate, self }))
    : []
  return [
    ...fetchBundles(state, incumbent === null ? bundles : [...bundles, incumbent.bundle], o.at),
    ...receipts,
    ...pumpRound(state, competition, o),
    ...signAttestation(state, competition, { self, at: o.at }),
  ]
}

/** the vector of a block is handed to the chain once at most: the record that it will be is durable before. */
const setWeights = (state: RoundState, head: number, at: number): readonly Effect[] => {
  const { self } = state
  const block = state.vectors.at(-1)?.block ?? 0
  const isSetter = self !== null && memberOf(state.committee, self) !== undefined
  if (!isSetter || block <= state.weightsBlock || head - block > WEIGHTS_LATE_BLOCKS) return []
  const metagraph = state.metagraphs.get(block)
  if (metagraph === undefined) return readMetagraph(state, block, at)
  state.weightsBlock = block
  const vector = vectorOf(state, metagraph)
  if (vector === null || vector.uids.length === 0) return []
  return [
    { kind: 'persist', records: [{ kind: 'weights', block }] },
    { kind: 'setWeights', block, vector },
  ]
}

/** Everything that is due by the state and was not asked for a moment ago. */
export const pump = (state: RoundState, at: number): readonly Effect[] => {
  const head = state.head?.number
  if (head === undefined) return fetchNamed(state, missingOf(state), at)
  const competitions = [...state.competitions.values()]
  return [
    ...fetchNamed(state, missingOf(state), at),
    ...fetchOrphans(state, at),
    ...watchChain(state, head, at),
    ...competitions.flatMap((competition) => pumpCompetition(state, competition, { head, at })),
    ...setWeights(state, head, at),
  ]
}

/**
 * The owner has no node: whoever has its change hands it to all, so that whoever leads can propose it. However fast one change follows the
 * other, each target's newest goes out every two seconds only.
 */
export const relayProposed = (state: RoundState, at: number): readonly Effect[] =>
  [...state.params.proposed].flatMap(([target, { message }]): readonly Effect[] =>
    ask(state, { key: `relay ${target}`, at, everyMs: RETRY_MS })
      ? [{ kind: 'relay', what: { kind: 'message', message }, to: 'committee' }]
      : [],
  )

/** This node's own messages that the log does not name yet, sent again: gossip alone is not delivery. */
export const relayOwn = (state: RoundState, at: number): readonly Effect[] => {
  const { self } = state
  if (self === null) return []
  const own: (Held | undefined)[] = []
  const delegation = state.delegations.get(self)
  if (delegation?.message.body.counter !== state.inForce.get(self)?.counter) own.push(delegation)
  for (const { candidates, open, attested } of state.competitions.values()) {
    const named = new Set(open?.entry.submissions.map((submission) => submission.id))
    for (const [id, { receipts }] of candidates) if (!named.has(id)) own.push(receipts.get(self))
    if (open !== null) own.push(open.committed === null ? open.commits.get(self) : open.reveals.get(self))
    if (attested !== null && attested.attestations.size < attested.committee.members.length) {
      own.push(attested.attestations.get(self))
    }
  }
  const before = state.repeatedAt ?? at
  state.repeatedAt = at
  const due = own.filter((held) => {
    if (held === undefined) return false
    const since = heldSince(state, held)
    return isRepeatDue({ ageMs: at - since, ageBeforeMs: before - since })
  })
  return relayHeld(
    state,
    due.filter((held) => held !== undefined),
    at,
  )
}
