/** The referee of training speed: both codes resident, in A B B A quads, each pair on data of its own, its own clock, every timed run checked. */
import { hash } from 'node:crypto'
import process from 'node:process'
import {
  checkTraining,
  type Found,
  type Gate,
  gatesOf,
  isLastLook,
  leastNanos,
  peakGflops,
  planTraining,
  quadPpm,
  type TrainingContract,
} from '../../protocol/index.ts'
import type { Engine } from '../engine/engine.ts'
import { RunFault } from '../faults.ts'
import { createDraw } from '../referee/draw.ts'
import { toEngineFacts } from '../referee/job.ts'
import { toPlainLog } from '../referee/output.ts'
import { LOG_CHARACTERS_MAX, of, SIDES, type Side, SideFault, toFault } from '../referee/sides.ts'
import { type Channel, openRunner } from './channel.ts'
import { trainingData } from './data.ts'
import { disturbanceOf, driftOf, isHopeless, type Telemetry } from './disturbance.ts'
import { awaitIdle } from './idle.ts'
import {
  type QuadTimes,
  type TrainingJob,
  type TrainingMeasurement,
  type TrainingProgress,
  toQuad,
  toTrainingPolicy,
  trainingFaulted,
} from './job.ts'
import { drawQuestions } from './questions.ts'
import { readReference } from './reference.ts'
import { type Questions, runSegment, type SegmentRun } from './segment.ts'
import { openVerifier, type Verifier } from './verifier.ts'

const NANOS_PER_MS = 1_000_000n

type Context = {
  readonly job: TrainingJob
  readonly draw: (bound: number) => number
  readonly channels: Readonly<Record<Side, Channel>>
  readonly verifier: Verifier
  /** The reference is our own code: what it left needs no check. */
  readonly isPartnerOurs: boolean
  readonly onProgress: (progress: TrainingProgress) => void
  /** Largest findings of the candidate so far. */
  readonly gates: Map<Gate['name'], Gate>
  /** Why quads were run again. */
  readonly disturbances: string[]
  /** What the GPU's driver said around each quad; empty on a CPU. */
  readonly telemetry: Telemetry[]
}

const note = (gates: Context['gates'], found: Found, contract: TrainingContract): void => {
  if (!found.finite) return
  for (const gate of gatesOf(found, contract.tolerances)) {
    const known = gates.get(gate.name)
    if (known === undefined || known.foundPpb < gate.foundPpb) gates.set(gate.name, gate)
  }
}

/** Checks one run of a quad; the first number beyond its tolerance ends the measurement. */
async function verify(
  { job, verifier, gates, telemetry }: Context,
  { side, run, questions, steps }: { side: Side; run: SegmentRun; questions: Questions; steps: number },
): Promise<void> {
  const { contract } = job
  const gflops = peakGflops({
    device: telemetry.at(-1)?.name ?? (contract.device === 'cpu' ? null : ''),
    cpus: contract.limits.cpus,
  })
  const least = leastNanos(contract, { steps, gflops })
  if (run.nanos < least)
    throw new SideFault(
      side,
      new RunFault('IMPLAUSIBLE', { text: `${run.nanos} ns, no machine needs less than ${least}` }),
    )
  const found = await verifier.check(run, questions)
  if (side === 'candidate') note(gates, found, contract)
  const fault = checkTraining(found, contract.tolerances)
  if (fault !== null) throw new SideFault(side, new RunFault(fault.code, { text: fault.text }))
}

/** One side goes on and the other stands still; null: both stand still. */
async function letRun(channels: Context['channels'], side: Side | null): Promise<void> {
  await Promise.all(SIDES.map((one) => channels[one].setFrozen(one !== side)))
}

/** Nobody is timed while a GPU still computes what the side that ran last has left on it. */
async function settle({ job, channels, verifier }: Context, last: Side): Promise<void> {
  if (job.contract.device !== 'cuda') return
  const found = await awaitIdle({
    busyPercent: async () => (await verifier.telemetry())?.busyPercent ?? null,
    endLast: async () => {
      await channels[last].close()
    },
  })
  if (found === 'left') throw new SideFault(last, new RunFault('LEFT_RUNNING'))
  if (found === 'foreign') throw new RunFault('GPU_DISTURBED', { text: 'it computes for somebody else' })
}

type Quad = { readonly times: QuadTimes; readonly digests: readonly string[] }

type Run = { readonly side: Side; readonly run: SegmentRun; readonly questions: Questions }

/**
 * A run of each code on the same data and first weights. A pair of its own: a code that met the same data again could give back what it
 * remembers, which no check of the weights can tell from training.
 */
