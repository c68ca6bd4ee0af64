/** The votes of one view: each signer's first in each phase, weighed as they come, made into a certificate at the quorum. */
import { type Committee, isQuorum } from '../committee.ts'
import type { Digest, Key } from '../crypto.ts'
import type { Signed } from '../message/message.ts'
import type { Certificate, Phase } from '../message/vote.ts'

export type SignedVote = Signed<Phase>

/** One signer's votes in one view. */
type Ballot = {
  notarize: SignedVote | null
  nullify: SignedVote | null
  finalize: SignedVote | null
  reported: boolean
}

export type Votes = {
  readonly ballots: Map<Key, Ballot>
  /** By phase: value → weight that voted so. */
  readonly weights: Readonly<Record<Phase, Map<Digest, bigint>>>
}

export const noVotes = (): Votes => ({
  ballots: new Map(),
  weights: { notarize: new Map(), nullify: new Map(), finalize: new Map() },
})

export const voteOf = (votes: Votes, hotkey: Key, phase: Phase): SignedVote | null =>
  votes.ballots.get(hotkey)?.[phase] ?? null

/** A pair of one signer's votes that no honest node signs. */
export type Conflict = { readonly first: SignedVote; readonly second: SignedVote }

export type Cast = {
  /** False for one that was here already or conflicts with one of the same phase. */
  readonly added: boolean
  /** Each signer's first offence in a view. */
  readonly conflict: Conflict | null
  readonly certificate: Certificate | null
}

const ballotOf = (votes: Votes, hotkey: Key): Ballot => {
  const known = votes.ballots.get(hotkey)
  if (known !== undefined) return known
  const made = { notarize: null, nullify: null, finalize: null, reported: false }
  votes.ballots.set(hotkey, made)
  return made
}

/** What of this ballot contradicts the vote: another value in its phase, or the one of nullify and finalize that excludes it. */
const contradicted = (ballot: Ballot, vote: SignedVote): SignedVote | null => {
  const same = ballot[vote.kind]
  if (same !== null) return same.body.value === vote.body.value ? null : same
  if (vote.kind === 'nullify') return ballot.finalize
  return vote.kind === 'finalize' ? ballot.nullify : null
}

/** The certificate of all votes here for one phase and value, signers in committee order. */
const formed = (votes: Votes, committee: Committee, vote: SignedVote): Certificate => {
  const { height, view, value } = vote.body
  const signatures = committee.members.flatMap(({ hotkey }, member) => {
    const held = voteOf(votes, hotkey, vote.kind)
    return held?.body.value === value ? [{ member, signature: held.signature }] : []
  })
  return { phase: vote.kind, height, view, value, signatures }
}

/**
 * keep each signer's first vote of a phase; a second, different one is evidence and goes to no memory.
 * so a view holds at most three votes a member. The signer must be a member of the committee.
 */
export const castVote = (votes: Votes, committee: Committee, o: { vote: SignedVote; weight: bigint }): Cast => {
  const { vote } = o
  const ballot = ballotOf(votes, vote.body.hotkey)
  const first = contradicted(ballot, vote)
  const conflict = first === null || ballot.reported ? null : { first, second: vote }
  if (conflict !== null) ballot.reported = true
  if (ballot[vote.kind] !== null) return { added: false, conflict, certificate: null }
  ballot[vote.kind] = vote
  const weights = votes.weights[vote.kind]
  const before = weights.get(vote.body.value) ?? 0n
  weights.set(vote.body.value, before + o.weight)
  const crossed = !isQuorum(before, committee.total) && isQuorum(before + o.weight, committee.total)
  return { added: true, conflict, certificate: crossed ? formed(votes, committee, vote) : null }
}
