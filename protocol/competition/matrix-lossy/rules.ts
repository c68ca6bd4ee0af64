/** Lossy matrix compression: what comes back is similar enough, and size alone counts. */
import { certifyHost } from '../matrix/certify.ts'
import { drawMatrices } from '../matrix/draw.ts'
import { presetsOf } from '../matrix/params.ts'
import type { MatrixRules } from '../rules.ts'
import { check } from './check.ts'
import { scoreRuns } from './score.ts'

export const matrixLossy: MatrixRules = {
  kind: 'matrix',
  file: 'solution.py',
  presets: presetsOf('matrix-lossy'),
  values: ['linkPpm', 'ratioPpb'],
  formula: 'max(0, 1 − C)',
  draw: ({ params, seed, pool }) => drawMatrices({ seed, pool, count: params.matrixCount }),
  check,
  score: ({ params, matrices, hereNanos }) => scoreRuns(matrices, { referenceNanos: params.referenceNanos, hereNanos }),
  certifyHost: ({ params, matrices }) =>
    certifyHost(matrices, { referenceNanos: params.referenceNanos, score: scoreRuns }),
}
