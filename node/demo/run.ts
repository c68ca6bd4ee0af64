/** The main job on one machine: a local chain, four validators, three submissions, a crash in the middle, one certified result. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type CompetitionParams, domainsOf, encodeSs58, type Genesis } from '../../protocol/index.ts'
import type { CertificateView } from '../api/certificates.ts'
import type { CertifiedRoundView } from '../api/views.ts'
import { connectGuest, peerIdOf } from '../audit/source.ts'
import { createLocalChain } from '../chain/local-chain.ts'
import type { Chain } from '../chain/port.ts'
import { askApi } from '../cli/api-client.ts'
import { CliError } from '../cli/output.ts'
import type { Log } from '../log.ts'
import { prepareSubmission, sendSubmission } from '../submit.ts'
import { type Devnet, type DevnetMember, foundMesh, layOutDevnet } from './devnet.ts'
import { type Child, startProcess } from './process.ts'
import { apiOf, createNarrator, poll, statusOf } from './watch.ts'

/** What each miner hands in: a file of node/demo/solutions. */
const SOLUTIONS = ['baseline', 'byte-planes', 'stash'] as const
const BLOCK_MS = 500

/** Longest wait for each step, in ms; a cold machine with busy cores stays well below. */
const PATIENCE = { start: 60_000, round: 300_000, catchUp: 60_000, weights: 60_000 }

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
  readonly seconds: number
}

export type DemoOptions = {
  readonly dir: string
  readonly poolDir: string
  readonly params: CompetitionParams
  readonly engine: 'auto' | 'docker' | 'bubblewrap'
  readonly say: (line: string) => void
  readonly log: Log
  readonly signal: AbortSignal
}

/** A demo's mesh while it runs. */
export type RunningDemo = {
  readonly devnet: Devnet
  readonly genesisPath: string
  readonly chainEndpoint: string
  readonly peers: readonly string[]
  readonly report: DemoReport
}

type Stage = {
  readonly o: DemoOptions
  readonly devnet: Devnet
  readonly chain: Chain
  readonly genesis: Genesis
  readonly peers: readonly string[]
  readonly children: Map<DevnetMember, Child>
}

const startValidator = async (member: DevnetMember): Promise<Child> => {
  const args = ['validator', '--home', member.home, '--lifeline']
  const child = startProcess({ entry: 'node/main.ts', args, logFile: join(member.home, 'log') })
  await child.ready
  return child
}

const submitAll = async (s: Stage): Promise<ReadonlyMap<string, string>> => {
  const { o, genesis } = s
  const domains = domainsOf(genesis)
  const mesh = await connectGuest({ peers: s.peers, domains, log: o.log })
  const names = new Map<string, string>()
  try {
    for (const [index, miner] of s.devnet.miners.entries()) {
      const solution = await readFile(new URL(`solutions/${miner.name}.py`, import.meta.url))
      const submission = prepareSubmission({ params: o.params, solution, hotkey: miner.hotkey, domains })
      // Each to another validator: the others get it by gossip and fetch the bundle by its digest.
      const peers = s.peers.map((_, offset) => peerIdOf(s.peers[(index + offset) % s.peers.length] ?? ''))
      const { id } = await sendSubmission({ submission, mesh, peers, signal: o.signal })
      names.set(id, miner.name)
      o.say(`miner ${miner.name} submits ${id.slice(0, 16)} (${solution.length} bytes)`)
    }
  } finally {
    await mesh.close()
  }
  return names
}

/** Blocks that the submissions and their receipts need at most: 3 s. */
const WINDOW_BLOCKS_MIN = 6

/** Submissions of one round must land in one window: waits for the next one to open when this one is about to close. */
const waitForWindow = async (s: Stage): Promise<void> => {
  const { roundBlocks } = s.o.params
  const head = (await s.chain.finalizedHead()).number
  const opens = s.genesis.block + (Math.floor((head - s.genesis.block) / roundBlocks) + 1) * roundBlocks
  if (opens - head > WINDOW_BLOCKS_MIN) return
  await poll({
    what: `block ${opens}`,
    withinMs: PATIENCE.start,
    signal: s.o.signal,
    look: async () => ((await s.chain.finalizedHead()).number > opens ? true : null),
  })
}

/** Runs until the victim's commit has reached another validator, then kills it as a power cut would. */
const killInTheMiddle = async (s: Stage, victim: DevnetMember): Promise<void> => {
  const narrate = createNarrator(s.o.say)
  const name = encodeSs58(victim.keys.hotkey.publicKey)
  await poll({
    what: 'the first commit',
    withinMs: PATIENCE.round,
    signal: s.o.signal,
    look: async () => {
      const statuses = await Promise.all(
        s.devnet.members.map(async (member) => [member, await statusOf(member)] as const),
      )
      for (const [member, status] of statuses) narrate(member, status)
      const seen = statuses.some(
        ([member, status]) => member !== victim && status?.rounds.some((r) => r.commits.includes(name)),
      )
      return seen ? true : null
    },
  })
  await s.children.get(victim)?.kill('SIGKILL')
  s.o.say(`*** ${victim.name} (${name}) is killed with SIGKILL`)
}

