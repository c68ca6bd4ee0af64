/** The rounds as the agreement on heights sees them: what is due, whether a proposed entry is right, and what a decided one changes. */
import { type Application, type CheckQuery, type EntryCheck, UNCHANGED } from '../application.ts'
import { assert, unreachable } from '../assert.ts'
import type { BlockRef, Metagraph } from '../chain-view.ts'
import type { Effect, Input, JournalRecord } from '../machine-types.ts'
import type { Entry } from '../message/entry.ts'
import { wait } from './checks.ts'
import { checkEpoch, dueEpoch, readStart } from './epoch-entry.ts'
import { acceptEvidence, accuse, checkEvidence, evidenceToName, noteEvidence } from './evidence.ts'
import { drain, missingOf, namedBy } from './fold.ts'
import { dropUnnamed, expireOrphans, forgetStrangers, makeRoomFor, makeRoomForLog } from './forget.ts'
import { keepGuests } from './guests.ts'
import { accept, fetchNamed, unopenedBy } from './items.ts'
import { checkManifest, dueManifest } from './manifest.ts'
import { checkParams, dueParams } from './params-entry.ts'
import { notePayment } from './payment.ts'
import { pump, relayOwn, relayProposed } from './pump.ts'
import { termsOf } from './reveal.ts'
import { sessionKeysOf } from './signers.ts'
import { checkStage, dueStage } from './stages.ts'
import type { RoundState } from './state.ts'
import { parseStatement, statementFault } from './statement.ts'

/** Metagraphs kept at once: epoch starts, blocks of weights and the newest; the oldest read gives way and is read again when asked for. */
const METAGRAPHS_MAX = 16
/** Answers that are still awaited are younger than this. */
const ASKED_MS = 60_000

const due = (state: RoundState): Entry | null => {
  const head = state.head?.number ?? 0
  if (head < state.logBlock || state.backlog.length > 0) return null
  const epoch = dueEpoch(state)
  if (epoch !== null) return epoch
  const entries: { deadline: number; entry: Entry }[] = []
  for (const competition of state.competitions.values()) {
    const round = competition.open
    const stage = round === null ? null : dueStage(state, { competition, round }, head)
    if (stage !== null) entries.push(stage)
    const manifest = dueManifest(state, competition, head)
    if (manifest !== null) entries.push({ deadline: manifest.closeBlock, entry: manifest })
  }
  // Equal deadlines keep the genesis document's order of competitions.
  return entries.sort((a, b) => a.deadline - b.deadline)[0]?.entry ?? dueParams(state)
}

const checkEntry = (state: RoundState, query: CheckQuery): EntryCheck => {
  const { entry } = query.header
  switch (entry.kind) {
    case 'epoch':
      return checkEpoch(state, entry, query)
    case 'manifest':
      return checkManifest(state, entry, query)
    case 'commits':
    case 'result':
    case 'void':
      return checkStage(state, entry, query)
    case 'params':
      return checkParams(state, entry, query)
    default:
      return unreachable(entry)
  }
}

/** What is provably wrong is so whatever else is waited for: all nodes come to the same, in whatever order things reach them. */
const check = (state: RoundState, query: CheckQuery): EntryCheck => {
  if (state.backlog.length > 0) return wait('the log is ahead', fetchNamed(state, missingOf(state), query.at))
  // A re-proposal names what a quorum has found valid.
  if (query.fresh) dropUnnamed(state, query.view)
  else makeRoomFor(state, query.view)
  const entry = checkEntry(state, query)
  if (entry.kind === 'invalid') return entry
  const evidence = checkEvidence(state, query)
  if (entry.kind === 'valid' && evidence.kind === 'valid') keepGuests(state.guests, namedBy(query.header))
  if (entry.kind !== 'wait' || evidence.kind === 'invalid') return evidence
  // what was asked for a moment ago is not asked for at the next look: nothing may be lost of it.
  return evidence.kind === 'wait' ? { ...entry, effects: [...entry.effects, ...evidence.effects] } : entry
}

const noteBlock = (state: RoundState, block: BlockRef): void => {
  for (const { open } of state.competitions.values()) {
    if (open !== null && open.entry.beaconBlock === block.number) open.beacon = block.hash
  }
}

const noteMetagraph = (state: RoundState, metagraph: Metagraph): void => {
  state.metagraphs.set(metagraph.block.number, metagraph)
  const [oldest] = state.metagraphs.keys()
  if (state.metagraphs.size > METAGRAPHS_MAX && oldest !== undefined) state.metagraphs.delete(oldest)
  const { latest } = state
  if (latest === null || latest.block.number < metagraph.block.number) state.latest = metagraph
  if (latest === null) forgetStrangers(state)
}

