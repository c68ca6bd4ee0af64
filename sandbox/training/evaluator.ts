/** Measures training submissions: one referee process at a time on a host, under the same lock as every other timed run. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import type { EngineOptions } from '../engine/open.ts'
import { RunFault } from '../faults.ts'
import { defaultHostLock, takeLock } from '../lock.ts'
import { type TrainingJob, type TrainingMeasurement, type TrainingProgress, trainingFaulted } from './job.ts'

/** Beside the work itself. */
type RunOptions = {
  /** Kills the referee and its sandboxes; the promise then rejects with the signal's reason. */
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: TrainingProgress) => void
}

/** Runs jobs one after the other, also those of other evaluators on this host. */
export type TrainingEvaluator = {
  /** Every failure, ours or the miner's, is a verdict; rejects only when aborted or without the host's lock. */
  evaluate(job: TrainingJob, options?: RunOptions): Promise<TrainingMeasurement>
}

/** Time for a referee that was told to leave to end its sandboxes; they die with it anyway. */
const LEAVE_MS = 5_000
const COMPLAINTS_MAX = 20

function parseProgress(line: string): TrainingProgress | null {
  if (!line.startsWith('{"phase":')) return null
  try {
    return JSON.parse(line) as TrainingProgress
  } catch {
    return null
  }
}

async function runReferee(input: string, { signal, onProgress }: RunOptions): Promise<TrainingMeasurement> {
  const start = performance.now()
  const referee = spawn(process.execPath, [join(import.meta.dirname, 'main.ts')], { stdio: ['pipe', 'pipe', 'pipe'] })
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
    else if (complaints.length < COMPLAINTS_MAX) complaints.push(line)
  })
  try {
    const [output] = await Promise.all([text(referee.stdout), once(referee, 'exit')])
    signal?.throwIfAborted()
    return JSON.parse(output) as TrainingMeasurement
  } catch (thrown) {
    signal?.throwIfAborted()
    return trainingFaulted(new RunFault('REFEREE_FAILED', { text: complaints.join(' ') || String(thrown) }), {
      stderr: '',
      engine: null,
      elapsedMs: Math.round(performance.now() - start),
    })
  } finally {
    clearTimeout(clock)
    signal?.removeEventListener('abort', stop)
  }
}

/** `lockPath`: only for tests that must not wait for the host's real validators. */
export function createTrainingEvaluator(config: {
  readonly engine: EngineOptions
  readonly lockPath?: string
}): TrainingEvaluator {
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
