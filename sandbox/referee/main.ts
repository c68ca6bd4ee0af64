/** The referee's own process: two lines of JSON on stdin, progress on stderr, the answer on stdout. */
import process from 'node:process'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import type { Engine } from '../engine/engine.ts'
import { openEngine } from '../engine/open.ts'
import { SandboxError } from '../errors.ts'
import { RunFault } from '../faults.ts'
import { runLimits } from '../limits.ts'
import { trainingFaulted } from '../training/job.ts'
import { measureTraining } from '../training/referee.ts'
import { stockEngine } from './ahead.ts'
import { type EngineFacts, faulted, toEngineFacts } from './job.ts'
import { measure } from './matrix.ts'
import { type Opening, type Order, STOCKED } from './process.ts'
import { harnessSpec } from './session.ts'

/** Candidate and partner, each for compress and for decompress. */
const STOCK = 4
/** Sandboxes in stock live this long; a run that comes later starts its own. */
const STOCK_MS_MAX = 1_800_000
/** Calls that the longest measurement makes of one sandbox, and more. */
const CALLS_MAX = 500

let engine: Engine | null = null
let isLeaving = false
let slot: number | null = null

/** Our input is our life line: whoever asked is gone or wants no answer any more. */
async function leave(): Promise<void> {
  if (isLeaving) return
  isLeaving = true
  await engine?.close()
  process.exit(1)
}

async function open({ options, ahead, slot: given }: Opening): Promise<Engine | RunFault> {
  slot = given
  try {
    engine = await openEngine(options)
    if (ahead === null) return engine
    const spec = harnessSpec({ name: 'ahead', form: 'functions', limits: ahead, calls: CALLS_MAX })
    const wallMs = spec.policy.wallMs + STOCK_MS_MAX
    const stocked = stockEngine(engine, { ...spec, policy: { ...spec.policy, wallMs } }, STOCK)
    engine = stocked
    void stocked.stocked.then(() => process.stderr.write(`${STOCKED}\n`))
    return engine
  } catch (thrown) {
    return new RunFault('ENGINE_FAILED', { text: thrown instanceof SandboxError ? thrown.message : String(thrown) })
  }
}

/** As much at once as a measurement starts shows whether it could; the output is the processor of the machine. */
async function check(opened: Engine): Promise<{ engine: EngineFacts; hardware: { model: string; cores: number } }> {
  const { mounts, policy } = harnessSpec({ name: 'check', form: 'functions', limits: runLimits, calls: 1 })
  const look = async () => {
    const argv = ['/usr/bin/cat', '/proc/cpuinfo']
    const sandbox = await opened.start({ name: 'check', argv, mounts, env: {}, policy })
    const [said, exit] = await Promise.all([text(sandbox.stdout), sandbox.exited, sandbox.stdin.end()])
    if (exit.status === 'exited' && exit.code === 0) return said
    throw new Error(`a trial run failed: ${exit.status} ${exit.stderr}`)
  }
  const [said] = await Promise.all([look(), look(), look(), look()])
  const model = /^(?:model name|CPU part)\s*: (.+)$/m.exec(said)?.[1] ?? 'unknown'
  const cores = said.match(/^processor\s*:/gm)?.length ?? 1
  return { engine: toEngineFacts(opened), hardware: { model: model.slice(0, 96), cores } }
}

async function obey(opened: Engine, order: Order): Promise<object> {
  if (order.kind === 'check') return check(opened)
  const onProgress = (progress: object) => process.stderr.write(`${JSON.stringify(progress)}\n`)
  const giveBack = slot === null ? undefined : await opened.takeTurn?.(slot)
  const run = { engine: opened, onProgress }
  const found = order.kind === 'train' ? measureTraining(order.job, run) : measure(order.job, run)
  return found.finally(giveBack)
}

async function run(opening: Promise<Engine | RunFault>, order: Order): Promise<void> {
  const opened = await opening
  const toFaulted = order.kind === 'train' ? trainingFaulted : faulted
  const facts = { stderr: '', engine: null, elapsedMs: 0 }
  if (opened instanceof RunFault) return answer(toFaulted(opened, facts))
  const found = await obey(opened, order).catch((thrown: unknown) =>
    toFaulted(new RunFault('ENGINE_FAILED', { text: String(thrown) }), facts),
  )
  await opened.close()
  answer(found)
}

function answer(found: object): void {
  if (isLeaving) return
  isLeaving = true
  process.stdout.write(`${JSON.stringify(found)}\n`, () => process.exit(0))
}

const lines = createInterface({ input: process.stdin })
let opening: Promise<Engine | RunFault> | null = null
lines.on('line', (line) => {
  if (opening === null) opening = open(JSON.parse(line) as Opening)
  else void run(opening, JSON.parse(line) as Order)
})
lines.once('close', () => void leave())
process.once('SIGTERM', () => void leave())
process.once('SIGINT', () => void leave())
