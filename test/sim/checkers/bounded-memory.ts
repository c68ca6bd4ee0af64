/** Checks that a machine's memory stays within its limits, whatever peers send (19). */
import type { Consensus, View } from '../../../protocol/consensus/state.ts'
import type { Key } from '../../../protocol/crypto.ts'
import { EVIDENCE_MAX, MEMBERS_MAX, SYNC_BATCH_MAX, VIEWS_AHEAD_MAX } from '../../../protocol/limits.ts'
import type { RoundState } from '../../../protocol/round/state.ts'
import { type Checker, type Sim, Violation } from '../watch.ts'

/** Looking is dear: every so many inputs of all nodes. */
const EVERY = 32

/** Limits of the rounds, as their own files give them. */
const METAGRAPHS_MAX = 16
const ORPHANS_MAX = 256
const WANTED_MAX = 1 << 16
const CANDIDATES_MAX = 1_024
/** Beside one piece against each member: what eight headers may name. */
const EVIDENCE_NAMED_MAX = 8 * EVIDENCE_MAX
/** A question is remembered for a minute; more subjects than these are never asked for in one, beside those that items, orphans and wanted ones are. */
const ASKED_MAX = 256
/** Messages of one kind and subject that a signer has a place for, and as many that a proposal or the log named. */
const COPIES_MAX = 2

const isCertified = ({ notarization, nullification }: View): boolean => notarization !== null || nullification !== null

const agreementFault = ({ current, early, recent, served }: Consensus): string | null => {
  const members = current.committee.members.length
  let views = 0
  for (const view of current.views.values()) {
    if (view.votes.ballots.size > members) return 'ballots'
    for (const weights of Object.values(view.votes.weights)) if (weights.size > members) return 'weights'
    if (view.view > current.view + VIEWS_AHEAD_MAX && !isCertified(view)) return 'views ahead'
    views++
  }
  // Each view brings one value by its first proposal and one by its certificate.
  if (current.headers.size > 2 * views) return 'headers'
  if (current.heard.size > members) return 'heard'
  // Whoever has a delegation here may have said something old within the last second.
  if (served.size > 2 * MEMBERS_MAX) return 'served'
  // Four kinds of message of the next height.
  if (early.size > 4 * members) return 'early'
  return recent.length > SYNC_BATCH_MAX ? 'recent' : null
}

const subjectsOf = (state: RoundState): number => {
  let candidates = 0
  for (const competition of state.competitions.values()) candidates += competition.candidates.size
  return candidates + state.orphans.size
}

/**
 * A signer's receipt for each submission here, a commit, a reveal and an attestation a competition, three delegations; a miner's submissions.
 * A proposal or the log may name one more of each.
 */
const signerMax = (state: RoundState): number =>
  (COPIES_MAX + 1) * subjectsOf(state) + 3 * COPIES_MAX * state.competitions.size + COPIES_MAX + 1

const signerFault = (state: RoundState): string | null => {
  const counts = new Map<Key, number>()
  for (const { message } of state.items.values()) {
    const { hotkey } = message.body
    counts.set(hotkey, (counts.get(hotkey) ?? 0) + 1)
  }
  const most = signerMax(state)
  for (const [hotkey, count] of counts) if (count > most) return `messages of ${hotkey}`
  return null
}

const roundsFault = (state: RoundState): string | null => {
  if (state.metagraphs.size > METAGRAPHS_MAX) return 'metagraphs'
  if (state.orphans.size > ORPHANS_MAX) return 'orphans'
  if (state.evidence.size > state.inForce.size + EVIDENCE_NAMED_MAX) return 'evidence'
  if (state.wanted.size > WANTED_MAX) return 'wanted'
  const known = state.items.size + state.evidence.size + subjectsOf(state) + state.wanted.size
  if (state.asked.size > ASKED_MAX + 2 * known) return 'asked'
  for (const { candidates, open, attested, standing, results } of state.competitions.values()) {
    if (candidates.size > CANDIDATES_MAX) return 'candidates'
    for (const id of candidates.keys()) if (standing.finished.has(id)) return 'finished candidates'
    if (open !== null && Math.max(open.commits.size, open.reveals.size) > open.committee.members.length) return 'round'
    if (attested !== null && attested.attestations.size > attested.committee.members.length) return 'attestations'
    if (results.length > SYNC_BATCH_MAX) return 'results'
  }
  return signerFault(state)
}

const faultOf = (sim: Sim, node: Key): string | null => {
  const consensus = sim.consensusOf(node)
  const rounds = sim.roundsOf(node)
  return (consensus === null ? null : agreementFault(consensus)) ?? (rounds === null ? null : roundsFault(rounds))
}

export const boundedMemoryOf = (o: { readonly every: number }): Checker => ({
  name: 'bounded-memory',
  watch: (sim, checked) => {
    let calls = 0
    return {
      stepped: (node) => {
        if (++calls % o.every !== 0) return
        checked()
        const what = faultOf(sim, node)
        if (what !== null) throw new Violation('memory is bounded', { node, what })
      },
    }
  },
})

export const boundedMemory = boundedMemoryOf({ every: EVERY })
