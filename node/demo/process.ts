/** Child processes of the demo: started, watched, killed, and gone whatever happens to the demo itself. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { CliError, EXIT } from '../cli/output.ts'

export type Child = {
  readonly pid: number
  /** The first line of stdout, which every one of our processes prints as JSON when it is ready. */
  readonly ready: Promise<Readonly<Record<string, unknown>>>
  readonly exited: Promise<void>
  /** SIGKILL ends it at once, as a power cut would; SIGTERM lets it close its files. */
  kill(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>
}

/** Enough of a log for the sentence and the stack that a process ended with. */
const TAIL_CHARS = 2_000

/** The end of a log, as far as it is on disk: whoever reads the error may have no log any more. */
const tailOf = (logFile: string): string => {
  try {
    return readFileSync(logFile, 'utf8').slice(-TAIL_CHARS).trim()
  } catch {
    return ''
  }
}

const living = new Set<ChildProcess>()
// Whatever way this process ends, its children do not outlive it.
process.once('exit', () => {
  for (const child of living) child.kill('SIGKILL')
})

/** Runs one of the project's own entry files under this very Node; its stderr goes to `logFile`. */
export const startProcess = (o: {
  readonly entry: string
  readonly args: readonly string[]
  readonly logFile: string
  /** Command that this one is run by; it must become this one, as `nsenter` does. */
  readonly under?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}): Child => {
  const entry = fileURLToPath(new URL(`../../${o.entry}`, import.meta.url))
  const [program, ...args] = [...(o.under ?? []), process.execPath, entry, ...o.args] as const
  const child = spawn(program ?? process.execPath, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...o.env },
  })
  living.add(child)
  const log = createWriteStream(o.logFile, { flags: 'a', mode: 0o600 })
  child.stderr.pipe(log)
  const logged = once(log, 'close')
  const exited = new Promise<void>((resolve) => {
    child.once('close', () => {
      living.delete(child)
      resolve()
    })
  })
  const failed = (why: string): CliError =>
    new CliError({
      exitCode: EXIT.unavailable,
      message: `${o.entry} ${o.args[0] ?? ''} ${why}`,
      hint: `see ${o.logFile}`,
    })
  const ready = new Promise<Readonly<Record<string, unknown>>>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', (line) => {
      try {
        resolve(JSON.parse(line) as Readonly<Record<string, unknown>>)
      } catch {
        reject(failed('printed no ready line'))
      }
    })
    child.once('error', () => reject(failed('could not be started')))
    void Promise.all([exited, logged]).then(() => {
      const how = child.signalCode ?? `exit code ${child.exitCode}`
      reject(failed(`ended before it was ready (${how}); the end of its log:\n${tailOf(o.logFile)}`))
    })
  })
  ready.catch(() => {})
  return {
    pid: child.pid ?? 0,
    ready,
    exited,
    kill: async (signal) => {
      child.kill(signal)
      await exited
    },
  }
}
