/** What a node does whenever anything changed: decide, move between views, propose, vote. Every rule looks at the state alone, so a restart resumes. */
import type { EntryCheck } from '../application.ts'
import { type Header, headerDigest } from '../message/entry.ts'
import type { Proposal } from '../message/vote.ts'
import { NO_VALUE } from './certificate.ts'
import { accuse, type Context, castOwn, maySign, notify, persist } from './context.ts'
import { decideHeight } from './decide.ts'
import { checkHeader, headerFor, judgeOf } from './header.ts'
import { createLeaders } from './leader.ts'
import { notifyView } from './receive.ts'
import { leaderOf, NO_COMMITTEE, type View, viewOf } from './state.ts'
import { hint } from './sync.ts'
import { finalizeTimeoutMs, RESEND_MS, viewTimeoutMs } from './timer.ts'

const currentView = (c: Context): View => viewOf(c.state.current, c.state.current.view)

/** A committee that the rounds did not know when the height opened: what was restored or kept of the height stays. */
const seatCommittee = (c: Context): void => {
  const { current } = c.state
  const committee = current.committee === NO_COMMITTEE ? c.host.committee() : null
  if (committee === null) return
  current.committee = committee
  current.leaders = createLeaders(committee, current.height)
}

/** a finalization whose header is here decides the height. */
const decide = (c: Context): boolean => {
  const { finalization, headers } = c.state.current
  if (finalization === null) return false
  const header = headers.get(finalization.value)
  if (header === undefined) {
    hint(c, 'committee')
    return false
  }
  decideHeight(c, { header, certificate: finalization })
  return true
}

/** a nullified view is left at once. R-18: a notarized one when it was given its time to become final, or could not be finalised by this node. */
const leaveView = (c: Context): boolean => {
  const { current } = c.state
  const { nullification, notarization, guard } = currentView(c)
  if (current.finalization !== null) return false
  const waited = current.deadline !== null && c.at >= current.deadline
  if (nullification === null && (notarization === null || !(waited || guard.nullify !== null))) return false
  current.view++
  current.deadline = null
  notifyView(c)
  return true
}

/**
 * timers run only while an entry is due here, a certificate or a valid proposal of the height is here, or votes of more than a third of
 * the weight are: at least one of those is honest, so nobody else can make an idle mesh run through views.
 */
const activate = (c: Context): void => {
  const { current } = c.state
  if (!current.active && (3n * current.heardWeight > current.committee.total || c.host.due() !== null)) {
    current.active = true
    notifyView(c)
  }
}

const startTimer = (c: Context): void => {
  const { current } = c.state
  const deltaMs = c.host.deltaMs()
  if (!current.active || current.deadline !== null) return
  const notarized = currentView(c).notarization !== null
  current.deadline = c.at + (notarized ? finalizeTimeoutMs(deltaMs) : viewTimeoutMs(deltaMs, current.view))
}

type Plan = { readonly parentView: number | null; readonly header: Header | null }

/** the value of the highest earlier notarization if all views between are nullified; a fresh one if all earlier views are. Null: a certificate is missing. */
const planProposal = (c: Context): Plan | null => {
  const { current } = c.state
  for (let view = current.view - 1; view >= 0; view--) {
    const record = current.views.get(view)
    const header = record?.notarization ? current.headers.get(record.notarization.value) : undefined
    if (header !== undefined) return { parentView: view, header }
    if (!record?.nullification) return null
  }
  const entry = c.host.due()
  return { parentView: null, header: entry === null ? null : headerFor(c, entry) }
}

/** the leader of the current view proposes once. */
const propose = (c: Context): void => {
  const { state } = c
  const { current, self } = state
  const { view, guard, notarization } = currentView(c)
  if (self === null || leaderOf(current, view) !== self || !current.active || !maySign(c)) return
  if (guard.proposal !== null || notarization !== null) return
  const plan = planProposal(c)
  if (plan === null) hint(c, 'committee')
  if (!plan?.header) return
  const { height } = current
  guard.proposal = headerDigest(plan.header)
  persist(c, { kind: 'guard', height, view, phase: 'proposal', value: guard.proposal })
  const body = { height, view, hotkey: self, parentView: plan.parentView, header: plan.header }
  c.effects.push({ kind: 'sign', message: { kind: 'proposal', body } })
}

const waitFor = (reason: string): EntryCheck => ({ kind: 'wait', reason, effects: [] })