const noteEvaluated = (state: RoundState, input: Extract<Input, { kind: 'evaluated' }>): readonly Effect[] => {
  const round = state.competitions.get(input.competition)?.open ?? null
  if (round?.manifest !== input.manifest || round.sealed !== null || state.self === null) return []
  const { nonce, statement } = input
  const terms = termsOf(round, state.domains)
  const fault =
    terms === null ? 'seed' : statementFault(parseStatement(statement), terms, { hotkey: state.self, nonce })
  assert(fault === null, `my own evaluation fits its round, but for its ${fault}`)
  round.sealed = { nonce, statement }
  const { competition, round: number, manifest } = input
  return [{ kind: 'persist', records: [{ kind: 'sealed', competition, round: number, manifest, nonce, statement }] }]
}

const noteMessage = (state: RoundState, input: Extract<Input, { kind: 'message' }>): readonly Effect[] => {
  const { message } = input
  const { isKept, conflict } = accept(state, message, { since: input.at, isTrusted: false })
  if (!isKept && conflict === null) return UNCHANGED
  const kept: readonly Effect[] = isKept ? [{ kind: 'persist', records: [{ kind: 'message', message }] }] : []
  if (isKept && message.kind === 'params') return [...kept, ...relayProposed(state, input.at)]
  const unopened = unopenedBy(state, message)
  const accused = unopened === null ? kept : [...kept, ...accuse(state, unopened, input.at)]
  if (conflict === null || message.kind === 'submission') return accused
  const notice = { kind: 'equivocation', hotkey: message.body.hotkey, first: conflict, second: message } as const
  return [...accused, { kind: 'notice', notice }, ...accuse(state, [conflict, message], input.at)]
}

const noteHead = (state: RoundState, block: BlockRef, at: number): readonly Effect[] => {
  if (state.head !== null && block.number <= state.head.number) return []
  state.head = block
  noteBlock(state, block)
  for (const [key, last] of state.asked) if (at - last > ASKED_MS) state.asked.delete(key)
  expireOrphans(state, at)
  return [...relayProposed(state, at), ...relayOwn(state, at)]
}

const note = (state: RoundState, input: Input): readonly Effect[] => {
  switch (input.kind) {
    case 'message':
      return noteMessage(state, input)
    case 'head':
      return noteHead(state, input.block, input.at)
    case 'block':
      noteBlock(state, input.block)
      return []
    case 'metagraph':
      noteMetagraph(state, input.metagraph)
      return []
    case 'payment':
      return notePayment(state, input) ? [] : UNCHANGED
    case 'stored':
      state.stored.add(input.digest)
      return []
    case 'evaluated':
      return noteEvaluated(state, input)
    case 'evidence':
      return noteEvidence(state, input.evidence, input.at)
    case 'certificate':
    case 'decided':
    case 'status':
    case 'wake':
      return []
    default:
      return unreachable(input)
  }
}

const restore = (state: RoundState, record: JournalRecord): void => {
  if (record.kind === 'message') {
    accept(state, record.message, { since: null, isTrusted: true })
    drain(state)
  } else if (record.kind === 'evidence') {
    acceptEvidence(state, record.evidence, { since: null, isTrusted: true })
    drain(state)
  } else if (record.kind === 'weights') {
    state.weightsBlock = Math.max(state.weightsBlock, record.block)
  } else if (record.kind === 'sealed') {
    const round = state.competitions.get(record.competition)?.open ?? null
    if (round?.manifest === record.manifest) round.sealed = { nonce: record.nonce, statement: record.statement }
  }
}

/** Rounds, results, ledger and weights behind the seam of `application.ts`. Effects are read off the state after every input. */
export const rounds: Application<RoundState> = {
  // An epoch that is decided but not folded has a committee nobody here knows yet.
  committee: (state) => (state.backlog.some(({ header }) => header.entry.kind === 'epoch') ? null : state.committee),
  sessionKeyOf: (state, message) => sessionKeysOf(state, message)[0] ?? null,
  deltaMs: (state) => state.params.mesh.deltaMs,
  headBlock: (state) => state.head?.number ?? null,
  due,
  check,
  evidence: evidenceToName,
  accuse,
  apply: (state, { header, digest, at }) => {
    state.backlog.push({ header, digest })
    drain(state)
    if (state.backlog.length > 0) makeRoomForLog(state)
    // Before the first input this is a replay: what it would ask for is asked for then.
    return state.startedAt === null ? [] : pump(state, at)
  },
  step: (state, input) => {
    state.startedAt ??= input.at
    const noted = note(state, input)
    // Most of what gossip and resending bring is here already.
    if (noted === UNCHANGED) return UNCHANGED
    drain(state)
    return [...noted, ...readStart(state, input.at), ...pump(state, input.at)]
  },
  restore,
}
