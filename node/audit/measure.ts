/** Measures a certified submission again, on the very matrices of its round: what is not a matter of time must come out the same. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Digest, hash, isIncluded, type MatrixRules, matrixRulesOf, packBundle } from '../../protocol/index.ts'
import {
  checkBundle,
  type Evaluator,
  faulted,
  type MatrixFile,
  type Measurement,
  parsePoolManifest,
  RunFault,
  readBaseline,
  runLimits,
  SandboxError,
} from '../../sandbox/index.ts'
import type { CertifiedRoundView } from '../api/views.ts'
import { toRuns } from '../measure/noise.ts'
import type { DrawnInputs } from '../measure/pool-blobs.ts'
import { AuditError } from './replay.ts'

/** Where a round's record, its matrices and codes are asked for; what comes is checked here. */
export type RoundSource = {
  readonly round: () => Promise<CertifiedRoundView>
  readonly inputs: () => Promise<DrawnInputs>
  readonly matrix: (digest: Digest) => Promise<Uint8Array>
}

/** A certified number beside what was found here; both in parts per billion. */
export type Compared = { readonly certified: string; readonly here: string; readonly isSame: boolean }

export type Remeasured = {
  readonly submission: Digest
  /**
   * `identical`: verdict and C are the certified ones. `random`: the code's own sizes differ from run to run, so nothing can be. `contradicts`:
   * neither. `inconclusive`: this machine could not measure, or found something else in another image than the mesh's.
   */
  readonly finding: 'identical' | 'random' | 'contradicts' | 'inconclusive'
  readonly certified: { readonly verdict: string; readonly code: string }
  readonly here: { readonly verdict: string; readonly code: string; readonly line: string }
  /** C; null unless both passed. */
  readonly ratioPpb: Compared | null
}

/**
 * The round's draw is what its seed gives, and every matrix stands in the pool's tree.
 * @throws AuditError
 */
export const checkInputs = (inputs: DrawnInputs, rules: MatrixRules): void => {
  const { seed, size, poolRoot, matrices } = inputs
  const pool = readManifest(inputs)
  const { matrixCount } = inputs
  // No such number can be drawn, and a draw of none would find that everything is identical.
  if (!Number.isSafeInteger(matrixCount) || matrixCount < 1 || matrixCount > pool.length)
    throw new AuditError('draw', `round ${inputs.round}: it drew ${matrixCount} matrices of ${pool.length}`)
  const drawn = rules.draw({ params: inputs, seed, pool })
  if (drawn.join() !== matrices.map(({ digest }) => digest).join()) {
    throw new AuditError('draw', `round ${inputs.round}: its seed draws other matrices than these`)
  }
  const stray = matrices.find(
    ({ digest, index, proof }) => !isIncluded({ leaf: digest, index, size, proof, root: poolRoot }),
  )
  if (stray !== undefined) throw new AuditError('draw', `${stray.digest} does not stand at ${stray.index} in the pool`)
}

const readManifest = ({ manifest, poolManifest, round }: DrawnInputs) => {
  const bytes = new TextEncoder().encode(manifest)
  if (hash(bytes) !== poolManifest) throw new AuditError('draw', `round ${round}: its pool has another manifest`)
  try {
    return parsePoolManifest(bytes).rows
  } catch (error) {
    if (error instanceof SandboxError) throw new AuditError('draw', `round ${round}: its pool has no manifest`)
    throw error
  }
}

const isRandom = ({ matrices }: Measurement): boolean =>
  matrices.some(
    ({
      candidate: {
        compressedBytes: [a, b],
      },
    }) => a !== b,
  )

const run = async (
  candidate: Uint8Array,
  o: { evaluate: (source: string) => Promise<Measurement> },
): Promise<Measurement> => {
  try {
    return await o.evaluate(checkBundle([{ path: 'solution.py', content: candidate }]))
  } catch (error) {
    if (error instanceof RunFault) return faulted(error, { stderr: '', engine: null, elapsedMs: 0 })
    throw error
  }
}

