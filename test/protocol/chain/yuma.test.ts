/** Tests of Yuma consensus: traces of the chain's own tests, and a naive version in exact fractions. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { predictYuma, type YumaInput, type YumaNeuron, type YumaRow } from '../../../protocol/chain/yuma.ts'

const NEURON: YumaNeuron = {
  stake: 0n,
  permit: true,
  lastUpdate: 1,
  registeredAt: 0,
  commitBlock: null,
  weights: [],
}

const inputOf = (neurons: readonly Partial<YumaNeuron>[], o: Partial<YumaInput> = {}): YumaInput => ({
  block: 1,
  activityCutoff: 5_000,
  kappa: 32_767,
  stakeThreshold: 0n,
  ownerUid: null,
  ...o,
  neurons: neurons.map((neuron) => ({ ...NEURON, ...neuron })),
})

/** Four validators with stakes 1 to 4 and four servers; the first `selfish` validators weight only themselves. */
const bondsTest = (selfish: number): YumaInput => {
  const row: YumaRow = [16_383, 32_767, 49_149, 65_535].map((weight, index) => [4 + index, weight])
  const validators = [1n, 2n, 3n, 4n].map((stake, uid) => ({
    stake,
    weights: uid < selfish ? [[uid, 65_535] as const] : row,
  }))
  return inputOf([...validators, {}, {}, {}, {}])
}

/** The decimals that the chain's trace shows, as the chain stores them. */
const stored = (...shown: number[]): number[] => shown.map((value) => Math.floor(value * 65_535))

// Expected values: the traces in Subtensor's pallets/subtensor/src/tests/epoch.rs (test_bonds, test_512_graph).
test('yuma: four validators with one row make it the consensus, as in the chain’s trace', () => {
  const outcome = predictYuma(bondsTest(0))
  assert.deepEqual(outcome.consensus, stored(0, 0, 0, 0, 0.0999975584, 0.2000012207, 0.2999926754, 0.400008545))
  assert.deepEqual(outcome.validatorTrust, stored(...[0, 1, 2, 3].map(() => 0.9999999995), 0, 0, 0, 0))
  assert.deepEqual(outcome.incentive, stored(0, 0, 0, 0, 0.0999975582, 0.2000012207, 0.2999926752, 0.4000085455))
  const units = [0.0999999999, 0.2, 0.2999999998, 0.4].map((shown) => BigInt(Math.round(shown * 2 ** 32)))
  assert.deepEqual(outcome.stake.slice(0, 4), units, 'in units of 2^-32: two roundings, not one')
})

test('yuma: a validator that weights only itself has no trust and moves nothing, as in the chain’s trace', () => {
  for (const selfish of [1, 2]) {
    const outcome = predictYuma(bondsTest(selfish))
    assert.deepEqual(outcome.consensus, stored(0, 0, 0, 0, 0.0999975584, 0.2000012207, 0.2999926754, 0.400008545))
    const trusts = [0, 1, 2, 3].map((uid) => (uid < selfish ? 0 : 0.9999999995))
    assert.deepEqual(outcome.validatorTrust, stored(...trusts, 0, 0, 0, 0))
    assert.deepEqual(outcome.incentive, stored(0, 0, 0, 0, 0.0999975582, 0.2000012207, 0.2999926754, 0.4000085455))
  }
})

test('yuma: four tenths of the stake are no majority: no consensus, no incentive, as in the chain’s trace', () => {
  const outcome = predictYuma(bondsTest(3))
  const none = Array.from({ length: 8 }, () => 0)
  assert.deepEqual([outcome.consensus, outcome.validatorTrust, outcome.incentive], [none, none, none])
})

