/** `evalmesh demo`: the main job on this machine, from nothing, in one command. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Command } from 'commander'
import { COMPETITIONS, type CompetitionParams, encodeSs58 } from '../../protocol/index.ts'
import {
  buildImage,
  buildPool,
  createEvaluator,
  defaultCacheDirectory,
  type EngineOptions,
  imageDirectory,
  openEngine,
  type PoolInfo,
  type PoolProgress,
  readBaseline,
  runLimits,
} from '../../sandbox/index.ts'
import { type DemoReport, type RunningDemo, runDemo } from '../demo/run.ts'
import { apiOf } from '../demo/watch.ts'
import { createLog } from '../log.ts'
import { toRuns } from '../measure.ts'
import { ensureSystemPackages } from '../setup/system.ts'
import { CliError, EXIT, print, printJson, progress, table } from './output.ts'

type Flags = {
  readonly json?: boolean
  readonly keep?: boolean
  readonly keepLogs?: boolean
  readonly yes?: boolean
  readonly engine: 'auto' | 'docker' | 'bubblewrap'
}

const COMPETITION = 'matrix-lossless'
/** Matrices on which the baseline's time on this host is pinned. */
const REFERENCE_MATRICES = 8

/** Seconds since the start stand before each line: people want to know whether it still moves. */
const createSay = () => {
  const started = performance.now()
  return (line: string): void => progress(`${((performance.now() - started) / 1000).toFixed(1).padStart(6)} s  ${line}`)
}

/** One line a training step. */
const tellPool = (say: (line: string) => void) => {
  let told = -1
  return ({ last, matrices }: PoolProgress): void => {
    if (last.step === told) return
    told = last.step
    say(`pool: step ${last.step} of training, loss ${last.loss.toFixed(3)}, ${matrices} matrices`)
  }
}

/** The image, the pool and this host's reference time: made once a machine, found again in the cache after that. */
const prepare = async (flags: Flags, say: (line: string) => void, signal: AbortSignal) => {
  await ensureSystemPackages({
    need: flags.engine === 'docker' ? ['docker', 'mmdebstrap'] : ['bubblewrap', 'mmdebstrap'],
    yes: flags.yes ?? false,
    interactive: process.stdin.isTTY === true,
    report: say,
    signal,
  })
  const cache = defaultCacheDirectory()
  const directory = imageDirectory(cache)
  const image = await buildImage({ directory, onProgress: say, signal })
  const options: EngineOptions = { prefer: flags.engine, imageDirectory: directory, dockerRoot: join(cache, 'docker') }
  const engine = await openEngine(options)
  try {
    const outDir = join(cache, `pool-demo-${image.digest.slice(0, 16)}`)
    const pool = await buildPool({
      engine,
      preset: 'demo',
      outDir,
      onProgress: tellPool(say),
      signal,
    })
    say(
      `sandbox: ${engine.kind} ${engine.version}; pool of ${pool.digests.length} matrices, root ${pool.root.slice(0, 16)}`,
    )
    return { image, pool, options }
  } finally {
    await engine.close()
  }
}

/** The demo's parameters: the competition's rules with this machine's image, pool and reference time. */
const toParams = async (o: {
  image: string
  pool: PoolInfo
  options: EngineOptions
  signal: AbortSignal
}): Promise<CompetitionParams> => {
  const rules = COMPETITIONS.get(COMPETITION)
  if (rules === undefined) throw new Error(`no competition ${COMPETITION}`)
  const { pool } = o
  const facts = { image: o.image, poolManifest: pool.manifestDigest, poolRoot: pool.root, referenceNanos: 1n }
  const params = rules.presets.demo(facts)
  const matrices = pool.digests
    .slice(0, REFERENCE_MATRICES)
    .map((digest) => ({ digest, path: join(pool.dir, `${digest}.bin`) }))
  const baseline = readBaseline()
  const job = { candidate: baseline, partner: baseline, matrices, seed: pool.root, limits: runLimits }
  const measurement = await createEvaluator({ engine: o.options }).evaluate(job, { signal: o.signal })
  if (measurement.verdict !== 'pass') {
    throw new CliError({
      exitCode: EXIT.unavailable,
      message: `the baseline does not run in the sandbox: ${measurement.line}`,
    })
  }
  const { hereNanos } = rules.certifyHost({ params, matrices: measurement.matrices.map(toRuns) })
  return { ...params, referenceNanos: hereNanos }
}

const metric = (value: number): string => (value === 0 ? '-' : value.toFixed(4))

const show = (running: RunningDemo): string => {
  const { report, devnet } = running
  const names = new Map(devnet.members.map((member) => [encodeSs58(member.keys.hotkey.publicKey), member.name]))
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
    `caught up after SIGKILL: ${report.caughtUp.map((hotkey) => names.get(hotkey)).join(', ')}    ${report.seconds} s`,
  ].join('\n')
}

const howToExplore = (running: RunningDemo, dir: string): string => {
  const [member] = running.devnet.members
  const api = member === undefined ? '' : apiOf(member)
  return [
    '',
    'The mesh is still running. In another terminal:',
    `  npm run -s evalmesh -- status --api ${api}`,
    `  npm run -s evalmesh -- competitions --api ${api}`,
    `  npm run -s evalmesh -- audit verify --genesis ${running.genesisPath} --chain ${running.chainEndpoint} --peer ${running.peers[0]}`,
    `  npm run -s evalmesh -- submit node/demo/solutions/byte-planes.py --home ${join(dir, 'miner-baseline')} --genesis ${running.genesisPath} --peer ${running.peers[0]}`,
    `Logs and keys: ${dir}. Ctrl-C ends it and removes them.`,
  ].join('\n')
}

const run = async (flags: Flags): Promise<void> => {
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
  let stop = async (): Promise<void> => {}
  try {
    const { image, pool, options } = await prepare(flags, say, signal)
    const params = await toParams({ image: image.digest, pool, options, signal })
    const log = createLog({ name: 'demo', level: 'error' })
    const running = await runDemo({ dir, poolDir: pool.dir, params, engine: flags.engine, say, log, signal }, (how) => {
      stop = how
    })
    if (flags.keep) progress(howToExplore(running, dir))
    if (flags.json) printJson(running.report satisfies DemoReport)
    else print(show(running))
    if (flags.keep) await interrupted
    else progress('\nTo look around in a running mesh: npm run demo -- --keep')
  } finally {
    await stop()
    if (flags.keepLogs) progress(`logs and keys are in ${dir}`)
    else await rm(dir, { recursive: true, force: true })
  }
}

export const addDemo = (program: Command): void => {
  program
    .command('demo')
    .description('four validators certify a round on this machine and set weights on a local chain; ends by itself')
    .option('--json', 'print one JSON object on the last line')
    .option('--keep', 'leave the mesh running afterwards, until Ctrl-C')
    .option('--keep-logs', 'leave the directory with the logs')
    .option('--yes', 'install missing system packages without asking')
    .option('--engine <kind>', 'auto, docker or bubblewrap', 'auto')
    .addHelpText(
      'after',
      '\nExamples:\n  npm run demo\n  npm run -s demo -- --json | tail -1\n  npm run demo -- --keep',
    )
    .action(run)
}
