/** Two validators on one noisy machine, four rounds: how far the certified metric of one submission moves, beside its raw times. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { NOISE_MATRICES, toRuns } from '../../node/measure/noise.ts'
import { type CompetitionParams, hash, matrixRulesOf, passed, utf8ToBytes } from '../../protocol/index.ts'
import { weightedMedian } from '../../protocol/round/median.ts'
import {
  createEvaluator,
  type Evaluator,
  type MatrixFile,
  type MatrixTimes,
  readBaseline,
  runLimits,
} from '../../sandbox/index.ts'
import { progress, type Row, round } from './harness.ts'
import { spread } from './sandbox-draw.ts'
import { COMPETITION, ownSeconds } from './sandbox-scoring.ts'
import { type Stage, withPool } from './sandbox-setup.ts'

/** A neighbour that works for some tenths of a second, rests, and so on; what it does is drawn from a fixed seed. */
const NEIGHBOUR = `
let state = Number(process.argv[1])
const next = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32
const table = new Float64Array(1 << 20)
for (;;) {
  const until = performance.now() + 100 + 900 * next()
  while (performance.now() < until) for (let at = 0; at < table.length; at += 7) table[at] += at
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100 + 900 * next())
}
`

/** Runs `work` beside this many of them. */
const amidNoise = async <T>(neighbours: number, work: () => Promise<T>): Promise<T> => {
  const children = Array.from({ length: neighbours }, (_, index) =>
    spawn(process.execPath, ['-e', NEIGHBOUR, String(index + 1)], { stdio: 'ignore' }),
  )
  try {
    return await work()
  } finally {
    for (const child of children) child.kill('SIGKILL')
  }
}

/** One validator's measurement of a round. */
type Value = { readonly centrePpm: number; readonly seconds: number }

const rules = () => {
  const found = matrixRulesOf(COMPETITION)
  if (found === undefined) throw new Error(`no competition ${COMPETITION}`)
  return found
}

/** Two runs of two functions of two codes on each matrix. */
const CALLS = 8

type Measure = { readonly candidate: string; readonly matrices: readonly MatrixFile[]; readonly seed: string }

const measure = async (evaluator: Evaluator, o: Measure): Promise<readonly MatrixTimes[]> => {
  const job = { ...o, competition: COMPETITION, partner: readBaseline(COMPETITION), limits: runLimits }
  const measured = await evaluator.evaluate(job)
  if (measured.verdict !== 'pass') throw new Error(measured.line)
  return measured.matrices
}

type Setting = {
  readonly params: CompetitionParams
  /** Mean ns a matrix of the baseline on this host, from this validator's own certificate. */
  readonly hereNanos: bigint
}

/** As node/measure/measure.ts does it: the referee's raw runs, the competition's score, the statement's centre. */
const measureRound = async (evaluator: Evaluator, { params, hereNanos }: Setting, o: Measure): Promise<Value> => {
  const matrices = await measure(evaluator, o)
  const { quadsPpm, scorePpb, values } = rules().score({ params, matrices: matrices.map(toRuns), hereNanos })
  const none = '0'.repeat(64)
  const told = { id: none, runs: none, transcriptRoot: none, thetaPpm: params.thetaPpm }
  const { centrePpm } = passed({ ...told, scorePpb, values, quadsPpm })
  return { centrePpm, seconds: ownSeconds(matrices) / matrices.length / CALLS }
}

export type SpreadOptions = {
  readonly name: string
  readonly candidate: string
  readonly rounds: number
  readonly matrixCount: number
  readonly neighbours: number
  readonly draw: 'the same matrices' | 'matrices drawn anew'
}

const toFiles = ({ pool }: Stage, digests: readonly string[]): readonly MatrixFile[] =>
  digests.map((digest) => ({ digest, path: join(pool.dir, `${digest}.bin`) }))

const certify = async (evaluator: Evaluator, params: CompetitionParams, matrices: readonly MatrixFile[]) => {
  const aa = await measure(evaluator, { candidate: readBaseline(COMPETITION), matrices, seed: 'host certificate' })
  return rules().certifyHost({ params, matrices: aa.map(toRuns) }).hereNanos
}

const measureRounds = async (stage: Stage, o: SpreadOptions) => {
  const { pool } = stage
  const facts = { image: '0'.repeat(64), poolManifest: pool.manifestDigest, poolRoot: pool.root, referenceNanos: 1n }
  // Two evaluators as of two validators: they share nothing but the host's lock.
  const validators = [0, 1].map(() => createEvaluator({ engine: stage.options }))
  const [first] = validators
  if (first === undefined) throw new Error('no validator')
  const some = toFiles(stage, pool.digests.slice(0, Math.min(NOISE_MATRICES, o.matrixCount)))
  const pinned = { ...rules().presets.real(facts), matrixCount: o.matrixCount }
  // The founder's machine was quiet when the reference was pinned.
  const params = { ...pinned, referenceNanos: await certify(first, pinned, some) }
  return amidNoise(o.neighbours, async () => {
    const settings: Setting[] = []
    for (const evaluator of validators) settings.push({ params, hereNanos: await certify(evaluator, params, some) })
    const rounds: (readonly Value[])[] = []
    for (let round = 1; round <= o.rounds; round += 1) {
      const seed = hash(utf8ToBytes(o.draw === 'matrices drawn anew' ? `round ${round}` : 'round'))
      const matrices = toFiles(stage, rules().draw({ params, seed, pool: pool.rows }))
      const { candidate } = o
      const values = await Promise.all(
        settings.map((setting, index) =>
          measureRound(validators[index] ?? first, setting, { candidate, matrices, seed: `${index} in ${round}` }),
        ),
      )
      const told = values.map(({ centrePpm, seconds }) => `${centrePpm} ppm, ${(1e3 * seconds).toFixed(2)} ms a call`)
      progress(`round ${round}: ${told.join('; ')}`)
      rounds.push(values)
    }
    return rounds
  })
}

export const measureSpread = (o: SpreadOptions): Promise<Row> =>
  withPool(async (stage) => {
    const rounds = await measureRounds(stage, o)
    const certified = rounds.map(
      (values) => weightedMedian(values.map(({ centrePpm }) => ({ value: centrePpm, weight: 1n }))) ?? Number.NaN,
    )
    const value = spread(certified)
    const beside = spread(rounds.flat().map(({ seconds }) => seconds))
    return {
      name: `certified metric of ${o.name} between ${o.rounds} rounds on ${o.draw}, 2 validators beside ${o.neighbours} busy processes`,
      ...{ value: round(value), unit: '% apart', beside: round(beside), besideName: 'raw times, % apart' },
      ...{ ratio: round(value / beside), target: '< 1 %', met: value < 1 },
    }
  })