async function runPair(
  context: Context,
  o: { order: readonly [Side, Side]; seeds: Seeds; batches: readonly Buffer[] },
): Promise<readonly Run[]> {
  const { job, draw, channels } = context
  const { contract } = job
  const { order, seeds, batches } = o
  const runs: Run[] = []
  for (const side of order) {
    const questions = drawQuestions(draw, contract, batches.length)
    await letRun(channels, side)
    const what = { contract, weightsSeed: seeds.weights, batches, questions, runMsMax: contract.limits.segmentMs }
    runs.push({ side, run: await of(side, runSegment(channels[side], what)), questions })
    await letRun(channels, null)
    await settle(context, side)
  }
  const nanosOf = (side: Side): bigint => runs.find((one) => one.side === side)?.run.nanos ?? 0n
  const [own, other] = [nanosOf('candidate'), nanosOf('partner')]
  if (isHopeless(own, other)) {
    const text = `a run took ${own / NANOS_PER_MS} ms, ${other / NANOS_PER_MS} ms what it was compared with`
    throw new SideFault('candidate', new RunFault('TIMEOUT', { text }))
  }
  return runs
}

async function runQuad(context: Context, seeds: Seeds, steps: number): Promise<Quad> {
  const { job, draw, verifier, isPartnerOurs } = context
  const { contract } = job
  const order: readonly [Side, Side] = draw(2) === 1 ? ['partner', 'candidate'] : ['candidate', 'partner']
  const pairs = [
    { order, seeds },
    {
      order: [order[1], order[0]] as const,
      seeds: { data: `${seeds.data}:second`, weights: `${seeds.weights}:second` },
    },
  ].map((pair) => ({ ...pair, batches: trainingData(contract, pair.seeds.data, steps) }))
  const done: { readonly pair: (typeof pairs)[number]; readonly runs: readonly Run[] }[] = []
  for (const pair of pairs) done.push({ pair, runs: await runPair(context, pair) })
  for (const { pair, runs } of done) {
    const checkpoints = runs.map(({ questions }) => questions.checkpoint)
    await verifier.train({ weightsSeed: pair.seeds.weights, batches: pair.batches, checkpoints })
    for (const one of runs) if (one.side === 'candidate' || !isPartnerOurs) await verify(context, { ...one, steps })
  }
  const runs = done.flatMap((pair) => pair.runs)
  const of2 = (side: Side): [string, string] => {
    const [a, b] = runs.filter((one) => one.side === side).map(({ run }) => `${run.nanos}`)
    return [a ?? '', b ?? '']
  }
  return {
    times: {
      steps,
      tokens: steps * contract.batch * contract.model.sequence,
      candidateNs: of2('candidate'),
      partnerNs: of2('partner'),
    },
    digests: runs.filter(({ side }) => side === 'candidate').map(({ run }) => hash('sha256', run.weights)),
  }
}

/** Tries of one quad that somebody or something disturbs. */
const QUAD_TRIES_MAX = 3

/** Only the reference's own two runs count: a stranger could drift where its rival was lucky. */
const partnerDrift = ({ job, isPartnerOurs }: Context, { times }: Quad): string | null => {
  if (!isPartnerOurs || job.driftMaxPpm === null) return null
  const [first, second] = times.partnerNs
  return driftOf([BigInt(first), BigInt(second)], job.driftMaxPpm)
}

/**
 * A disturbed quad is run again on other data. What still drifts then counts, for a CPU that is never quiet shows it in its certificate;
 * a GPU that is not ours alone measures nothing.
 */
async function runUndisturbed(context: Context, seeds: Seeds, steps: number): Promise<Quad> {
  const { job, verifier, telemetry, disturbances } = context
  const isGpu = job.contract.device === 'cuda'
  for (let attempt = 1; ; attempt += 1) {
    const before = isGpu ? await verifier.telemetry() : null
    // Before the runs: what no machine can do is judged by the name of the last that is known.
    if (before !== null) telemetry.push(before)
    const data = attempt === 1 ? seeds.data : `${seeds.data}:${attempt - 1}`
    const quad = await runQuad(context, { ...seeds, data }, steps)
    const after = isGpu ? await verifier.telemetry() : null
    if (after !== null) telemetry.push(after)
    const disturbance = (isGpu ? disturbanceOf({ before, after }) : null) ?? partnerDrift(context, quad)
    if (disturbance === null) return quad
    if (attempt === QUAD_TRIES_MAX && !isGpu) return quad
    disturbances.push(disturbance)
    if (attempt === QUAD_TRIES_MAX) throw new RunFault('GPU_DISTURBED', { text: disturbance })
  }
}

