/** Decided entries into the state, in the order of the log, each as soon as every message that it names is here. */
import { assert, unreachable } from '../assert.ts'
import type { Digest } from '../crypto.ts'
import { foldResult } from '../ledger/fold.ts'
import type { Entry, EntryOf, Header, ManifestEntry } from '../message/entry.ts'
import type { Delegation } from '../message/membership.ts'
import { subjectOf } from './checks.ts'
import { committeeOf } from './epoch.ts'
import { convict, convictsAt, pruneEvidence } from './evidence.ts'
import { dropReplaced, expireCandidates, prune, settleNamed } from './forget.ts'
import { foldParams, seatOwner, settleParams } from './params.ts'
import { refund, spendNamed } from './payment.ts'
import { resultDigest } from './result.ts'
import { evaluationOf } from './reveal.ts'
import { sealNamed } from './sealing.ts'
import { deriveRound } from './stages.ts'
import {
  type CompetitionState,
  type Held,
  heldOf,
  isHere,
  type OpenRound,
  type Pending,
  type RoundState,
} from './state.ts'
import { parseStatement } from './statement.ts'
import { decideVector } from './vector.ts'

/** Rounds whose results stay in memory for those who ask; older ones are in the archive. */
const RESULTS_MAX = 64

/**
 * a header is folded when the messages and evidence that it names are here: the rest follows from them, so nothing derived is ever taken on trust.
 * @returns their ids, those of the genesis document among them.
 */
export const namedBy = ({ entry, evidence }: Header): readonly Digest[] => [...evidence, ...namedByEntry(entry)]

const namedByEntry = (entry: Entry): readonly Digest[] => {
  switch (entry.kind) {
    case 'epoch':
      return entry.members.map((member) => member.delegation)
    case 'manifest':
      return entry.submissions.map((submission) => submission.id)
    case 'commits':
      return entry.commits
    case 'result':
      return entry.reveals
    case 'params':
      return [entry.message]
    case 'void':
      return []
    default:
      return unreachable(entry)
  }
}

const openRound = (competition: CompetitionState): OpenRound => {
  assert(competition.open !== null, 'the log closes only rounds that are open')
  return competition.open
}

/** who has another key from here on may have signed its commit under either. */
const noteKeys = (state: RoundState, next: ReadonlyMap<string, Delegation>): void => {
  for (const { open } of state.competitions.values()) {
    for (const [hotkey, keys] of open?.keys ?? []) {
      const key = next.get(hotkey)?.sessionKey
      if (key !== undefined && !keys.includes(key)) open?.keys.set(hotkey, [key, ...keys])
    }
  }
}

/** receipts of who speaks by another key from here on: nobody else could check them any more. Their signer signs anew. */
const dropReceipts = (state: RoundState, next: ReadonlyMap<string, Delegation>): void => {
  const isDropped = ({ message }: Held): boolean =>
    message.kind === 'receipt' &&
    next.get(message.body.hotkey)?.sessionKey !== state.inForce.get(message.body.hotkey)?.sessionKey
  const tables = [...state.competitions.values()].flatMap(({ candidates }) =>
    [...candidates.values()].map((c) => c.receipts),
  )
  for (const table of [...tables, ...state.orphans.values()]) {
    for (const [hotkey, held] of table) if (isDropped(held)) table.delete(hotkey)
  }
  for (const [id, held] of state.items) if (isDropped(held)) state.items.delete(id)
}

const foldEpoch = (state: RoundState, entry: EntryOf<'epoch'>): void => {
  const bodies = new Map<string, Delegation>()
  for (const { hotkey, delegation } of entry.members) {
    const held = heldOf(state, 'delegation', delegation)
    if (held !== null) bodies.set(hotkey, held.message.body)
  }
  const convicts = convictsAt(state, entry.epoch)
  state.newestEpoch = { entry, before: state.committee, capPpm: state.params.mesh.weightCapPpm, convicts }
  for (const hotkey of entry.released) {
    const conviction = state.convicted.get(hotkey)
    if (conviction !== undefined) state.convicted.set(hotkey, { ...conviction, isReleased: true })
  }
  noteKeys(state, bodies)
  dropReceipts(state, bodies)
  state.inForce = bodies
  seatOwner(state, entry.owner)
  state.committee = committeeOf({
    epoch: entry.epoch,
    seed: entry.blockHash,
    members: entry.members,
    delegationOf: (hotkey) => bodies.get(hotkey),
  })
}

const foldManifest = (
  state: RoundState,
  competition: CompetitionState,
  o: { readonly entry: ManifestEntry; readonly block: number; readonly digest: Digest },
): void => {
  const { entry, digest } = o
  assert(competition.open === null, 'one round of a competition is open at a time')
  spendNamed(state, competition, o)
  sealNamed(state, competition, entry)
  for (const { id } of entry.submissions) competition.standing.underWay.add(id)
  competition.lastRound = entry.round
  competition.lastCloseBlock = entry.closeBlock
  competition.open = {
    manifest: digest,
    entry,
    committee: state.committee,
    params: competition.params,
    keys: new Map(state.committee.members.map(({ hotkey, sessionKey }) => [hotkey, [sessionKey]])),
    beacon: null,
    commits: new Map(),
    reveals: new Map(),
    committed: null,
    checked: new Map(),
    sealed: null,
    isEvaluating: false,
    derived: null,
  }
}

