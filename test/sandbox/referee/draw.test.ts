/** The order of a measurement is fixed by its private seed and by nothing else. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createDraw, planQuads } from '../../../sandbox/referee/draw.ts'

test('referee: every matrix is measured in exactly one quad', () => {
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: 1, max: 60 }), (seed, count) => {
      const drawn = planQuads(seed, count).map(({ matrix }) => matrix)
      assert.deepEqual(
        drawn.sort((a, b) => a - b),
        Array.from({ length: count }, (_, index) => index),
      )
    }),
  )
})

test('referee: one seed gives one plan, another seed another', () => {
  assert.deepEqual(planQuads('a', 30), planQuads('a', 30))
  assert.notDeepEqual(planQuads('a', 30), planQuads('b', 30))
})

test('referee: both directions of a quad come about equally often', () => {
  const mirrored = planQuads('any', 2_000).filter((quad) => quad.mirrored).length
  // Five standard deviations of a fair coin.
  assert.ok(Math.abs(mirrored - 1_000) < 112, `${mirrored} of 2,000`)
})

test('referee: draws stay below their bound and reach all of it', () => {
  const draw = createDraw('seed')
  const seen = new Set(Array.from({ length: 200 }, () => draw(5)))
  assert.deepEqual([...seen].sort(), [0, 1, 2, 3, 4])
})