test('yuma: 64 validators and 448 servers give 146 to each server, as on the chain', () => {
  const row: YumaRow = Array.from({ length: 448 }, (_, index) => [64 + index, 65_535])
  const validators = Array.from({ length: 64 }, () => ({ stake: 100_000_000_000_000n, weights: row }))
  const outcome = predictYuma(inputOf([...validators, ...Array.from({ length: 448 }, () => ({}))]))
  const expected = [...Array.from({ length: 64 }, () => 0), ...Array.from({ length: 448 }, () => 146)]
  assert.deepEqual(outcome.consensus, expected)
  assert.deepEqual(outcome.incentive, expected)
})

test('yuma: stale validators, stake below the threshold and lost permits leave the vote', () => {
  const row = (uid: number): YumaRow => [[uid, 65_535]]
  const voters = (change: Partial<YumaNeuron>, o: Partial<YumaInput> = {}) =>
    predictYuma(
      inputOf(
        [
          { stake: 60n, weights: row(2), lastUpdate: 9_000, ...change },
          { stake: 50n, weights: row(3), lastUpdate: 9_000 },
          {},
          {},
        ],
        { block: 10_000, ...o },
      ),
    ).incentive
  assert.deepEqual(voters({}), [0, 0, 65_535, 0])
  assert.deepEqual(voters({ lastUpdate: 5_000 }), [0, 0, 65_535, 0], 'the cutoff itself is in time')
  assert.deepEqual(voters({ lastUpdate: 4_999 }), [0, 0, 0, 65_535])
  assert.deepEqual(voters({ permit: false }), [0, 0, 0, 65_535])
  assert.deepEqual(voters({ stake: 40n }, { stakeThreshold: 45n }), [0, 0, 0, 65_535])
})

test('yuma: a weight to a slot that has changed hands counts nothing, nor one committed before it did', () => {
  const incentive = (validator: Partial<YumaNeuron>, registeredAt: number) =>
    predictYuma(
      inputOf(
        [
          {
            stake: 1n,
            lastUpdate: 100,
            weights: [
              [1, 65_535],
              [2, 65_535],
            ],
            ...validator,
          },
          { registeredAt },
          {},
        ],
        {
          block: 200,
        },
      ),
    ).incentive
  assert.deepEqual(incentive({}, 99), [0, 32_767, 32_767])
  assert.deepEqual(incentive({}, 100), [0, 0, 65_535])
  assert.deepEqual(incentive({ commitBlock: 50 }, 50), [0, 32_767, 32_767])
  assert.deepEqual(incentive({ commitBlock: 49 }, 50), [0, 0, 65_535])
})

test('yuma: the owner may weight itself, without a permit and below the threshold', () => {
  const neurons = [{ stake: 5n, permit: false, weights: [[0, 65_535]] as YumaRow }, {}]
  assert.deepEqual(predictYuma(inputOf(neurons, { ownerUid: 0, stakeThreshold: 9n })).incentive, [65_535, 0])
  assert.deepEqual(predictYuma(inputOf(neurons)).incentive, [0, 0])
})

type Fraction = { readonly num: bigint; readonly den: bigint }
const less = (a: Fraction, b: Fraction): boolean => a.num * b.den < b.num * a.den
const plus = (a: Fraction, b: Fraction): Fraction => ({ num: a.num * b.den + b.num * a.den, den: a.den * b.den })
const times = (a: Fraction, b: Fraction): Fraction => ({ num: a.num * b.num, den: a.den * b.den })
const over = (a: Fraction, b: Fraction): Fraction =>
  b.num === 0n ? { num: 0n, den: 1n } : { num: a.num * b.den, den: a.den * b.num }
const whole = (value: number | bigint): Fraction => ({ num: BigInt(value), den: 1n })
const total = (values: readonly Fraction[]): Fraction => values.reduce(plus, whole(0))
const u16 = (value: Fraction): number => Number((value.num * 65_535n) / value.den)