const foldCommits = (state: RoundState, round: OpenRound, o: { ids: readonly Digest[]; block: number }): void => {
  const commits = o.ids.flatMap((id) => heldOf(state, 'commit', id) ?? [])
  round.committed = { block: o.block, commits: new Map(commits.map((held) => [held.message.body.hotkey, held])) }
}

const attest = (state: RoundState, round: OpenRound, reveal: Held<'reveal'>) => {
  // A replay and a late joiner have no beacon block yet: what a quorum found right about the seed is not looked at again here.
  const found = evaluationOf(round, reveal, state.domains)
  const { hotkey, statement } = reveal.message.body
  const evaluation = found !== null && 'evaluation' in found ? found.evaluation : parseStatement(statement)
  return { id: reveal.id, hotkey, evaluation }
}

const close = (state: RoundState, competition: CompetitionState): void => {
  competition.open = null
  prune(state)
}

/** the matrices of a decided round are no secret any more; each of its statements names the seed that drew them. */
const noteInputs = (
  competition: CompetitionState,
  { entry, params }: OpenRound,
  attested: readonly { readonly evaluation: { readonly seed: Digest } }[],
): void => {
  const seed = attested[0]?.evaluation.seed
  assert(seed !== undefined, 'a result has reveals of a quorum')
  const { poolManifest, poolRoot, matrixCount } = params
  competition.inputs.push({ round: entry.round, seed, poolManifest, poolRoot, matrixCount })
  if (competition.inputs.length > RESULTS_MAX) competition.inputs.shift()
}

const foldDecidedResult = (
  state: RoundState,
  competition: CompetitionState,
  o: { entry: EntryOf<'result'>; header: Header; digest: Digest },
): void => {
  const round = openRound(competition)
  const reveals = o.entry.reveals.flatMap((id) => heldOf(state, 'reveal', id) ?? [])
  const attested = reveals.map((reveal) => attest(state, round, reveal))
  const result = deriveRound(state, { competition, round }, attested)
  assert(resultDigest(result) === o.entry.result, 'a certified result is what its reveals derive')
  const { height, block } = o.header
  const givenUp = foldResult(competition.standing, result, block)
  refund(state, competition, givenUp)
  competition.attested = {
    committee: round.committee,
    height,
    header: o.digest,
    digest: o.entry.result,
    result,
    attestations: new Map(),
  }
  competition.results.push(result)
  if (competition.results.length > RESULTS_MAX) competition.results.shift()
  noteInputs(competition, round, attested)
  close(state, competition)
}

const competitionOf = (state: RoundState, id: string): CompetitionState => {
  const competition = state.competitions.get(id)
  assert(competition !== undefined, 'the log names only competitions of the genesis document')
  return competition
}

const foldEntry = (state: RoundState, { header, digest }: Pending): void => {
  const { entry, block } = header
  switch (entry.kind) {
    case 'epoch':
      foldEpoch(state, entry)
      break
    case 'manifest':
      foldManifest(state, competitionOf(state, entry.competition), { entry, block, digest })
      break
    case 'commits':
      foldCommits(state, openRound(competitionOf(state, entry.competition)), { ids: entry.commits, block })
      break
    case 'result':
      foldDecidedResult(state, competitionOf(state, entry.competition), { entry, header, digest })
      break
    case 'void':
      close(state, competitionOf(state, entry.competition))
      break
    case 'params':
      foldParams(state, entry.message)
      break
    default:
      unreachable(entry)
  }
}

/** Messages and evidence that the oldest unfolded header names and that are not here. */
export const missingOf = (state: RoundState): readonly Digest[] => {
  const next = state.backlog[0]
  return next === undefined ? [] : namedBy(next.header).filter((id) => !isHere(state, id))
}

/** Asked at every message that comes while some are missing: the first that is answers it. */
const isFoldable = (state: RoundState, { header }: RoundState['backlog'][number]): boolean =>
  namedBy(header).every((id) => isHere(state, id))

/** Folds decided entries as far as their messages are here. */
export const drain = (state: RoundState): void => {
  for (let next = state.backlog[0]; next !== undefined && isFoldable(state, next); next = state.backlog[0]) {
    state.backlog.shift()
    const { inForce } = state
    decideVector(state, next.header)
    foldEntry(state, next)
    state.refused.delete(subjectOf(next.header.entry))
    // An EPOCH's own evidence counts for the one after.
    convict(state, next.header, inForce)
    state.logHeight = next.header.height
    state.logBlock = next.header.block
    settleParams(state)
    expireCandidates(state)
    settleNamed(state, namedBy(next.header))
    dropReplaced(state)
    pruneEvidence(state)
  }
}
