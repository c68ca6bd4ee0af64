/** One command of a build: run to its end, its complaint kept. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { boundedText } from '../engine/bounded.ts'
import { reasonOf, SandboxError } from '../errors.ts'

const ERROR_TEXT_BYTES = 8 * 1024

/** What a command may be told beside its arguments. */
export type CommandOptions = {
  /** The whole environment. */
  readonly env: NodeJS.ProcessEnv
  readonly stdin?: Readable
  readonly signal?: AbortSignal | undefined
  /** Debian packages that bring it. Its own name if not given. */
  readonly from?: readonly string[]
}

type Started = { readonly child: ChildProcess; readonly done: Promise<void> }

/**
 * One command of a pipe; `done` rejects with what it wrote to stderr.
 * @throws SandboxError (from `done`) `TOOLS_MISSING`, `IMAGE_BUILD_FAILED`
 */
export function startCommand(command: readonly string[], { env, stdin, signal, from }: CommandOptions): Started {
  const [file = '', ...args] = command
  const child = spawn(file, args, {
    env,
    stdio: [stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    ...(signal === undefined ? {} : { signal }),
  })
  if (stdin !== undefined && child.stdin !== null) {
    child.stdin.on('error', () => undefined)
    stdin.pipe(child.stdin)
  }
  const stderr = boundedText(child.stderr as Readable, ERROR_TEXT_BYTES, () => undefined)
  const finish = async () => {
    try {
      const [code, killedBy] = await once(child, 'close')
      if (code === 0) return
      throw new SandboxError('IMAGE_BUILD_FAILED', { command: file, code: code ?? killedBy, stderr: stderr.text() })
    } catch (thrown) {
      if (thrown instanceof SandboxError) throw thrown
      if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') {
        throw new SandboxError('TOOLS_MISSING', { packages: from ?? [file] }, thrown)
      }
      throw new SandboxError('IMAGE_BUILD_FAILED', { command: file, reason: reasonOf(thrown) }, thrown)
    }
  }
  return { child, done: finish() }
}

/** Runs it to its end; what it writes to stdout is dropped. @throws as `startCommand` */
export async function runCommand(command: readonly string[], options: CommandOptions): Promise<void> {
  const { child, done } = startCommand(command, options)
  child.stdout?.resume()
  await done
}
