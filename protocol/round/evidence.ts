/** Evidence between its discovery and its conviction: what is held, what a header may name, and whom the log has convicted. */
import type { CheckQuery, EntryCheck, Judge } from '../application.ts'
import type { Metagraph } from '../chain-view.ts'
import type { Digest, Key } from '../crypto.ts'
import { EVIDENCE_MAX, MEMBERS_MAX } from '../limits.ts'
import type { Effect } from '../machine-types.ts'
import type { Header } from '../message/entry.ts'
import { type Evidence, evidenceOf, examine } from '../message/evidence.ts'
import type { Delegation } from '../message/membership.ts'
import { messageId, type Signed } from '../message/message.ts'
import { invalid, isHeldLong, isRising, noteRefused, VALID, wait } from './checks.ts'
import { fetchNamed } from './items.ts'
import { ask, type Convicts, type HeldEvidence, heldOf, type RoundState } from './state.ts'

/** Evidence that headers name and the log has not decided; beyond it all of that is dropped, and pulled again where it is still named. */
const NAMED_MAX = 8 * EVIDENCE_MAX
/** What was just handed over to have its signatures checked is not put together again within this. */
const ACCUSE_EVERY_MS = 2_000
const RELAY_EVERY_MS = 2_000

/** True when evidence has cost this hotkey the seat it has: under this session key it is convicted once. */
const isConvicted = (state: RoundState, hotkey: Key): boolean => {
  const speaks = state.inForce.get(hotkey)
  return speaks !== undefined && state.convicted.get(hotkey)?.sessionKey === speaks.sessionKey
}

/**
 * whether a header of this height may name it, by the log alone: its offender sits in the committee, by the very session key that signed,
 * and was not convicted under it. So what a lost or leaked key signs convicts nobody who has replaced it, and no evidence convicts twice.
 */
const admissionFault = (state: RoundState, held: HeldEvidence, height: number): string | null => {
  const { hotkey, offence, evidence } = held
  const { delegation, messages } = evidence
  const speaks = state.inForce.get(hotkey)
  if (speaks === undefined) return 'evidence against a stranger'
  if (isConvicted(state, hotkey)) return 'evidence against a convict'
  if (offence === 'delegations')
    return delegation.body.counter < speaks.counter ? 'evidence of an older delegation' : null
  if (delegation.body.sessionKey !== speaks.sessionKey) return 'evidence of another session key'
  const [message] = messages
  // only at its own height does everybody have the log that proves it wrong.
  if (offence === 'invalid proposal' && message?.kind === 'proposal' && message.body.height !== height)
    return 'evidence of another height'
  return null
}

const nextHeight = (state: RoundState): number => state.logHeight + state.backlog.length + 1

/** A convict needs one; what counts at one height only gives way to what lasts. */
const isWelcome = (state: RoundState, held: HeldEvidence): boolean =>
  admissionFault(state, held, nextHeight(state)) === null &&
  [...state.evidence.values()].every(
    (other) =>
      other.hotkey !== held.hotkey || (other.offence === 'invalid proposal' && held.offence !== 'invalid proposal'),
  )

const heldAs = (state: RoundState, evidence: Evidence, since: number | null): HeldEvidence | null => {
  const examined = examine(evidence, state.domains)
  return 'fault' in examined ? null : { ...examined, evidence, since }
}

/** Whether evidence would be held here, were its signatures true. */
export const wantsEvidence = (state: RoundState, evidence: Evidence): boolean => {
  const held = heldAs(state, evidence, null)
  return held !== null && !state.evidence.has(held.id) && (state.wanted.has(held.id) || isWelcome(state, held))
}

/**
 * of each member one piece of evidence is held until the log has convicted it, newcomers are dropped; and whatever a header names.
 * `isTrusted`: from this node's own journal. @returns what is held now and was not before.
 */