const waitForResult = (s: Stage, witness: DevnetMember): Promise<CertifiedRoundView> => {
  const narrate = createNarrator(s.o.say)
  return poll({
    what: 'the certified result',
    withinMs: PATIENCE.round,
    signal: s.o.signal,
    look: async () => {
      for (const member of s.devnet.members) narrate(member, await statusOf(member))
      return askApi<CertifiedRoundView>(apiOf(witness), `/rounds/${s.o.params.id}/1`).catch((error: unknown) => {
        if (error instanceof CliError) return null
        throw error
      })
    },
  })
}

/** Starts the victim again; resolves when its log is the others', root for root. */
const bringBack = async (s: Stage, victim: DevnetMember, witness: DevnetMember): Promise<void> => {
  s.children.set(victim, await startValidator(victim))
  s.o.say(`*** ${victim.name} is started again`)
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

const rowOf = async (s: Stage, member: DevnetMember): Promise<{ row: Row; setAt: number | null }> => {
  const { weights, setAt } = await s.chain.weightsOf({ netuid: s.genesis.netuid, hotkey: member.keys.hotkey.publicKey })
  return { row: weights, setAt }
}

const waitForWeights = (s: Stage): Promise<Readonly<Record<string, Row>>> =>
  poll({
    what: 'equal weights of all validators',
    withinMs: PATIENCE.weights,
    signal: s.o.signal,
    look: async () => {
      const rows = await Promise.all(s.devnet.members.map((member) => rowOf(s, member)))
      const [first] = rows.map(({ row }) => JSON.stringify(row))
      const equal = rows.every(({ row, setAt }) => setAt !== null && row.length > 1 && JSON.stringify(row) === first)
      if (!equal) return null
      return Object.fromEntries(
        s.devnet.members.map((member, index) => [encodeSs58(member.keys.hotkey.publicKey), rows[index]?.row ?? []]),
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

/** Runs the whole story; the mesh still runs when it resolves. `stop` ends every process, also after a failure. */
export const runDemo = async (o: DemoOptions, onStop: (stop: () => Promise<void>) => void): Promise<RunningDemo> => {
  const started = performance.now()
  const devnet = await layOutDevnet({ dir: o.dir, miners: SOLUTIONS })
  const children = new Map<DevnetMember, Child>()
  const chainArgs = ['--dir', join(o.dir, 'chain'), '--block-ms', `${BLOCK_MS}`, '--lifeline']
  const chainProcess = startProcess({
    entry: 'node/chain/local/main.ts',
    args: chainArgs,
    logFile: join(o.dir, 'chain', 'log'),
  })
  onStop(async () => {
    await Promise.all([...children.values()].map((child) => child.kill('SIGTERM')))
    await chainProcess.kill('SIGTERM')
  })
  const chainEndpoint = String((await chainProcess.ready)['endpoint'])
  const chain = createLocalChain({ endpoint: chainEndpoint })
  try {
    const { genesis, genesisPath, peers } = await foundMesh({
      ...o,
      devnet,
      chain,
      chainEndpoint,
      competitions: [o.params],
    })
    o.say(
      `local chain at ${chainEndpoint}; mesh ${domainsOf(genesis).mesh.slice(0, 16)} founded at block ${genesis.block}`,
    )
    const s: Stage = { o, devnet, chain, genesis, peers, children }
    await Promise.all(
      devnet.members.map(async (member) => {
        children.set(member, await startValidator(member))
        o.say(`validator ${member.name} is up (${member.stakeRao / 1_000_000_000_000n} % of the stake)`)
      }),
    )
    await poll({
      what: 'a joined mesh',
      withinMs: PATIENCE.start,
      signal: o.signal,
      look: async () => {
        const all = await Promise.all(devnet.members.map(statusOf))
        return all.every((status) => status?.members.every((member) => member.connected)) ? true : null
      },
    })
    await waitForWindow(s)
    const names = await submitAll(s)
    const [witness, victim] = devnet.members
    if (witness === undefined || victim === undefined) throw new Error('a devnet has four members')
    await killInTheMiddle(s, victim)
    const view = await waitForResult(s, witness)
    o.say(
      `round ${view.round} is certified at height ${view.certificate.height} by ${view.certificate.signers.length} validators`,
    )
    await bringBack(s, victim, witness)
    const chainWeights = await waitForWeights(s)
    const report = {
      rounds: [toReport(view, names, Object.values(chainWeights)[0] ?? [])],
      chainWeights,
      caughtUp: [encodeSs58(victim.keys.hotkey.publicKey)],
      seconds: Math.round((performance.now() - started) / 100) / 10,
    }
    return { devnet, genesisPath, chainEndpoint, peers, report }
  } finally {
    await chain.close()
  }
}
