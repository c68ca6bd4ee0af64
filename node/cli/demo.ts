/** The command `evalmesh demo`: the main job on this machine, from nothing, in one command. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Command, Option } from 'commander'
import { encodeSs58 } from '../../protocol/index.ts'
import { CHAIN_KINDS, type ChainKind } from '../demo/chain.ts'
import { prepareMachine } from '../demo/prepare.ts'
import { isTrainingDemo, prepareTrainingMachine } from '../demo/prepare-training.ts'
import { DEMO_COMPETITIONS, type DemoReport, type RunningDemo, runDemo, solutionPathsOf } from '../demo/run.ts'
import { apiOf } from '../demo/watch.ts'
import { createLog } from '../log.ts'
import { CliError, EXIT, print, printJson, progress, table } from './output.ts'

type Flags = {
  readonly chain: ChainKind
  readonly competition: readonly string[]
  readonly json?: boolean
  readonly keep?: boolean
  readonly keepLogs?: boolean
  readonly yes?: boolean
  readonly engine: 'auto' | 'docker' | 'podman' | 'bubblewrap'
}

/** Seconds since the start stand before each line: people want to know whether it still moves. */
const createSay = () => {
  const started = performance.now()
  return (line: string): void => progress(`${((performance.now() - started) / 1000).toFixed(1).padStart(6)} s  ${line}`)
}

const metric = (value: number): string => (value === 0 ? '-' : value.toFixed(4))

const show = (running: RunningDemo): string => {
  const { report, mesh } = running
  const names = new Map(mesh.devnet.members.map((member) => [encodeSs58(member.keys.hotkey.publicKey), member.name]))
  const rounds = report.rounds.flatMap((round) => {
    const head = ['submission', 'verdict', 'reason', 'certified', ...names.values()]
    const rows = round.submissions.map((s) => [
      s.name,
      s.verdict,
      s.reason || '-',
      metric(s.metric),
      ...[...names.keys()].map((hotkey) => {
        const own = s.byValidator[hotkey]
        return own === undefined ? 'not counted' : own.verdict === 'pass' ? metric(own.metric) : own.verdict
      }),
    ])
    const winner = round.submissions.find((s) => s.id === round.winner)
    const { height, view, digest, signers, stake, total } = round.certificate
    const share = (Number((BigInt(stake) * 1000n) / BigInt(total)) / 10).toFixed(1)
    return [
      '',
      `Round ${round.round} of ${round.competition} (score over the baseline’s, the stake-weighted median is certified)`,
      table([head, ...rows]),
      '',
      `winner       ${winner?.name ?? 'nobody'} ${round.winner ?? ''}`,
      `certificate  height ${height}, view ${view}, ${digest}`,
      `signed by    ${signers.map((s) => names.get(s) ?? s).join(', ')}: ${share} % of the stake`,
    ]
  })
  const weights = Object.entries(report.chainWeights).map(([hotkey, row]) => [
    names.get(hotkey) ?? hotkey,
    row.map(([uid, weight]) => `uid ${uid}: ${weight}`).join('  '),
  ])
  return [
    ...rounds,
    '',
    'Weights on chain, read back',
    table([['validator', 'row'], ...weights]),
    '',
    ...(report.chain.restarts > 0 ? ['the chain was killed and started again in the middle'] : []),
    `caught up after SIGKILL: ${report.caughtUp.map((hotkey) => names.get(hotkey)).join(', ')}    ${report.seconds} s`,
  ].join('\n')
}

