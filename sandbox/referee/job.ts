/** What is to be measured and what comes back: plain data, as JSON between the evaluator and its referee. */
import type { Engine, EngineStrength } from '../engine/engine.ts'
import { type FaultCode, faults, RunFault } from '../faults.ts'
import type { Hardware } from '../hosts/host.ts'
import { basePolicy, type Policy, type RunLimits, SOLUTION_BYTES_MAX } from '../limits.ts'

/** A file of the pool: `digest` is the hex SHA-256 of its bytes, checked before use. */
export type MatrixFile = { readonly digest: string; readonly path: string }

/** One submission against its partner. */
export type Job = {
  /** Whose rules say whether a matrix that came back passes; one of `COMPETITIONS`. */
  readonly competition: string
  /** Sources of solution.py; the candidate's is checked by `checkBundle` first. */
  readonly candidate: string
  readonly partner: string
  /** At least one; a quad each, reported in this order. */
  readonly matrices: readonly MatrixFile[]
  /** Private to this validator until it is revealed: order of the matrices, direction of the quads. */
  readonly seed: string
  readonly limits: RunLimits
}

/** Two runs of one code on one matrix; nanoseconds as decimal strings, for JSON has no bigint. */
export type CodeTimes = {
  readonly compressedBytes: readonly [number, number]
  readonly compressNs: readonly [string, string]
  readonly decompressNs: readonly [string, string]
  /** How much of the matrix each run kept, in parts per billion; null where it must be everything. */
  readonly similarityPpb: readonly [number, number] | null
}

/** One A B B A quad. */
export type MatrixTimes = {
  readonly digest: string
  readonly rawBytes: number
  readonly candidate: CodeTimes
  readonly partner: CodeTimes
}

/** What one evaluation found. `matrices` and `transcript` are empty unless the verdict is `pass`. */
export type Measurement = {
  readonly verdict: 'pass' | 'miner' | 'infra'
  readonly code: FaultCode | 'PASS'
  /** For the miner: what happened and what to do; holds a stranger's text, at most 1,000 characters. */
  readonly line: string
  readonly matrices: readonly MatrixTimes[]
  /** Hex SHA-256 of each compressed output of the candidate, two a matrix, in the order of `matrices`. */
  readonly transcript: readonly string[]
  /** What the candidate printed: a stranger's text, at most 4 KiB. */
  readonly stderr: string
  /** Null when no engine was reached. */
  readonly engine: EngineFacts | null
  readonly elapsedMs: number
}

/** What a run was isolated by. */
export type EngineFacts = {
  readonly kind: Engine['kind']
  readonly version: string
  readonly strength: EngineStrength
  readonly imageDigest: string | null
  /** Its name among several, and what machine it runs on; added by whoever chose it. */
  readonly host?: string
  readonly hardware?: Hardware
}

/** The engine as a record names it. */
export function toEngineFacts({ kind, version, strength, imageDigest }: Engine): EngineFacts {
  return { kind, version, strength, imageDigest }
}

/** How far an evaluation has come. */
export type Progress = { readonly phase: 'compress' | 'decompress'; readonly done: number; readonly total: number }

const LINE_CHARACTERS_MAX = 1_000

/** A measurement that ended in a fault. */
export function faulted(
  fault: RunFault,
  facts: { readonly stderr: string; readonly engine: EngineFacts | null; readonly elapsedMs: number },
): Measurement {
  const { verdict, help } = faults[fault.code]
  const told = [fault.facts['text'], fault.facts['line'] == null ? undefined : `line ${fault.facts['line']}`]
  const details = told.filter((part) => typeof part === 'string' && part !== '').join(', ')
  const line = `${help}${details === '' ? '' : ` (${details})`}`.slice(0, LINE_CHARACTERS_MAX)
  return { verdict, code: fault.code, line, matrices: [], transcript: [], ...facts }
}

/**
 * The submission's solution.py, before anything runs.
 * @throws RunFault `OVERSIZE` or `BAD_BUNDLE`.
 */
export function checkBundle(files: readonly { readonly path: string; readonly content: Uint8Array }[]): string {
  const [file] = files
  if (files.length !== 1 || file?.path !== 'solution.py') {
    throw new RunFault('BAD_BUNDLE', { text: `it holds ${files.map(({ path }) => path).join(', ') || 'no file'}` })
  }
  if (file.content.length > SOLUTION_BYTES_MAX) {
    throw new RunFault('OVERSIZE', { text: `${file.content.length} bytes` })
  }
  return new TextDecoder().decode(file.content)
}

/** What one sandbox of a job may use; its life covers all calls at their limits. */
export function toPolicy(limits: RunLimits, calls: number): Policy {
  return {
    ...basePolicy,
    memoryBytes: limits.memoryBytes,
    wallMs: limits.startMsMax + calls * (2 * limits.loadMsMax + limits.callMsMax),
    // Some prints a call are nobody's harm: 1 MiB for all of them.
    stderrBytesMax: 1024 * 1024,
  }
}
