/** What scoring one submission takes, beside the time that its code and its partner's really ran. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createEvaluator, type MatrixTimes, readBaseline, runLimits } from '../../sandbox/index.ts'
import { median, type Row, round } from './harness.ts'
import { withPool } from './sandbox-setup.ts'

export const COMPETITION = 'matrix-lossless'

/** A submission that stands in test/submissions, by name. */
export const readSubmission = (name: string): string =>
  readFileSync(join(import.meta.dirname, '../submissions', name, 'submission/solution.py'), 'utf8')

/** Seconds between question and answer, of both codes over all runs. */
export const ownSeconds = (matrices: readonly MatrixTimes[]): number =>
  matrices
    .flatMap(({ candidate, partner }) => [candidate, partner])
    .flatMap(({ compressNs, decompressNs }) => [...compressNs, ...decompressNs])
    .reduce((sum, ns) => sum + Number(ns) / 1e9, 0)

export const measureScoring = (o: { readonly matrices: number; readonly runs: number }): Promise<Row> =>
  withPool(async ({ options, pool }) => {
    const evaluator = createEvaluator({ engine: options })
    const matrices = pool.digests
      .slice(0, o.matrices)
      .map((digest) => ({ digest, path: join(pool.dir, `${digest}.bin`) }))
    const partner = readBaseline(COMPETITION)
    const job = {
      competition: COMPETITION,
      candidate: readSubmission('byte-planes'),
      partner,
      matrices,
      limits: runLimits,
    }
    const runs: { readonly wall: number; readonly own: number }[] = []
    for (let run = 0; run < o.runs; run += 1) {
      const measured = await evaluator.evaluate({ ...job, seed: `scoring-${run}` })
      if (measured.verdict !== 'pass') throw new Error(measured.line)
      // Its own clock, from the referee's start: waiting for the host's lock is not scoring.
      runs.push({ wall: measured.elapsedMs / 1e3, own: ownSeconds(measured.matrices) })
    }
    const [value, own] = [median(runs.map(({ wall }) => wall)), median(runs.map((run) => run.own))]
    const target = '≤ 1.1 × beside + 2 s'
    return {
      name: `scoring one submission of ${o.matrices} matrices of 64 KiB`,
      ...{ value: round(value), unit: 's', beside: round(own), besideName: 'both codes’ own time, s' },
      ...{ ratio: round(value / own), target, met: value <= 1.1 * own + 2 },
    }
  })
