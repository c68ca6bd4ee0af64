/** How nodes that lack something get it: status, its answers, and what is sent again every two seconds. */
import type { Digest, Key } from '../crypto.ts'
import { SYNC_BATCH_MAX, VIEWS_AHEAD_MAX } from '../limits.ts'
import { headerDigest } from '../message/entry.ts'
import type { Signed } from '../message/message.ts'
import { type Certificate, PHASES, type Status } from '../message/vote.ts'
import { type Context, repeatOwn, send } from './context.ts'
import type { Height, Served } from './state.ts'
import { ANSWER_EVERY_MS, ANSWERS_MAX, HINT_MS, RESEND_MS, STATUS_IDLE_MS } from './timer.ts'

/** views below the current one whose end is not known here, or whose notarized header is not, down to the newest notarization. */
export const missingViews = (height: Height): readonly number[] => {
  const missing: number[] = []
  for (let view = height.view - 1; view >= 0 && missing.length < VIEWS_AHEAD_MAX; view--) {
    const record = height.views.get(view)
    const notarized = record?.notarization?.value
    if (notarized !== undefined && height.headers.has(notarized)) break
    if (notarized !== undefined || !record?.nullification) missing.push(view)
  }
  return missing
}

const statusOf = ({ current }: Context['state']): Status => ({
  height: current.height,
  view: current.view,
  missingViews: missingViews(current),
})

/** asks for what is missing as soon as that is noticed, at most once every HINT_MS. */
export const hint = (c: Context, to: 'committee' | Key): void => {
  if (c.at < c.state.hintAt) return
  c.state.hintAt = c.at + HINT_MS
  send(c, { kind: 'status', status: statusOf(c.state) }, to)
}

/** What this peer was sent within ANSWER_EVERY_MS; what others were sent before that is forgotten. */
const servedOf = ({ state, at }: Context, peer: Key): Served => {
  for (const [key, { since }] of state.served) if (at >= since + ANSWER_EVERY_MS) state.served.delete(key)
  const known = state.served.get(peer)
  if (known !== undefined) return known
  const opened = { since: at, below: 0, answers: 0, carried: new Set<Digest>() }
  state.served.set(peer, opened)
  return opened
}

/**
 * decided heights from this one on, so that who still works on them is done. A height may take a megabyte and what asks for it a line,
 * which anyone can replay: so none goes to a peer twice within a second, and no more answers than who catches up can ask for.
 */
const sendDecided = (c: Context, o: { from: number; to: Key; countMax: number }): void => {
  const { current, recent } = c.state
  const served = servedOf(c, o.to)
  const from = Math.max(o.from, served.below)
  const end = Math.min(o.from + o.countMax, current.height)
  if (from >= end || served.answers >= ANSWERS_MAX) return
  served.answers++
  served.below = end
  const first = current.height - recent.length
  if (from < first) send(c, { kind: 'archived', fromHeight: from, count: end - from }, o.to)
  else send(c, { kind: 'decided', decided: recent.slice(from - first, end - first) }, o.to)
}

/**
 * any message of a decided height is answered with its certificate; one of the newest only once Δ has passed, since a vote that was
 * merely overtaken needs no answer.
 */
export const answerOld = (c: Context, o: { height: number; hotkey: Key }): void => {
  const { self, current, decidedAt } = c.state
  const overtaken = o.height === current.height - 1 && c.at < decidedAt + c.host.deltaMs()
  if (o.hotkey !== self && !overtaken && o.height > 0) sendDecided(c, { from: o.height, to: o.hotkey, countMax: 1 })
}

/** The certificates that brought this node where it is: how the current view began, the newest notarization, and what decides. */
const bestCertificates = (height: Height): readonly Certificate[] => {
  const best: (Certificate | null | undefined)[] = [height.finalization]
  const before = height.views.get(height.view - 1)
  best.push(height.views.get(height.view)?.notarization, before?.nullification)
  for (let view = height.view - 1; view >= 0; view--) {
    const notarization = height.views.get(view)?.notarization
    if (!notarization) continue
    best.push(notarization)
    break
  }
  return best.filter((certificate) => certificate !== null && certificate !== undefined)
}

/** A proposal that carries the value notarized in this view. */
const carrierOf = (height: Height, notarization: Certificate): Signed<'proposal'> | null => {
  const carries = (view: number) => {
    const proposal = height.views.get(view)?.proposal
    return proposal && headerDigest(proposal.body.header) === notarization.value ? proposal : null
  }
  return carries(notarization.view) ?? carries(height.view)
}

/** decided heights for who is behind, certificates and notarized headers for who lacks them, a question to who is ahead. */
export const answerStatus = (c: Context, o: { from: Key; status: Status }): void => {
  const { current } = c.state
  const { height, view, missingViews: missing } = o.status
  if (height > current.height) hint(c, o.from)
  // Height 0 is nobody's: a status from outside may still say so.
  if (height < current.height) sendDecided(c, { from: Math.max(height, 1), to: o.from, countMax: SYNC_BATCH_MAX })
  if (height !== current.height) return
  // As with decided heights: a proposal may take a megabyte, and is asked for by a line.
  const { carried } = servedOf(c, o.from)
  const certificates = new Set(view < current.view ? bestCertificates(current) : [])
  for (const lacked of missing) {
    const record = current.views.get(lacked)
    if (record?.nullification) certificates.add(record.nullification)
    if (!record?.notarization) continue
    certificates.add(record.notarization)
    const carrier = carrierOf(current, record.notarization)
    if (carrier === null || carried.has(record.notarization.value)) continue
    carried.add(record.notarization.value)
    send(c, { kind: 'message', message: carrier }, o.from)
  }
  for (const certificate of certificates) send(c, { kind: 'certificate', certificate }, o.from)
}

/** while a height is being decided own votes of the current view, the best certificates and the status go out again; else only the status. */
export const resend = (c: Context): void => {
  const { state } = c
  const { current } = state
  if (current.active) state.resendAt = Math.min(state.resendAt, c.at + RESEND_MS)
  if (c.at < state.resendAt) return
  state.resendAt = c.at + (current.active ? RESEND_MS : STATUS_IDLE_MS)
  if (current.active) {
    const proposal = current.views.get(current.view)?.proposal
    if (proposal && proposal.body.hotkey === state.self) send(c, { kind: 'message', message: proposal }, 'committee')
    for (const phase of PHASES) repeatOwn(c, { view: current.view, phase })
    for (const certificate of bestCertificates(current)) send(c, { kind: 'certificate', certificate }, 'committee')
  }
  send(c, { kind: 'status', status: statusOf(state) }, 'committee')
}
