/** Judges one case as a validator would, and says whether it got what it must get. */
import {
  checkBundle,
  checkTrainingBundle,
  type Evaluator,
  faulted,
  type Job,
  type Measurement,
  RunFault,
  type TrainingEvaluator,
  type TrainingJob,
} from '../../sandbox/index.ts'
import type { Case, Expectation } from './case.ts'
import { type BundleFile, readFolder } from './folder.ts'
import type { Verdict } from './words.ts'

/** One row of the answer. */
export type Judged = {
  readonly name: string
  readonly expected: Verdict | 'unreadable'
  readonly got: Verdict | 'unreadable'
  /** The fault's code, or PASS. */
  readonly reason: string
  /** What the miner would read. */
  readonly line: string
  readonly ok: boolean
  readonly elapsedMs: number
}

/** What is looked at of a measurement. */
type Outcome = Pick<Measurement, 'verdict' | 'code' | 'line' | 'elapsedMs'>

/** How every case of a run is measured. Throws RunFault for what the bundle check refuses: that never runs. */
export type Bench = (files: readonly BundleFile[]) => Promise<Outcome>

/** Against a competition's baseline, on matrices. */
export const matrixBench =
  (o: {
    /** On the image that has what the source imports. */
    readonly evaluatorFor: (source: string) => Promise<Evaluator>
    readonly job: Omit<Job, 'candidate'>
    readonly signal?: AbortSignal
  }): Bench =>
  async (files) => {
    const candidate = checkBundle(files)
    const evaluator = await o.evaluatorFor(candidate)
    return evaluator.evaluate({ ...o.job, candidate }, o.signal === undefined ? {} : { signal: o.signal })
  }

/** Against the reference, in a training run. */
export const trainingBench =
  (o: {
    readonly evaluator: TrainingEvaluator
    readonly job: Omit<TrainingJob, 'candidate'>
    readonly signal: AbortSignal
  }): Bench =>
  async (files) => {
    const candidate = checkTrainingBundle(files)
    return o.evaluator.evaluate({ ...o.job, candidate }, { signal: o.signal })
  }

const measure = async (submission: string, bench: Bench): Promise<Outcome> => {
  try {
    const files = readFolder(submission)
    const first = await bench(files)
    // As on the mesh: a fault of this host is no answer, and the submission is run again.
    return first.verdict === 'infra' ? await bench(files) : first
  } catch (thrown) {
    if (thrown instanceof RunFault) return faulted(thrown, { stderr: '', engine: null, elapsedMs: 0 })
    throw thrown
  }
}

/** Whether a verdict is the expected one, for one of the expected reasons. */
export const isExpected = (
  { verdict, reasons }: Expectation,
  got: Pick<Measurement, 'verdict' | 'code' | 'line'>,
): boolean => {
  const told = `${got.code}\n${got.line}`.toLowerCase()
  const isReason = reasons.length === 0 || reasons.some((reason) => told.includes(reason.toLowerCase()))
  return verdict === got.verdict && isReason
}

/** Rejects only when aborted, without the host's lock, or when the folder cannot be read. */
export const judge = async (one: Case, bench: Bench): Promise<Judged> => {
  const { name, expectation, problem } = one
  if (expectation === null) {
    return {
      name,
      expected: 'unreadable',
      got: 'unreadable',
      reason: 'BAD_CASE',
      line: problem,
      ok: false,
      elapsedMs: 0,
    }
  }
  const measured = await measure(one.submission, bench)
  const { verdict, code, line, elapsedMs } = measured
  const ok = isExpected(expectation, measured)
  return { name, expected: expectation.verdict, got: verdict, reason: code, line, ok, elapsedMs }
}
