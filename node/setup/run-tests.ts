/** Runs the tests for `npm test`: the whole suite after making the machine ready for it, or the files that were asked for. */
import { spawn } from 'node:child_process'
import { globSync, statSync } from 'node:fs'
import { availableParallelism, constants } from 'node:os'
import { ensureSystemPackages, SetupError } from './system.ts'
import type { SystemNeed } from './system-plan.ts'

/** A test that hangs fails here instead of holding up the run: the slowest builds a sandbox image and takes about two minutes. */
const testMillisMax = 900_000

/** Turns a folder into the tests below it; files and globs stay as they are. */
function toPattern(path: string): string {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ? `${path.replace(/\/$/, '')}/**/*.test.ts` : path
}

/** What no run is whole without. */
const needed: readonly SystemNeed[] = ['bubblewrap', 'mmdebstrap', 'pip', 'docker', 'zstd']
/** What single tests are skipped without, and what is skipped then: root alone makes networks that lose packets. */
const wanted: readonly { readonly need: readonly SystemNeed[]; readonly skipped: string }[] = [
  { need: ['podman'], skipped: 'sandboxes by Podman (test/sandbox/engine/podman)' },
  { need: ['gvisor'], skipped: 'sandboxes by gVisor (test/sandbox/engine/gvisor)' },
  { need: ['spin', 'compiler'], skipped: 'the model of the voting rule (docs/model)' },
  ...(process.getuid?.() === 0
    ? [{ need: ['ip', 'nft'] as const, skipped: 'validators under faults (test/chaos)' }]
    : []),
]

async function ensureReady({ yes, signal }: { readonly yes: boolean; readonly signal: AbortSignal }): Promise<void> {
  const report = (line: string) => void process.stderr.write(`evalmesh: ${line}\n`)
  const interactive = process.stdin.isTTY === true && process.stderr.isTTY === true
  const ensure = (need: readonly SystemNeed[]) => ensureSystemPackages({ need, yes, interactive, report, signal })
  try {
    await ensure([...needed, ...wanted.flatMap(({ need }) => need)])
    return
  } catch (error) {
    if (!(error instanceof SetupError)) throw error
  }
  await ensure(needed)
  for (const { need, skipped } of wanted) {
    await ensure(need).catch((error: unknown) => {
      if (!(error instanceof SetupError)) throw error
      report(`skipping ${skipped}: ${error.message.split('\n')[0]}`)
    })
  }
}

async function main(args: readonly string[]): Promise<number> {
  const yes = args.includes('--yes')
  const flags = args.filter((arg) => arg.startsWith('-') && arg !== '--yes')
  const patterns = args.filter((arg) => !arg.startsWith('-')).map(toPattern)
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.abort())
  if (patterns.length === 0) {
    // A chosen few may need none of this; each test that does says so itself.
    await ensureReady({ yes, signal: stop.signal })
    patterns.push('test/**/*.test.ts')
  }
  const files = globSync(patterns)
  if (files.length === 0) {
    // node:test would call nothing a success.
    process.stderr.write(`evalmesh: no test file matches ${patterns.join(' ')}\n`)
    return 2
  }
  // Whole meshes of real processes come last and alone: beside other tests they would wait for cores, not for each other.
  const isWhole = (file: string): boolean => file.startsWith('test/e2e/')
  const passes = [
    // Two even on two cores: many tests wait for child processes most of the time.
    { files: files.filter((file) => !isWhole(file)), atOnce: Math.max(2, availableParallelism() - 1) },
    { files: files.filter(isWhole), atOnce: 1 },
  ]
  for (const { files: part, atOnce } of passes) {
    if (part.length === 0) continue
    const exitCode = await runNodeTest([`--test-concurrency=${atOnce}`, ...flags, ...part.sort()], stop.signal)
    if (exitCode !== 0) return exitCode
  }
  return 0
}

function runNodeTest(args: readonly string[], stop: AbortSignal): Promise<number> {
  const child = spawn(
    process.execPath,
    ['--test', '--test-reporter=spec', `--test-timeout=${testMillisMax}`, ...args],
    { stdio: 'inherit' },
  )
  stop.addEventListener('abort', () => child.kill('SIGTERM'))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (code, signal) => resolve(signal === null ? (code ?? 1) : 128 + constants.signals[signal]))
  })
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof SetupError)) throw error
  process.stderr.write(`evalmesh: ${error.message}\n`)
  process.exitCode = error.exitCode
}
