/** Lossless matrix compression: what comes back is what went in, and both size and time count. */
import { certifyHost } from '../matrix/certify.ts'
import { drawMatrices } from '../matrix/draw.ts'
import { presetsOf } from '../matrix/params.ts'
import type { Checked, MatrixRules } from '../rules.ts'
import { scoreRuns } from './score.ts'

const isSame = (a: Uint8Array, b: Uint8Array): boolean => {
  if (a.length !== b.length) return false
  for (let index = 0; index < a.length; index += 1) if (a[index] !== b[index]) return false
  return true
}

/** Byte for byte: as numbers −0 and 0 would be equal, and no NaN would be what it was. */
const check = ({ raw, returned }: { raw: Uint8Array; returned: Uint8Array }): Checked => {
  if (isSame(raw, returned)) return { fault: null, similarityPpb: null }
  const text = `${returned.length} of ${raw.length} bytes came back${returned.length === raw.length ? ', not the same' : ''}`
  return { fault: { code: 'NOT_LOSSLESS', text }, similarityPpb: null }
}

export const matrixLossless: MatrixRules = {
  kind: 'matrix',
  file: 'solution.py',
  presets: presetsOf('matrix-lossless'),
  values: ['linkPpm', 'ratioPpb', 'timeNanos'],
  formula: 'max(0, 1 − C) · max(0, 1 − t / 1.012 s)',
  draw: ({ params, seed, pool }) => drawMatrices({ seed, pool, count: params.matrixCount }),
  check,
  score: ({ params, matrices, hereNanos }) => scoreRuns(matrices, { referenceNanos: params.referenceNanos, hereNanos }),
  certifyHost: ({ params, matrices }) =>
    certifyHost(matrices, { referenceNanos: params.referenceNanos, score: scoreRuns }),
}