const howToExplore = (running: RunningDemo, dir: string): string => {
  const { devnet, genesis, genesisPath, chainEndpoint, peers } = running.mesh
  const competition = genesis.competitions[0]?.id ?? ''
  const home = devnet.miners[0]?.home
  const [member] = devnet.members
  const api = member === undefined ? '' : apiOf(member)
  return [
    '',
    'The mesh is still running. In another terminal:',
    `  npm run -s evalmesh -- status --api ${api}`,
    `  npm run -s evalmesh -- competitions --api ${api}`,
    `  npm run -s evalmesh -- audit verify --genesis ${genesisPath} --chain ${chainEndpoint} --peer ${peers[0]}`,
    `  npm run -s evalmesh -- submit ${solutionPathsOf(competition)[1]} --competition ${competition} --home ${home} --genesis ${genesisPath} --peer ${peers[0]}`,
    'To join it as a fifth validator (docs/VALIDATOR.md, “Tutorial”):',
    `  npm run -s evalmesh -- init --home ./erik --join ${api} --chain ${chainEndpoint} --name erik --listen /ip4/127.0.0.1/tcp/4005 --api 127.0.0.1:8085`,
    `  npm run -s evalmesh -- devnet fund --home ./erik --dir ${dir}`,
    '  npm run -s evalmesh -- validator --home ./erik',
    `Logs and keys: ${dir}. Ctrl-C ends it and removes them.`,
  ].join('\n')
}

/** Each once, in the order given. */
const competitionsOf = ({ competition }: Flags): readonly string[] => {
  const unknown = competition.find((id) => !DEMO_COMPETITIONS.includes(id))
  if (unknown === undefined) return [...new Set(competition)]
  const message = `no demo of ${unknown}; there is ${DEMO_COMPETITIONS.join(', ')}`
  throw new CliError({ exitCode: EXIT.notFound, message })
}

const run = async (flags: Flags): Promise<void> => {
  const competitions = competitionsOf(flags)
  const say = createSay()
  const stopping = new AbortController()
  const { signal } = stopping
  const interrupted = new Promise<void>((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM'] as const) {
      process.once(name, () => {
        stopping.abort(new CliError({ exitCode: EXIT.interrupted, message: 'interrupted; every process was ended' }))
        resolve()
      })
    }
  })
  await mkdir(tmpdir(), { recursive: true })
  const dir = await mkdtemp(join(tmpdir(), 'evalmesh-demo-'))
  let running: RunningDemo | null = null
  try {
    const options = { ...flags, yes: flags.yes ?? false, say, signal }
    const prepared = isTrainingDemo(competitions)
      ? await prepareTrainingMachine(options)
      : await prepareMachine({ ...options, competitions })
    const log = createLog({ name: 'demo', level: 'error' })
    running = await runDemo({ ...prepared, dir, chainKind: flags.chain, engine: flags.engine, say, log, signal })
    if (flags.keep) progress(howToExplore(running, dir))
    if (flags.json) printJson(running.report satisfies DemoReport)
    else print(show(running))
    if (flags.keep) await interrupted
    else progress('\nTo look around in a running mesh: npm run demo -- --keep')
  } catch (error) {
    // A terminal's Ctrl-C reaches the children too: what they then fail with is not the reason.
    throw signal.aborted ? signal.reason : error
  } finally {
    await running?.mesh.stop()
    if (flags.keepLogs) progress(`logs and keys are in ${dir}`)
    else await rm(dir, { recursive: true, force: true })
  }
}

export const addDemo = (program: Command): void => {
  program
    .command('demo')
    .description('four validators certify a round on this machine and set weights on a local chain; ends by itself')
    .option('--competition <id...>', `one or more of ${DEMO_COMPETITIONS.join(', ')}`, ['matrix-lossless'])
    .addOption(
      new Option(
        '--chain <kind>',
        'a local chain, or one that speaks as Subtensor does, with a node that lies and a restart',
      )
        .choices(CHAIN_KINDS)
        .default('local'),
    )
    .option('--json', 'print one JSON object on the last line')
    .option('--keep', 'leave the mesh running afterwards, until Ctrl-C')
    .option('--keep-logs', 'leave the directory with the logs')
    .option('--yes', 'install missing system packages without asking')
    .option('--engine <kind>', 'auto, docker, podman or bubblewrap', 'auto')
    .addHelpText(
      'after',
      '\nExamples:\n  npm run demo\n  npm run -s demo -- --json | tail -1\n  npm run demo -- --competition matrix-lossy\n  npm run demo -- --competition matrix-lossless matrix-lossy\n  npm run demo -- --competition training-speed\n  npm run demo -- --chain substrate\n  npm run demo -- --keep',
    )
    .action(run)
}
