/** A submission measured at home: the validators' sandbox, referee and arithmetic on one machine, as a report instead of a vote. */
import { join } from 'node:path'
import {
  type CompetitionParams,
  type Digest,
  hash,
  isBetter,
  type MatrixRules,
  type MatrixRuns,
  type Measured,
  passed,
  printRational,
  utf8ToBytes,
} from '../../protocol/index.ts'
import {
  checkBundle,
  createEvaluator,
  type EngineFacts,
  type EngineOptions,
  type Evaluator,
  faulted,
  type MatrixFile,
  type MatrixTimes,
  type Measurement,
  type PoolInfo,
  type Progress,
  RunFault,
  readBaseline,
  runLimits,
} from '../../sandbox/index.ts'
import { NOISE_MATRICES, toRuns } from '../measure/noise.ts'
import { type Profile, readProfile, watched } from './profile.ts'

/** Exact numbers of one code over the round, printed with 14 decimals. */
export type BenchScore = {
  /** C, share of the bytes that are left. */
  readonly ratio: string
  /** t, mean seconds of compress + decompress a matrix, with this host as the reference. */
  readonly seconds: string
  readonly score: string
  /** How much sooner a matrix is across links of 1 to 100 MB/s, in parts per million. */
  readonly linkPpm: number
}

/** One code on one matrix; times in ms are means over both runs, and `ms` is their sum. */
type BenchSide = {
  readonly ratio: number
  readonly ms: number
  readonly compressMs: number
  readonly decompressMs: number
  /** The lower of both runs, in parts per billion; null where everything must be kept. */
  readonly similarityPpb: number | null
}

export type BenchRow = {
  readonly digest: Digest
  readonly rawBytes: number
  readonly candidate: BenchSide
  readonly partner: BenchSide
  /** The candidate's score over the partner's. */
  readonly quadPpm: number
}

/** What one host found; `score` and `host` are null unless the verdict is `pass`. */
export type BenchReport = {
  readonly competition: string
  readonly preset: 'real' | 'demo'
  /** Repeats the draw of matrices and the order of runs. */
  readonly seed: string
  readonly engine: EngineFacts | null
  readonly verdict: Measurement['verdict']
  readonly code: Measurement['code']
  readonly line: string
  /** What the submission printed. */
  readonly printed: string
  readonly matrices: readonly BenchRow[]
  readonly score: {
    readonly candidate: BenchScore
    readonly partner: BenchScore
    readonly thetaPpm: number
    /** The score from C and t, as the competition has it. */
    readonly formula: string
    /** Lower median of the rows' ratios, and their median distance from it. */
    readonly centrePpm: number
    readonly madPpm: number
    readonly pair: Measured['pair']
    /** Whether it would take the lead if every validator had measured the same. */
    readonly takesLead: boolean
  } | null
  readonly host: {
    /** From the baseline against itself; above θ a validator's values do not vote. */
    readonly noisePpm: number
    /** Mean ns a matrix of the baseline. */
    readonly baselineNanos: string
  } | null
  /** Null unless it was asked for, and the source can be watched. */
  readonly profile: Profile | null
  readonly elapsedMs: number
}

export type BenchOptions = {
  readonly competition: string
  readonly rules: MatrixRules
  readonly preset: 'real' | 'demo'
  /** Any text; the round's seed is its hash. */
  readonly seed: string
  /** Overrides the competition's number, for a quick look. */
  readonly matrixCount: number | undefined
  /** Of a mesh, instead of the preset's. */
  readonly thetaPpm?: number | undefined
  /** Also finds out where the submission's time goes. */
  readonly profile?: boolean | undefined
  readonly solution: Uint8Array
  /** Source of the code to compare with; undefined for the baseline. */
  readonly against: string | undefined
  readonly options: EngineOptions
  readonly pool: PoolInfo
  readonly say: (line: string) => void
  readonly signal: AbortSignal
}

/** @throws RangeError for more matrices than the pool has. */
const toParams = ({ rules, preset, pool, matrixCount, thetaPpm }: BenchOptions): CompetitionParams => {
  // The image is no part of the arithmetic, and this host is its own reference.
  const facts = { image: '0'.repeat(64), poolManifest: pool.manifestDigest, poolRoot: pool.root, referenceNanos: 1n }
  const params = rules.presets[preset](facts)
  const count = matrixCount ?? params.matrixCount
  if (count > pool.digests.length) throw new RangeError(`the pool has ${pool.digests.length} matrices`)
  return { ...params, matrixCount: count, thetaPpm: thetaPpm ?? params.thetaPpm }
}

const swap = ({ rawBytes, candidate, partner }: MatrixRuns): MatrixRuns => ({
  rawBytes,
  candidate: partner,
  partner: candidate,
})

const millis = (nanos: readonly string[]): number => nanos.reduce((sum, ns) => sum + Number(ns), 0) / 2e6

const toRow = ({ digest, rawBytes, candidate, partner }: MatrixTimes, quadPpm: number): BenchRow => {
  const side = ({ compressedBytes: [a, b], similarityPpb, ...times }: MatrixTimes['candidate']): BenchSide => {
    const [compressMs, decompressMs] = [millis(times.compressNs), millis(times.decompressNs)]
    return {
      ratio: (a + b) / (2 * rawBytes),
      ms: compressMs + decompressMs,
      compressMs,
      decompressMs,
      similarityPpb: similarityPpb === null ? null : Math.min(...similarityPpb),
    }
  }
  return { digest, rawBytes, candidate: side(candidate), partner: side(partner), quadPpm }
}

