/** A healthy run made by hand, event by event: what checkers must pass, and what their tests spoil. */

import { NO_VALUE } from '../../../protocol/consensus/certificate.ts'
import { leaderOrder } from '../../../protocol/consensus/leader.ts'
import type { Consensus } from '../../../protocol/consensus/state.ts'
import { type Digest, hash, type Key, utf8ToBytes } from '../../../protocol/crypto.ts'
import { createStanding } from '../../../protocol/ledger/fold.ts'
import { restoreMachine } from '../../../protocol/machine.ts'
import type { JournalRecord } from '../../../protocol/machine-types.ts'
import { merkleRoot } from '../../../protocol/merkle.ts'
import { commitmentOf } from '../../../protocol/message/commitment.ts'
import { type Entry, type Header, headerDigest, type ManifestEntry } from '../../../protocol/message/entry.ts'
import { type BodyOf, messageId, type Signed, type Unsigned } from '../../../protocol/message/message.ts'
import type { Certificate, Phase } from '../../../protocol/message/vote.ts'
import { paramsHash } from '../../../protocol/params.ts'
import { rounds } from '../../../protocol/round/application.ts'
import { deriveResult } from '../../../protocol/round/derive.ts'
import { type RoundResult, resultDigest } from '../../../protocol/round/result.ts'
import { createRounds, type RoundState } from '../../../protocol/round/state.ts'
import { type Evaluation, parseStatement } from '../../../protocol/round/statement.ts'
import { refOf } from '../payments.ts'
import { roundsScene } from '../rounds-scene.ts'
import type { Checker, Sim, Watcher } from '../watch.ts'

type Hook = keyof Watcher
export type Event = {
  readonly at: number
  readonly hook: Hook
  readonly args: readonly unknown[]
}

const scene = roundsScene(4)
const { genesis, domains, keys, signing } = scene
const params = genesis.competitions[0] as (typeof genesis.competitions)[number]
const { committee } = createRounds({ genesis, self: null })

/** Healed from the start but for a moment, so that what is promised after healing is promised of nearly all. */
const HEAL_AT_MS = 4
const named = (name: string): Digest => hash(utf8ToBytes(name))

export type Tape = {
  /** The mesh's. */
  readonly domain: Digest
  readonly keys: readonly Key[]
  readonly events: Event[]
  readonly messages: Map<Digest, Signed>
  readonly headers: readonly Header[]
  readonly idOf: (message: Unsigned) => Digest
  readonly certificateOf: (
    phase: Phase,
    header: Header,
    o?: { view?: number; signers?: readonly number[] },
  ) => Certificate
  /** The observer that all nodes' states are copies of. */
  readonly state: () => { readonly rounds: RoundState; readonly consensus: Consensus }
}

type Draft = {
  readonly events: Event[]
  readonly messages: Map<Digest, Signed>
  readonly headers: Header[]
  readonly respell: (entry: Entry) => Entry
  now: number
}

const put = (draft: Draft, hook: Hook, ...args: readonly unknown[]): void => {
  draft.events.push({ at: draft.now, hook, args })
}

const sign = (message: Unsigned): Signed => signing.sign(message, domains, scene.idOf)

const say = (draft: Draft, message: Unsigned): Signed => {
  const signed = sign(message)
  draft.messages.set(messageId(message, domains), signed)
  put(draft, 'sent', signed)
  if (keys.includes(message.body.hotkey)) put(draft, 'signed', message.body.hotkey, signed)
  return signed
}

/** Stored by every node. */
const spread = (draft: Draft, message: Unsigned): Digest => {
  const signed = say(draft, message)
  for (const node of keys) put(draft, 'persisted', node, [{ kind: 'message', message: signed }])
  return messageId(message, domains)
}

const certificateOf = (
  phase: Phase,
  header: Header,
  o: { view?: number; signers?: readonly number[] } = {},
): Certificate => {
  const { view = 0, signers = [0, 1, 2, 3] } = o
  const at = { height: header.height, view, value: phase === 'nullify' ? NO_VALUE : headerDigest(header) }
  const signatures = signers.map((member) => {
    const hotkey = keys[member] ?? ''
    return { member, signature: sign({ kind: phase, body: { ...at, hotkey } }).signature }
  })
  return { phase, ...at, signatures }
}

const guard = (header: Header, phase: Phase | 'proposal'): JournalRecord => ({
  kind: 'guard',
  height: header.height,
  view: 0,
  phase,
  value: headerDigest(header),
})