/** a re-proposal needs its notarization, and nullifications of all views after it; a fresh value needs nullifications of all earlier views. */
const checkParent = (c: Context, proposal: Proposal): EntryCheck => {
  const { views } = c.state.current
  const { view, parentView, header } = proposal
  if (parentView !== null) {
    if (parentView >= view) return { kind: 'invalid', reason: 'its parent is no earlier view' }
    const notarization = views.get(parentView)?.notarization
    if (!notarization) return waitFor('the notarization it names')
    if (notarization.value !== headerDigest(header)) return { kind: 'invalid', reason: 'another value was notarized' }
  }
  for (let between = view - 1; between > (parentView ?? -1); between--) {
    if (!views.get(between)?.nullification) return waitFor(`the nullification of view ${between}`)
  }
  return { kind: 'valid' }
}

const checkProposal = (c: Context, proposal: Proposal): EntryCheck => {
  const { header, view, parentView } = proposal
  const log = checkHeader(c, header)
  if (log.kind !== 'valid') return log
  const parent = checkParent(c, proposal)
  if (parent.kind === 'wait') hint(c, 'committee')
  if (parent.kind !== 'valid') return parent
  return c.host.check({ at: c.at, header, view, fresh: parentView === null, judge: judgeOf(c) })
}

/**
 * what a proposal waits for is asked for by the rounds, which keep how often; it is looked at again at each input, and two seconds after
 * it was asked for though no input comes.
 */
const lookAgain = (c: Context, record: View, { effects }: Extract<EntryCheck, { kind: 'wait' }>): void => {
  const { lookAt } = record
  if (effects.length > 0 || lookAt === null || c.at >= lookAt) record.lookAt = c.at + RESEND_MS
  c.effects.push(...effects)
}

/** whether this node has still to judge the proposal of the view, if one is here. */
const isUnjudged = (c: Context, { refused, guard }: View): boolean => !refused && guard.notarize === null && maySign(c)

/** the first proposal of the view, once it is valid: guard, then Notarize, also after an own Nullify of the view. */
const notarize = (c: Context): void => {
  const { current } = c.state
  const record = currentView(c)
  const { proposal, view } = record
  if (proposal === null || !isUnjudged(c, record)) return
  const check = checkProposal(c, proposal.body)
  if (check.kind === 'wait') lookAgain(c, record, check)
  else record.lookAt = null
  if (check.kind === 'invalid') {
    record.refused = true
    notify(c, { kind: 'refused', proposal, reason: check.reason })
    accuse(c, proposal)
  }
  if (check.kind !== 'valid') return
  current.active = true
  startTimer(c)
  // The header is durable with the vote: whoever helps a value to be decided can hand it out.
  castOwn(c, {
    view,
    phase: 'notarize',
    value: headerDigest(proposal.body.header),
    first: { kind: 'message', message: proposal },
  })
}

/** a notarized view that this node did not nullify: guard, then Finalize. */
const finalize = (c: Context): void => {
  const { view, notarization } = currentView(c)
  if (notarization !== null) castOwn(c, { view, phase: 'finalize', value: notarization.value })
}

/** no notarization in time, or a provably invalid proposal: guard, then Nullify, unless finalised. */
const nullify = (c: Context): void => {
  const { current } = c.state
  const { view, notarization, refused } = currentView(c)
  const late = current.deadline !== null && c.at >= current.deadline
  if (current.active && notarization === null && (late || refused))
    castOwn(c, { view, phase: 'nullify', value: NO_VALUE })
}

/** Runs all rules on the state as it is now. */
export const progress = (c: Context): void => {
  seatCommittee(c)
  while (decide(c) || leaveView(c));
  activate(c)
  startTimer(c)
  propose(c)
  notarize(c)
  finalize(c)
  nullify(c)
}

/** When the current view's timer has something to do, or its proposal is to be looked at again; Infinity when nothing waits for either. */
export const timerAt = (c: Context): number => {
  const { current } = c.state
  const record = currentView(c)
  const { notarization, guard, lookAt } = record
  if (current.finalization !== null) return Number.POSITIVE_INFINITY
  const nullifies = guard.nullify === null && maySign(c)
  const deadline = notarization !== null || nullifies ? current.deadline : null
  const look = isUnjudged(c, record) ? lookAt : null
  return Math.min(deadline ?? Number.POSITIVE_INFINITY, look ?? Number.POSITIVE_INFINITY)
}
