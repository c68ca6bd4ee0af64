/** What a proposal, a vote or a certificate changes in the state; what follows from it is progress.ts. */
import { memberOf } from '../committee.ts'
import type { Digest } from '../crypto.ts'
import { VIEWS_AHEAD_MAX } from '../limits.ts'
import { headerDigest } from '../message/entry.ts'
import type { Signed } from '../message/message.ts'
import type { Certificate } from '../message/vote.ts'
import { NO_VALUE } from './certificate.ts'
import { accuse, type Context, notify, persist, send } from './context.ts'
import { type Height, leaderOf, viewOf } from './state.ts'
import { answerOld, hint } from './sync.ts'
import { castVote, type SignedVote } from './votes.ts'

export type Agreement = SignedVote | Signed<'proposal'>

const valueNamed = (message: Agreement): Digest =>
  message.kind === 'proposal' ? headerDigest(message.body.header) : message.body.value

/** the certificate of a higher view pulls forward: into a notarized view, or past a nullified one. */
export const pullForward = (height: Height, certificate: Certificate): void => {
  const view = certificate.phase === 'nullify' ? certificate.view + 1 : certificate.view
  if (view < height.view) return
  // A notarization of the current view also restarts its timer: from now on it waits to be final.
  if (view > height.view || certificate.phase === 'notarize') height.deadline = null
  height.view = view
}

/** Takes a certificate of the current height that was not here: stored, sent on, and pulling forward. */
export const learn = (c: Context, certificate: Certificate): void => {
  const { current } = c.state
  const { phase, view } = certificate
  if (phase === 'finalize') {
    if (current.finalization !== null) return
    current.finalization = certificate
  } else {
    const record = viewOf(current, view)
    const place = phase === 'notarize' ? 'notarization' : 'nullification'
    if (record[place] !== null) return
    record[place] = certificate
    const before = current.view
    pullForward(current, certificate)
    if (current.view !== before) notifyView(c)
  }
  current.active = true
  // One that decides at once is durable with the decision.
  if (phase !== 'finalize' || !current.headers.has(certificate.value)) persist(c, { kind: 'certificate', certificate })
  send(c, { kind: 'certificate', certificate }, 'committee')
}

export const notifyView = (c: Context): void => {
  const { current } = c.state
  const leader = leaderOf(current, current.view)
  if (leader !== null) notify(c, { kind: 'view', height: current.height, view: current.view, leader })
}

export const receiveCertificate = (c: Context, certificate: Certificate): void => {
  const { current } = c.state
  if (certificate.height > current.height) hint(c, 'committee')
  if (certificate.height === current.height) learn(c, certificate)
}

/** a message of this node's own that its guard does not know was signed by another copy of it, or before its disk was rolled back. */
const isForeign = (c: Context, message: Agreement): boolean => {
  const { self, current } = c.state
  const { hotkey, height, view } = message.body
  if (hotkey !== self || height < current.height) return false
  return height > current.height || current.views.get(view)?.guard[message.kind] !== valueNamed(message)
}

/** from here on this node votes no more by the key that the message was taken under, also after a restart. */
const noteClone = (c: Context, message: Agreement): void => {
  const sessionKey = c.host.sessionKeyOf(message)
  if (sessionKey === null || c.state.clonedKey === sessionKey) return
  c.state.clonedKey = sessionKey
  persist(c, { kind: 'cloned', sessionKey })
  notify(c, { kind: 'cloned', message })
}

const receiveProposal = (c: Context, proposal: Signed<'proposal'>): void => {
  const { current } = c.state
  const { view, hotkey, header, parentView } = proposal.body
  if (leaderOf(current, view) !== hotkey) return
  const record = viewOf(current, view)
  const digest = headerDigest(header)
  const first = record.proposal
  if (first === null) {
    record.proposal = proposal
    current.headers.set(digest, header)
    return
  }
  if (headerDigest(first.body.header) === digest && first.body.parentView === parentView) return
  // A quorum may have notarized the value that this node did not see first.
  if (record.notarization?.value === digest || current.finalization?.value === digest)
    current.headers.set(digest, header)
  if (record.proposalReported) return
  record.proposalReported = true
  notify(c, { kind: 'equivocation', hotkey, first, second: proposal })
  accuse(c, first, proposal)
}

const receiveVote = (c: Context, vote: SignedVote): void => {
  const { current } = c.state
  const { hotkey, view, value } = vote.body
  const member = memberOf(current.committee, hotkey)
  if (member === undefined || (vote.kind === 'nullify') !== (value === NO_VALUE)) return
  const { votes } = viewOf(current, view)
  const cast = castVote(votes, current.committee, { vote, weight: member.weight })
  if (cast.conflict !== null) {
    notify(c, { kind: 'equivocation', hotkey, ...cast.conflict })
    accuse(c, cast.conflict.first, cast.conflict.second)
  }
  if (!cast.added) return
  if (!current.heard.has(hotkey)) {
    current.heard.add(hotkey)
    current.heardWeight += member.weight
  }
  if (cast.certificate !== null) learn(c, cast.certificate)
}

const receiveEarly = (c: Context, message: Agreement): void => {
  const { current, early, self } = c.state
  const { height, view, hotkey } = message.body
  if (hotkey !== self) hint(c, hotkey)
  const place = `${message.kind} ${hotkey}`
  const kept = height === current.height + 1 && view <= VIEWS_AHEAD_MAX && memberOf(current.committee, hotkey)
  if (kept && !early.has(place)) early.set(place, message)
}

/**
 * votes and proposals count for the current height up to VIEWS_AHEAD_MAX views ahead; of the next height each signer's first of a kind
 * is kept until this one is decided; anything farther only tells that this node is behind.
 */
export const receive = (c: Context, message: Agreement): void => {
  const { state } = c
  const { current } = state
  const { height, view, hotkey } = message.body
  if (isForeign(c, message)) noteClone(c, message)
  if (height < current.height) answerOld(c, { height, hotkey })
  else if (height > current.height) receiveEarly(c, message)
  else if (view > current.view + VIEWS_AHEAD_MAX) return
  else if (message.kind === 'proposal') receiveProposal(c, message)
  else receiveVote(c, message)
}
