/** Evidence: what one validator has signed that no honest one signs, so that anyone can check it from these bytes alone. */
import { digest, hashOf, list, oneOf, struct } from '../canonical.ts'
import { type Digest, type Key, type SignatureClaim, utf8ToBytes } from '../crypto.ts'
import { ProtocolError } from '../errors.ts'
import { commitmentOf } from './commitment.ts'
import { type BodyOf, checkFields, type Domains, messageId, type Signed, signatureClaim } from './message.ts'

/**
 * The offender's delegation, which its hotkey signed, and beside it what the delegation's session key signed: two messages that contradict
 * each other, or one proposal that is wrong by itself. Of two delegations with one counter the second stands in the place of the messages.
 */
export type Evidence = {
  readonly delegation: Signed<'delegation'>
  /** One or two. */
  readonly messages: readonly Signed[]
}

/**
 * `delegations`: two with one counter. `proposals`, `notarizes`, `finalizes`, `nullify and finalize`: two of one view that exclude each other.
 * `commits`: two for one manifest. `unopened`: a commit, and a reveal that is not its preimage. `malformed proposal`: wrong whatever the log
 * says. `invalid proposal`: a fresh one that its own height's log proves wrong, so only there can it be judged.
 */
export const OFFENCES = [
  'delegations',
  'proposals',
  'notarizes',
  'finalizes',
  'nullify and finalize',
  'commits',
  'unopened',
  'malformed proposal',
  'invalid proposal',
] as const
export type Offence = (typeof OFFENCES)[number]

/** What is wrong with evidence: how many messages, that they are of several hotkeys, their order, kinds or subjects, or that they agree. */
export type EvidenceFault = 'count' | 'hotkey' | 'order' | 'kinds' | 'subject' | 'no contradiction'

/** What evidence shows; `id` names it in headers. */
export type Offended = { readonly id: Digest; readonly offence: Offence; readonly hotkey: Key }
export type Examined = Offended | { readonly fault: EvidenceFault }

const isOffence = (found: Offence | EvidenceFault): found is Offence => (OFFENCES as readonly string[]).includes(found)

const ofView = (a: { height: number; view: number }, b: { height: number; view: number }, offence: Offence) =>
  a.height === b.height && a.view === b.view ? offence : 'subject'

/** one commitment has one preimage, so a reveal of the same manifest either opens it or was never meant to. */
const ofOpening = (commit: BodyOf<'commit'>, reveal: BodyOf<'reveal'>, domain: Digest) => {
  if (commit.manifest !== reveal.manifest) return 'subject'
  return commit.commitment === commitmentOf({ domain, ...reveal }) ? 'no contradiction' : 'unopened'
}

/** the pairs that no honest validator signs, whatever it crashed into. Their bodies differ, and both are of one hotkey. */
const ofPair = (a: Signed, b: Signed, domains: Domains): Offence | EvidenceFault => {
  if (a.kind === 'delegation' && b.kind === 'delegation')
    return a.body.netuid === b.body.netuid && a.body.counter === b.body.counter ? 'delegations' : 'subject'
  if (a.kind === 'proposal' && b.kind === 'proposal') return ofView(a.body, b.body, 'proposals')
  if (a.kind === 'notarize' && b.kind === 'notarize') return ofView(a.body, b.body, 'notarizes')
  if (a.kind === 'finalize' && b.kind === 'finalize') return ofView(a.body, b.body, 'finalizes')
  if (a.kind === 'nullify' && b.kind === 'finalize') return ofView(a.body, b.body, 'nullify and finalize')
  if (a.kind === 'commit' && b.kind === 'commit') return a.body.manifest === b.body.manifest ? 'commits' : 'subject'
  if (a.kind === 'commit' && b.kind === 'reveal') return ofOpening(a.body, b.body, domains.mesh)
  return 'kinds'
}

