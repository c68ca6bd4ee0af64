/** What the agreement on heights remembers: the log's end, the height being decided with its views, and its one alarm. */
import { type Committee, memberOf } from '../committee.ts'
import type { Digest, Key } from '../crypto.ts'
import { SYNC_BATCH_MAX } from '../limits.ts'
import { append, EMPTY_FRONTIER, type Frontier, frontierRoot } from '../merkle.ts'
import { type Header, headerDigest } from '../message/entry.ts'
import type { Signed } from '../message/message.ts'
import type { Certificate, Decided } from '../message/vote.ts'
import { type Guard, openGuard } from './guard.ts'
import { createLeaders, type Leaders } from './leader.ts'
import { noVotes, type SignedVote, type Votes } from './votes.ts'

/** One view of the height being decided. */
export type View = {
  readonly view: number
  readonly votes: Votes
  readonly guard: Guard
  /** The leader's first proposal; a second goes to no memory. */
  proposal: Signed<'proposal'> | null
  proposalReported: boolean
  /** The proposal is provably wrong. */
  refused: boolean
  /** when a proposal that waits for something is looked at again at the latest. */
  lookAt: number | null
  notarization: Certificate | null
  nullification: Certificate | null
}

/** The height being decided; all of it is forgotten once that is done. */
export type Height = {
  readonly height: number
  /** NO_COMMITTEE until the rounds know it: nobody is a member, so nothing counts and nothing is signed. */
  committee: Committee
  leaders: Leaders
  view: number
  /** by number, none beyond VIEWS_AHEAD_MAX after the current one, except where a certificate stands. */
  readonly views: Map<number, View>
  /** Headers by digest: of each view's first proposal, and of what a certificate names. */
  readonly headers: Map<Digest, Header>
  finalization: Certificate | null
  /** Members whose votes of this height are here, and their weight. */
  readonly heard: Set<Key>
  heardWeight: bigint
  /** timers run. */
  active: boolean
  /** When the current view is given up or, once it is notarized, left; null until its timer runs. */
  deadline: number | null
}

/** The end of the log: what the next header must name. */
export type LogEnd = {
  readonly frontier: Frontier
  readonly root: Digest
  readonly last: Digest
  readonly block: number
}

/** What a peer that is behind was sent since a moment: heights below one, in so many answers, and proposals of these values. */
export type Served = { readonly since: number; below: number; answers: number; readonly carried: Set<Digest> }

/** Changed in place by `step`; never shared between machines. */
export type Consensus = {
  /** Null for an observer. */
  readonly self: Key | null
  log: LogEnd
  /** The newest decided heights, at most SYNC_BATCH_MAX; older ones are the archive's. */
  readonly recent: Decided[]
  decidedAt: number
  current: Height
  /** Messages of the next height, first of each signer and kind, so that who is a moment behind loses nothing. */
  early: Map<string, SignedVote | Signed<'proposal'>>
  /** the session key that another copy of this node signs with; null when there is none. */
  clonedKey: Key | null
  /** whom decided heights were sent to a moment ago. */
  readonly served: Map<Key, Served>
  resendAt: number
  hintAt: number
  /** The alarm that was asked for last; null when it has rung. */
  alarm: number | null
}

export const NO_COMMITTEE: Committee = { epoch: 0, members: [], total: 0n, seed: '' }

/** `committee`: null while it is not known. */
export const openHeight = (height: number, committee: Committee | null): Height => ({
  height,
  committee: committee ?? NO_COMMITTEE,
  leaders: createLeaders(committee ?? NO_COMMITTEE, height),
  view: 0,
  views: new Map(),
  headers: new Map(),
  finalization: null,
  heard: new Set(),
  heardWeight: 0n,
  active: false,
  deadline: null,
})

/** The state before the first height. `origin` is the mesh's domain, which the first header names as the one before it. */
export const openConsensus = (o: {
  self: Key | null
  origin: Digest
  block: number
  committee: Committee | null
}): Consensus => ({
  self: o.self,
  log: { frontier: EMPTY_FRONTIER, root: frontierRoot(EMPTY_FRONTIER), last: o.origin, block: o.block },
  recent: [],
  decidedAt: 0,
  current: openHeight(1, o.committee),
  early: new Map(),
  clonedKey: null,
  served: new Map(),
  resendAt: 0,
  hintAt: 0,
  alarm: null,
})

/** The record of a view, made when it is first needed. */
export const viewOf = (height: Height, view: number): View => {
  const known = height.views.get(view)
  if (known !== undefined) return known
  const made: View = {
    view,
    votes: noVotes(),
    guard: openGuard(),
    proposal: null,
    proposalReported: false,
    refused: false,
    lookAt: null,
    notarization: null,
    nullification: null,
  }
  height.views.set(view, made)
  return made
}

export const leaderOf = (height: Height, view: number): Key | null => height.leaders.of(view)

/** a decided header joins the log; the next one names its digest and the root over all so far. */
export const extendLog = (log: LogEnd, header: Header): LogEnd => {
  const last = headerDigest(header)
  const frontier = append(log.frontier, last)
  return { frontier, root: frontierRoot(frontier), last, block: header.block }
}

export const remember = (recent: Decided[], decided: Decided): void => {
  recent.push(decided)
  if (recent.length > SYNC_BATCH_MAX) recent.shift()
}

/**
 * a vote needs a seat, no certificate that decides this height, and no other copy of this node at large.
 * an observer has no seat.
 */
export const mayVote = (state: Consensus): boolean => {
  if (state.self === null || state.current.finalization !== null) return false
  const member = memberOf(state.current.committee, state.self)
  return member !== undefined && member.sessionKey !== state.clonedKey
}
