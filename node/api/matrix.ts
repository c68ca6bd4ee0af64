/** A matrix of the pool, once a decided round has used it. */
import type { Digest } from '../../protocol/index.ts'
import type { Pool, PoolIndex } from '../measure/pool-blobs.ts'

/** `secret`: no decided round among the newest 64 has drawn it. */
export type MatrixView = { readonly kind: 'secret' } | { readonly kind: 'open'; readonly bytes: Uint8Array }

/** Null for what is no matrix, or not here. */
export const createMatrixView =
  (o: {
    readonly blob: (digest: Digest) => Promise<Uint8Array | undefined>
    readonly pool: Pick<Pool, 'read'>
    readonly poolIndex: Pick<PoolIndex, 'isSecret' | 'isRevealed'>
  }) =>
  async (digest: Digest): Promise<MatrixView | null> => {
    if (await o.poolIndex.isSecret(digest)) return { kind: 'secret' }
    if (!(await o.poolIndex.isRevealed(digest))) return null
    // A damaged blob is as good as none.
    const bytes = (await o.blob(digest).catch(() => undefined)) ?? (await o.pool.read(digest))
    return bytes === undefined ? null : { kind: 'open', bytes }
  }
