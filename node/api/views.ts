/** What a validator tells about itself and its rounds, as plain JSON: views of the machine's state, made when they are asked for. */
import {
  type Committee,
  type CompetitionState,
  decodeSs58,
  encodeSs58,
  incumbentOf,
  isQuorum,
  type Key,
  type Machine,
  memberOf,
  type OpenRound,
  PAYLOAD_TYPE,
  ProtocolError,
  printGenesis,
  type RoundMark,
  type RoundResult,
  type RoundState,
  type SubmissionResult,
  sealedUntil,
  type ValidatorValue,
  weightOf,
} from '../../protocol/index.ts'
import { type CoalitionView, coalitionsOf } from '../coalition.ts'
import type { Pool, PoolIndex } from '../measure/pool-blobs.ts'
import { type SyncView, syncSentence } from '../sync/view.ts'
import { boardView } from './board.ts'
import type { Certificates, CertificateView } from './certificates.ts'
import { createCodeView } from './code.ts'
import { type OffenceView, offencesOf } from './evidence.ts'
import { createMatrixView } from './matrix.ts'
import { minerView, paymentView, sameCodeView } from './miners.ts'
import { paramsView } from './params-view.ts'
import { ppmOf } from './ppm.ts'
import type { ApiViews } from './server.ts'
import { validatorsView } from './validators.ts'

export type StatusView = {
  readonly name: string
  readonly hotkey: string
  readonly ready: boolean
  /** One sentence: why decisions can or cannot be made. */
  readonly reason: string
  /** The height being decided. */
  readonly height: number
  readonly view: number
  /** Finalised block seen last. */
  readonly block: number
  readonly epoch: number
  readonly logRoot: string
  readonly logSize: number
  readonly connectedPpm: number
  readonly members: readonly {
    readonly hotkey: string
    readonly weightPpm: number
    readonly self: boolean
    readonly connected: boolean
  }[]
  /** The fewest members that can stop decisions, and those that can make them alone. */
  readonly blocking: CoalitionView
  readonly certifying: CoalitionView
  readonly rounds: readonly RoundProgress[]
  readonly offences: readonly OffenceView[]
  /** Where this node is on its way to the mesh's log. */
  readonly sync: SyncView
  readonly engine: string
  /** Block of the last vector handed to the chain, 0 for none. */
  readonly weightsBlock: number
}

/** An undecided round: hotkeys whose commits and reveals are here. */
export type RoundProgress = {
  readonly competition: string
  readonly round: number
  readonly stage: 'beacon' | 'evaluate' | 'commit' | 'reveal'
  readonly submissions: readonly string[]
  readonly commits: readonly string[]
  readonly reveals: readonly string[]
}

export type CompetitionView = {
  readonly id: string
  readonly round: number
  readonly closesAtBlock: number
  readonly incumbent: string | null
  readonly thetaPpm: number
  readonly bundleBytesMax: number
  readonly paramsHash: string
  readonly params: unknown
}

type Source = {
  readonly certificates: Certificates
  readonly machine: () => Machine<RoundState>
  readonly name: string
  readonly self: Key | null
  readonly isConnected: (peerId: string) => boolean
  readonly sync: () => SyncView
  readonly engine: string
  /** A stored blob; undefined when it is not here. */
  readonly blob: (digest: string) => Promise<Uint8Array | undefined>
  readonly pool: Pick<Pool, 'read'>
  readonly poolIndex: PoolIndex
  /** Multiaddrs, each with /p2p/: where this node listens, and whom it dials. */
  readonly addresses: () => readonly string[]
}

const members = (committee: Committee, o: Source): StatusView['members'] =>
  committee.members.map((member) => ({
    hotkey: encodeSs58(member.hotkey),
    weightPpm: ppmOf(member.weight, committee.total),
    self: member.hotkey === o.self,
    connected: member.hotkey === o.self || o.isConnected(member.peerId),
  }))

const stageOf = (open: OpenRound): RoundProgress['stage'] => {
  if (open.committed !== null) return 'reveal'
  if (open.beacon === null) return 'beacon'
  return open.sealed === null ? 'evaluate' : 'commit'
}

const progressOf = (competition: CompetitionState): readonly RoundProgress[] => {
  const { open } = competition
  if (open === null) return []
  return [
    {
      competition: competition.params.id,
      round: open.entry.round,
      stage: stageOf(open),
      submissions: open.entry.submissions.map(({ id }) => id),
      commits: [...open.commits.keys()].map(encodeSs58),
      reveals: [...open.reveals.keys()].map(encodeSs58),
    },
  ]
}

/** Whether syncing keeps this node from taking part; what only strangers claim does not, while a quorum is connected. */
const isHindered = (sync: SyncView, quorum: boolean): boolean =>
  sync.kind === 'stuck' ? sync.isVouched || !quorum : sync.kind !== 'live' && sync.kind !== 'starting'

