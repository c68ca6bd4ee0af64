/** One referee process: started, told what to do, and ended whatever happens. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import type { EngineOptions } from '../engine/open.ts'
import { RunFault } from '../faults.ts'
import type { Hardware } from '../hosts/host.ts'
import type { RunLimits } from '../limits.ts'
import { type TrainingJob, type TrainingMeasurement, type TrainingProgress, trainingFaulted } from '../training/job.ts'
import { type EngineFacts, faulted, type Job, type Measurement, type Progress } from './job.ts'

/** The first line to a referee: the engine to open, and for which limits to start sandboxes ahead. */
export type Opening = {
  readonly options: EngineOptions
  readonly ahead: RunLimits | null
  /** The turn to take in the engine itself, which other machines use too; null: whoever starts the referee sees to that. */
  readonly slot: number | null
}

/** The second line: what to do. `check`: nothing but to say what the engine and its machine are. */
export type Order =
  | { readonly kind: 'measure'; readonly job: Job }
  | { readonly kind: 'train'; readonly job: TrainingJob }
  | { readonly kind: 'check' }

/** What a check answers. */
export type CheckAnswer = { readonly engine: EngineFacts; readonly hardware: Hardware }

/** What a referee says on stderr when its sandboxes are there. */
export const STOCKED = 'stocked'

/** Time for a referee that was told to leave to end its sandboxes; they die with it anyway. */
const LEAVE_MS = 5_000
const COMPLAINTS_MAX = 20

/** A referee that waits for its one order. */
export type Referee = {
  /** The measurement, or a fault of ours. Rejects with the signal's reason. */
  measure(
    job: Job,
    run: { readonly signal?: AbortSignal; readonly onProgress?: (progress: Progress) => void },
  ): Promise<Measurement>
  /** The same of a training run. */
  train(
    job: TrainingJob,
    run: { readonly signal?: AbortSignal; readonly onProgress?: (progress: TrainingProgress) => void },
  ): Promise<TrainingMeasurement>
  /** What the engine is, or a fault of ours. */
  check(signal: AbortSignal): Promise<CheckAnswer | Measurement>
  /** Resolves when the sandboxes that it starts ahead are there, or it ended. */
  readonly stocked: Promise<void>
  /** False once it ended. */
  readonly isAlive: () => boolean
  /** Ends it and its sandboxes. */
  stop(): Promise<void>
}

/** `cores`: where it runs itself, so that it does not disturb what it times; null: anywhere. */
export function startReferee(opening: Opening, cores: string | null): Referee {
  const script = [process.execPath, join(import.meta.dirname, 'main.ts')]
  const [file = '', ...args] = cores === null ? script : ['taskset', '--cpu-list', cores, ...script]
  const start = performance.now()
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'] })
  const exited = once(child, 'exit').catch(() => undefined)
  // Death before or during our writing shows in its exit. The pipe stays open: its end tells the referee of ours.
  child.stdin.on('error', () => undefined)
  child.stdin.write(`${JSON.stringify(opening)}\n`)
  const complaints: string[] = []
  const { promise: stocked, resolve: onStocked } = Promise.withResolvers<void>()
  void exited.then(() => onStocked())
  let onProgress: ((progress: Progress & TrainingProgress) => void) | undefined
  createInterface({ input: child.stderr }).on('line', (line) => {
    if (line === STOCKED) return onStocked()
    const progress = parseProgress(line)
    if (progress !== null) onProgress?.(progress)
    else if (complaints.length < COMPLAINTS_MAX) complaints.push(line)
  })
  const answered = text(child.stdout)
  const ask = async (order: Order, signal: AbortSignal | undefined): Promise<unknown> => {
    const leave = () => void end(child)
    signal?.throwIfAborted()
    signal?.addEventListener('abort', leave, { once: true })
    child.stdin.write(`${JSON.stringify(order)}\n`)
    try {
      const [output] = await Promise.all([answered, exited])
      signal?.throwIfAborted()
      return JSON.parse(output)
    } catch (thrown) {
      signal?.throwIfAborted()
      const fault = new RunFault('REFEREE_FAILED', { text: complaints.join(' ') || String(thrown) })
      const facts = { stderr: '', engine: null, elapsedMs: Math.round(performance.now() - start) }
      return order.kind === 'train' ? trainingFaulted(fault, facts) : faulted(fault, facts)
    } finally {
      signal?.removeEventListener('abort', leave)
    }
  }
  return {
    stocked,
    measure: async (job, run) => {
      onProgress = run.onProgress
      return (await ask({ kind: 'measure', job }, run.signal)) as Measurement
    },
    train: async (job, run) => {
      onProgress = run.onProgress
      return (await ask({ kind: 'train', job }, run.signal)) as TrainingMeasurement
    },
    check: async (signal) => (await ask({ kind: 'check' }, signal)) as CheckAnswer | Measurement,
    isAlive: () => child.exitCode === null && child.signalCode === null && child.pid !== undefined,
    stop: async () => {
      void end(child)
      await exited
    },
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGTERM')
  const clock = setTimeout(() => child.kill('SIGKILL'), LEAVE_MS)
  child.once('exit', () => clearTimeout(clock))
}

function parseProgress(line: string): (Progress & TrainingProgress) | null {
  if (!line.startsWith('{"phase":')) return null
  try {
    return JSON.parse(line) as Progress & TrainingProgress
  } catch {
    return null
  }
}