/** The arithmetic of a round over runs that passed: the same functions that a validator calls. */
export const judge = (o: {
  readonly rules: MatrixRules
  readonly params: CompetitionParams
  readonly measurement: Measurement
  /** The baseline against itself. */
  readonly aa: Measurement
}): Pick<BenchReport, 'matrices' | 'score' | 'host'> => {
  const { rules, measurement } = o
  const quiet = o.aa.matrices.map(toRuns)
  // This host is its own reference: its speed must be known before its noise in the competition's metric can be.
  const { hereNanos } = rules.certifyHost({ params: o.params, matrices: quiet })
  const params = { ...o.params, referenceNanos: hereNanos }
  const { noisePpm } = rules.certifyHost({ params, matrices: quiet })
  const runs = measurement.matrices.map(toRuns)
  const candidate = rules.score({ params, hereNanos, matrices: runs })
  const partner = rules.score({ params, hereNanos, matrices: runs.map(swap) })
  const { thetaPpm } = params
  const none = '0'.repeat(64)
  const { centrePpm, madPpm, pair } = passed({ id: none, runs: none, transcriptRoot: none, ...candidate, thetaPpm })
  const print = ({ ratio, nanos, score, values }: typeof candidate): BenchScore => ({
    ratio: printRational(ratio),
    seconds: printRational({ num: nanos.num, den: nanos.den * 1_000_000_000n }),
    score: printRational(score),
    linkPpm: Number(values['linkPpm'] ?? 0n),
  })
  return {
    matrices: measurement.matrices.map((row, index) => toRow(row, candidate.quadsPpm[index] ?? 0)),
    score: {
      candidate: print(candidate),
      partner: print(partner),
      ...{ thetaPpm, formula: rules.formula, centrePpm, madPpm, pair },
      takesLead: isBetter({ votes: [{ weight: 1n, centrePpm, pair }], metricPpm: centrePpm, thetaPpm }),
    },
    host: { noisePpm, baselineNanos: `${hereNanos}` },
  }
}

/** What is refused before anything runs, as a measurement. */
const readSolution = (content: Uint8Array): string | Measurement => {
  try {
    return checkBundle([{ path: 'solution.py', content }])
  } catch (error) {
    if (error instanceof RunFault) return faulted(error, { stderr: '', engine: null, elapsedMs: 0 })
    throw error
  }
}

/** A line at each quarter of a phase, with how long the rest of it will take once more than one quad tells. */
const tellProgress = (name: string, say: (line: string) => void) => {
  let [first, phase, told] = [{ at: 0, done: 0 }, '', 0]
  return (progress: Progress): void => {
    const { done, total } = progress
    const at = performance.now()
    // The first quad waited for its sandboxes: what comes after it tells the pace.
    if (progress.phase !== phase) [first, phase, told] = [{ at, done }, progress.phase, 0]
    const quarter = Math.floor((4 * done) / total)
    if (quarter === told) return
    told = quarter
    const isTelling = done > first.done && done < total
    const left = Math.ceil((((at - first.at) / (done - first.done)) * (total - done)) / 1000)
    say(`${name}: ${phase} ${done}/${total}${isTelling ? `, about ${left} s left of it` : ''}`)
  }
}

/** The largest matrix, where most time goes. */
const largest = (matrices: readonly MatrixTimes[]): Digest | undefined =>
  matrices.toSorted((a, b) => b.rawBytes - a.rawBytes)[0]?.digest

/**
 * Measures the submission against its partner and, when it passes, the baseline against itself.
 * @throws RangeError for more matrices than the pool has; the signal's reason
 */
export const runBench = async (o: BenchOptions): Promise<BenchReport> => {
  const evaluator = createEvaluator({ engine: o.options })
  try {
    return await measureAll(o, evaluator)
  } finally {
    await evaluator.close()
  }
}

const measureAll = async (o: BenchOptions, evaluator: Evaluator): Promise<BenchReport> => {
  const { competition, preset, seed, rules, pool, say, signal } = o
  const start = performance.now()
  const params = toParams(o)
  const drawn = rules.draw({ params, seed: hash(utf8ToBytes(seed)), pool: pool.rows })
  const matrices = drawn.map((digest): MatrixFile => ({ digest, path: join(pool.dir, `${digest}.bin`) }))
  const evaluate = (name: string, codes: { candidate: string; partner: string }, on: readonly MatrixFile[]) =>
    evaluator.evaluate(
      { competition, ...codes, matrices: on, seed, limits: runLimits },
      { signal, onProgress: tellProgress(name, say) },
    )
  const baseline = readBaseline(competition)
  const source = readSolution(o.solution)
  const partner = o.against ?? baseline
  const measurement =
    typeof source === 'string' ? await evaluate('submission', { candidate: source, partner }, matrices) : source
  const report = (
    parts: Pick<BenchReport, 'matrices' | 'score' | 'host' | 'profile'>,
    said: Measurement,
  ): BenchReport => ({
    ...{ competition, preset, seed, engine: said.engine, verdict: said.verdict, code: said.code, line: said.line },
    ...{ printed: measurement.stderr, ...parts, elapsedMs: Math.round(performance.now() - start) },
  })
  const nothing = { matrices: [], score: null, host: null, profile: null }
  if (measurement.verdict !== 'pass') return report(nothing, measurement)
  const same = { candidate: baseline, partner: baseline }
  const aa = await evaluate('noise of this host', same, matrices.slice(0, NOISE_MATRICES))
  if (aa.verdict !== 'pass') return report(nothing, aa)
  const profileOf = async (): Promise<Profile | null> => {
    const candidate = o.profile && typeof source === 'string' ? watched(source) : null
    const one = matrices.filter(({ digest }) => digest === largest(measurement.matrices))
    if (candidate === null || one.length === 0) return null
    return readProfile((await evaluate('profile', { candidate, partner: baseline }, one)).stderr)
  }
  return report({ ...judge({ rules, params, measurement, aa }), profile: await profileOf() }, measurement)
}
