/** What is to be measured of a training submission and what comes back: plain data, as JSON between the evaluator and its referee. */
import { elementsOf, type Gate, type TrainingContract, type TrainingQuad, tensorsOf } from '../../protocol/index.ts'
import { type FaultCode, faults, RunFault } from '../faults.ts'
import { basePolicy, type Policy } from '../limits.ts'
import type { EngineFacts, Measurement } from '../referee/job.ts'
import type { Telemetry } from './disturbance.ts'

/** One submission against its partner. */
export type TrainingJob = {
  readonly competition: string
  /** Sources of train.py. */
  readonly candidate: string
  readonly partner: string
  readonly contract: TrainingContract
  /** The round's: steps, warm-up, data and first weights follow from it alone. */
  readonly roundSeed: string
  /** At most; fewer where the looks at them decide before. */
  readonly quads: number
  /** The lead that the looks decide about; null: all quads are run. */
  readonly thetaPpm: number | null
  /** A quad in which two runs of the reference as partner lie farther apart is run again, at most twice; null: none is. */
  readonly driftMaxPpm: number | null
  /** Private to this validator until it is revealed: direction of the quads, questions, secret steps. */
  readonly seed: string
}

/** One A B B A quad; nanoseconds as decimal strings, for JSON has no bigint. */
export type QuadTimes = {
  readonly steps: number
  readonly tokens: number
  readonly candidateNs: readonly [string, string]
  readonly partnerNs: readonly [string, string]
}

/** Raw runs of one quad as the scoring reads them. */
export const toQuad = ({ steps, tokens, candidateNs, partnerNs }: QuadTimes): TrainingQuad => ({
  steps,
  tokens,
  candidateNs: [BigInt(candidateNs[0]), BigInt(candidateNs[1])],
  partnerNs: [BigInt(partnerNs[0]), BigInt(partnerNs[1])],
})

/** What one evaluation found. `quads` and `transcript` are empty unless the verdict is `pass`. */
export type TrainingMeasurement = Omit<Measurement, 'matrices'> & {
  readonly quads: readonly QuadTimes[]
  /** The largest that each check found over all of the candidate's runs, also of one that it refused. */
  readonly gates: readonly Gate[]
  /** Of each quad that was run again, why: its times count for nothing. */
  readonly disturbances: readonly string[]
  /** The GPU as its driver names it; null on a CPU. */
  readonly device: string | null
  /** What the GPU's driver said before and after each quad; empty on a CPU. */
  readonly telemetry: readonly Telemetry[]
}

/** How far an evaluation has come. */
export type TrainingProgress = { readonly phase: 'warm-up' | 'quads'; readonly done: number; readonly total: number }

const LINE_CHARACTERS_MAX = 1_000

/** Lines of faults that mean something else to a training submission than to a matrix one. */
export const trainingHelp = {
  OVERSIZE: 'train.py is larger than the competition allows: make it shorter.',
  BAD_BUNDLE: 'Submit exactly one file, named train.py.',
  SYNTAX_ERROR: 'Python 3.11 cannot parse train.py: run it locally first.',
  LOAD_FAILED: 'Importing train.py failed: see what is installed in the image.',
  MISSING_FUNCTION: 'train.py must define inner_steps(model, data_iterator, optimizer, num_steps, device).',
  WRONG_SIGNATURE: 'inner_steps takes five arguments: model, data_iterator, optimizer, num_steps, device.',
  EXCEPTION: 'inner_steps raised.',
  WRONG_TYPE: 'inner_steps must return final_logits (a tensor), total_tokens and final_loss (numbers).',
  NO_ANSWER: 'The process ended before its answer: return from inner_steps, never exit.',
  TIMEOUT: 'Loading or a run took too long: see the time limits.',
  OUTPUT_TOO_LARGE: 'What came back was larger than the model: return its own tensors only.',
} as const satisfies Partial<Record<FaultCode, string>>

/** A measurement that ended in a fault. */
export function trainingFaulted(
  fault: RunFault,
  facts: { readonly stderr: string; readonly engine: EngineFacts | null; readonly elapsedMs: number } & Partial<
    Pick<TrainingMeasurement, 'gates' | 'disturbances' | 'device' | 'telemetry'>
  >,
): TrainingMeasurement {
  const { verdict } = faults[fault.code]
  const own: Partial<Record<FaultCode, string>> = trainingHelp
  const help = own[fault.code] ?? faults[fault.code].help
  const told = [fault.facts['text'], fault.facts['line'] == null ? undefined : `line ${fault.facts['line']}`]
  const details = told.filter((part) => typeof part === 'string' && part !== '').join(', ')
  const line = `${help}${details === '' ? '' : ` (${details})`}`.slice(0, LINE_CHARACTERS_MAX)
  return {
    gates: [],
    disturbances: [],
    device: null,
    telemetry: [],
    ...facts,
    verdict,
    code: fault.code,
    line,
    quads: [],
    transcript: [],
  }
}

/** train.py, inclusive. */
export const TRAIN_BYTES_MAX = 65_536

/**
 * The submission's train.py, before anything runs.
 * @throws RunFault `OVERSIZE` or `BAD_BUNDLE`.
 */
export function checkTrainingBundle(files: readonly { readonly path: string; readonly content: Uint8Array }[]): string {
  const [file] = files
  if (files.length !== 1 || file?.path !== 'train.py') {
    throw new RunFault('BAD_BUNDLE', { text: `it holds ${files.map(({ path }) => path).join(', ') || 'no file'}` })
  }
  if (file.content.length > TRAIN_BYTES_MAX) throw new RunFault('OVERSIZE', { text: `${file.content.length} bytes` })
  return new TextDecoder().decode(file.content)
}

/** Rows of the last logits that a run is asked for: enough that wrong ones are found. */
export const LOGIT_ROWS = 64
/** Of what a process says beside weights and logits. */
const WORDS_BYTES_MAX = 64 * 1024 * 1024

/** What one process of a job may use; its life covers all its segments at their limits. */
export function toTrainingPolicy({ contract, quads }: Pick<TrainingJob, 'contract' | 'quads'>): Policy {
  const { limits } = contract
  // A warm-up, and two runs a quad; while it waits for the other side its clock goes on.
  const segments = 1 + 4 * quads
  // Each is followed by all weights; a quad is run three times at most, two runs of it by one process.
  const answers = 1 + 6 * quads
  const parameters = tensorsOf(contract).reduce((sum, tensor) => sum + elementsOf(tensor), 0)
  const answerBytes = 4 * (parameters + LOGIT_ROWS * contract.model.vocabulary)
  return {
    ...basePolicy,
    memoryBytes: limits.memoryBytes,
    cpus: limits.cpus,
    wallMs: limits.startMs + limits.loadMs + 2 * limits.warmupMs + 3 * segments * limits.segmentMs,
    stdoutBytesMax: answers * answerBytes + WORDS_BYTES_MAX,
    stderrBytesMax: 1024 * 1024,
  }
}