/** A re-proposal repeats what a quorum notarized: whether it is wrong is not its leader's doing, and says nothing. */
const ofSingle = (message: Signed): Offence | EvidenceFault => {
  if (message.kind !== 'proposal') return 'kinds'
  const { height, view, parentView, header } = message.body
  if (header.height !== height || (parentView !== null && parentView >= view)) return 'malformed proposal'
  return parentView === null ? 'invalid proposal' : 'no contradiction'
}

/** identity is of bodies, never of signatures; the session key is part of it since another one's evidence counts in another time. */
const identity = struct({ offence: oneOf(OFFENCES), key: digest, messages: list(digest, 2) })
const ID_TAG = utf8ToBytes('evalmesh/v1/evidence')

/**
 * what evidence shows, or why it shows nothing; the signatures are `evidenceClaims`. Pure, and the same everywhere: it looks at nothing
 * but these bytes. Two messages stand in the rising order of their ids, so that one offence by one pair has one identity.
 */
export const examine = ({ delegation, messages }: Evidence, domains: Domains): Examined => {
  const [first, second, ...more] = messages
  const { hotkey, sessionKey } = delegation.body
  if (first === undefined || more.length > 0) return { fault: 'count' }
  if (messages.some(({ body }) => body.hotkey !== hotkey)) return { fault: 'hotkey' }
  const areDelegations = first.kind === 'delegation'
  if (areDelegations && second !== undefined) return { fault: 'count' }
  const pair = areDelegations ? [delegation, first] : messages
  const ids = pair.map((message) => messageId(message, domains))
  const [a, b] = pair
  if (ids[1] !== undefined && (ids[0] ?? '') >= ids[1]) return { fault: 'order' }
  if (a === undefined || b === undefined) {
    const alone = ofSingle(first)
    return isOffence(alone) ? { id: idOf(alone, sessionKey, ids), offence: alone, hotkey } : { fault: alone }
  }
  const either = ofPair(a, b, domains)
  const found = either === 'kinds' ? ofPair(b, a, domains) : either
  if (!isOffence(found)) return { fault: found }
  // Two delegations name two session keys; the hotkey signed both.
  return { id: idOf(found, areDelegations ? hotkey : sessionKey, ids), offence: found, hotkey }
}

const idOf = (offence: Offence, key: Key, messages: readonly Digest[]): Digest =>
  hashOf(identity, { offence, key, messages }, ID_TAG)

/** Under which id evidence is asked for. @throws ProtocolError BAD_EVIDENCE when it shows no offence. */
export const evidenceId = (evidence: Evidence, domains: Domains): Digest => {
  const examined = examine(evidence, domains)
  if ('fault' in examined) throw new ProtocolError('BAD_EVIDENCE', examined)
  return examined.id
}

/** Evidence from messages of one hotkey in any order; null unless they show an offence. `delegation`: what their signer speaks by. */
export const evidenceOf = (
  o: { readonly delegation: Signed<'delegation'>; readonly messages: readonly Signed[] },
  domains: Domains,
): Evidence | null => {
  const ranked = o.messages
    .map((message) => ({ id: messageId(message, domains), message }))
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .map(({ message }) => message)
  const [first, ...rest] = ranked
  const areDelegations = first?.kind === 'delegation' && rest.every(({ kind }) => kind === 'delegation')
  const evidence = areDelegations ? { delegation: first, messages: rest } : { ...o, messages: ranked }
  return 'fault' in examine(evidence, domains) ? null : evidence
}

/**
 * What must hold for evidence to be true: the hotkey's signature over its delegation, the delegation's session key's over each message.
 * @throws ProtocolError BAD_EVIDENCE when it shows no offence, BAD_STATEMENT for a reveal that differs from what its statement says.
 */
export const evidenceClaims = (evidence: Evidence, domains: Domains): readonly SignatureClaim[] => {
  evidenceId(evidence, domains)
  const { delegation, messages } = evidence
  for (const message of messages) checkFields(message, domains.mesh)
  const sessionKeyOf = (): Key => delegation.body.sessionKey
  const claims = [delegation, ...messages].map((message) => signatureClaim(message, { domains, sessionKeyOf }))
  return claims.filter((claim) => claim !== null)
}