type Seeds = { readonly data: string; readonly weights: string }

/** A run with other weights and data before the clock counts: caches fill, kernels compile. */
async function warmUp(context: Context, seeds: Seeds, steps: number) {
  const { job, draw, channels } = context
  const { contract } = job
  const batches = trainingData(contract, seeds.data, steps)
  for (const side of SIDES) {
    const questions = drawQuestions(draw, contract, steps)
    await letRun(channels, side)
    const what = { contract, weightsSeed: seeds.weights, batches, questions, runMsMax: contract.limits.warmupMs }
    await of(side, runSegment(channels[side], what))
    await letRun(channels, null)
    await settle(context, side)
  }
}

type Opened = { readonly channels: readonly (Channel | null)[]; readonly verifier: Verifier | null }

async function measureOnce(
  o: Omit<Context, 'channels' | 'verifier' | 'isPartnerOurs'> & {
    readonly engine: Engine
    readonly opened: { value: Opened }
  },
): Promise<Pick<TrainingMeasurement, 'quads' | 'transcript'>> {
  const { engine, job, onProgress } = o
  const policy = toTrainingPolicy(job)
  const plan = planTraining({ seed: job.roundSeed, contract: job.contract, quads: job.quads })
  const settled = await Promise.allSettled([
    ...SIDES.map((side) =>
      of(side, openRunner({ engine, name: side, contract: job.contract, policy, source: job[side] })),
    ),
    openVerifier({ engine, contract: job.contract, policy }),
  ])
  const [candidate, partner, verifier] = settled.map((one) => (one.status === 'fulfilled' ? one.value : null)) as [
    Channel | null,
    Channel | null,
    Verifier | null,
  ]
  o.opened.value = { channels: [candidate, partner], verifier }
  for (const one of settled) if (one.status === 'rejected') throw one.reason
  if (candidate === null || partner === null || verifier === null)
    throw new RunFault('REFEREE_FAILED', { text: 'a process is missing' })
  const isPartnerOurs = job.partner === readReference()
  const context: Context = { ...o, channels: { candidate, partner }, verifier, isPartnerOurs }
  const [warm, ...seeds] = plan.seeds
  if (warm !== undefined) await warmUp(context, warm, plan.warmupSteps)
  onProgress({ phase: 'warm-up', done: 1, total: 1 })
  const quads: QuadTimes[] = []
  const transcript: string[] = []
  for (const one of seeds) {
    const { times, digests } = await runUndisturbed(context, one, plan.steps)
    quads.push(times)
    transcript.push(...digests)
    onProgress({ phase: 'quads', done: quads.length, total: seeds.length })
    const { thetaPpm } = job
    const ratiosPpm = quads.map((quad) => quadPpm(toQuad(quad)))
    if (thetaPpm !== null && isLastLook(ratiosPpm, { thetaPpm, quadsMax: job.quads })) break
  }
  return { quads, transcript }
}

/** Measures one job; every failure is a verdict. One lack of memory is tried again in clean sandboxes. */
export async function measureTraining(
  job: TrainingJob,
  { engine, onProgress }: { readonly engine: Engine; readonly onProgress: (progress: TrainingProgress) => void },
): Promise<TrainingMeasurement> {
  const start = process.hrtime.bigint()
  let log = ''
  const gates: Context['gates'] = new Map()
  const telemetry: Telemetry[] = []
  const disturbances: string[] = []
  const facts = () => ({
    stderr: toPlainLog(log, LOG_CHARACTERS_MAX),
    engine: toEngineFacts(engine),
    elapsedMs: Number((process.hrtime.bigint() - start) / 1_000_000n),
    gates: [...gates.values()],
    disturbances,
    device: telemetry.at(-1)?.name ?? null,
    telemetry,
  })
  for (let attempt = 1; ; attempt += 1) {
    const opened: { value: Opened } = { value: { channels: [], verifier: null } }
    const draw = createDraw(`${job.seed}:${attempt}`)
    const ended = async () => {
      const { channels, verifier } = opened.value
      const [said] = await Promise.all([...channels.map((channel) => channel?.close()), verifier?.close()])
      log = said ?? ''
    }
    try {
      const measured = await measureOnce({ engine, job, draw, onProgress, gates, disturbances, telemetry, opened })
      await ended()
      return { verdict: 'pass', code: 'PASS', line: 'Measured.', ...measured, ...facts() }
    } catch (thrown) {
      await ended()
      const fault = toFault(thrown)
      if (fault.code === 'OUT_OF_MEMORY' && attempt === 1) continue
      return trainingFaulted(fault, facts())
    }
  }
}