export const acceptEvidence = (
  state: RoundState,
  evidence: Evidence,
  o: { readonly since: number | null; readonly isTrusted: boolean },
): HeldEvidence | null => {
  const held = heldAs(state, evidence, o.since)
  if (held === null || state.evidence.has(held.id)) return null
  if (!(o.isTrusted || state.wanted.has(held.id) || isWelcome(state, held))) return null
  if (state.evidence.size >= state.inForce.size + NAMED_MAX) pruneEvidence(state)
  state.evidence.set(held.id, held)
  state.wanted.delete(held.id)
  return held
}

/** What a newly held piece brings about: it is durable before it is sent on. */
export const noteEvidence = (state: RoundState, evidence: Evidence, at: number): readonly Effect[] => {
  const held = acceptEvidence(state, evidence, { since: at, isTrusted: false })
  if (held === null) return []
  const { id, hotkey, offence } = held
  return [
    { kind: 'persist', records: [{ kind: 'evidence', evidence }] },
    { kind: 'relay', what: { kind: 'evidence', evidence }, to: 'committee' },
    { kind: 'notice', notice: { kind: 'evidence', id, hotkey, offence } },
  ]
}

/** Evidence of what was noticed, beside the delegation that its signer speaks by; nothing where it shows no offence, or one is enough. */
export const accuse = (state: RoundState, messages: readonly Signed[], at: number): readonly Effect[] => {
  const hotkey = messages[0]?.body.hotkey ?? ''
  const speaks = state.inForce.get(hotkey)
  if (speaks === undefined || isConvicted(state, hotkey)) return []
  const delegation = heldOf(state, 'delegation', messageId({ kind: 'delegation', body: speaks }, state.domains))
  const evidence = delegation && evidenceOf({ delegation: delegation.message, messages }, state.domains)
  const held = evidence && heldAs(state, evidence, at)
  if (!held || !isWelcome(state, held)) return []
  const isAsked = ask(state, { key: `accuse ${hotkey}`, at, everyMs: ACCUSE_EVERY_MS })
  return isAsked ? [{ kind: 'accuse', evidence: held.evidence }] : []
}

const judged = (held: HeldEvidence, judge: Judge): EntryCheck | null => {
  const [message] = held.evidence.messages
  return held.offence === 'invalid proposal' && message?.kind === 'proposal' ? judge(message.body) : null
}

/** what a fresh header names: of each offender one piece, rising, at most EVIDENCE_MAX; the rest waits for the next. */
export const evidenceToName = (state: RoundState, judge: Judge): readonly Digest[] => {
  const named = new Map<Key, Digest>()
  for (const held of state.evidence.values()) {
    if (named.has(held.hotkey) || admissionFault(state, held, nextHeight(state)) !== null) continue
    const verdict = judged(held, judge)
    if (verdict === null || verdict.kind === 'invalid') named.set(held.hotkey, held.id)
  }
  return [...named.values()].sort((a, b) => (a < b ? -1 : 1)).slice(0, EVIDENCE_MAX)
}

/**
 * evidence held for long that a fresh header with room for it leaves out; not an invalid proposal's, which others may be unable to judge
 * yet. Sent on, so that its leader sees it.
 */
const checkOmitted = (state: RoundState, query: CheckQuery, named: ReadonlySet<Key>): EntryCheck => {
  if (!query.fresh || query.header.evidence.length >= EVIDENCE_MAX) return VALID
  const long = [...state.evidence.values()].filter(
    (held) =>
      !named.has(held.hotkey) &&
      held.offence !== 'invalid proposal' &&
      isHeldLong(state, query, held) &&
      admissionFault(state, held, query.header.height) === null,
  )
  const relays = long.flatMap(({ id, evidence }): readonly Effect[] =>
    ask(state, { key: `relay ${id}`, at: query.at, everyMs: RELAY_EVERY_MS })
      ? [{ kind: 'relay', what: { kind: 'evidence', evidence }, to: 'committee' }]
      : [],
  )
  if (long.length === 0) return VALID
  noteRefused(state, query)
  return wait('held evidence is missing', relays)
}

