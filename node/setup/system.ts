/** Makes sure that the operating system has what a command needs, installing by apt-get where that is allowed. */
import { spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { isLockHeld, planSystemPackages, type SystemNeed, systemParts, toAptCalls } from './system-plan.ts'

/** How long another package manager may hold apt's lock: unattended upgrades on a fresh machine take minutes. */
const lockWaitMillisMax = 300_000
const lockRetryMillis = 3_000

/** Why the machine could not be made ready; `facts.command` is what the user can run. `exitCode` is the command line's for a machine that lacks something. */
export class SetupError extends Error {
  readonly code: 'SYSTEM_PACKAGES_MISSING' | 'INSTALL_DECLINED' | 'INSTALL_FAILED'
  readonly facts: Readonly<Record<string, string>>
  readonly exitCode = 6

  constructor(code: SetupError['code'], message: string, facts: Readonly<Record<string, string>>) {
    super(message)
    this.name = 'SetupError'
    this.code = code
    this.facts = facts
  }
}

/** Finds what of `need` is missing and installs it, or throws SetupError with the exact command; answers the installed Debian packages. */
export async function ensureSystemPackages(options: {
  readonly need: readonly SystemNeed[]
  /** Do not ask (`--yes`). */
  readonly yes: boolean
  /** A person at a terminal can be asked. */
  readonly interactive: boolean
  /** Takes one line of progress. */
  readonly report: (line: string) => void
  readonly signal: AbortSignal
}): Promise<readonly string[]> {
  const plan = planSystemPackages({
    missing: await findMissing(options.need, options.signal),
    root: process.getuid?.() === 0,
    debian: hasProgram('apt-get'),
    interactive: options.interactive,
    yes: options.yes,
  })
  if (plan.kind === 'ready') return []
  if (plan.kind === 'tell') throw new SetupError('SYSTEM_PACKAGES_MISSING', plan.message, { command: plan.command })
  if (plan.kind === 'ask' && !(await isAgreed(plan.question, options.signal))) {
    throw new SetupError('INSTALL_DECLINED', `not installed: ${plan.packages.join(' ')}`, {
      command: `apt-get install -y --no-install-recommends ${plan.packages.join(' ')}`,
    })
  }
  const started = performance.now()
  options.report(`installing ${plan.packages.join(' ')} with apt-get …`)
  for (const call of toAptCalls(plan.packages)) await runApt(call, options)
  options.report(`installed in ${Math.round((performance.now() - started) / 1000)} s`)
  return plan.packages
}

async function findMissing(need: readonly SystemNeed[], signal: AbortSignal): Promise<SystemNeed[]> {
  const missing: SystemNeed[] = []
  for (const name of need) if (!(await isPresent(name, signal))) missing.push(name)
  return missing
}

async function isPresent(need: SystemNeed, signal: AbortSignal): Promise<boolean> {
  const { programs, modules = [] } = systemParts[need]
  // Any reachable engine serves: a running one is as good as a dockerd that we could start.
  if (need === 'docker' && (process.env['DOCKER_HOST'] !== undefined || isReadable('/var/run/docker.sock'))) return true
  if (!programs.some(hasProgram)) return false
  if (modules.length === 0) return true
  // The system's own Python, whatever stands earlier on the path: Debian's packages serve no other.
  const probe = await run('/usr/bin/python3', ['-I', '-c', `import ${modules.join(', ')}`], signal)
  return probe.exitCode === 0
}

function hasProgram(name: string): boolean {
  // The system folders too: an ordinary user's path often lacks /usr/sbin, where dockerd lives.
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin', '/usr/local/sbin']
  return folders.some((folder) => folder !== '' && isAccessible(join(folder, name), constants.X_OK))
}

function isReadable(path: string): boolean {
  return isAccessible(path, constants.R_OK)
}

function isAccessible(path: string, mode: number): boolean {
  try {
    accessSync(path, mode)
    return true
  } catch {
    return false
  }
}

async function isAgreed(question: string, signal: AbortSignal): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return /^(y|yes)?$/i.test((await terminal.question(question, { signal })).trim())
  } finally {
    terminal.close()
  }
}

async function runApt(
  call: readonly string[],
  { report, signal }: { readonly report: (line: string) => void; readonly signal: AbortSignal },
): Promise<void> {
  const deadline = performance.now() + lockWaitMillisMax
  for (;;) {
    const { exitCode, output } = await run('apt-get', call, signal)
    if (exitCode === 0) return
    if (!isLockHeld(output) || performance.now() > deadline) {
      const command = `apt-get ${call.join(' ')}`
      throw new SetupError('INSTALL_FAILED', `${command} ended with ${exitCode}:\n${output.trim()}`, { command })
    }
    report('another package manager is at work: waiting for its lock …')
    await wait(lockRetryMillis, undefined, { signal })
  }
}

function run(
  program: string,
  args: readonly string[],
  signal: AbortSignal,
): Promise<{ exitCode: number; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      signal,
      stdio: ['ignore', 'pipe', 'pipe'],
      // The lock is recognised by apt's English words.
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' },
    })
    const chunks: Buffer[] = []
    const keep = (chunk: Buffer): number => chunks.push(chunk)
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    child.on('error', (error) => {
      if (signal.aborted) reject(error)
      else resolve({ exitCode: 127, output: error.message })
    })
    child.on('close', (code) => resolve({ exitCode: code ?? 1, output: Buffer.concat(chunks).toString('utf8') }))
  })
}
