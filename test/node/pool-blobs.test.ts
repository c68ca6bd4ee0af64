/** Which blobs are matrices: those of every pool that rounds draw from, whether they lie here as files or were pulled. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMatrixIndex } from '../../node/pool-blobs.ts'
import { createRounds, hash } from '../../protocol/index.ts'
import { writePoolManifest } from '../../sandbox/pool-manifest.ts'
import { digestOf, genesisOf } from '../protocol/round/mesh.ts'

const traits = { name: 'm', rows: 1, columns: 1, layer: 0, step: 1, direction: 'forward', loss: 1 } as const
const manifest = Buffer.from(writePoolManifest([{ ...traits, digest: digestOf('pulled') }]))

const indexOf = (o: { manifest: string; stored: ReadonlyMap<string, Uint8Array> }) => {
  const asked: string[] = []
  const genesis = genesisOf({ params: { poolManifest: o.manifest } })
  const isMatrix = createMatrixIndex({
    pool: { isMatrix: (digest) => digest === digestOf('file'), read: async () => undefined },
    store: {
      getBlob: async (digest) => {
        asked.push(digest)
        return o.stored.get(digest)
      },
    },
    rounds: () => createRounds({ genesis, self: null }),
  })
  return { isMatrix, asked }
}

test('a matrix is one whether it is a file here or was pulled, and the manifest is read once', async () => {
  const { isMatrix, asked } = indexOf({ manifest: hash(manifest), stored: new Map([[hash(manifest), manifest]]) })
  assert.equal(await isMatrix(digestOf('file')), true)
  for (let turn = 0; turn < 3; turn += 1) assert.equal(await isMatrix(digestOf('pulled')), true)
  assert.equal(await isMatrix(digestOf('a bundle')), false)
  assert.deepEqual(asked, [hash(manifest)])
})

test('a manifest that is not here, or is none, names nothing', async () => {
  const absent = indexOf({ manifest: hash(manifest), stored: new Map() })
  assert.equal(await absent.isMatrix(digestOf('pulled')), false)
  const nonsense = Uint8Array.of(1, 2, 3)
  const none = indexOf({ manifest: hash(nonsense), stored: new Map([[hash(nonsense), nonsense]]) })
  assert.equal(await none.isMatrix(digestOf('pulled')), false)
})
