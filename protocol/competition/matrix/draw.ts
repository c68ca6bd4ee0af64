/** Which matrices of the pool a round measures on: a draw by chance in which every kind of matrix has its share. */
import { assert } from '../../assert.ts'
import type { Digest } from '../../crypto.ts'
import { drawWithoutReplacement, numbersBelow, subSeed } from '../seed.ts'

/** A matrix as its pool's manifest tells it. */
export type PoolMatrix = {
  /** SHA-256 of its bytes. */
  readonly digest: Digest
  readonly rows: number
  readonly columns: number
  /** From 0, the one next to the embedding. */
  readonly layer: number
  /** Training step that it was taken from. */
  readonly step: number
  /** An activation, or the loss's gradient by it. */
  readonly direction: 'forward' | 'backward'
}

/** A matrix in line: its step is the `nth` of the `of` steps, from 0, at which its source was seen. */
type Placed = {
  readonly digest: Digest
  readonly kind: string
  readonly source: string
  readonly nth: number
  readonly of: number
  /** In the order of chance. */
  readonly rank: number
}

/** Matrices that compress alike, more or less. */
const kindOf = ({ rows, columns, direction }: PoolMatrix): string => `${rows}x${columns} ${direction}`
/** One place of one model, seen at many steps. */
const sourceOf = (matrix: PoolMatrix): string => `${kindOf(matrix)} ${matrix.layer}`

/** By the middle of its part of the training, (2 · nth + 1) / (2 · of); what is alike stands as chance has it. */
const compareTime = (a: Placed, b: Placed): number => (2 * a.nth + 1) * b.of - (2 * b.nth + 1) * a.of || a.rank - b.rank

/** The pool in the order of its training; `seed` decides between matrices of one time. */
const lineUp = (pool: readonly PoolMatrix[], seed: Digest): readonly Placed[] => {
  const places = new Map<Digest, Pick<Placed, 'nth' | 'of'>>()
  for (const source of Map.groupBy(pool, sourceOf).values()) {
    const inTime = source.toSorted((a, b) => a.step - b.step)
    for (const [nth, { digest }] of inTime.entries()) places.set(digest, { nth, of: source.length })
  }
  return drawWithoutReplacement(seed, pool, pool.length)
    .map((matrix, rank) => {
      const { nth, of } = places.get(matrix.digest) ?? { nth: 0, of: 1 }
      return { digest: matrix.digest, kind: kindOf(matrix), source: sourceOf(matrix), nth, of, rank }
    })
    .sort(compareTime)
}

/** How far kinds and sources are behind their shares of what was drawn, in parts of a matrix, `size` to a whole one. */
const createShares = (line: readonly Placed[], seed: Digest) => {
  const size = line.length
  const below = numbersBelow(seed)
  const groupsOf = ({ kind, source }: Placed) => [kind, source]
  const groups = new Map<string, { of: number; taken: number; readonly advance: number }>()
  for (const group of line.flatMap(groupsOf)) {
    // Without an advance of chance the large groups would always be first, and the small ones late.
    const known = groups.get(group) ?? { of: 0, taken: 0, advance: below(size) }
    known.of += 1
    groups.set(group, known)
  }
  const known = (matrix: Placed) => groupsOf(matrix).flatMap((group) => groups.get(group) ?? [])
  return {
    behind: (matrix: Placed, drawn: number): number =>
      known(matrix).reduce((sum, { of, taken, advance }) => sum + drawn * of + advance - size * taken, 0),
    take: (matrix: Placed): void => {
      for (const group of known(matrix)) group.taken += 1
    },
  }
}

/**
 * the pool in the order of its training is cut into `count` equal pieces, chance rounding the cuts; each gives the matrix whose kind and
 * source are furthest behind their shares so far. They are run in an order of chance, so that early looks see all of the training.
 */
export const drawMatrices = (o: {
  readonly seed: Digest
  /** In the order of its manifest, at least `count`. */
  readonly pool: readonly PoolMatrix[]
  readonly count: number
}): readonly Digest[] => {
  const { seed, pool, count } = o
  assert(count <= pool.length, 'no more is drawn than is there')
  const line = lineUp(pool, subSeed(seed, 'matrices'))
  const shares = createShares(line, subSeed(seed, 'shares'))
  const rounding = numbersBelow(subSeed(seed, 'cuts'))(count)
  const start = (piece: number): number => Math.floor((piece * pool.length + rounding) / count)
  const drawn = Array.from({ length: count }, (_, piece) => {
    const best = line
      .slice(start(piece), start(piece + 1))
      .map((matrix) => ({ matrix, behind: shares.behind(matrix, piece + 1) }))
      .reduce((a, b) => ((b.behind - a.behind || a.matrix.rank - b.matrix.rank) > 0 ? b : a))
    shares.take(best.matrix)
    return best.matrix.digest
  })
  return drawWithoutReplacement(subSeed(seed, 'order'), drawn, count)
}
