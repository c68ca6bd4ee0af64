/** Which matrices of the pool a round measures on. */
import type { Digest } from '../../crypto.ts'
import { drawWithoutReplacement, subSeed } from '../seed.ts'

/** the round's matrices are drawn from the pool by the round's seed alone, the same for every validator, in the order they are run. */
export const drawMatrices = (o: {
  readonly seed: Digest
  /** The pool's matrices in the order of its manifest, at least `count`. */
  readonly poolDigests: readonly Digest[]
  readonly count: number
}): readonly Digest[] => drawWithoutReplacement(subSeed(o.seed, 'matrices'), o.poolDigests, o.count)
