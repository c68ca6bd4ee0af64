/** Measuring again: what is refused before anything runs, and how a finding is read. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { measureAgain } from '../../../node/audit/measure.ts'
import { AuditError } from '../../../node/audit/replay.ts'
import { imageOf } from '../../../node/cli/audit-measure.ts'
import type { DrawnInputs } from '../../../node/measure/pool-blobs.ts'
import { hash, inclusionProof, matrixRulesOf, merkleRoot, packBundle } from '../../../protocol/index.ts'
import type { Evaluator, Job, Measurement } from '../../../sandbox/index.ts'
import { type PoolRow, writePoolManifest } from '../../../sandbox/pool/manifest.ts'
import { digestOf } from '../../protocol/round/mesh.ts'

const rules = matrixRulesOf('matrix-lossy')
assert.ok(rules)
const matrices = Array.from({ length: 9 }, (_, index) => Uint8Array.of(index, 0, index, 0))
const pool = matrices.map((bytes) => hash(bytes))
const bytesOf = new Map(matrices.map((bytes) => [hash(bytes), bytes]))
const seed = digestOf('seed')
const rows = pool.map((digest, step): PoolRow => {
  return { name: 'm', rows: 1, columns: 2, layer: 0, step, direction: 'forward', loss: 1, digest }
})
const manifest = writePoolManifest(rows)
const drawn = rules.draw({ params: { matrixCount: 4 }, seed, pool: rows })
const inputs: DrawnInputs = {
  ...{ competition: 'matrix-lossy', round: 3, seed, manifest, size: pool.length, matrixCount: 4 },
  ...{ poolManifest: hash(new TextEncoder().encode(manifest)), poolRoot: merkleRoot(pool) },
  matrices: drawn.map((digest) => {
    const index = pool.indexOf(digest)
    return { digest, index, proof: inclusionProof(pool, index) }
  }),
}
const code = new TextEncoder().encode('compress = decompress = bytes\n')
const id = digestOf('submission')
const bundle = hash(packBundle([{ path: 'solution.py', content: code }]))

/** Two of four bytes are left of every matrix. */
const passed = (job: Job, sizes: readonly [number, number] = [2, 2]): Measurement => {
  const side = {
    compressedBytes: sizes,
    compressNs: ['1', '1'] as const,
    decompressNs: ['1', '1'] as const,
    similarityPpb: [1, 1] as const,
  }
  const runs = job.matrices.map(({ digest }) => ({ digest, rawBytes: 4, candidate: side, partner: side }))
  return {
    verdict: 'pass',
    code: 'PASS',
    line: '',
    matrices: runs,
    transcript: [],
    stderr: '',
    engine: null,
    elapsedMs: 1,
  }
}
const faulty = (verdict: 'miner' | 'infra', name: 'NOT_SIMILAR' | 'TIMEOUT' | 'ENGINE_FAILED'): Measurement => ({
  ...{ verdict, code: name, line: '', matrices: [], transcript: [], stderr: '', engine: null, elapsedMs: 1 },
})

const again = (o: {
  row?: object
  inputs?: DrawnInputs
  matrix?: (digest: string) => Uint8Array
  code?: Uint8Array
  evaluate?: (job: Job) => Measurement
  isSameImage?: boolean
}) => {
  const row = { id, bundle, verdict: 'pass', reason: '', values: { ratioPpb: '500000000', linkPpm: '1' }, ...o.row }
  const laid: string[] = []
  const evaluator: Pick<Evaluator, 'evaluate'> = {
    evaluate: async (job) => {
      for (const { digest, path } of job.matrices) {
        assert.equal(hash(readFileSync(path)), digest)
        laid.push(path)
      }
      return (o.evaluate ?? passed)(job)
    },
  }
  const found = measureAgain({
    competition: 'matrix-lossy',
    submission: id,
    source: {
      round: async () => ({ submissions: [row] }) as never,
      inputs: async () => o.inputs ?? inputs,
      matrix: async (digest) => (o.matrix ?? ((one) => bytesOf.get(one) ?? new Uint8Array()))(digest),
    },
    code: o.code ?? code,
    evaluator,
    isSameImage: o.isSameImage ?? true,
    say: () => undefined,
    signal: new AbortController().signal,
  })
  return { found, laid }
}

test('the same verdict and the same C are identical, and no matrix stays on this disk', async () => {
  const { found, laid } = again({})
  const { finding, ratioPpb } = await found
  assert.deepEqual([finding, ratioPpb], ['identical', { certified: '500000000', here: '500000000', isSame: true }])
  assert.equal(laid.length, 4)
  assert.ok(laid.every((path) => !existsSync(path)))
})

