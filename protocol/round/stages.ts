/** COMMITS, RESULT and VOID of an open round: when each is due, and what makes a proposed one right. */
import type { CheckQuery, EntryCheck } from '../application.ts'
import { unreachable } from '../assert.ts'
import { isQuorum, weightOf } from '../committee.ts'
import type { Digest, Key } from '../crypto.ts'
import type { EntryOf } from '../message/entry.ts'
import { allHeld, checkOmitted, invalid, isHeldLong, isOverdue, isRising, wait } from './checks.ts'
import { type Attestation, deriveResult, isRevealQuorum } from './derive.ts'
import { fetchNamed } from './items.ts'
import { type RoundResult, resultDigest } from './result.ts'
import { evaluationOf } from './reveal.ts'
import { ask, type CompetitionState, type Held, heldOf, type OpenRound, type RoundState } from './state.ts'

/** A block of the chain is asked for at most this often. */
const BLOCK_EVERY_MS = 2_000

/** A competition with a round that is open. */
export type InRound = { readonly competition: CompetitionState; readonly round: OpenRound }

type Deadlines = { readonly first: number; readonly last: number }

/** commits are due `commitBlocks` after the beacon block, reveals `revealBlocks` after the block of COMMITS; either is extended once. */
const deadlinesOf = ({ round }: InRound): Deadlines => {
  const { commitBlocks, revealBlocks, extendBlocks } = round.params
  const first = round.committed === null ? round.entry.beaconBlock + commitBlocks : round.committed.block + revealBlocks
  return { first, last: first + extendBlocks }
}

const byHotkey = <H extends Held<'commit'> | Held<'reveal'>>(items: Iterable<H>): readonly H[] =>
  [...items].sort((a, b) => (a.message.body.hotkey < b.message.body.hotkey ? -1 : 1))

/** The reveals here that count, by hotkey. */
const countedReveals = (state: RoundState, round: OpenRound): readonly Held<'reveal'>[] =>
  byHotkey(round.reveals.values()).filter((reveal) => {
    const found = evaluationOf(round, reveal, state.domains)
    return found !== null && 'evaluation' in found
  })

/** Everything derived from these reveals, whose evaluations are at hand; kept for the next look at the same ones. */
export const deriveRound = (
  state: RoundState,
  { competition, round }: InRound,
  attestations: readonly (Attestation & { readonly id: Digest })[],
): RoundResult => {
  const reveals = attestations.map(({ id }) => id).join()
  if (round.derived?.reveals === reveals) return round.derived.result
  const result = deriveResult({
    manifest: round.manifest,
    entry: round.entry,
    committee: round.committee,
    attestations,
    standing: competition.standing,
    confirmRounds: round.params.confirmRounds,
    submissionOf: (id) => {
      const { hotkey, bundle } = heldOf(state, 'submission', id)?.message.body ?? { hotkey: '', bundle: '' }
      return { hotkey, bundle }
    },
  })
  round.derived = { reveals, result }
  return result
}

const attestationsOf = (state: RoundState, round: OpenRound, reveals: readonly Held<'reveal'>[]) =>
  reveals.flatMap((reveal) => {
    const found = evaluationOf(round, reveal, state.domains)
    const { hotkey } = reveal.message.body
    return found !== null && 'evaluation' in found ? [{ id: reveal.id, hotkey, evaluation: found.evaluation }] : []
  })

const hotkeysOf = (items: readonly (Held<'commit'> | Held<'reveal'>)[]): readonly Key[] =>
  items.map(({ message }) => message.body.hotkey)

const voidEntry = ({ round }: InRound, present: readonly Key[]): EntryOf<'void'> => ({
  kind: 'void',
  competition: round.entry.competition,
  round: round.entry.round,
  manifest: round.manifest,
  stage: round.committed === null ? 'commits' : 'reveals',
  missing: round.committee.members.map((member) => member.hotkey).filter((hotkey) => !present.includes(hotkey)),
})

/** True when the stage may close at this block with these: all that can come are here, or the deadline has passed and they are a quorum. */
const mayClose = (
  inRound: InRound,
  o: { readonly present: readonly Key[]; readonly block: number; readonly possible: number },
): boolean => {
  const { committee } = inRound.round
  const isLate = o.block >= deadlinesOf(inRound).first
  return isQuorum(weightOf(committee, o.present), committee.total) && (o.present.length === o.possible || isLate)
}

/** How many can commit or reveal at all. */
const possibleOf = (round: OpenRound): number =>
  (round.committed?.commits ?? { size: round.committee.members.length }).size

/** What an open round has due at this block, with the block it was due by; null while it waits. */
export const dueStage = (
  state: RoundState,
  inRound: InRound,
  head: number,
): { readonly deadline: number; readonly entry: EntryOf<'commits' | 'result' | 'void'> } | null => {
  const { round } = inRound
  const items = round.committed === null ? byHotkey(round.commits.values()) : countedReveals(state, round)
  const present = hotkeysOf(items)
  const { first, last } = deadlinesOf(inRound)
  const base = { competition: round.entry.competition, round: round.entry.round, manifest: round.manifest }
  const ids = items.map(({ id }) => id)
  if (mayClose(inRound, { present, block: head, possible: possibleOf(round) })) {
    if (round.committed === null) return { deadline: first, entry: { kind: 'commits', ...base, commits: ids } }
    const result = deriveRound(state, inRound, attestationsOf(state, round, countedReveals(state, round)))
    return { deadline: first, entry: { kind: 'result', ...base, reveals: ids, result: resultDigest(result) } }
  }
  const isVoid = head >= last && !isQuorum(weightOf(round.committee, present), round.committee.total)
  return isVoid ? { deadline: last, entry: voidEntry(inRound, present) } : null
}

