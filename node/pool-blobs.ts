/** The pool's matrices that this node holds as files: served to the committee, read for a round. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Digest, hash } from '../protocol/index.ts'
import { readPool } from '../sandbox/index.ts'

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