const statusView = (o: Source): StatusView => {
  const { rounds, consensus } = o.machine()
  const { committee } = rounds
  const there = committee.members.filter((m) => m.hotkey === o.self || o.isConnected(m.peerId)).map((m) => m.hotkey)
  const connected = weightOf(committee, there)
  const quorum = isQuorum(connected, committee.total)
  const seat = committee.members.find((m) => m.hotkey === o.self)
  const cloned = seat !== undefined && seat.sessionKey === consensus.clonedKey
  const chain = rounds.head !== null
  const missing = committee.members.length - there.length
  const sync = o.sync()
  const reasons: readonly (readonly [is: boolean, reason: string | null])[] = [
    [isHindered(sync, quorum), syncSentence(sync)],
    [
      !quorum,
      `waits for members: ${missing} of ${committee.members.length} are away and the rest is no quorum; nothing is decided, the last certified weights stay`,
    ],
    [sync.kind === 'starting', syncSentence(sync)],
    [!chain, 'waits for the chain: no finalised block seen yet'],
    [cloned, 'votes no more: another copy signs with its keys; stop that one, then `evalmesh keys renew` here'],
    [o.self !== null && seat === undefined, 'follows: this hotkey has no seat in the committee of this epoch'],
  ]
  const reason = reasons.find(([is]) => is)?.[1] ?? 'a quorum is connected'
  return {
    name: o.name,
    hotkey: o.self === null ? '' : encodeSs58(o.self),
    ready: chain && quorum && sync.kind !== 'starting' && !isHindered(sync, quorum),
    reason,
    height: consensus.current.height,
    view: consensus.current.view,
    block: rounds.head?.number ?? 0,
    epoch: committee.epoch,
    logRoot: consensus.log.root,
    logSize: consensus.log.frontier.size,
    connectedPpm: ppmOf(connected, committee.total),
    members: members(committee, o),
    ...coalitionsOf(committee),
    rounds: [...rounds.competitions.values()].flatMap(progressOf),
    offences: offencesOf(rounds),
    sync,
    engine: o.engine,
    weightsBlock: rounds.weightsBlock,
  }
}

/** The first multiple of the round's length after genesis that lies above the head. */
const nextClose = (o: { readonly start: number; readonly roundBlocks: number; readonly head: number }): number =>
  o.start + (Math.floor(Math.max(0, o.head - o.start) / o.roundBlocks) + 1) * o.roundBlocks

const competitionView = (state: CompetitionState, rounds: RoundState): CompetitionView => {
  const { params, standing } = state
  const start = rounds.genesis.block
  return {
    id: params.id,
    round: state.lastRound,
    closesAtBlock: nextClose({ start, roundBlocks: params.roundBlocks, head: rounds.head?.number ?? start }),
    incumbent: incumbentOf(standing)?.submission ?? null,
    thetaPpm: params.thetaPpm,
    bundleBytesMax: params.bundleBytesMax,
    paramsHash: state.paramsHash,
    params,
  }
}

type SubmissionView = {
  readonly id: string
  readonly competition: string
  readonly round: number
  readonly miner: string
  readonly bundle: string
  readonly verdict: string
  readonly reason: string
  /** record, provisional, tie, accepted, quarantined or none. */
  readonly board: string
  /** Why it is looked into: none, or classes. */
  readonly flag: string
  readonly rank: number
  /** The certified median of the score over the partner's, in parts per million. */
  readonly metricPpm: number
  readonly scorePpb: bigint
  /** Medians of what the competition tells beside the score, by name. */
  readonly values: SubmissionResult['values']
  /** Median throughput in thousandths a second, where the competition measures one. */
  readonly rawMilli: bigint | null
  /** The medians among hosts of one hardware class. */
  readonly classes: SubmissionResult['classes']
}
type MarkView = Omit<RoundMark, 'hotkey'> & { readonly validator: string }
type EvaluationView = Omit<ValidatorValue, 'hotkey'> & { readonly validator: string }

/** A decided round: every submission's certified values beside each validator's own. */
export type RoundView = {
  readonly competition: string
  readonly round: number
  readonly manifest: string
  readonly incumbent: string | null
  readonly winner: string | null
  readonly thetaPpm: number
  readonly submissions: readonly (SubmissionView & { readonly evaluations: readonly EvaluationView[] })[]
  /** How each member's reveal went. */
  readonly validators: readonly MarkView[]
}
export type CertifiedRoundView = RoundView & { readonly certificate: CertificateView }

const submissionView = (result: RoundResult, s: SubmissionResult): SubmissionView => ({
  id: s.id,
  competition: result.competition,
  round: result.round,
  miner: encodeSs58(s.hotkey),
  bundle: s.bundle,
  verdict: s.verdict,
  reason: s.code,
  board: s.board,
  flag: s.flag,
  rank: s.rank,
  metricPpm: s.metricPpm,
  scorePpb: s.scorePpb,
  values: s.values,
  rawMilli: s.rawMilli,
  classes: s.classes,
})

const evaluationsView = (result: RoundResult, s: SubmissionResult) => ({
  id: s.id,
  competition: result.competition,
  round: result.round,
  manifest: result.manifest,
  evaluations: s.byValidator.map(({ hotkey, ...value }) => ({ validator: encodeSs58(hotkey), ...value })),
})

