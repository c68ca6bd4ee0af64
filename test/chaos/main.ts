/** Real validators under faults: `npm run chaos -- [--minutes 15] [--validators 7] [--seed 1] [--faults kill,stop,move,partition,loss] [--json] [--keep]`. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { CliError, EXIT, print, printJson, progress } from '../../node/cli/output.ts'
import { prepareMachine } from '../../node/demo/prepare.ts'
import type { CompetitionParams } from '../../protocol/index.ts'
import { lackOf } from './network.ts'
import { FAULT_KINDS } from './plan.ts'
import { type ChaosReport, judge } from './report.ts'
import { runChaos, VALIDATORS_MAX } from './run.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '15' },
    validators: { type: 'string', default: '7' },
    seed: { type: 'string', default: '1' },
    faults: { type: 'string', default: FAULT_KINDS.join() },
    json: { type: 'boolean', default: false },
    /** Leaves the directory with logs and stores. */
    keep: { type: 'boolean', default: false },
  },
})

/** Where the second process finds what the first one prepared; only the first has a network to build an image with. */
const PREPARED = 'EVALMESH_CHAOS_PREPARED'
type Prepared = { readonly poolDir: string; readonly params: CompetitionParams }

const started = performance.now()
const seconds = (): number => (performance.now() - started) / 1000
const say = (line: string): void => progress(`${seconds().toFixed(1).padStart(6)} s  ${line}`)

const stopping = new AbortController()
const stop = (): void =>
  stopping.abort(new CliError({ exitCode: EXIT.interrupted, message: 'interrupted; every process was ended' }))
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, stop)

const usage = (message: string): never => {
  throw new CliError({ exitCode: EXIT.usage, message })
}

const readFlags = () => {
  const [minutes, validators, seed] = [Number(values.minutes), Number(values.validators), Number(values.seed)]
  if (!(minutes >= 0.5 && minutes <= 1440)) usage('--minutes is from 0.5 to 1440')
  if (!Number.isInteger(validators) || validators < 4 || validators > VALIDATORS_MAX) {
    usage(`--validators is a whole number from 4 to ${VALIDATORS_MAX}`)
  }
  if (!Number.isSafeInteger(seed)) usage('--seed is a whole number')
  const names = values.faults.split(',').filter((name) => name !== '')
  const kinds = FAULT_KINDS.filter((kind) => names.includes(kind))
  if (kinds.length !== names.length) usage(`--faults is a list of ${FAULT_KINDS.join(', ')}`)
  return { ms: minutes * 60_000, validators, seed, kinds }
}

/** Everything again, in a network namespace of its own: it and all below it are gone when the last process in it ends. */
const runInside = async (prepared: Prepared): Promise<number> => {
  const self = fileURLToPath(import.meta.url)
  const text = JSON.stringify(prepared, (_, value: unknown) => (typeof value === 'bigint' ? `${value}` : value))
  const args = ['--net', '--', process.execPath, self, ...process.argv.slice(2)]
  const child = spawn('unshare', args, {
    stdio: ['pipe', 'inherit', 'inherit'],
    env: { ...process.env, [PREPARED]: text },
  })
  stopping.signal.addEventListener('abort', () => child.kill('SIGTERM'))
  await once(child, 'close')
  return child.exitCode ?? EXIT.bug
}

const show = (report: ChaosReport): string =>
  [
    `${report.validators} validators, ${report.seconds} s, seed ${report.seed}`,
    `rounds    ${report.rounds.decided} decided, ${report.rounds.void} void, over ${report.heights} heights and ${report.epochs} epochs`,
    `faults    ${Object.entries(report.faults)
      .map(([name, times]) => `${name} ${times}`)
      .join(', ')}`,
    `checked   ${Object.entries(report.checkers)
      .map(([name, times]) => `${name} ${times}`)
      .join(', ')}`,
    ...(report.violations.length === 0 ? ['no promise was broken'] : report.violations),
  ].join('\n')

const run = async (text: string): Promise<number> => {
  const { poolDir, params } = JSON.parse(text) as { poolDir: string; params: CompetitionParams }
  const prepared = { poolDir, params: { ...params, referenceNanos: BigInt(params.referenceNanos) } }
  // Whoever started this has died when its pipe ends.
  process.stdin.once('end', stop).resume().unref()
  const flags = readFlags()
  const dir = await mkdtemp(join(tmpdir(), 'evalmesh-chaos-'))
  const { signal } = stopping
  try {
    const report = await runChaos({ ...flags, ...prepared, dir, say, signal }, (ran) => {
      say('every validator has stopped; checking')
      return judge(ran, { seed: flags.seed, seconds })
    })
    if (values.json) printJson(report)
    else print(show(report))
    return report.violations.length === 0 ? EXIT.ok : EXIT.bug
  } catch (error) {
    throw signal.aborted ? signal.reason : error
  } finally {
    if (values.keep) progress(`logs and stores are in ${dir}`)
    else await rm(dir, { recursive: true, force: true })
  }
}

const main = async (): Promise<number> => {
  const inside = process.env[PREPARED]
  if (inside !== undefined) return run(inside)
  readFlags()
  const lack = await lackOf()
  if (lack !== null) throw new CliError({ exitCode: EXIT.unavailable, message: lack })
  const competitions = ['matrix-lossless']
  const prepared = await prepareMachine({ competitions, engine: 'bubblewrap', yes: true, say, signal: stopping.signal })
  const [params] = prepared.competitions
  if (params === undefined) throw new Error('nothing was prepared')
  return runInside({ poolDir: prepared.poolDir, params })
}

try {
  process.exitCode = await main()
} catch (error) {
  if (!(error instanceof CliError)) throw error
  progress(error.message)
  process.exitCode = error.exitCode
}
