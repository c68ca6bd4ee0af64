/** A training submission measured at home: the validators' sandbox, referee and arithmetic on one machine, as a report. */
import {
  type CompetitionParams,
  type Gate,
  hash,
  isBetter,
  type Measured,
  passed,
  type TrainingContract,
  type TrainingRules,
  utf8ToBytes,
} from '../../protocol/index.ts'
import {
  checkTrainingBundle,
  createTrainingEvaluator,
  type EngineFacts,
  type EngineOptions,
  type QuadTimes,
  RunFault,
  readReference,
  type TrainingMeasurement,
  toQuad,
  trainingFaulted,
} from '../../sandbox/index.ts'
import { NOISE_QUADS } from '../measure/training.ts'

/** What one host found; `score` and `host` are null unless the verdict is `pass`. */
export type TrainingReport = {
  readonly competition: string
  readonly preset: string
  /** Repeats steps, data, weights and questions. */
  readonly seed: string
  readonly engine: EngineFacts | null
  readonly device: string
  readonly verdict: TrainingMeasurement['verdict']
  readonly code: TrainingMeasurement['code']
  readonly line: string
  readonly printed: string
  /** The largest that each check found, and what would still pass, in parts per billion. */
  readonly gates: readonly Gate[]
  readonly quads: readonly QuadTimes[]
  readonly score: {
    /** Candidate's speed over the partner's, a quad each; their lower median and median distance from it. */
    readonly quadsPpm: readonly number[]
    readonly centrePpm: number
    readonly madPpm: number
    readonly thetaPpm: number
    readonly pair: Measured['pair']
    readonly takesLead: boolean
    /** Tokens a second: as the clock here saw them, and the reference's here. */
    readonly rawTps: number
    readonly referenceTps: number
  } | null
  readonly host: { readonly noisePpm: number; readonly referenceStepMs: number } | null
  readonly elapsedMs: number
}

export type TrainingBenchOptions = {
  readonly competition: string
  readonly rules: TrainingRules
  readonly preset: string
  readonly contract: TrainingContract
  /** Any text; the round's seed is its hash. */
  readonly seed: string
  readonly quads: number
  /** Of a mesh; the preset's if undefined. */
  readonly thetaPpm?: number | undefined
  readonly solution: Uint8Array
  /** Source of the code to compare with; undefined for the reference. */
  readonly against: string | undefined
  readonly options: EngineOptions
  readonly say: (line: string) => void
  readonly signal: AbortSignal
}

const NONE = '0'.repeat(64)

const readSolution = (content: Uint8Array): string | TrainingMeasurement => {
  try {
    return checkTrainingBundle([{ path: 'train.py', content }])
  } catch (error) {
    if (error instanceof RunFault) return trainingFaulted(error, { stderr: '', engine: null, elapsedMs: 0 })
    throw error
  }
}

/** The arithmetic of a round over runs that passed: the same functions that a validator calls. */
export const judgeTraining = (o: {
  readonly rules: TrainingRules
  readonly params: Pick<CompetitionParams, 'thetaPpm'>
  readonly quads: readonly QuadTimes[]
  /** The reference against itself. */
  readonly quiet: readonly QuadTimes[]
}): Pick<TrainingReport, 'score' | 'host'> => {
  const { rules, params } = o
  const { thetaPpm } = params
  const { noisePpm, hereNanos } = rules.certifyHost(o.quiet.map(toQuad))
  const scored = rules.score({ quads: o.quads.map(toQuad), referenceNanos: hereNanos, hereNanos })
  const { quadsPpm, scorePpb, values, rawMilli } = scored
  const said = passed({ id: NONE, runs: NONE, transcriptRoot: NONE, quadsPpm, scorePpb, values, rawMilli, thetaPpm })
  const tokens = (o.quads[0]?.tokens ?? 0) / (o.quads[0]?.steps ?? 1)
  return {
    score: {
      quadsPpm,
      centrePpm: said.centrePpm,
      madPpm: said.madPpm,
      thetaPpm,
      pair: said.pair,
      takesLead: isBetter({
        votes: [{ weight: 1n, centrePpm: said.centrePpm, pair: said.pair }],
        metricPpm: said.centrePpm,
        thetaPpm,
      }),
      rawTps: Number(rawMilli) / 1_000,
      referenceTps: (tokens * 1e9) / Number(hereNanos),
    },
    host: { noisePpm, referenceStepMs: Number(hereNanos) / 1e6 },
  }
}

/**
 * Measures the submission against its partner and, when it passes, the reference against itself.
 * @throws the signal's reason
 */
export const runTrainingBench = async (o: TrainingBenchOptions): Promise<TrainingReport> => {
  const { competition, contract, seed, rules, signal, say } = o
  const start = performance.now()
  const preset = rules.presets[contract.name === 'tiny' ? 'demo' : 'real']({
    image: NONE,
    poolManifest: NONE,
    poolRoot: NONE,
    referenceNanos: 1n,
  })
  const params = { ...preset, thetaPpm: o.thetaPpm ?? preset.thetaPpm }
  const evaluator = createTrainingEvaluator({ engine: o.options })
  const evaluate = (
    name: string,
    codes: { candidate: string; partner: string },
    extent: { quads: number; thetaPpm: number | null; driftMaxPpm: number | null },
  ) =>
    evaluator.evaluate(
      { competition, ...codes, contract, roundSeed: hash(utf8ToBytes(seed)), ...extent, seed },
      { signal, onProgress: ({ phase, done, total }) => say(`${name}: ${phase} ${done}/${total}`) },
    )
  const reference = readReference()
  const source = readSolution(o.solution)
  // As in a round: only beside the reference is a quad that drifts run again.
  const driftMaxPpm = o.against === undefined ? params.thetaPpm : null
  const extent = { quads: o.quads, thetaPpm: params.thetaPpm, driftMaxPpm }
  const measurement =
    typeof source === 'string'
      ? await evaluate('submission', { candidate: source, partner: o.against ?? reference }, extent)
      : source
  const report = (parts: Pick<TrainingReport, 'score' | 'host'>, said: TrainingMeasurement): TrainingReport => ({
    ...{ competition, preset: o.preset, seed, engine: said.engine, device: said.device ?? contract.device },
    ...{ verdict: said.verdict, code: said.code, line: said.line, printed: measurement.stderr },
    ...{ gates: measurement.gates, quads: measurement.quads, ...parts },
    elapsedMs: Math.round(performance.now() - start),
  })
  if (measurement.verdict !== 'pass') return report({ score: null, host: null }, measurement)
  const quiet = await evaluate(
    'noise of this host',
    { candidate: reference, partner: reference },
    {
      quads: NOISE_QUADS,
      thetaPpm: null,
      driftMaxPpm,
    },
  )
  if (quiet.verdict !== 'pass') return report({ score: null, host: null }, quiet)
  return report(judgeTraining({ rules, params, quads: measurement.quads, quiet: quiet.quads }), measurement)
}
