/** What tests of whole evaluations share: matrices on disk, small limits, an evaluator that waits for nobody else. */
import { hash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createEvaluator, type Evaluator, type MatrixFile, type RunLimits, runLimits } from '../../sandbox/index.ts'
import { testImage } from './engine/setup.ts'

/** An endless loop should not make the tests wait for the competition's ten seconds. */
export const testLimits: RunLimits = {
  ...runLimits,
  loadMsMax: 5_000,
  callMsMax: 5_000,
  memoryBytes: 512 * 1024 * 1024,
}

/** Sums of four uniform draws as bfloat16, little-endian: exponents that compress, mantissas that do not. */
function matrixOf(seed: number, elements: number): Buffer {
  const bytes = Buffer.alloc(2 * elements)
  let state = seed
  const uniform = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32 - 0.5
  }
  const float = Buffer.alloc(4)
  for (let index = 0; index < elements; index += 1) {
    float.writeFloatLE(uniform() + uniform() + uniform() + uniform())
    float.copy(bytes, 2 * index, 2, 4)
  }
  return bytes
}

/** A folder of its own with matrices of 16 KiB; `remove` it. */
export function layMatrices(count: number): { readonly matrices: MatrixFile[]; readonly remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'evalmesh-matrices-'))
  const matrices = Array.from({ length: count }, (_, index) => {
    const bytes = matrixOf(index + 1, 8_192)
    const digest = hash('sha256', bytes)
    const path = join(folder, `${digest}.bin`)
    writeFileSync(path, bytes)
    return { digest, path }
  })
  return { matrices, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

/** On bubblewrap, under a lock in the folder given. */
export async function testEvaluator(folder: string): Promise<Evaluator> {
  const { rootfs } = await testImage()
  return createEvaluator({
    engine: { prefer: 'bubblewrap', imageDirectory: join(rootfs, '..') },
    lockPath: join(folder, 'lock'),
  })
}
