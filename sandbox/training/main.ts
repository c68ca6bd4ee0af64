/** The referee's own process for training speed: one job as a line of JSON on stdin, progress on stderr, the measurement on stdout. */
import process from 'node:process'
import { createInterface } from 'node:readline'
import type { Engine } from '../engine/engine.ts'
import { type EngineOptions, openEngine } from '../engine/open.ts'
import { SandboxError } from '../errors.ts'
import { RunFault } from '../faults.ts'
import { type TrainingJob, trainingFaulted } from './job.ts'
import { measureTraining } from './referee.ts'

let engine: Engine | null = null
let isLeaving = false

/** Our input is our life line: whoever asked is gone or wants no answer any more. */
async function leave(): Promise<void> {
  if (isLeaving) return
  isLeaving = true
  await engine?.close()
  process.exit(1)
}

async function run(line: string): Promise<void> {
  const { job, options } = JSON.parse(line) as { job: TrainingJob; options: EngineOptions }
  const opened = await openEngine(options).catch((thrown: unknown) => {
    const text = thrown instanceof SandboxError ? thrown.message : String(thrown)
    return new RunFault('ENGINE_FAILED', { text })
  })
  if (opened instanceof RunFault) {
    return answer(JSON.stringify(trainingFaulted(opened, { stderr: '', engine: null, elapsedMs: 0 })))
  }
  engine = opened
  const onProgress = (progress: object) => process.stderr.write(`${JSON.stringify(progress)}\n`)
  const measurement = await measureTraining(job, { engine, onProgress })
  await engine.close()
  answer(JSON.stringify(measurement))
}

function answer(text: string): void {
  if (isLeaving) return
  isLeaving = true
  process.stdout.write(`${text}\n`, () => process.exit(0))
}

const lines = createInterface({ input: process.stdin })
lines.once('line', (line) => void run(line))
lines.once('close', () => void leave())
process.once('SIGTERM', () => void leave())
process.once('SIGINT', () => void leave())
