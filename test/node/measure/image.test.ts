/** A validator vouches for measurements of the mesh's image only. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMeasurer } from '../../../node/measure/measure.ts'
import { type Genesis, hash, type Input, matrixRulesOf, merkleRoot } from '../../../protocol/index.ts'
import { parseStatement } from '../../../protocol/round/statement.ts'
import { createFakeLog, DIGEST } from '../fakes.ts'

const IMAGE = '1a'.repeat(32)
const ID = '2b'.repeat(32)

const rules = matrixRulesOf('matrix-lossless')
assert.ok(rules)
const params = rules.presets.demo({ image: IMAGE, poolManifest: DIGEST, poolRoot: DIGEST, referenceNanos: 1n })

const genesis = (): Genesis => {
  return {
    ...{ chainGenesis: DIGEST, netuid: 1, mechanism: 0, version: 1, block: 1, blockHash: DIGEST, epoch: 0 },
    ...{
      owner: DIGEST,
      members: [],
      delegations: [],
      deltaMs: 1_000,
      weightCapPpm: 330_000,
      evidenceEpochs: 3,
      weightsEveryBlocks: 10,
    },
    competitions: [params],
  }
}

for (const imageDigest of [null, '3c'.repeat(32)]) {
  test(`a validator whose image is ${imageDigest === null ? 'none at all' : 'another one'} runs nothing and says infra`, {
    timeout: 10_000,
  }, async () => {
    const { promise: submitted, resolve: submit } = Promise.withResolvers<Input>()
    const touched: string[] = []
    const strength = {
      memory: 'cgroup',
      cpu: 'cgroup',
      pids: 'cgroup',
      image: 'host',
      cores: 'shared',
      kernel: 'host',
      oom: 'reported',
    } as const
    const measurer = createMeasurer({
      trainingEvaluator: { evaluate: () => assert.fail('no training here') },
      genesis: genesis(),
      engine: { kind: 'bubblewrap', version: '0', strength, imageDigest },
      evaluator: {
        evaluate: () => {
          touched.push('evaluate')
          throw new Error('no engine')
        },
      },
      ...{ referee: DIGEST, self: DIGEST, baselineOf: () => '', workDir: '/nowhere', log: createFakeLog(), submit },
      store: { getBlob: async () => undefined, putBlob: async (bytes) => hash(bytes) },
      pool: { read: async () => undefined },
      fetchBlob: async () => {
        touched.push('fetch')
        return null
      },
      bundleOf: () => null,
      retryMs: 1,
      // Over after a few tries, so that a validator which does not give up ends too.
      isOpen: () => touched.length < 5,
      now: () => 1,
      signal: new AbortController().signal,
    })
    const manifest = {
      ...{ competition: 'matrix-lossless', round: 1, paramsHash: DIGEST, image: IMAGE, closeBlock: 2, beaconBlock: 3 },
      ...{ incumbent: null, thetaPpm: 50_000, submissions: [{ id: ID, receiptBlock: 1, receipts: [] }] },
    }
    const job = { competition: 'matrix-lossless', round: 1, manifest: DIGEST, params, seed: DIGEST }
    measurer.evaluate({ ...job, entry: { kind: 'manifest', ...manifest } })
    const input = await submitted
    assert.equal(input.kind, 'evaluated')
    const { submissions: measured } = parseStatement((input as Extract<Input, { kind: 'evaluated' }>).statement)
    assert.deepEqual(
      measured.map(({ id, verdict, code, transcriptRoot }) => [id, verdict, code, transcriptRoot]),
      [[ID, 'infra', 'REFEREE_FAILED', merkleRoot([])]],
    )
    assert.deepEqual(touched, [])
  })
}
