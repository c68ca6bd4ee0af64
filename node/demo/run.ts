/** The main job on one machine: a local chain, four validators, three submissions a competition, a crash in the middle, one certified result each. */
import { readFile } from 'node:fs/promises'
import { COMPETITIONS, type CompetitionParams, domainsOf, encodeSs58 } from '../../protocol/index.ts'
import type { RecipeName } from '../../sandbox/index.ts'
import type { CertificateView } from '../api/certificates.ts'
import type { CertifiedRoundView } from '../api/views.ts'
import { askApi } from '../cli/api-client.ts'
import { CliError } from '../cli/output.ts'
import type { Log } from '../log.ts'
import { prepareSubmission, sendSubmission } from '../miner/submit.ts'
import { connectGuest, peerIdOf } from '../peers/guest.ts'
import type { ChainKind } from './chain.ts'
import type { DevnetMember } from './devnet.ts'
import { BLOCK_MS, type DevMesh, startMesh, waitForWindow } from './mesh.ts'
import { apiOf, createNarrator, poll, statusOf } from './watch.ts'

/** What is handed in, by competition: files below node/demo/solutions, each by a miner of its own. */
const SOLUTIONS: Readonly<Record<string, readonly string[]>> = {
  'matrix-lossless': ['baseline', 'byte-planes', 'stash'],
  'matrix-lossy': ['matrix-lossy/baseline', 'matrix-lossy/quantiser', 'matrix-lossy/coarse'],
  'training-speed': ['training-speed/reference', 'training-speed/fused', 'training-speed/skips-last'],
}

/** The competitions that have something to show. */
export const DEMO_COMPETITIONS: readonly string[] = Object.keys(SOLUTIONS)

/** Paths of the competition's submissions, from the top of the repository; the first is its baseline. */
export const solutionPathsOf = (competition: string): readonly string[] =>
  (SOLUTIONS[competition] ?? []).map((path) => `node/demo/solutions/${path}.py`)

/** A miner's name, and that of its file in a report. */
const nameOf = (solution: string): string => solution.slice(solution.lastIndexOf('/') + 1)

/** Longest wait for each step, in ms, a round's for each competition; a cold machine with busy cores stays well below. */
const PATIENCE = { round: 480_000, catchUp: 60_000, weights: 60_000 }

/** A round takes as long as its validators may: where they need minutes, so does the demo. */
const roundPatienceMs = ({ competitions }: DemoOptions): number =>
  Math.max(PATIENCE.round * competitions.length, ...competitions.map(({ commitBlocks }) => commitBlocks * BLOCK_MS))

type Values = { readonly verdict: string; readonly reason: string; readonly metric: number }
export type SubmissionReport = Values & {
  readonly id: string
  readonly name: string
  readonly miner: string
  readonly byValidator: Readonly<Record<string, Values>>
}
export type RoundReport = {
  readonly competition: string
  readonly round: number
  readonly certificate: CertificateView
  readonly submissions: readonly SubmissionReport[]
  readonly winner: string | null
  readonly weights: Row
}
/** [uid, u16] pairs. */
type Row = readonly (readonly [number, number])[]
export type DemoReport = {
  readonly rounds: readonly RoundReport[]
  /** By validator's hotkey, as read back from the chain. */
  readonly chainWeights: Readonly<Record<string, Row>>
  /** Validators that were killed and have the same log again. */
  readonly caughtUp: readonly string[]
  /** What it ran on, and how often that was ended and started again in the middle. */
  readonly chain: { readonly kind: ChainKind; readonly restarts: number }
  readonly seconds: number
}

export type DemoOptions = {
  readonly dir: string
  readonly poolDir: string | null
  readonly image?: RecipeName
  readonly competitions: readonly CompetitionParams[]
  readonly chainKind: ChainKind
  readonly engine: 'auto' | 'docker' | 'podman' | 'bubblewrap'
  readonly say: (line: string) => void
  readonly log: Log
  readonly signal: AbortSignal
}

/** A demo's mesh, which still runs, and what it has shown. */
export type RunningDemo = { readonly mesh: DevMesh; readonly report: DemoReport }

type Entry = { readonly params: CompetitionParams; readonly path: string; readonly miner: string }

/** Everything that is handed in, one competition after the other; a name that comes twice gets its competition's before it. */
const entriesOf = ({ competitions }: Pick<DemoOptions, 'competitions'>): readonly Entry[] =>
  competitions.flatMap((params) =>
    (SOLUTIONS[params.id] ?? []).map((path) => {
      const miner = competitions.length === 1 ? nameOf(path) : `${params.id}-${nameOf(path)}`
      return { params, path, miner }
    }),
  )

