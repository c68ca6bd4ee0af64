/** The draw of a round's matrices: the same for everyone, nobody favoured, every kind with its share. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { drawMatrices, type PoolMatrix } from '../../../protocol/competition/matrix/draw.ts'
import { drawWithoutReplacement } from '../../../protocol/competition/seed.ts'
import { digestOf } from '../round/mesh.ts'

type Kind = Omit<PoolMatrix, 'digest'>

const toPool = (kinds: readonly Kind[]): readonly PoolMatrix[] =>
  kinds.map((kind, index) => ({ ...kind, digest: digestOf(`matrix ${index}`) }))

/** As the generator makes it: steps, and at each the layers up and down again. */
const poolOf = (o: { rows: number; layers: number; steps: number }): readonly Kind[] =>
  Array.from({ length: o.steps }, (_, step) =>
    (['forward', 'backward'] as const).flatMap((direction) =>
      Array.from({ length: o.layers }, (__, layer) => ({ rows: o.rows, columns: 128, layer, step, direction })),
    ),
  ).flat()

const demo = toPool(poolOf({ rows: 256, layers: 4, steps: 16 }))
const mixed = toPool([...poolOf({ rows: 256, layers: 4, steps: 6 }), ...poolOf({ rows: 2_048, layers: 2, steps: 11 })])
const plain = toPool(poolOf({ rows: 256, layers: 4, steps: 5 }).map((kind) => ({ ...kind, layer: 0, step: 0 })))

const draws = (pool: readonly PoolMatrix[], count: number, rounds: number): readonly (readonly PoolMatrix[])[] => {
  const byDigest = new Map(pool.map((matrix) => [matrix.digest, matrix]))
  return Array.from({ length: rounds }, (_, round) =>
    drawMatrices({ seed: digestOf(`seed ${round}`), pool, count }).map((digest) => {
      const matrix = byDigest.get(digest)
      assert.ok(matrix)
      return matrix
    }),
  )
}

const countBy = <T>(items: readonly T[], key: (item: T) => unknown): readonly number[] =>
  [...Map.groupBy(items, key).values()].map(({ length }) => length)

test('a round’s matrices are the same for everyone, each at most once, and others with another seed', () => {
  const kind = fc.record({
    rows: fc.constantFrom(1, 2, 256),
    columns: fc.constantFrom(128, 512),
    layer: fc.nat(3),
    step: fc.nat(20),
    direction: fc.constantFrom('forward' as const, 'backward' as const),
  })
  fc.assert(
    fc.property(fc.array(kind, { minLength: 1, maxLength: 60 }), fc.nat(), fc.string(), (kinds, some, text) => {
      const pool = toPool(kinds)
      const count = 1 + (some % pool.length)
      const drawn = drawMatrices({ seed: digestOf(text), pool, count })
      assert.equal(new Set(drawn).size, count)
      assert.ok(drawn.every((digest) => pool.some((matrix) => matrix.digest === digest)))
      assert.deepEqual(drawMatrices({ seed: digestOf(text), pool, count }), drawn)
    }),
  )
  const [first, second] = draws(demo, 30, 2)
  assert.notDeepEqual(first, second)
})

for (const [name, pool, count] of [
  ['the demo’s', demo, 30],
  ['one of two models', mixed, 20],
  ['one without layers and steps', plain, 12],
] as const) {
  test(`no matrix of a pool is favoured, ${name}: neither to be drawn nor to come first`, () => {
    const rounds = 1_500
    const all = draws(pool, count, rounds)
    const often = new Map(pool.map(({ digest }) => [digest, 0]))
    for (const { digest } of all.flat()) often.set(digest, (often.get(digest) ?? 0) + 1)
    const fair = (rounds * count) / pool.length
    for (const seen of often.values()) assert.ok(Math.abs(seen / fair - 1) < 0.45, `${seen} instead of ${fair}`)
    const early = all.flatMap((drawn) => drawn.slice(0, 8))
    const steps = early.reduce((sum, { step }) => sum + step, 0) / early.length
    const mean = all.flat().reduce((sum, { step }) => sum + step, 0) / (rounds * count)
    assert.ok(Math.abs(steps - mean) <= 0.02 * mean, `the first eight are of step ${steps}, all of ${mean}`)
  })
}

test('every source, layer, direction, size and time of training has its share in every round', () => {
  for (const drawn of draws(demo, 30, 300)) {
    const sources = countBy(drawn, ({ layer, direction }) => `${layer} ${direction}`)
    assert.ok(sources.length === 8 && sources.every((count) => count >= 2 && count <= 5))
    const steps = countBy(drawn, ({ step }) => step)
    assert.deepEqual([steps.length >= 15, Math.max(...steps) <= 3], [true, true])
    assert.ok(countBy(drawn, ({ direction }) => direction).every((count) => count >= 14 && count <= 16))
  }
  for (const drawn of draws(mixed, 20, 300)) {
    const large = drawn.filter(({ rows }) => rows === 2_048).length
    assert.ok(Math.abs(large - (20 * 44) / 92) < 2.5, `${large} large ones of 44 in 92`)
  }
})

test('what depends on layer, direction and step moves a fifth as much from round to round as a draw by chance alone', () => {
  const value = ({ layer, direction, step }: PoolMatrix) => 5 * layer + (direction === 'forward' ? 7 : 0) + 2 * step
  const deviation = (all: readonly (readonly PoolMatrix[])[]) => {
    const means = all.map((drawn) => drawn.reduce((sum, matrix) => sum + value(matrix), 0) / drawn.length)
    const mean = means.reduce((sum, one) => sum + one, 0) / means.length
    return Math.sqrt(means.reduce((sum, one) => sum + (one - mean) ** 2, 0) / means.length)
  }
  const chance = Array.from({ length: 300 }, (_, round) => drawWithoutReplacement(digestOf(`${round}`), demo, 30))
  const [ours, theirs] = [deviation(draws(demo, 30, 300)), deviation(chance)]
  assert.ok(5 * ours < theirs, `${ours} instead of ${theirs}`)
})
