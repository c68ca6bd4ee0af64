/** How far another draw of matrices moves a submission's metric: each matrix measured once, then drawn thousands of times. */
import { join } from 'node:path'
import { toRuns } from '../../node/measure/noise.ts'
import { drawWithoutReplacement } from '../../protocol/competition/seed.ts'
import { type Digest, hash, type MatrixRuns, matrixRulesOf, utf8ToBytes } from '../../protocol/index.ts'
import { createEvaluator, type PoolInfo, readBaseline, runLimits } from '../../sandbox/index.ts'
import { type Row, round } from './harness.ts'
import { COMPETITION } from './sandbox-scoring.ts'
import { withPool } from './sandbox-setup.ts'

/** Largest over smallest, minus one, in percent. */
export const spread = (values: readonly number[]): number => 100 * (Math.max(...values) / Math.min(...values) - 1)

const ROUNDS = 4

/** What 95 of 100 meshes stay below: the spread of four rounds in a row. */
const usualSpread = (metrics: readonly number[]): number => {
  const fours = Array.from({ length: Math.floor(metrics.length / ROUNDS) }, (_, index) =>
    spread(metrics.slice(ROUNDS * index, ROUNDS * (index + 1))),
  ).sort((a, b) => a - b)
  return fours[Math.ceil(0.95 * fours.length) - 1] ?? Number.NaN
}

const rules = () => {
  const found = matrixRulesOf(COMPETITION)
  if (found === undefined) throw new Error(`no competition ${COMPETITION}`)
  return found
}

type Measured = { readonly pool: PoolInfo; readonly runs: ReadonlyMap<Digest, MatrixRuns> }

const measurePool = (o: { readonly candidate: string; readonly matrices: number }): Promise<Measured> =>
  withPool(async ({ options, pool }) => {
    const evaluator = createEvaluator({ engine: options })
    const files = pool.digests.slice(0, o.matrices).map((digest) => ({ digest, path: join(pool.dir, `${digest}.bin`) }))
    const codes = { competition: COMPETITION, candidate: o.candidate, partner: readBaseline(COMPETITION) }
    const measured = await evaluator.evaluate({ ...codes, matrices: files, seed: 'draws', limits: runLimits })
    if (measured.verdict !== 'pass') throw new Error(measured.line)
    return { pool, runs: new Map(measured.matrices.map((matrix) => [matrix.digest, toRuns(matrix)])) }
  })

/** The median quad of a round on these matrices, as a statement tells it. */
const metricOf = ({ pool, runs }: Measured, drawn: readonly Digest[]): number => {
  const facts = { image: '', poolManifest: pool.manifestDigest, poolRoot: pool.root, referenceNanos: 1n }
  const matrices = drawn.flatMap((digest) => runs.get(digest) ?? [])
  const params = rules().presets.real(facts)
  const { quadsPpm } = rules().score({ params, matrices, hereNanos: 1n })
  return quadsPpm.toSorted((a, b) => a - b)[Math.floor((quadsPpm.length - 1) / 2)] ?? Number.NaN
}

export const measureDraws = async (o: {
  readonly name: string
  readonly candidate: string
  readonly counts: readonly number[]
  /** Of the pool, from its first on. */
  readonly matrices: number
  readonly draws: number
}): Promise<readonly Row[]> => {
  const measured = await measurePool(o)
  const pool = measured.pool.rows.slice(0, o.matrices)
  return o.counts.map((count) => {
    const seeds = Array.from({ length: o.draws }, (_, index) => hash(utf8ToBytes(`draw ${index}`)))
    const ours = seeds.map((seed) => metricOf(measured, rules().draw({ params: { matrixCount: count }, seed, pool })))
    const digests = pool.map(({ digest }) => digest)
    const plain = seeds.map((seed) => metricOf(measured, drawWithoutReplacement(seed, digests, count)))
    const [value, beside] = [usualSpread(ours), usualSpread(plain)]
    // The published number of matrices is the one that must be enough.
    const isPublished = count === 30
    return {
      name: `metric of ${o.name} between four draws of ${count} from ${pool.length} matrices, 95 of 100`,
      ...{ value: round(value), unit: '% apart', beside: round(beside), besideName: 'drawn by chance alone, % apart' },
      ...{ ratio: round(value / beside), target: isPublished ? '< 1 %' : 'none', met: isPublished ? value < 1 : null },
    }
  })
}
