/** Measures submissions: one referee process at a time on a host, so that nothing of ours disturbs the clock. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { RunFault } from './faults.ts'
import { faulted, type Job, type Measurement, type Progress } from './job.ts'
import { defaultHostLock, takeLock } from './lock.ts'
import type { EngineOptions } from './open-engine.ts'

/** Beside the work itself. */
export type RunOptions = {
  /** Kills the referee and its sandboxes; the promise then rejects with the signal's reason. */
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: Progress) => void
}

/** Runs jobs one after the other, also those of other evaluators on this host. */
export type Evaluator = {
  /** Every failure, ours or the miner's, is a verdict; rejects only when aborted or without the host's lock. */
  evaluate(job: Job, options?: RunOptions): Promise<Measurement>
}

/** solution.py of a competition's baseline: what a first challenger is measured against. Throws where the competition has none. */
export function readBaseline(competition: string): string {
  return readFileSync(join(import.meta.dirname, 'harness/baseline', competition, 'solution.py'), 'utf8')
}

/** Time for a referee that was told to leave to end its sandboxes; they die with it anyway. */
const LEAVE_MS = 5_000

async function runReferee(input: string, { signal, onProgress }: RunOptions): Promise<Measurement> {
  const start = performance.now()
  const referee = spawn(process.execPath, [join(import.meta.dirname, 'referee-main.ts')], {
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let clock: NodeJS.Timeout | undefined
  const stop = () => {
    referee.kill('SIGTERM')
    clock = setTimeout(() => referee.kill('SIGKILL'), LEAVE_MS)
  }
  signal?.addEventListener('abort', stop, { once: true })
  // Death before or during our writing shows in its exit. The pipe stays open: its end tells the referee of ours.
  referee.stdin.on('error', () => undefined)
  referee.stdin.write(`${input}\n`)
  const complaints: string[] = []
  createInterface({ input: referee.stderr }).on('line', (line) => {
    const progress = parseProgress(line)
    if (progress !== null) onProgress?.(progress)
    else if (complaints.length < 20) complaints.push(line)
  })
  try {
    const [output] = await Promise.all([text(referee.stdout), once(referee, 'exit')])
    signal?.throwIfAborted()
    return JSON.parse(output) as Measurement
  } catch (thrown) {
    signal?.throwIfAborted()
    const reason = complaints.join(' ') || String(thrown)
    return faulted(new RunFault('REFEREE_FAILED', { text: reason }), {
      stderr: '',
      engine: null,
      elapsedMs: Math.round(performance.now() - start),
    })
  } finally {
    clearTimeout(clock)
    signal?.removeEventListener('abort', stop)
  }
}

function parseProgress(line: string): Progress | null {
  if (!line.startsWith('{"phase":')) return null
  try {
    return JSON.parse(line) as Progress
  } catch {
    return null
  }
}

/** `lockPath`: only for tests that must not wait for the host's real validators. */
export function createEvaluator(config: { readonly engine: EngineOptions; readonly lockPath?: string }): Evaluator {
  const lockPath = config.lockPath ?? defaultHostLock()
  return {
    async evaluate(job, options = {}) {
      const release = await takeLock(lockPath, options.signal)
      try {
        return await runReferee(JSON.stringify({ job, options: config.engine }), options)
      } finally {
        release()
      }
    },
  }
}