/** One height from its proposal to everybody's decision, all in view 0. */
const decide = (draft: Draft, o: { entry: Entry; block: number; atMs: number }): Header => {
  const digests = draft.headers.map((header) => headerDigest(header))
  const height = draft.headers.length + 1
  const header: Header = {
    height,
    previous: digests.at(-1) ?? domains.mesh,
    logRoot: merkleRoot(digests),
    block: o.block,
    epoch: committee.epoch,
    entry: draft.respell(o.entry),
    evidence: [],
  }
  draft.headers.push(header)
  draft.now = o.atMs
  const value = headerDigest(header)
  const leader = leaderOrder(committee, height)[0] ?? ''
  put(draft, 'persisted', leader, [guard(header, 'proposal')])
  const body = { height, view: 0, hotkey: leader, parentView: null, header }
  const proposal = say(draft, { kind: 'proposal', body })
  for (const phase of ['notarize', 'finalize'] as const) {
    for (const hotkey of keys) {
      const first: readonly JournalRecord[] = phase === 'notarize' ? [{ kind: 'message', message: proposal }] : []
      put(draft, 'persisted', hotkey, [...first, guard(header, phase)])
      say(draft, { kind: phase, body: { height, view: 0, value, hotkey } })
    }
    put(draft, 'certified', certificateOf(phase, header))
  }
  const decided = { header, certificate: certificateOf('finalize', header) }
  for (const node of keys) {
    put(draft, 'persisted', node, [{ kind: 'decided', decided }])
    put(draft, 'decided', node, decided)
    put(draft, 'stepped', node)
  }
  return header
}

const submissionBody: BodyOf<'submission'> = {
  competition: params.id,
  hotkey: signing.keyNamed('miner 0'),
  scheme: 'sr25519',
  bundle: named('bundle'),
  sizeBytes: 1000,
  payment: refOf({ block: 2, miner: 0, kind: 'pays' }),
}

const openRound = (draft: Draft): { header: Header; entry: ManifestEntry } => {
  draft.now = 10_000
  const id = spread(draft, { kind: 'submission', body: submissionBody })
  const receipts = keys.map((hotkey) => spread(draft, { kind: 'receipt', body: { submission: id, hotkey, block: 3 } }))
  const entry: ManifestEntry = {
    kind: 'manifest',
    competition: params.id,
    round: 1,
    paramsHash: paramsHash(params),
    image: params.image,
    closeBlock: 8,
    beaconBlock: 15,
    incumbent: null,
    thetaPpm: params.thetaPpm,
    submissions: [{ id, receiptBlock: 3, receipts: receipts.sort((a, b) => (a < b ? -1 : 1)) }],
  }
  return { header: decide(draft, { entry, block: 9, atMs: 20_000 }), entry }
}

type Sealed = { readonly hotkey: Key; readonly nonce: Digest; readonly statement: Uint8Array }

const measure = (draft: Draft, o: { entry: ManifestEntry; manifest: Digest }): readonly Sealed[] => {
  const { entry, manifest } = o
  draft.now = 30_000
  const at = { competition: params.id, round: 1, manifest }
  return keys.flatMap((hotkey) => {
    const found = scene.evaluate(hotkey, { kind: 'evaluate', ...at, entry, params, seed: named('seed') }, 0)
    if (found === null) return []
    put(draft, 'persisted', hotkey, [{ kind: 'sealed', ...at, ...found }])
    return [{ hotkey, ...found }]
  })
}

const deriveFrom = (sealed: readonly Sealed[], o: { entry: ManifestEntry; manifest: Digest }): RoundResult => {
  const evaluationOf = ({ statement }: Sealed): Evaluation => parseStatement(statement)
  return deriveResult({
    ...o,
    committee,
    attestations: sealed.map((one) => ({ hotkey: one.hotkey, evaluation: evaluationOf(one) })),
    standing: createStanding(),
    confirmRounds: params.confirmRounds,
    submissionOf: () => ({ hotkey: submissionBody.hotkey, bundle: submissionBody.bundle }),
  })
}

