/** The command `evalmesh bench run`: what a mesh would say of a submission, measured on this machine alone. */
import { randomBytes } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Command } from 'commander'
import { COMPETITIONS, type TrainingRules } from '../../protocol/index.ts'
import { type PoolInfo, readPool, recipeFor, recipeNames } from '../../sandbox/index.ts'
import { runBench } from '../bench/bench.ts'
import { askMesh, type MeshNow, outlookOf } from '../bench/mesh.ts'
import { openSandbox, prepareSandbox } from '../demo/prepare.ts'
import { loadHotkey } from '../home/keys.ts'
import { showReport } from './bench-show.ts'
import { runTraining } from './bench-training.ts'
import { CliError, EXIT, print, printJson, progress } from './output.ts'

type Flags = {
  readonly competition: string
  readonly against?: string
  readonly preset?: string
  readonly device?: string
  readonly quads?: string
  readonly engine: string
  readonly image: string
  readonly seed?: string
  readonly matrices?: string
  readonly pool?: string
  readonly api?: string
  readonly home?: string
  readonly profile?: boolean
  readonly hostPython?: boolean
  readonly yes?: boolean
  readonly json?: boolean
}

const HOST_PYTHON_WARNING =
  'WARNING: --host-python runs on this machine’s own Python, not the image that validators use: times and sizes may differ, and nothing measured so can ever be a vote.'

const usage = (message: string): CliError => new CliError({ exitCode: EXIT.usage, message })

const oneOf = <T extends string>(flag: string, value: string, names: readonly T[]): T => {
  const found = names.find((name) => name === value)
  if (found === undefined) throw usage(`${flag} is one of ${names.join(', ')}`)
  return found
}

const readSource = async (path: string, file: string): Promise<Buffer> => {
  try {
    return await readFile((await stat(path)).isDirectory() ? join(path, file) : path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new CliError({ exitCode: EXIT.notFound, message: `cannot read ${path}: ${code}` })
  }
}

const toCount = (flag: string, text: string | undefined): number | undefined => {
  if (text === undefined) return undefined
  if (!/^[1-9]\d{0,2}$/.test(text)) throw usage(`${flag} is a number of at least 1`)
  return Number(text)
}

const LEADER = 'leader'

/** What is compared with: a file, the mesh's leader where its code is public, or the baseline. */
const againstOf = async ({ against }: Flags, mesh: MeshNow | null, file: string): Promise<string | undefined> => {
  if (against !== undefined && against !== LEADER) return new TextDecoder().decode(await readSource(against, file))
  if (against === LEADER && mesh === null) throw usage('--against leader needs --api')
  const leader = mesh?.leader ?? null
  if (leader !== null && leader.source === null) progress(`against the baseline, not the leader: ${leader.why}`)
  return leader?.source ?? undefined
}

const meshOf = async (flags: Flags, solution: Uint8Array): Promise<MeshNow | null> => {
  const { api, home, competition } = flags
  if (home !== undefined && api === undefined) throw usage('--home needs --api')
  if (api === undefined) return null
  const hotkey = home === undefined ? null : (await loadHotkey(home)).publicKey
  return askMesh({ api, competition, solution, hotkey })
}

const ENGINES = ['auto', 'docker', 'podman', 'bubblewrap'] as const

type SandboxFlags = Parameters<typeof openSandbox>[0]

/** The demo's pool, or the one that was named. */
const prepare = async (options: SandboxFlags, dir: string | undefined) => {
  if (dir === undefined) return prepareSandbox(options)
  const pool: PoolInfo = await readPool(dir)
  return { ...(await openSandbox(options)), pool }
}

/** Ends with an error of its own when somebody wants us to stop. */
const untilStopped = (): AbortSignal => {
  const stopping = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.once(name, () => stopping.abort(new CliError({ exitCode: EXIT.interrupted, message: 'interrupted' })))
  }
  return stopping.signal
}

/** Options that only the other kind of competition has: silently ignored they would answer another question than was asked. */
const FOREIGN = {
  matrix: ['quads', 'device'],
  training: ['matrices', 'pool', 'profile', 'hostPython'],
} as const satisfies Record<string, readonly (keyof Flags)[]>

const checkOptions = (kind: keyof typeof FOREIGN, flags: Flags): void => {
  const given = FOREIGN[kind].find((name) => flags[name] !== undefined)
  const flag = given?.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
  if (flag !== undefined) throw usage(`--${flag} is not for ${flags.competition}`)
  if (kind === 'training' && flags.image !== 'auto') throw usage(`--image is not for ${flags.competition}`)
}

/** The options that a training measurement has beside the common ones. */
const train = async (path: string, { flags, rules }: { flags: Flags; rules: TrainingRules }): Promise<void> => {
  const { competition, preset, device, seed } = flags
  const engine = oneOf('--engine', flags.engine, ENGINES)
  const quads = toCount('--quads', flags.quads)
  const solution = await readSource(path, rules.file)
  const mesh = await meshOf(flags, solution)
  const against = await againstOf(flags, mesh, rules.file)
  const signal = untilStopped()
  const options = {
    competition,
    preset,
    device,
    engine,
    seed,
    quads,
    yes: flags.yes ?? false,
    json: flags.json ?? false,
  }
  await runTraining({ rules, solution, against, mesh, signal, flags: options }).catch((error: unknown) => {
    throw signal.aborted ? signal.reason : error
  })
}