const findings: readonly (readonly [string, Parameters<typeof again>[0], string])[] = [
  ['another C', { row: { values: { ratioPpb: '499999999' } } }, 'contradicts'],
  ['another C of a code with chance in it', { evaluate: (job) => passed(job, [2, 1]) }, 'random'],
  ['a fault where a pass was certified', { evaluate: () => faulty('miner', 'NOT_SIMILAR') }, 'contradicts'],
  ['a pass where a fault was certified', { row: { verdict: 'miner', reason: 'NOT_SIMILAR' } }, 'contradicts'],
  [
    'the certified fault',
    { row: { verdict: 'miner', reason: 'NOT_SIMILAR' }, evaluate: () => faulty('miner', 'NOT_SIMILAR') },
    'identical',
  ],
  [
    'another fault',
    { row: { verdict: 'miner', reason: 'NOT_SIMILAR' }, evaluate: () => faulty('miner', 'TIMEOUT') },
    'contradicts',
  ],
  ['another C in another image', { row: { values: { ratioPpb: '499999999' } }, isSameImage: false }, 'inconclusive'],
  ['the same C in another image', { isSameImage: false }, 'identical'],
  [
    'a fault in another image, where a pass was certified',
    { evaluate: () => faulty('miner', 'NOT_SIMILAR'), isSameImage: false },
    'inconclusive',
  ],
  ['a fault of this machine', { evaluate: () => faulty('infra', 'ENGINE_FAILED') }, 'inconclusive'],
  ['a round without a verdict', { row: { verdict: 'inconclusive', reason: 'NO_QUORUM' } }, 'inconclusive'],
]
for (const [what, o, finding] of findings) {
  test(`${what} is ${finding}`, async () => assert.equal((await again(o).found).finding, finding))
}

const [first] = inputs.matrices
assert.ok(first)
const noManifest: DrawnInputs = { ...inputs, manifest: 'x', poolManifest: hash(new TextEncoder().encode('x')) }
const lies: readonly (readonly [string, Parameters<typeof again>[0], RegExp])[] = [
  ['other code', { code: new TextEncoder().encode('x = 1\n') }, /another digest/],
  ['another seed', { inputs: { ...inputs, seed: digestOf('another') } }, /draws other matrices/],
  ['fewer matrices', { inputs: { ...inputs, matrices: inputs.matrices.slice(1) } }, /draws other matrices/],
  [
    'a matrix of no pool',
    { inputs: { ...inputs, matrices: [{ ...first, digest: digestOf('x') }, ...inputs.matrices.slice(1)] } },
    /draws other matrices/,
  ],
  [
    'a matrix at another’s place',
    { inputs: { ...inputs, matrices: [{ ...first, index: (first.index + 1) % 9 }, ...inputs.matrices.slice(1)] } },
    /does not stand/,
  ],
  ['another pool', { inputs: { ...inputs, poolRoot: digestOf('root') } }, /does not stand/],
  ['a size below the draw', { inputs: { ...inputs, size: 3 } }, /does not stand/],
  ['another manifest', { inputs: { ...inputs, manifest: writePoolManifest(rows.toReversed()) } }, /another manifest/],
  ['a manifest that is none', { inputs: noManifest }, /no manifest/],
  ['a draw of nothing', { inputs: { ...inputs, matrixCount: 0, matrices: [] } }, /drew 0 matrices of 9/],
  ['a draw of half a matrix', { inputs: { ...inputs, matrixCount: 3.5 } }, /drew 3.5 matrices/],
  ['a pool smaller than the draw', { inputs: { ...inputs, matrixCount: 10 } }, /drew 10 matrices of 9/],
  ['other bytes', { matrix: () => Uint8Array.of(1, 2) }, /other bytes came/],
  ['another submission', { row: { id: digestOf('other') } }, /did not measure/],
]
for (const [what, o, says] of lies) {
  test(`${what} contradicts the record`, () =>
    assert.rejects(again(o).found, (error) => error instanceof AuditError && says.test(error.message)))
}

test('the image is the one that has what the code imports, or the one that is named', () => {
  const bytes = (source: string) => new TextEncoder().encode(source)
  assert.deepEqual(
    ['import torch\n', 'import numpy\n'].map((source) => imageOf('auto', bytes(source))),
    ['torch', 'numpy'],
  )
  assert.equal(imageOf('torch', bytes('')), 'torch')
  assert.throws(() => imageOf('alpine', bytes('')), /--image is one of auto, numpy/)
})