/** A whole round of four honest validators, then a vector. */
const record = (draft: Draft): void => {
  const { header, entry } = openRound(draft)
  const manifest = headerDigest(header)
  const at = { competition: params.id, round: 1, manifest }
  const sealed = measure(draft, { entry, manifest })
  const commits = sealed.map((one) => {
    const commitment = commitmentOf({ domain: domains.mesh, ...at, ...one })
    return spread(draft, { kind: 'commit', body: { ...at, hotkey: one.hotkey, commitment } })
  })
  decide(draft, { entry: { kind: 'commits', ...at, commits }, block: 25, atMs: 40_000 })
  draft.now = 50_000
  const reveals = sealed.map((one) => spread(draft, { kind: 'reveal', body: { ...at, ...one } }))
  const result = resultDigest(deriveFrom(sealed, { entry, manifest }))
  decide(draft, { entry: { kind: 'result', ...at, reveals, result }, block: 35, atMs: 60_000 })
  // The header after it decides the vector.
  const next: ManifestEntry = { ...entry, round: 2, closeBlock: 32, beaconBlock: 46, submissions: [] }
  decide(draft, { entry: next, block: 40, atMs: 70_000 })
  for (const node of keys) {
    put(draft, 'persisted', node, [{ kind: 'weights', block: 40 }])
    put(draft, 'weighed', node, { block: 40, vector: { uids: [0, 5], values: [65_535, 6_613] } })
  }
  put(draft, 'restarted', keys[0])
}

/** The records of a node as its disk holds them after these events. */
const diskOf = (events: readonly Event[], node: Key): readonly JournalRecord[] =>
  events.flatMap(({ hook, args }) =>
    hook === 'persisted' && args[0] === node ? (args[1] as readonly JournalRecord[]) : [],
  )

const observe = (events: readonly Event[]) =>
  restoreMachine({
    genesis,
    self: null,
    application: rounds,
    rounds: createRounds({ genesis, self: null }),
    records: diskOf(events, keys[0] ?? ''),
  })

/** A new copy of the healthy run, to be spoiled. `respell` changes entries before anybody votes on them. */
export const healthyTape = (respell: (entry: Entry) => Entry = (entry) => entry): Tape => {
  const draft: Draft = { events: [], messages: new Map(), headers: [], respell, now: 0 }
  record(draft)
  let machine: ReturnType<typeof observe> | null = null
  return {
    domain: domains.mesh,
    keys,
    events: draft.events,
    messages: draft.messages,
    headers: draft.headers,
    idOf: (message) => messageId(message, domains),
    certificateOf,
    state: () => {
      machine ??= observe(draft.events)
      return machine
    },
  }
}

type Playing = { readonly liars?: readonly Key[]; readonly sim?: Partial<Sim>; readonly isDone?: () => boolean }

/** What a checker sees of a tape, at the moment that is set. */
export const simOf = (tape: Tape, o: Playing = {}): { readonly sim: Sim; readonly set: (now: number) => void } => {
  const { liars = [] } = o
  let now = 0
  const sim: Sim = {
    genesis,
    keys,
    isHonest: (node) => keys.includes(node) && !liars.includes(node),
    now: () => now,
    healAtMs: HEAL_AT_MS,
    messageOf: (id) => tape.messages.get(id) ?? null,
    consensusOf: () => tape.state().consensus,
    roundsOf: () => tape.state().rounds,
    metagraphAt: (block) => scene.metagraph(block, 0),
    isVoteSigned: (vote) => signing.isVoteSigned(vote, domains),
    kept: new Map(),
    ...o.sim,
  }
  const set = (at: number): void => {
    now = at
  }
  return { sim, set }
}

/** Plays a tape to one checker. `liars` are not honest: what only honest nodes do is not told of them. @returns how often it checked. */
export const play = (checker: Checker, tape: Tape, o: Playing = {}): number => {
  const { liars = [], isDone = () => true } = o
  const { sim, set } = simOf(tape, o)
  let checked = 0
  const watcher = checker.watch(sim, () => {
    checked++
  })
  const isTold = ({ hook, args }: Event): boolean =>
    hook === 'sent' || hook === 'certified' || !liars.includes(args[0] as Key)
  for (const event of tape.events.filter(isTold)) {
    set(event.at)
    const hear = watcher[event.hook] as ((...args: readonly unknown[]) => void) | undefined
    hear?.(...event.args)
  }
  const honest = keys.filter((key) => !liars.includes(key))
  watcher.ended?.({
    logs: new Map(honest.map((key) => [key, tape.headers])),
    isDone,
    diskOf: (node) => diskOf(tape.events, node),
  })
  return checked
}