/** @throws AuditError for a record, matrix or code that is not what it is said to be; the signal's reason */
export const measureAgain = async (o: {
  readonly competition: string
  readonly submission: Digest
  readonly source: RoundSource
  /** The submission's solution.py. */
  readonly code: Uint8Array
  readonly evaluator: Pick<Evaluator, 'evaluate'>
  /** Whether it measures in the mesh's image: the libraries of another one may compress to other sizes, or not be there. */
  readonly isSameImage: boolean
  readonly say: (line: string) => void
  readonly signal: AbortSignal
}): Promise<Remeasured> => {
  const { competition, submission, say, signal } = o
  const rules = matrixRulesOf(competition)
  if (rules === undefined) throw new AuditError('rules', `there are no rules of ${competition} here`)
  const row = (await o.source.round()).submissions.find(({ id }) => id === submission)
  if (row === undefined) throw new AuditError('round', `the round did not measure ${submission}`)
  if (hash(packBundle([{ path: 'solution.py', content: o.code }])) !== row.bundle) {
    throw new AuditError('code', 'this code is not what was handed in: its bundle has another digest')
  }
  const inputs = await o.source.inputs()
  checkInputs(inputs, rules)
  const dir = await mkdtemp(join(tmpdir(), 'evalmesh-audit-'))
  try {
    const matrices = await fetchMatrices(inputs, { dir, source: o.source, say, signal })
    const job = { competition, partner: readBaseline(competition), matrices, seed: inputs.seed, limits: runLimits }
    const evaluate = (candidate: string) => o.evaluator.evaluate({ ...job, candidate }, { signal })
    return compare(row, await run(o.code, { evaluate }), { rules, isSameImage: o.isSameImage })
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

const fetchMatrices = async (
  { matrices }: DrawnInputs,
  o: { dir: string; source: RoundSource; say: (line: string) => void; signal: AbortSignal },
): Promise<readonly MatrixFile[]> => {
  await mkdir(o.dir, { recursive: true })
  const files: MatrixFile[] = []
  for (const { digest } of matrices) {
    o.signal.throwIfAborted()
    const bytes = await o.source.matrix(digest)
    if (hash(bytes) !== digest) throw new AuditError('matrix', `other bytes came for ${digest}`)
    const path = join(o.dir, `${digest}.bin`)
    await writeFile(path, bytes, { mode: 0o600 })
    files.push({ digest, path })
  }
  o.say(`${files.length} matrices, each where the pool’s root says; measuring`)
  return files
}

const compare = (
  row: CertifiedRoundView['submissions'][number],
  found: Measurement,
  { rules, isSameImage }: { readonly rules: MatrixRules; readonly isSameImage: boolean },
): Remeasured => {
  const differs = isSameImage ? 'contradicts' : 'inconclusive'
  const base = {
    submission: row.id,
    certified: { verdict: row.verdict, code: row.reason },
    here: { verdict: found.verdict, code: found.verdict === 'pass' ? '' : found.code, line: found.line },
  }
  const of = (finding: Remeasured['finding'], ratioPpb: Compared | null = null): Remeasured => ({
    ...base,
    finding,
    ratioPpb,
  })
  if (found.verdict === 'infra' || row.verdict === 'inconclusive') return of('inconclusive')
  if (found.verdict !== row.verdict) return of(differs)
  if (found.verdict !== 'pass') return of(found.code === row.reason ? 'identical' : differs)
  const matrices = found.matrices.map(toRuns)
  const params = rules.presets.real({ image: '', poolManifest: '', poolRoot: '', referenceNanos: 1n })
  const here = `${rules.score({ params, matrices, hereNanos: 1n }).values['ratioPpb']}`
  const certified = `${row.values['ratioPpb']}`
  const ratio = { certified, here, isSame: here === certified }
  return of(ratio.isSame ? 'identical' : isRandom(found) ? 'random' : differs, ratio)
}