type Stage = { readonly o: DemoOptions; readonly mesh: DevMesh }

const submitAll = async (s: Stage): Promise<ReadonlyMap<string, string>> => {
  const { o } = s
  const { genesis, devnet, peers: all } = s.mesh
  const domains = domainsOf(genesis)
  const mesh = await connectGuest({ peers: all, domains, log: o.log })
  const names = new Map<string, string>()
  try {
    // Connected before: the window is for the submissions.
    await waitForWindow(s.mesh, o.signal)
    for (const [index, { params, path }] of entriesOf(o).entries()) {
      const miner = devnet.miners[index]
      if (miner === undefined) throw new Error('every entry has a miner')
      const solution = await readFile(new URL(`solutions/${path}.py`, import.meta.url))
      const submission = prepareSubmission({ params, solution, hotkey: miner.hotkey, domains })
      // Each to another validator: the others get it by gossip and fetch the bundle by its digest.
      const peers = all.map((_, offset) => peerIdOf(all[(index + offset) % all.length] ?? ''))
      const { id } = await sendSubmission({ submission, mesh, peers, signal: o.signal })
      names.set(id, nameOf(path))
      o.say(`miner ${miner.name} submits ${id.slice(0, 16)} to ${params.id} (${solution.length} bytes)`)
    }
  } finally {
    await mesh.close()
  }
  return names
}

/** Runs until the victim's commit in every competition has reached another validator, then kills it as a power cut would. */
const killInTheMiddle = async (s: Stage, victim: DevnetMember): Promise<void> => {
  const narrate = createNarrator(s.o.say)
  const name = encodeSs58(victim.keys.hotkey.publicKey)
  // A round that waits for the commit of who is dead waits for its deadline.
  const waiting = new Set(s.o.competitions.map(({ id }) => id))
  await poll({
    what: 'the first commit',
    withinMs: roundPatienceMs(s.o),
    signal: s.o.signal,
    look: async () => {
      const statuses = await Promise.all(
        s.mesh.devnet.members.map(async (member) => [member, await statusOf(member)] as const),
      )
      for (const [member, status] of statuses) narrate(member, status)
      const rounds = statuses.flatMap(([member, status]) => (member === victim ? [] : (status?.rounds ?? [])))
      for (const { competition, commits } of rounds) if (commits.includes(name)) waiting.delete(competition)
      return waiting.size === 0 ? true : null
    },
  })
  await s.mesh.kill(victim, 'SIGKILL')
  s.o.say(`*** ${victim.name} (${name}) is killed with SIGKILL`)
}

const waitForResult = (s: Stage, witness: DevnetMember, competition: string): Promise<CertifiedRoundView> => {
  const narrate = createNarrator(s.o.say)
  return poll({
    what: `the certified result of ${competition}`,
    withinMs: roundPatienceMs(s.o),
    signal: s.o.signal,
    look: async () => {
      for (const member of s.mesh.devnet.members) narrate(member, await statusOf(member))
      return askApi<CertifiedRoundView>(apiOf(witness), `/rounds/${competition}/1`, 'certificate').catch(
        (error: unknown) => {
          if (error instanceof CliError) return null
          throw error
        },
      )
    },
  })
}

/** Where measuring takes minutes, the victim comes back while the others are still at it, and opens the seal that lies on its disk. */
const isLong = ({ competitions }: DemoOptions): boolean =>
  competitions.every(({ id }) => COMPETITIONS.get(id)?.kind === 'training')

const startAgain = async (s: Stage, victim: DevnetMember): Promise<void> => {
  await s.mesh.start(victim)
  s.o.say(`*** ${victim.name} is started again`)
}

/** Resolves when the victim's log is the others', root for root. */
const waitForCatchUp = async (s: Stage, victim: DevnetMember, witness: DevnetMember): Promise<void> => {
  await poll({
    what: `${victim.name} catching up`,
    withinMs: PATIENCE.catchUp,
    signal: s.o.signal,
    look: async () => {
      const [mine, theirs] = await Promise.all([statusOf(victim), statusOf(witness)])
      return mine !== null && mine.logSize > 2 && mine.logRoot === theirs?.logRoot ? mine : null
    },
  })
  s.o.say(`${victim.name} has caught up: the same log root as the others`)
}

