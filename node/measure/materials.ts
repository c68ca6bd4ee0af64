/** What measuring a round needs at hand: the drawn matrices as files, the sources of the code to run; fetched where they are not here. */
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type CompetitionParams,
  type Digest,
  hash,
  type MatrixRules,
  ProtocolError,
  unpackBundle,
} from '../../protocol/index.ts'
import { parsePoolManifest } from '../../sandbox/index.ts'
import type { Store } from '../store/index.ts'
import type { Pool } from './pool-blobs.ts'

/** Something that this round needs is not to be had here yet. */
export class NotYet extends Error {}

export type Matrices = readonly { readonly digest: Digest; readonly path: string }[]

export type MaterialsOptions = {
  readonly store: Pick<Store, 'getBlob' | 'putBlob'>
  readonly pool: Pick<Pool, 'read'>
  /** Directory for matrices and sources of the round at hand; emptied after it. */
  readonly workDir: string
  readonly fetchBlob: (digest: Digest) => Promise<Uint8Array | null>
  readonly bundleOf: (competition: string, submission: Digest) => Digest | null
}

/** Every method throws NotYet while something is missing. */
export const createMaterials = (o: MaterialsOptions) => {
  const blob = async (digest: Digest, what: string): Promise<Uint8Array> => {
    // A damaged blob is as good as none: the next write mends it.
    const here = (await o.store.getBlob(digest).catch(() => undefined)) ?? (await o.pool.read(digest))
    if (here !== undefined) return here
    const bytes = await o.fetchBlob(digest)
    if (bytes === null || hash(bytes) !== digest) throw new NotYet(`nobody has ${what} ${digest}`)
    await o.store.putBlob(bytes)
    return bytes
  }

  return {
    /** The submission's one file; empty, which no harness takes, for a certified bundle that is none. */
    sourceOf: async (competition: string, submission: Digest): Promise<string> => {
      const bundle = o.bundleOf(competition, submission)
      if (bundle === null) throw new NotYet(`submission ${submission} is not known here`)
      const packed = await blob(bundle, 'bundle')
      try {
        return new TextDecoder().decode(unpackBundle(packed)[0]?.content)
      } catch (error) {
        if (error instanceof ProtocolError) return ''
        throw error
      }
    },
    /** The round's matrices as files outside every sandbox; the caller removes `dir`. */
    layOut: async (round: { rules: MatrixRules; params: CompetitionParams; seed: Digest }) => {
      const { rules, params, seed } = round
      const { rows } = parsePoolManifest(await blob(params.poolManifest, 'pool manifest'))
      const drawn = rules.draw({ params, seed, pool: rows })
      const dir = join(o.workDir, seed)
      await mkdir(dir, { recursive: true, mode: 0o700 })
      const matrices: { digest: Digest; path: string }[] = []
      try {
        // One after the other: a peer serves but a few requests of one node at once.
        for (const digest of drawn) {
          const path = join(dir, `${digest}.bin`)
          await writeFile(path, await blob(digest, 'matrix'), { mode: 0o600 })
          matrices.push({ digest, path })
        }
      } catch (error) {
        await rm(dir, { recursive: true, force: true })
        throw error
      }
      return { dir, matrices }
    },
  }
}