const roundView = (result: RoundResult): RoundView => ({
  competition: result.competition,
  round: result.round,
  manifest: result.manifest,
  incumbent: result.incumbent,
  winner: result.winner,
  thetaPpm: result.thetaPpm,
  submissions: result.submissions.map((s) => ({
    ...submissionView(result, s),
    evaluations: evaluationsView(result, s).evaluations,
  })),
  validators: result.validators.map(({ hotkey, ...mark }) => ({ validator: encodeSs58(hotkey), ...mark })),
})

/** The newest result that names the submission. */
const latest = (rounds: RoundState, id: string): { result: RoundResult; submission: SubmissionResult } | null => {
  for (const { results } of rounds.competitions.values()) {
    const result = results.findLast((one) => one.submissions.some((s) => s.id === id))
    const submission = result?.submissions.find((s) => s.id === id)
    if (result !== undefined && submission !== undefined) return { result, submission }
  }
  return null
}

/** A submission that has no result yet. */
const waiting = (rounds: RoundState, id: string) => {
  for (const { params, candidates } of rounds.competitions.values()) {
    const candidate = candidates.get(id)
    if (candidate === undefined) continue
    const { body } = candidate.held.message
    const receipts = [...candidate.receipts.keys()].map(encodeSs58)
    const { bundle } = body
    const opensAtBlock = sealedUntil(rounds, bundle)
    const miner = encodeSs58(body.hotkey)
    const payment = paymentView(candidate)
    return { id, competition: params.id, miner, bundle, opensAtBlock, verdict: null, receipts, payment }
  }
  return null
}

/** The newest result's attestations as DSSE envelopes; those of older rounds are in the archive. */
const attestationsView = ({ attested }: CompetitionState, round: number) =>
  attested === null || attested.result.round !== round
    ? null
    : {
        competition: attested.result.competition,
        round,
        attestedPpm: ppmOf(weightOf(attested.committee, attested.attestations.keys()), attested.committee.total),
        envelopes: [...attested.attestations.values()].map(({ message }) => ({
          payloadType: PAYLOAD_TYPE,
          payload: Buffer.from(message.body.statement).toString('base64'),
          signatures: [
            {
              keyid: memberOf(attested.committee, message.body.hotkey)?.sessionKey ?? '',
              sig: Buffer.from(message.signature, 'hex').toString('base64'),
            },
          ],
        })),
      }

/** Null for an address of another network, or with a wrong letter. */
const accountOf = (address: string): Key | null => {
  try {
    return decodeSs58(address)
  } catch (error) {
    if (error instanceof ProtocolError) return null
    throw error
  }
}

export const createViews = (o: Source) => {
  const rounds = () => o.machine().rounds
  return {
    health: () => {
      const { name, ready, reason, height, block, connectedPpm, sync } = statusView(o)
      return { name, ready, reason, height, block, connectedPpm, sync }
    },
    status: (): StatusView => statusView(o),
    genesis: () => printGenesis(rounds().genesis),
    peers: () => ({ addresses: [...new Set(o.addresses())] }),
    evidence: () => ({ offences: offencesOf(rounds()) }),
    competitions: () => ({
      competitions: [...rounds().competitions.values()].map((c) => competitionView(c, rounds())),
    }),
    validators: () => validatorsView(rounds()),
    params: () => paramsView(o.machine()),
    leaderboard: (id) => {
      const competition = rounds().competitions.get(id)
      if (competition === undefined) return null
      const newest = competition.results.at(-1)
      return {
        ...boardView(competition, rounds().head?.number ?? 0),
        round: newest === undefined ? null : roundView(newest),
      }
    },
    submission: (id) => {
      const found = latest(rounds(), id)
      if (found === null) return waiting(rounds(), id)
      // Null: its code is public.
      const opensAtBlock = sealedUntil(rounds(), found.submission.bundle)
      return { ...submissionView(found.result, found.submission), opensAtBlock }
    },
    miner: (address) => {
      const hotkey = accountOf(address)
      return hotkey === null ? null : minerView(rounds(), hotkey)
    },
    bundle: (digest) => sameCodeView(rounds(), digest),
    code: createCodeView({ rounds, blob: o.blob }),
    inputs: o.poolIndex.inputsOf,
    matrix: createMatrixView(o),
    evaluations: (id) => {
      const found = latest(rounds(), id)
      return found === null ? null : evaluationsView(found.result, found.submission)
    },
    attestations: (id, round) => {
      const competition = rounds().competitions.get(id)
      return competition === undefined ? null : attestationsView(competition, round)
    },
    round: (id, round) => {
      const result = rounds()
        .competitions.get(id)
        ?.results.find((one) => one.round === round)
      if (result === undefined) return null
      const certificate = o.certificates.ofRound(id, round)
      return certificate && { ...roundView(result), certificate }
    },
  } satisfies Omit<ApiViews, 'metrics'>
}