/** The winners' slots on the subnet: the chain's, by their hotkeys. */
const uidsOf = async ({ mesh }: Stage, views: readonly CertifiedRoundView[]): Promise<readonly number[]> => {
  const hotkeys = views.flatMap(({ winner, submissions }) =>
    submissions.filter(({ id }) => id === winner).map(({ miner }) => miner),
  )
  const block = (await mesh.chain.finalizedHead()).number
  const { neurons } = await mesh.chain.metagraphAt({ netuid: mesh.genesis.netuid, block })
  return neurons.filter(({ hotkey }) => hotkeys.includes(encodeSs58(hotkey))).map(({ uid }) => uid)
}

/** Whether all have set one and the same vector, and it pays each of these. */
export const isSettled = (
  rows: readonly { readonly row: Row; readonly setAt: number | null }[],
  uids: readonly number[],
): boolean => {
  const [first] = rows.map(({ row }) => JSON.stringify(row))
  return rows.every(
    ({ row, setAt }) =>
      setAt !== null &&
      JSON.stringify(row) === first &&
      row.length > 0 &&
      uids.every((uid) => row.some(([paid, weight]) => paid === uid && weight > 0)),
  )
}

const waitForWeights = (s: Stage, uids: readonly number[]): Promise<Readonly<Record<string, Row>>> =>
  poll({
    what: 'equal weights of all validators',
    withinMs: PATIENCE.weights,
    signal: s.o.signal,
    look: async () => {
      const rows = await Promise.all(s.mesh.devnet.members.map(s.mesh.rowOf))
      if (!isSettled(rows, uids)) return null
      return Object.fromEntries(
        s.mesh.devnet.members.map((member, index) => [
          encodeSs58(member.keys.hotkey.publicKey),
          rows[index]?.row ?? [],
        ]),
      )
    },
  })

const toReport = (view: CertifiedRoundView, names: ReadonlyMap<string, string>, weights: Row): RoundReport => ({
  competition: view.competition,
  round: view.round,
  certificate: view.certificate,
  submissions: view.submissions.map((s) => ({
    id: s.id,
    name: names.get(s.id) ?? '',
    miner: s.miner,
    verdict: s.verdict,
    reason: s.reason,
    metric: s.metricPpm / 1e6,
    byValidator: Object.fromEntries(
      s.evaluations.map((e) => [e.validator, { verdict: e.verdict, reason: e.code, metric: e.centrePpm / 1e6 }]),
    ),
  })),
  winner: view.winner,
  weights,
})

/** Long enough that every validator has lost its connections and asks again. */
const CHAIN_DOWN_MS = 3_000

/** Nodes of a chain restart, and no round may know: only what is final counts, and that it has kept. */
const restartChain = async (s: Stage): Promise<number> => {
  if (s.o.chainKind === 'local') return 0
  s.o.say('*** the chain is killed with SIGKILL, all of its nodes at once')
  await s.mesh.restartChain(CHAIN_DOWN_MS)
  s.o.say(`*** the chain is started again after ${CHAIN_DOWN_MS / 1000} s`)
  return 1
}

const tellStory = async (s: Stage, started: number): Promise<DemoReport> => {
  const names = await submitAll(s)
  const [witness, victim] = s.mesh.devnet.members
  if (witness === undefined || victim === undefined) throw new Error('a devnet has four members')
  await killInTheMiddle(s, victim)
  if (isLong(s.o)) await startAgain(s, victim)
  const restarts = await restartChain(s)
  const views: CertifiedRoundView[] = []
  for (const { id } of s.o.competitions) {
    const view = await waitForResult(s, witness, id)
    const { height, signers } = view.certificate
    s.o.say(`round ${view.round} of ${id} is certified at height ${height} by ${signers.length} validators`)
    views.push(view)
  }
  if (!isLong(s.o)) await startAgain(s, victim)
  await waitForCatchUp(s, victim, witness)
  const chainWeights = await waitForWeights(s, await uidsOf(s, views))
  return {
    rounds: views.map((view) => toReport(view, names, Object.values(chainWeights)[0] ?? [])),
    chainWeights,
    caughtUp: [encodeSs58(victim.keys.hotkey.publicKey)],
    chain: { kind: s.o.chainKind, restarts },
    seconds: Math.round((performance.now() - started) / 100) / 10,
  }
}

/** Runs the whole story; the mesh still runs when it resolves, for the caller to stop, and is gone when it rejects. */
export const runDemo = async (o: DemoOptions): Promise<RunningDemo> => {
  const started = performance.now()
  const mesh = await startMesh({ ...o, miners: entriesOf(o).map(({ miner }) => miner) })
  try {
    return { mesh, report: await tellStory({ o, mesh }, started) }
  } catch (error) {
    await mesh.stop()
    throw error
  }
}