type Stage = EntryOf<'commits' | 'result' | 'void'>

/** The open round that the entry names, or null when the log has no such round open. */
const roundOf = (state: RoundState, entry: Stage): InRound | null => {
  const competition = state.competitions.get(entry.competition)
  const round = competition?.open ?? null
  if (competition === undefined || round === null) return null
  return round.manifest === entry.manifest && round.entry.round === entry.round ? { competition, round } : null
}

const checkCommits = (
  state: RoundState,
  inRound: InRound,
  o: { entry: EntryOf<'commits'>; query: CheckQuery },
): EntryCheck => {
  const { round } = inRound
  if (round.committed !== null) return invalid('commits are decided')
  const held = allHeld(o.entry.commits, (id) => state.items.get(id) ?? null)
  if ('missing' in held) return wait('items', fetchNamed(state, held.missing, o.query.at))
  const commits = o.entry.commits.flatMap((id) => heldOf(state, 'commit', id) ?? [])
  const hotkeys = hotkeysOf(commits)
  const areOfRound = commits.every(({ message }) => message.body.manifest === round.manifest)
  if (commits.length !== held.items.length || !areOfRound || !isRising(hotkeys)) return invalid('commits')
  if (!mayClose(inRound, { present: hotkeys, block: o.query.header.block, possible: possibleOf(round) })) {
    return invalid('too early or too few')
  }
  return checkOmitted(
    state,
    o.query,
    [...round.commits.values()].filter(({ message }) => !hotkeys.includes(message.body.hotkey)),
  )
}

const checkResult = (
  state: RoundState,
  inRound: InRound,
  o: { entry: EntryOf<'result'>; query: CheckQuery },
): EntryCheck => {
  const { round } = inRound
  if (round.committed === null) return invalid('commits are not decided')
  const held = allHeld(o.entry.reveals, (id) => state.items.get(id) ?? null)
  if ('missing' in held) return wait('items', fetchNamed(state, held.missing, o.query.at))
  const reveals = o.entry.reveals.flatMap((id) => heldOf(state, 'reveal', id) ?? [])
  if (round.beacon === null) {
    const isAsked = ask(state, { key: `beacon ${round.manifest}`, at: o.query.at, everyMs: BLOCK_EVERY_MS })
    return wait('the beacon block', isAsked ? [{ kind: 'readBlock', number: round.entry.beaconBlock }] : [])
  }
  const hotkeys = hotkeysOf(reveals)
  const attestations = attestationsOf(state, round, reveals)
  if (attestations.length !== held.items.length || !isRising(hotkeys)) return invalid('reveals')
  if (!isRevealQuorum(round.committee, hotkeys)) return invalid('too few')
  if (!mayClose(inRound, { present: hotkeys, block: o.query.header.block, possible: possibleOf(round) })) {
    return invalid('too early')
  }
  if (resultDigest(deriveRound(state, inRound, attestations)) !== o.entry.result) return invalid('result')
  return checkOmitted(
    state,
    o.query,
    countedReveals(state, round).filter(({ message }) => !hotkeys.includes(message.body.hotkey)),
  )
}

/**
 * a round is void when a stage has less than a quorum at its extended deadline; a voter that holds what a fresh VOID calls missing
 * refuses it, and does not give up while it holds a quorum.
 */
const checkVoid = (
  state: RoundState,
  inRound: InRound,
  o: { entry: EntryOf<'void'>; query: CheckQuery },
): EntryCheck => {
  const { entry, query } = o
  const { round } = inRound
  if (entry.stage !== (round.committed === null ? 'commits' : 'reveals')) return invalid('stage')
  if (query.header.block < deadlinesOf(inRound).last) return invalid('too early')
  const members = round.committee.members.map((member) => member.hotkey)
  if (!isRising(entry.missing) || !entry.missing.every((hotkey) => members.includes(hotkey))) return invalid('missing')
  const present = members.filter((hotkey) => !entry.missing.includes(hotkey))
  if (isQuorum(weightOf(round.committee, present), round.committee.total)) return invalid('a quorum is present')
  const here = round.committed === null ? [...round.commits.values()] : countedReveals(state, round)
  const omitted = here.filter(({ message }) => entry.missing.includes(message.body.hotkey))
  // Whoever holds a quorum can propose it, so that nobody waits for ever.
  const isQuorumHere = isQuorum(weightOf(round.committee, hotkeysOf(here)), round.committee.total)
  return checkOmitted(state, query, omitted, isQuorumHere ? isOverdue : isHeldLong)
}

/** Checks an entry that moves an open round on; its stage follows from the log. */
export const checkStage = (state: RoundState, entry: Stage, query: CheckQuery): EntryCheck => {
  const inRound = roundOf(state, entry)
  if (inRound === null) return invalid('no such round is open')
  switch (entry.kind) {
    case 'commits':
      return checkCommits(state, inRound, { entry, query })
    case 'result':
      return checkResult(state, inRound, { entry, query })
    case 'void':
      return checkVoid(state, inRound, { entry, query })
    default:
      return unreachable(entry)
  }
}
