/** Which of the messages that are kept go again, and when: with the log, with a view, or with time. */
import type { Digest, Key } from '../crypto.ts'
import { targetOf } from '../message/params.ts'
import { endHeight, isGuest, makeRoom, nextView } from './guests.ts'
import { forgetOrphan, isAdmissible, isRegistered, isVouched, mayBeMember } from './items.ts'
import { type Held, heldOf, heldSince, type RoundState } from './state.ts'

/** A submission that only receipts speak of and nobody has is forgotten after this; relayed receipts bring it back. */
const ORPHAN_MS = 60_000

type Living = {
  readonly isCandidate: (submission: Digest) => boolean
  readonly isOpen: (manifest: Digest) => boolean
  readonly isNewest: (o: { competition: string; round: number }) => boolean
}

const isDead = (state: RoundState, { id, message }: Held, { isCandidate, isOpen, isNewest }: Living): boolean => {
  if (message.kind === 'commit' || message.kind === 'reveal') return !isOpen(message.body.manifest)
  if (message.kind === 'roundAttestation') return !isNewest(message.body)
  if (message.kind === 'submission') return !isCandidate(id)
  if (message.kind === 'receipt') {
    return !isCandidate(message.body.submission) && !state.orphans.has(message.body.submission)
  }
  if (state.wanted.has(id) || isGuest(state.guests, id)) return false
  if (message.kind === 'params') return state.params.proposed.get(targetOf(message.body))?.id !== id
  if (message.kind !== 'delegation') return false
  const { hotkey, counter } = message.body
  // The next EPOCH may still name the one in force, and nobody can be asked for one of the genesis document.
  return state.delegations.get(hotkey)?.id !== id && state.inForce.get(hotkey)?.counter !== counter
}

/** Drops the messages that nothing can name any more: of closed rounds, finished or unpaid submissions, replaced delegations. */
export const prune = (state: RoundState): void => {
  const competitions = [...state.competitions.values()]
  for (const competition of competitions) {
    const { candidates, standing } = competition
    for (const [id, { held }] of candidates) {
      if (standing.finished.has(id) || !isAdmissible(state, competition, held)) candidates.delete(id)
    }
  }
  const open = new Set(competitions.flatMap((competition) => competition.open?.manifest ?? []))
  const living: Living = {
    isCandidate: (id) => competitions.some(({ candidates }) => candidates.has(id)),
    isOpen: (manifest) => open.has(manifest),
    isNewest: ({ competition, round }) => state.competitions.get(competition)?.attested?.result.round === round,
  }
  for (const held of state.items.values()) {
    if (isDead(state, held, living)) state.items.delete(held.id)
  }
}

/** Forgets receipts whose submission nobody has. */
export const expireOrphans = (state: RoundState, at: number): void => {
  for (const [id, receipts] of state.orphans) {
    const [first] = receipts.values()
    if (first !== undefined && at - heldSince(state, first) <= ORPHAN_MS) continue
    forgetOrphan(state, id, receipts)
  }
}

/**
 * a submission that no manifest has named and that receipts of a third do not vouch for is forgotten a day of blocks after the first
 * header that found it so, since nobody honest seems to want it. By the log and not the clock: a restart forgets the same again.
 */
export const expireCandidates = (state: RoundState): void => {
  let isAny = false
  for (const { candidates, standing, params } of state.competitions.values()) {
    for (const [id, candidate] of candidates) {
      const isWanted = standing.underWay.has(id) || isVouched(state, candidate.receipts.keys())
      candidate.sinceBlock = isWanted ? null : (candidate.sinceBlock ?? state.logBlock)
      const since = candidate.sinceBlock ?? state.logBlock
      if (state.logBlock - since >= params.blocksPerDay) isAny = candidates.delete(id)
    }
  }
  if (isAny) prune(state)
}

/** Forgets a message; with a submission, its receipts. One that receipts of a third have come for stays, within the bounds. */
const forget = (state: RoundState, id: Digest): void => {
  const candidates = [...state.competitions.values()].find((one) => one.candidates.has(id))?.candidates
  const receipts = candidates?.get(id)?.receipts ?? new Map<Key, Held<'receipt'>>()
  if (isVouched(state, receipts.keys())) return
  candidates?.delete(id)
  for (const receipt of receipts.values()) state.items.delete(receipt.id)
  const message = state.items.get(id)?.message
  const hotkey = message?.body.hotkey ?? ''
  if (message?.kind === 'delegation' && state.delegations.get(hotkey)?.id === id) state.delegations.delete(hotkey)
  state.items.delete(id)
}

/** with this node's first metagraph, what its journal told of submissions by who has no uid and delegations of who cannot be a member: proposals named them. */
export const forgetStrangers = (state: RoundState): void => {
  for (const { candidates, standing } of state.competitions.values()) {
    for (const [id, { held }] of candidates) {
      if (!standing.underWay.has(id) && !isRegistered(state, held.message.body.hotkey)) forget(state, id)
    }
  }
  for (const [hotkey, { id }] of state.delegations) if (!mayBeMember(state, hotkey)) forget(state, id)
}

/** with a fresh proposal of a new view goes what those before it named beyond the bounds, but for what something valid named. */
export const dropUnnamed = (state: RoundState, view: number): void => {
  if (view <= state.guests.view) return
  state.wanted.clear()
  for (const id of nextView(state.guests, view)) forget(state, id)
}

/** with a re-proposal of a new view nothing goes, but nothing of the views before is waited for, or keeps a place, either. */
export const makeRoomFor = (state: RoundState, view: number): void => {
  if (makeRoom(state.guests, view)) state.wanted.clear()
}

/** what the log names, and nothing that proposals named, is waited for from here on: it finds every place free. */
export const makeRoomForLog = (state: RoundState): void => {
  state.guests.taken.clear()
  state.wanted.clear()
}

/** with its header a height ends; what it named, and nothing else, is kept of what its proposals brought. */
export const settleNamed = (state: RoundState, named: readonly Digest[]): void => {
  state.wanted.clear()
  for (const id of endHeight(state.guests, named)) forget(state, id)
}

/**
 * a replaced delegation goes with the next header, unless that put it in force: until then a proposal that a quorum has found valid may
 * name it.
 */
export const dropReplaced = (state: RoundState): void => {
  for (const id of state.replaced) {
    const held = heldOf(state, 'delegation', id)
    const { hotkey = '', counter } = held?.message.body ?? {}
    if (state.inForce.get(hotkey)?.counter === counter) continue
    state.replaced.delete(id)
    state.items.delete(id)
  }
}
