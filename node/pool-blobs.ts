/** The pools' matrices: those that this node holds as files, and which blobs are some at all. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Digest, hash, type RoundState } from '../protocol/index.ts'
import { parsePoolManifest, readPool, SandboxError } from '../sandbox/index.ts'
import type { Store } from './store/index.ts'

export type Pool = {
  readonly isMatrix: (digest: Digest) => boolean
  /** A matrix or a pool's manifest, its digest checked; undefined when it is not here or damaged. */
  readonly read: (digest: Digest) => Promise<Uint8Array | undefined>
}

/** @throws SandboxError when a directory holds no pool. */
export const openPool = async (dirs: readonly string[]): Promise<Pool> => {
  const matrices = new Map<Digest, string>()
  const manifests = new Map<Digest, string>()
  for (const dir of dirs) {
    const pool = await readPool(dir)
    manifests.set(pool.manifestDigest, join(dir, 'manifest.csv'))
    for (const digest of pool.digests) matrices.set(digest, join(dir, `${digest}.bin`))
  }
  return {
    isMatrix: (digest) => matrices.has(digest),
    read: async (digest) => {
      const path = matrices.get(digest) ?? manifests.get(digest)
      const bytes = path === undefined ? undefined : await readFile(path).catch(() => undefined)
      return bytes !== undefined && hash(bytes) === digest ? bytes : undefined
    },
  }
}

/**
 * Whether a blob is a matrix of a pool that rounds draw from: held here as a file, or pulled for a round.
 * A manifest is parsed once; one that is not here names nothing that is.
 */
export const createMatrixIndex = (o: {
  readonly pool: Pool
  readonly store: Pick<Store, 'getBlob'>
  readonly rounds: () => RoundState
}): ((digest: Digest) => Promise<boolean>) => {
  const known = new Map<Digest, ReadonlySet<Digest>>()
  const matricesOf = async (manifest: Digest): Promise<ReadonlySet<Digest>> => {
    const found = known.get(manifest)
    if (found !== undefined) return found
    const bytes = (await o.store.getBlob(manifest)) ?? (await o.pool.read(manifest))
    if (bytes === undefined) return new Set()
    const matrices = new Set(digestsIn(bytes))
    known.set(manifest, matrices)
    return matrices
  }
  return async (digest) => {
    if (o.pool.isMatrix(digest)) return true
    for (const { params } of o.rounds().competitions.values()) {
      if ((await matricesOf(params.poolManifest)).has(digest)) return true
    }
    return false
  }
}

/** None for bytes that are no manifest: parameters may name anything. */
const digestsIn = (bytes: Uint8Array): readonly Digest[] => {
  try {
    return parsePoolManifest(bytes).digests
  } catch (error) {
    if (error instanceof SandboxError) return []
    throw error
  }
}