/** the evidence that a header names must be here, each of another offender, and count at this place of the log. */
export const checkEvidence = (state: RoundState, query: CheckQuery): EntryCheck => {
  const { evidence: ids, height } = query.header
  if (!isRising(ids)) return invalid('order of evidence')
  const missing = ids.filter((id) => !state.evidence.has(id))
  if (missing.length > 0) return wait('evidence', fetchNamed(state, missing, query.at))
  const named = new Set<Key>()
  for (const held of ids.flatMap((id) => state.evidence.get(id) ?? [])) {
    const fault = admissionFault(state, held, height)
    if (fault !== null) return invalid(fault)
    if (named.has(held.hotkey)) return invalid('two pieces of evidence against one')
    named.add(held.hotkey)
    // Of a re-proposal a quorum has judged it, and what it is judged by may be here no more.
    const verdict = query.fresh ? judged(held, query.judge) : null
    if (verdict?.kind === 'wait') return verdict
    if (verdict?.kind === 'valid') return invalid('evidence of a valid proposal')
  }
  return checkOmitted(state, query, named)
}

/**
 * the log has named these: what their hotkeys spoke by, the delegations in force at the header, is spent. Of an EPOCH's own header the
 * committee that it seats comes first: they may sit in it, and serve from there on.
 */
export const convict = (state: RoundState, header: Header, inForce: ReadonlyMap<Key, Delegation>): void => {
  for (const { id, hotkey, offence, evidence } of header.evidence.flatMap((named) => state.evidence.get(named) ?? [])) {
    const speaks = inForce.get(hotkey)
    if (speaks === undefined) continue
    const counter = offence === 'delegations' ? evidence.delegation.body.counter : speaks.counter
    const { height } = header
    const { epoch } = state.committee
    const { sessionKey } = speaks
    state.convicted.set(hotkey, { evidence: id, offence, height, epoch, sessionKey, counter, isReleased: false })
  }
}

/** Drops what can count no more, of convicts, replaced keys and heights that are over, and of each offender all but the first piece. */
export const pruneEvidence = (state: RoundState): void => {
  const kept = new Set<string>()
  for (const held of state.evidence.values()) {
    // What counts at one height only does not stand for what lasts.
    const place = `${held.hotkey} ${held.offence === 'invalid proposal'}`
    const isOver = kept.has(place) || admissionFault(state, held, nextHeight(state)) !== null
    if (isOver) state.evidence.delete(held.id)
    else kept.add(place)
  }
}

const isServing = (state: RoundState, hotkey: Key, epoch: number): boolean => {
  const conviction = state.convicted.get(hotkey)
  if (conviction === undefined || conviction.isReleased) return false
  return epoch <= conviction.epoch + state.params.mesh.evidenceEpochs
}

/**
 * a convict has no seat for `evidenceEpochs` epochs, or until the chain was seen without its hotkey; and then only by a newer delegation
 * to another session key, so that what it was convicted for convicts it no second time.
 */
export const maySit = (state: RoundState, delegation: Delegation, epoch: number): boolean => {
  const conviction = state.convicted.get(delegation.hotkey)
  if (conviction === undefined) return true
  const { counter, sessionKey } = conviction
  return (
    !isServing(state, delegation.hotkey, epoch) && delegation.counter > counter && delegation.sessionKey !== sessionKey
  )
}

/** What the log says of convicts where an EPOCH of this number is judged. */
export const convictsAt = (state: RoundState, epoch: number): Convicts => ({
  seated: new Set(
    state.committee.members
      .map(({ hotkey }) => hotkey)
      .filter((hotkey) => isConvicted(state, hotkey) || isServing(state, hotkey, epoch)),
  ),
  serving: [...state.convicted.keys()].filter((hotkey) => isServing(state, hotkey, epoch)),
})

/** Convicts that the chain does not know at this metagraph's block, rising. */
export const releasedBy = ({ serving }: Convicts, metagraph: Metagraph): readonly Key[] => {
  const registered = new Set(metagraph.neurons.map(({ hotkey }) => hotkey))
  return serving
    .filter((hotkey) => !registered.has(hotkey))
    .sort((a, b) => (a < b ? -1 : 1))
    .slice(0, MEMBERS_MAX)
}
