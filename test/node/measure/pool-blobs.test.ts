/** Which blobs are secret: matrices of every pool that rounds draw from, until a decided round has drawn them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createPoolIndex } from '../../../node/measure/pool-blobs.ts'
import { createRounds, hash, isIncluded, merkleRoot } from '../../../protocol/index.ts'
import { writePoolManifest } from '../../../sandbox/pool/manifest.ts'
import { digestOf, genesisOf, params } from '../../protocol/round/mesh.ts'

const traits = { name: 'm', rows: 1, columns: 1, layer: 0, step: 1, direction: 'forward', loss: 1 } as const
const digests = Array.from({ length: 9 }, (_, index) => digestOf(`matrix ${index}`))
const manifest = Buffer.from(writePoolManifest(digests.map((digest) => ({ ...traits, digest }))))

const indexOf = (o: { manifest: string; stored: ReadonlyMap<string, Uint8Array> }) => {
  const asked: string[] = []
  const rounds = createRounds({ genesis: genesisOf({ params: { poolManifest: o.manifest } }), self: null })
  const index = createPoolIndex({
    pool: { isMatrix: (digest) => digest === digestOf('file'), read: async () => undefined },
    store: {
      getBlob: async (digest) => {
        asked.push(digest)
        return o.stored.get(digest)
      },
    },
    rounds: () => rounds,
  })
  return { ...index, asked, rounds }
}
const whole = () => indexOf({ manifest: hash(manifest), stored: new Map([[hash(manifest), manifest]]) })

test('a matrix is secret whether it is a file here or was pulled, and the manifest is read once', async () => {
  const { isSecret, asked } = whole()
  assert.equal(await isSecret(digestOf('file')), true)
  for (const digest of digests) assert.equal(await isSecret(digest), true)
  assert.equal(await isSecret(digestOf('a bundle')), false)
  assert.deepEqual(asked, [hash(manifest)])
})

test('a manifest that is not here, or is none, names nothing', async () => {
  const absent = indexOf({ manifest: hash(manifest), stored: new Map() })
  assert.equal(await absent.isSecret(digests[0] ?? ''), false)
  const nonsense = Uint8Array.of(1, 2, 3)
  const none = indexOf({ manifest: hash(nonsense), stored: new Map([[hash(nonsense), nonsense]]) })
  assert.equal(await none.isSecret(digests[0] ?? ''), false)
})

test('what a decided round has drawn is no secret, and stands in the pool’s tree where its proof says', async () => {
  const { isSecret, isRevealed, inputsOf, rounds } = whole()
  assert.equal(await inputsOf(params.id, 1), null)
  const inputs = {
    round: 1,
    seed: digestOf('seed'),
    poolManifest: hash(manifest),
    poolRoot: merkleRoot(digests),
    matrixCount: 4,
  }
  rounds.competitions.get(params.id)?.inputs.push(inputs)
  const drawn = await inputsOf(params.id, 1)
  assert.ok(drawn !== null && drawn.matrices.length === 4)
  assert.equal(drawn.manifest, manifest.toString())
  assert.equal(await inputsOf(params.id, 1), drawn, 'its proofs are made once, however often anyone asks')
  for (const { digest, index, proof } of drawn.matrices) {
    assert.ok(isIncluded({ leaf: digest, index, size: drawn.size, proof, root: inputs.poolRoot }))
    assert.deepEqual([await isSecret(digest), await isRevealed(digest)], [false, true])
  }
  const others = digests.filter((digest) => !drawn.matrices.some((one) => one.digest === digest))
  for (const digest of others) assert.deepEqual([await isSecret(digest), await isRevealed(digest)], [true, false])
  rounds.competitions.get(params.id)?.inputs.push({ ...inputs, round: 2, matrixCount: 10 })
  assert.equal(await inputsOf(params.id, 2), null, 'more than the pool has')
})
