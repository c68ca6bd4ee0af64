/** The referee of the matrix competitions: runs candidate and partner in A B B A quads, keeps the clock, has what came back checked. */
import { createHash, hash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import process from 'node:process'
import { type Checked, matrixRulesOf } from '../../protocol/index.ts'
import type { Engine } from '../engine/engine.ts'
import { RunFault } from '../faults.ts'
import { type PlannedQuad, planQuads } from './draw.ts'
import {
  type CodeTimes,
  faulted,
  type Job,
  type MatrixTimes,
  type Measurement,
  type Progress,
  toEngineFacts,
} from './job.ts'
import { toPlainLog } from './output.ts'
import { openSession, type Role, type Session } from './session.ts'
import { LOG_CHARACTERS_MAX, of, SIDES, type Side, SideFault, toFault } from './sides.ts'

/** Of one code in one role on one matrix. */
const RUNS = 2
/** What they brought; `bytes` while they are needed, `kept` only of decompression. */
type Pair = { readonly bytes: Buffer[]; readonly nanos: bigint[]; readonly kept: Checked['similarityPpb'][] }
/** Of each side, for each matrix. */
type Runs = Record<Side, Pair[]>

type Context = {
  readonly engine: Engine
  readonly job: Job
  readonly matrices: readonly Buffer[]
  readonly plan: readonly PlannedQuad[]
  readonly onProgress: (progress: Progress) => void
  /** What the candidate printed, role by role. */
  readonly log: string[]
}

/** One role of both codes, in two fresh sandboxes that are gone when this settles. */
async function runRole(
  context: Context,
  role: Role,
  /** Input of a side's n-th run on a matrix. */
  inputOf: (side: Side, matrix: number, run: number) => Buffer,
): Promise<Runs> {
  const { engine, job, matrices, plan, onProgress } = context
  const rawBytesMax = Math.max(...matrices.map(({ length }) => length))
  const options = { engine, role, rawBytesMax, calls: 2 * plan.length, limits: job.limits }
  const opened = await Promise.allSettled(
    SIDES.map((side) => of(side, openSession({ ...options, name: `${role}-${side}`, source: job[side] }))),
  )
  const sessions = opened.map((result) => (result.status === 'fulfilled' ? result.value : null))
  const runs: Runs = {
    candidate: matrices.map(() => ({ bytes: [], nanos: [], kept: [] })),
    partner: matrices.map(() => ({ bytes: [], nanos: [], kept: [] })),
  }
  try {
    for (const result of opened) if (result.status === 'rejected') throw result.reason
    const [candidate, partner] = sessions
    if (!candidate || !partner) throw new RunFault('REFEREE_FAILED', { text: 'a session is missing' })
    const both: Record<Side, Session> = { candidate, partner }
    for (const [done, { matrix, mirrored }] of plan.entries()) {
      const [first, second]: [Side, Side] = mirrored ? ['partner', 'candidate'] : ['candidate', 'partner']
      for (const side of [first, second, second, first]) {
        const pair = runs[side][matrix]
        if (pair === undefined) throw new RunFault('REFEREE_FAILED', { text: 'a matrix is missing' })
        const answer = await of(side, callOnce(both[side], inputOf(side, matrix, pair.nanos.length)))
        if (role === 'decompress') pair.kept.push(checkAnswer(context, { side, matrix, pair, bytes: answer.bytes }))
        pair.bytes.push(answer.bytes)
        pair.nanos.push(answer.nanos)
        // What came back is checked and done with: all of it would be as large as the pool.
        if (role === 'decompress' && pair.nanos.length === RUNS) pair.bytes.length = 0
      }
      onProgress({ phase: role, done: done + 1, total: plan.length })
    }
    return runs
  } finally {
    const [candidate, partner] = sessions
    const logs = await Promise.all([candidate?.close(), partner?.close()])
    context.log.push(logs[0] ?? '')
  }
}

/** Nothing but this call runs while its clock does. */
async function callOnce(session: Session, input: Buffer) {
  await session.prepare()
  const answer = await session.call(input)
  await session.settle()
  return answer
}

/** How much of the matrix is left, by the competition's own rule: outside every clock, and once for what came back twice. */
function checkAnswer(
  { job, matrices }: Context,
  { side, matrix, pair, bytes }: { side: Side; matrix: number; pair: Pair; bytes: Buffer },
): Checked['similarityPpb'] {
  const [known] = pair.kept
  if (known !== undefined && pair.bytes[0]?.equals(bytes)) return known
  const rules = matrixRulesOf(job.competition)
  const raw = matrices[matrix]
  if (rules === undefined || raw === undefined)
    throw new RunFault('REFEREE_FAILED', { text: `no rules for ${job.competition}, or no matrix` })
  const { fault, similarityPpb } = rules.check({ raw, returned: bytes })
  if (fault === null) return similarityPpb
  const text = `matrix ${job.matrices[matrix]?.digest.slice(0, 16)}: ${fault.text}`
  throw new SideFault(side, new RunFault(fault.code, { text }))
}

const two = <T>(values: readonly T[]): [T, T] => {
  const [first, second] = values
  if (first === undefined || second === undefined) throw new RunFault('REFEREE_FAILED', { text: 'a run is missing' })
  return [first, second]
}

const bothKept = ([first, second]: Checked['similarityPpb'][]): [number, number] | null =>
  first == null || second == null ? null : [first, second]

function toTimes(compress: Pair | undefined, decompress: Pair | undefined): CodeTimes {
  const [sizes, times] = [compress?.bytes.map(({ length }) => length) ?? [], compress?.nanos.map(String) ?? []]
  return {
    compressedBytes: two(sizes),
    compressNs: two(times),
    decompressNs: two(decompress?.nanos.map(String) ?? []),
    similarityPpb: bothKept(two(decompress?.kept ?? [])),
  }
}

/** C > 1: the round as a whole got larger. */
function checkSize(matrices: readonly MatrixTimes[]): void {
  const raw = matrices.reduce((sum, { rawBytes }) => sum + 2 * rawBytes, 0)
  const left = matrices.reduce(
    (
      sum,
      {
        candidate: {
          compressedBytes: [a, b],
        },
      },
    ) => sum + a + b,
    0,
  )
  if (left > raw) throw new SideFault('candidate', new RunFault('EXPANDS', { text: `${left} of ${raw} bytes` }))
}

async function measureOnce(context: Context): Promise<Pick<Measurement, 'matrices' | 'transcript'>> {
  const { job, matrices } = context
  const compress = await runRole(context, 'compress', (_side, matrix) => matrices[matrix] ?? Buffer.alloc(0))
  const stored = (side: Side, matrix: number, run: number) => compress[side][matrix]?.bytes[run] ?? Buffer.alloc(0)
  const decompress = await runRole(context, 'decompress', stored)
  const times = job.matrices.map(({ digest }, index) => ({
    digest,
    rawBytes: matrices[index]?.length ?? 0,
    candidate: toTimes(compress.candidate[index], decompress.candidate[index]),
    partner: toTimes(compress.partner[index], decompress.partner[index]),
  }))
  checkSize(times)
  const outputs = compress.candidate.flatMap(({ bytes }) => bytes)
  return { matrices: times, transcript: outputs.map((bytes) => hash('sha256', bytes)) }
}

async function readMatrices(job: Job): Promise<Buffer[]> {
  const read = job.matrices.map(async ({ digest, path }) => {
    const bytes = await readFile(path).catch((cause: Error) => {
      throw new RunFault('REFEREE_FAILED', { text: `matrix ${digest}: ${cause.message}` })
    })
    if (createHash('sha256').update(bytes).digest('hex') !== digest) {
      throw new RunFault('REFEREE_FAILED', { text: `matrix ${digest} is damaged` })
    }
    return bytes
  })
  if (read.length === 0) throw new RunFault('REFEREE_FAILED', { text: 'a job without matrices' })
  return Promise.all(read)
}

/** Measures one job; every failure is a verdict. One lack of memory is tried again in clean sandboxes. */
export async function measure(
  job: Job,
  { engine, onProgress }: { readonly engine: Engine; readonly onProgress: (progress: Progress) => void },
): Promise<Measurement> {
  const start = process.hrtime.bigint()
  const log: string[] = []
  const facts = () => ({
    stderr: toPlainLog(log.join(''), LOG_CHARACTERS_MAX),
    engine: toEngineFacts(engine),
    elapsedMs: Number((process.hrtime.bigint() - start) / 1_000_000n),
  })
  const plan = planQuads(job.seed, job.matrices.length)
  for (let attempt = 1; ; attempt += 1) {
    try {
      const matrices = await readMatrices(job)
      const measured = await measureOnce({ engine, job, matrices, plan, onProgress, log })
      return { verdict: 'pass', code: 'PASS', line: 'Measured.', ...measured, ...facts() }
    } catch (thrown) {
      const fault = toFault(thrown)
      if (fault.code === 'OUT_OF_MEMORY' && attempt === 1) continue
      return faulted(fault, facts())
    }
  }
}