const run = async (path: string, flags: Flags): Promise<void> => {
  const rules = COMPETITIONS.get(flags.competition)
  if (rules === undefined) {
    const message = `no competition ${flags.competition}; there is ${[...COMPETITIONS.keys()].join(', ')}`
    throw new CliError({ exitCode: EXIT.notFound, message })
  }
  checkOptions(rules.kind, flags)
  if (rules.kind === 'training') return train(path, { flags, rules })
  const preset = oneOf('--preset', flags.preset ?? 'real', ['real', 'demo'] as const)
  const engine = oneOf('--engine', flags.engine, ENGINES)
  const image = oneOf('--image', flags.image, ['auto', ...recipeNames] as const)
  const hostPython = flags.hostPython ?? false
  if (hostPython && (engine === 'docker' || engine === 'podman')) throw usage('--host-python works on bubblewrap only')
  const matrixCount = toCount('--matrices', flags.matrices)
  const solution = await readSource(path, rules.file)
  const mesh = await meshOf(flags, solution)
  const against = await againstOf(flags, mesh, rules.file)
  if (hostPython) progress(HOST_PYTHON_WARNING)
  const signal = untilStopped()
  const needed = image === 'auto' ? recipeFor(`${solution}\n${against ?? ''}`) : image
  const options = { engine, image: needed, hostPython, yes: flags.yes ?? false, say: progress, signal }
  const prepared = await prepare(options, flags.pool)
  try {
    const seed = flags.seed ?? randomBytes(16).toString('hex')
    const { options, pool } = prepared
    const codes = { solution, against, seed, matrixCount, thetaPpm: mesh?.params.thetaPpm }
    const { competition, profile } = flags
    const report = await runBench({
      competition,
      rules,
      preset,
      ...codes,
      profile,
      options,
      pool,
      say: progress,
      signal,
    })
    const isAgainstLeader = against !== undefined && against === mesh?.leader?.source
    const outlook = mesh === null ? null : outlookOf(mesh, { solution, report, isAgainstLeader })
    if (flags.json) printJson({ ...report, mesh: outlook })
    else print(showReport(report, outlook))
    if (hostPython) progress(HOST_PYTHON_WARNING)
    if (report.verdict !== 'pass') process.exitCode = report.verdict === 'miner' ? EXIT.rejected : EXIT.unavailable
  } catch (error) {
    if (error instanceof RangeError) throw usage(`--matrices: ${error.message}`)
    throw signal.aborted ? signal.reason : error
  } finally {
    await prepared.engine.close()
  }
}

export const addBench = (program: Command): void => {
  program
    .command('bench')
    .description('measure a submission at home')
    .command('run')
    .description('run a submission as validators do and say what a mesh would say')
    .argument('<solution>', 'solution.py or train.py, or the folder that holds it')
    .option('--competition <id>', 'whose rules', 'matrix-lossless')
    .option('--against <file>', 'another solution to compare with instead of the baseline, or leader, with --api')
    .option('--preset <name>', 'real (the published θ, as if not given) or demo; for training tiny or 150m')
    .option('--engine <kind>', 'auto, docker, podman or bubblewrap', 'auto')
    .option('--image <name>', 'numpy, torch, or auto: torch when the source imports what only it has', 'auto')
    .option('--seed <text>', 'repeats an earlier run’s matrices and order; random if not given')
    .option('--matrices <count>', 'fewer than the competition’s, for a quick look')
    .option('--pool <dir>', 'matrices of this pool instead of the demo’s (evalmesh pool)')
    .option('--api <url>', 'asks a validator what its mesh would do: same code, daily number, leader, θ')
    .option('--home <dir>', 'with --api: directory with your hotkey, whose daily number is looked at')
    .option('--profile', 'also show which functions the time goes to')
    .option('--quads <count>', 'of a training measurement, instead of the competition’s')
    .option('--device <name>', 'cpu or cuda, for training; the preset’s if not given')
    .option('--host-python', 'no image: this machine’s own Python in bubblewrap; never comparable with a vote')
    .option('--yes', 'install missing system packages without asking')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
With --api the leader’s code is what the submission is measured against, once that is public (a day after it was handed in).

Exit code 0: measured; 2: wrong usage; 3: no such file, competition or pool; 5: the submission is at fault; 6: this
machine is, or no validator answers; 130: interrupted.

Examples:
  evalmesh bench run ./solution.py
  evalmesh bench run ./solution.py --competition matrix-lossy --matrices 8 --profile
  evalmesh bench run ./solution.py --against best.py --seed 7 --json
  evalmesh bench run --competition training-speed ./train.py --quads 8
  evalmesh bench run --competition training-speed ./train.py --api http://127.0.0.1:8080
  evalmesh bench run ./solution.py --api http://127.0.0.1:8080 --home ./miner`,
    )
    .action(run)
}