/** The definition: the largest weight that more than kappa of the stake gives or exceeds; everything else follows. Exact. */
const naive = (stakes: readonly bigint[], rows: readonly (readonly number[])[], kappa: number) => {
  const sumStake = total(stakes.map(whole))
  const parts = stakes.map((stake) => over(whole(stake), sumStake))
  const weights = rows.map((row) => row.map((weight) => over(whole(weight), total(row.map(whole)))))
  const majority = { num: BigInt(kappa), den: 65_535n }
  const supportOf = (target: number, level: Fraction): Fraction =>
    total(parts.filter((_, uid) => !less(weights[uid]?.[target] ?? whole(0), level)))
  const consensus = stakes.map((_, target) =>
    weights
      .map((row) => row[target] ?? whole(0))
      .filter((level) => !less(supportOf(target, level), majority))
      .reduce((best, level) => (less(best, level) ? level : best), whole(0)),
  )
  const cut = weights.map((row) =>
    row.map((w, target) => (less(w, consensus[target] ?? whole(0)) ? w : (consensus[target] ?? whole(0)))),
  )
  const ranks = stakes.map((_, target) =>
    total(cut.map((row, uid) => times(parts[uid] ?? whole(0), row[target] ?? whole(0)))),
  )
  return {
    consensus: consensus.map(u16),
    validatorTrust: cut.map((row) => u16(total(row))),
    incentive: ranks.map((rank) => u16(over(rank, total(ranks)))),
  }
}

test('yuma: within one stored unit of the definition in exact fractions, whatever the stakes and rows', () => {
  const size = 5
  const row = fc.array(fc.integer({ min: 0, max: 65_535 }), { minLength: size, maxLength: size })
  const graph = fc.record({
    stakes: fc.array(fc.bigInt({ min: 1n, max: 10n ** 15n }), { minLength: size, maxLength: size }),
    rows: fc.array(row, { minLength: size, maxLength: size }),
    kappa: fc.integer({ min: 20_000, max: 60_000 }),
  })
  fc.assert(
    fc.property(graph, ({ stakes, rows, kappa }) => {
      const masked = rows.map((weights, uid) => weights.map((weight, target) => (target === uid ? 0 : weight)))
      const neurons = stakes.map((stake, uid) => ({
        stake,
        weights: (masked[uid] ?? []).map((weight, target) => [target, weight] as const),
      }))
      const got = predictYuma(inputOf(neurons, { kappa }))
      const want = naive(stakes, masked, kappa)
      for (const name of ['consensus', 'validatorTrust', 'incentive'] as const) {
        for (const [uid, value] of want[name].entries()) {
          const off = Math.abs((got[name][uid] ?? Number.NaN) - value)
          assert.ok(off <= 1, `${name} of ${uid}: ${got[name][uid]}, by the definition ${value}`)
        }
      }
    }),
    { numRuns: 300 },
  )
})

test('yuma: whoever holds more than the majority with one row fixes the consensus, whatever all others say', () => {
  const size = 6
  const row = fc.array(fc.integer({ min: 1, max: 65_535 }), { minLength: size, maxLength: size })
  const graph = fc.record({
    common: row,
    others: fc.array(row, { minLength: 2, maxLength: 2 }),
    mine: fc.bigInt({ min: 51n, max: 99n }),
  })
  fc.assert(
    fc.property(graph, ({ common, others, mine }) => {
      const sparse = (weights: readonly number[]): YumaRow =>
        weights.flatMap((weight, uid) => (uid >= 3 ? [[uid, weight] as const] : []))
      const rest = 100n - mine
      const neurons = [
        { stake: mine, weights: sparse(common) },
        { stake: rest, weights: sparse(others[0] ?? []) },
        { stake: rest === 1n ? 0n : 1n, weights: sparse(others[1] ?? []) },
        {},
        {},
        {},
      ]
      const alone = predictYuma(inputOf([{ stake: 1n, weights: sparse(common) }, {}, {}, {}, {}, {}]))
      const got = predictYuma(inputOf(neurons))
      assert.deepEqual(got.consensus, alone.consensus)
      assert.ok((got.validatorTrust[0] ?? 0) >= 65_534)
    }),
    { numRuns: 200 },
  )
})
