/** The smallest coalitions of a committee: who could stop it, who could certify alone, against every coalition there is. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { coalitionsOf } from '../../node/coalition.ts'
import {
  type Committee,
  isQuorum,
  type Member,
  smallestBlockingCoalition,
  smallestCertifyingCoalition,
} from '../../protocol/committee.ts'
import { encodeSs58 } from '../../protocol/ss58.ts'

const hotkeyOf = (index: number): string => `${index}`.padStart(2, '0').repeat(32)

const seats = (weights: readonly bigint[]): Committee => ({
  epoch: 1,
  seed: '',
  members: weights.map((weight, index) => ({
    hotkey: hotkeyOf(index),
    sessionKey: '',
    sealingKey: '',
    peerId: '',
    weight,
  })),
  total: weights.reduce((sum, weight) => sum + weight, 0n),
})

const weigh = (members: readonly Member[]): bigint => members.reduce((sum, { weight }) => sum + weight, 0n)

/** Size of the smallest subset with this property, of all subsets. */
const smallestOf = (committee: Committee, holds: (weight: bigint) => boolean): number => {
  let best = Number.POSITIVE_INFINITY
  for (let mask = 0; mask < 1 << committee.members.length; mask += 1) {
    const members = committee.members.filter((_, index) => (mask >> index) & 1)
    if (holds(weigh(members))) best = Math.min(best, members.length)
  }
  return best
}

// Small weights meet the borders of a third and two thirds, large ones are no doubles.
const weights = fc.array(fc.oneof(fc.bigInt({ min: 1n, max: 9n }), fc.bigInt({ min: 1n, max: 2n ** 64n })), {
  minLength: 1,
  maxLength: 9,
})

test('no smaller coalition than the one that is named can stop a committee, or certify alone', () => {
  fc.assert(
    fc.property(weights, (list) => {
      const committee = seats(list)
      const { total } = committee
      const stops = (weight: bigint): boolean => 3n * (total - weight) <= 2n * total
      const certifies = (weight: bigint): boolean => 3n * weight > 2n * total
      const blocking = smallestBlockingCoalition(committee)
      const certifying = smallestCertifyingCoalition(committee)
      assert.ok(stops(weigh(blocking)) && certifies(weigh(certifying)))
      assert.equal(blocking.length, smallestOf(committee, stops))
      assert.equal(certifying.length, smallestOf(committee, certifies))
      assert.ok(!isQuorum(total - weigh(blocking), total))
    }),
  )
})

test('the coalition is the heaviest of its size, whatever order the members sit in, equal ones by their hotkeys', () => {
  fc.assert(
    fc.property(weights, (list) => {
      const falling = [...list].sort((a, b) => (a < b ? 1 : a > b ? -1 : 0))
      const named = smallestBlockingCoalition(seats(list))
      assert.deepEqual(
        named.map(({ weight }) => weight),
        falling.slice(0, named.length),
      )
    }),
  )
  const hotkeys = smallestBlockingCoalition(seats([1n, 1n, 1n, 1n])).map(({ hotkey }) => hotkey)
  assert.deepEqual(hotkeys, [hotkeyOf(0), hotkeyOf(1)])
})

test('the sentence says "any" only where it does not matter which members they are', () => {
  const short = (indices: readonly number[]): string =>
    indices.map((index) => encodeSs58(hotkeyOf(index)).slice(0, 8)).join(', ')
  const four = coalitionsOf(seats([30n, 28n, 22n, 20n]))
  assert.equal(four.blocking.sentence, `any 2 of 4 can stop it: ${short([0, 1])}`)
  assert.equal(four.blocking.weightPpm, 580_000)
  assert.equal(four.certifying.sentence, `any 3 of 4 can certify alone: ${short([0, 1, 2])}`)
  const one = coalitionsOf(seats([34n, 33n, 33n]))
  assert.equal(one.blocking.sentence, `1 of 3 can stop it: ${short([0])}`)
  assert.equal(coalitionsOf(seats([1n, 1n, 1n])).blocking.sentence, `any 1 of 3 can stop it: ${short([0])}`)
  assert.deepEqual(coalitionsOf(seats([])).blocking.hotkeys, [])
})
