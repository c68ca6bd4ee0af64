/** The command `evalmesh bench run`: what a mesh would say of a submission, measured on this machine alone. */
import { randomBytes } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Command } from 'commander'
import { COMPETITIONS } from '../../protocol/index.ts'
import { recipeFor, recipeNames } from '../../sandbox/index.ts'
import { type BenchReport, type BenchScore, runBench } from '../bench.ts'
import { prepareSandbox } from '../demo/prepare.ts'
import { CliError, EXIT, print, printJson, progress, table } from './output.ts'

type Flags = {
  readonly competition: string
  readonly against?: string
  readonly preset: string
  readonly engine: string
  readonly image: string
  readonly seed?: string
  readonly matrices?: string
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

const readSource = async (path: string): Promise<Buffer> => {
  try {
    return await readFile((await stat(path)).isDirectory() ? join(path, 'solution.py') : path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new CliError({ exitCode: EXIT.notFound, message: `cannot read ${path}: ${code}` })
  }
}

const percent = (ppm: number): string => `${(ppm / 10_000).toFixed(2)} %`
const times = (ppm: number): string => (ppm / 1_000_000).toFixed(4)

const showRows = (report: BenchReport): string =>
  table([
    ['matrix', 'bytes', 'C', 'ms', 'C against', 'ms against', 'score ratio'],
    ...report.matrices.map(({ digest, rawBytes, candidate, partner, quadPpm }) => [
      digest.slice(0, 16),
      String(rawBytes),
      ...[candidate, partner].flatMap(({ ratio, ms }) => [ratio.toFixed(5), ms.toFixed(3)]),
      times(quadPpm),
    ]),
  ])

const showScore = (name: string, { ratio, seconds, score }: BenchScore): string =>
  `${name}  max(0, 1 − C) · max(0, 1 − t / 1.012 s) with C = ${ratio}, t = ${seconds} s: ${score}`

const show = (report: BenchReport): string => {
  const { score, host, verdict, code, line } = report
  const again = `again: --seed ${report.seed}`
  const printed = report.printed === '' ? [] : ['It printed:', report.printed]
  if (score === null || host === null) return [`${verdict}  ${code}: ${line}`, ...printed, again].join('\n')
  const { thetaPpm, centrePpm, madPpm, pair, takesLead } = score
  const isNoisy = host.noisePpm > thetaPpm
  return [
    showRows(report),
    '',
    showScore('submission', score.candidate),
    showScore('against   ', score.partner),
    `metric      ${times(centrePpm)} (lower median of the ratios, ± ${times(madPpm)}); the lead needs more than ${times(1_000_000 + thetaPpm)}`,
    `host        its own noise is ${percent(host.noisePpm)}${isNoisy ? `, above θ = ${percent(thetaPpm)}: a validator here would have no vote; close other programs` : ''}`,
    `PAIR-1      ${pair}`,
    `on a mesh   ${takesLead ? 'it would take the lead' : 'it would not take the lead'}, if the validators measured as this host did`,
    ...printed,
    again,
  ].join('\n')
}

const toCount = (text: string | undefined): number | undefined => {
  if (text === undefined) return undefined
  if (!/^[1-9]\d{0,2}$/.test(text)) throw usage('--matrices is a number of at least 1')
  return Number(text)
}

const run = async (path: string, flags: Flags): Promise<void> => {
  const rules = COMPETITIONS.get(flags.competition)
  if (rules === undefined) {
    const message = `no competition ${flags.competition}; there is ${[...COMPETITIONS.keys()].join(', ')}`
    throw new CliError({ exitCode: EXIT.notFound, message })
  }
  const preset = oneOf('--preset', flags.preset, ['real', 'demo'] as const)
  const engine = oneOf('--engine', flags.engine, ['auto', 'docker', 'podman', 'bubblewrap'] as const)
  const image = oneOf('--image', flags.image, ['auto', ...recipeNames] as const)
  const hostPython = flags.hostPython ?? false
  if (hostPython && (engine === 'docker' || engine === 'podman')) throw usage('--host-python works on bubblewrap only')
  const matrixCount = toCount(flags.matrices)
  const solution = await readSource(path)
  const against = flags.against === undefined ? undefined : (await readSource(flags.against)).toString()
  if (hostPython) progress(HOST_PYTHON_WARNING)
  const stopping = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.once(name, () => stopping.abort(new CliError({ exitCode: EXIT.interrupted, message: 'interrupted' })))
  }
  const { signal } = stopping
  const needed = image === 'auto' ? recipeFor(`${solution}\n${against ?? ''}`) : image
  const options = { engine, image: needed, hostPython, yes: flags.yes ?? false, say: progress, signal }
  const prepared = await prepareSandbox(options)
  try {
    const seed = flags.seed ?? randomBytes(16).toString('hex')
    const { options, pool } = prepared
    const codes = { solution, against, seed, matrixCount }
    const { competition } = flags
    const report = await runBench({ competition, rules, preset, ...codes, options, pool, say: progress, signal })
    if (flags.json) printJson(report)
    else print(show(report))
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
    .argument('<solution>', 'solution.py, or the folder that holds it')
    .option('--competition <id>', 'whose rules', 'matrix-lossless')
    .option('--against <file>', 'another solution to compare with instead of the baseline (zstd level 3)')
    .option('--preset <name>', 'real (the published θ) or demo (the θ of npm run demo)', 'real')
    .option('--engine <kind>', 'auto, docker, podman or bubblewrap', 'auto')
    .option('--image <name>', 'numpy, torch, or auto: torch when the source imports what only it has', 'auto')
    .option('--seed <text>', 'repeats an earlier run’s matrices and order; random if not given')
    .option('--matrices <count>', 'fewer than the competition’s, for a quick look')
    .option('--host-python', 'no image: this machine’s own Python in bubblewrap; never comparable with a vote')
    .option('--yes', 'install missing system packages without asking')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      '\nExit code 0: measured; 5: the submission is at fault; 6: this machine is.\n\nExamples:\n  evalmesh bench run ./solution.py\n  evalmesh bench run ./solution.py --against best.py --seed 7 --json',
    )
    .action(run)
}
