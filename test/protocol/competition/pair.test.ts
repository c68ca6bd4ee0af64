/** PAIR-1 and the integer arithmetic under it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compareNumbers, isqrt, lowerMedian, medianDeviation } from '../../../protocol/competition/integers.ts'
import { boundRank, isLastLook, pairVerdict } from '../../../protocol/competition/pair.ts'

test('bounds stand at ranks 1, 4, 10 after 8, 16, 30 quads, at 11 after 32, and nowhere after 4', () => {
  const ranks = [
    [8, 4_000],
    [16, 11_000],
    [30, 25_100],
    [32, 25_100],
    [4, 25_100],
  ] as const
  assert.deepEqual(
    ranks.map(([quads, spend]) => boundRank(quads, spend)),
    [1, 4, 10, 11, 0],
  )
})

test('the rank is the largest whose binomial tail is within the spending', () => {
  const choose = (n: number, k: number): bigint => (k === 0 ? 1n : (choose(n, k - 1) * BigInt(n - k + 1)) / BigInt(k))
  const tail = (n: number, below: number): bigint =>
    Array.from({ length: below }, (_, k) => choose(n, k)).reduce((sum, term) => sum + term, 0n)
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 400_000 }), (quads, spend) => {
      const rank = boundRank(quads, spend)
      const allowed = BigInt(spend) * 2n ** BigInt(quads)
      assert.ok(tail(quads, rank) * 1_000_000n <= allowed)
      assert.ok(tail(quads, rank + 1) * 1_000_000n > allowed)
    }),
  )
})

const quadsOf = (ppm: number, count = 30): readonly number[] => Array.from({ length: count }, () => ppm)
const THETA = 10_000

test('a clear gain is better after eight quads, whatever comes later; the same code is not better', () => {
  assert.equal(pairVerdict(quadsOf(1_020_000), THETA), 'better')
  assert.equal(pairVerdict([...quadsOf(1_020_000, 8), ...quadsOf(900_000, 22)], THETA), 'better')
  assert.equal(pairVerdict(quadsOf(1_000_000), THETA), 'not better')
  assert.equal(pairVerdict(quadsOf(800_000), THETA), 'not better')
})

test('a gain of exactly θ is neither better nor not better', () => {
  assert.equal(pairVerdict(quadsOf(1_010_000), THETA), 'inconclusive')
})

test('a gain that a third of the quads deny is inconclusive, and so are too few quads for any bound', () => {
  const denied = quadsOf(1_020_000).map((ppm, index) => (index % 3 === 0 ? 990_000 : ppm))
  assert.equal(pairVerdict(denied, THETA), 'inconclusive')
  assert.equal(pairVerdict(quadsOf(1_020_000, 4), THETA), 'inconclusive')
  assert.equal(pairVerdict([], THETA), 'inconclusive')
})

test('a host stops at the first look that decides and nowhere else before its last quad', () => {
  const stops = (ratiosPpm: readonly number[], quadsMax: number): number =>
    ratiosPpm.findIndex((_, index) => isLastLook(ratiosPpm.slice(0, index + 1), { thetaPpm: 10_000, quadsMax })) + 1
  const better = Array<number>(32).fill(1_100_000)
  assert.equal(stops(better, 32), 8)
  assert.equal(stops(better, 6), 6)
  // One quad that denies the gain costs as many again; a code at the border is run to the end.
  assert.equal(stops([900_000, ...better.slice(1)], 32), 16)
  assert.equal(stops(Array<number>(32).fill(1_010_000), 32), 32)
})

test('what an early look decides is what the statement of those quads says', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 900_000, max: 1_150_000 }), { minLength: 32, maxLength: 32 }), (all) => {
      const o = { thetaPpm: 30_000, quadsMax: 32 }
      const stop = all.findIndex((_, index) => isLastLook(all.slice(0, index + 1), o)) + 1
      assert.equal(pairVerdict(all.slice(0, stop), o.thetaPpm), pairVerdict(all, o.thetaPpm))
    }),
  )
})

test('the centre is the lower median, its deviation the lower median of distances', () => {
  assert.equal(lowerMedian([]), null)
  fc.assert(
    fc.property(fc.array(fc.nat(1_000), { minLength: 1, maxLength: 40 }), (values) => {
      const centre = lowerMedian(values) ?? -1
      const below = values.filter((value) => value < centre).length
      const upTo = values.filter((value) => value <= centre).length
      assert.ok(below < values.length / 2 && upTo >= values.length / 2)
      assert.equal(medianDeviation(values, centre), lowerMedian(values.map((value) => Math.abs(value - centre))))
    }),
  )
})

test('the integer root is the largest whose square fits', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 200n }), (value) => {
      const root = isqrt(value)
      assert.ok(root * root <= value && value < (root + 1n) * (root + 1n))
    }),
  )
  assert.deepEqual([3n, 1n, 2n].sort(compareNumbers), [1n, 2n, 3n])
})
