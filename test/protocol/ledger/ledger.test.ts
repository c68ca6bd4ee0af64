/** The ledger: takeover, the fold of results, and the weights that follow from it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createStanding, foldResult, incumbentOf, type Standing } from '../../../protocol/ledger/fold.ts'
import { isBetter, isConfirmed, type MetricVote } from '../../../protocol/ledger/takeover.ts'
import { vectorAt } from '../../../protocol/ledger/weights.ts'
import type { RoundResult, SubmissionResult } from '../../../protocol/round/result.ts'
import { digestOf, MINERS, metagraphAt, OWNER, params } from '../round/mesh.ts'

const THETA = 10_000
const vote = (weight: bigint, centrePpm: number, pair: MetricVote['pair'] = 'better'): MetricVote => ({
  weight,
  centrePpm,
  pair,
})
const isAhead = (votes: readonly MetricVote[], metricPpm = 1_020_000): boolean =>
  isBetter({ votes, metricPpm, thetaPpm: THETA })

test('a challenger needs its median above θ, two thirds above half of θ, and more than half that say better', () => {
  const clear = [vote(30n, 1_020_000), vote(28n, 1_020_000), vote(22n, 1_020_000), vote(20n, 1_020_000)]
  assert.equal(isAhead(clear), true)
  assert.equal(isAhead(clear, 1_010_000), false)
  assert.equal(isAhead([vote(66n, 1_020_000), vote(34n, 1_005_000)]), false, 'exactly half of θ is not above it')
  assert.equal(isAhead([vote(67n, 1_020_000), vote(33n, 1_005_000)]), true)
  assert.equal(isAhead([vote(50n, 1_020_000), vote(50n, 1_020_000, 'inconclusive')]), false)
  assert.equal(isAhead([vote(51n, 1_020_000), vote(49n, 1_020_000, 'inconclusive')]), true)
  assert.equal(isAhead([]), false)
})

test('the baseline is beaten in one round, a leader in as many as the parameters say', () => {
  assert.equal(isConfirmed({ hasIncumbent: false, confirmations: 0, confirmRounds: 2 }), true)
  assert.equal(isConfirmed({ hasIncumbent: true, confirmations: 0, confirmRounds: 2 }), false)
  assert.equal(isConfirmed({ hasIncumbent: true, confirmations: 1, confirmRounds: 2 }), true)
})

const row = (name: string, over: Partial<SubmissionResult>): SubmissionResult => ({
  id: digestOf(name),
  hotkey: MINERS[0] ?? '',
  bundle: digestOf(`bundle ${name}`),
  verdict: 'pass',
  code: '',
  board: 'accepted',
  rank: 1,
  metricPpm: 1_100_000,
  scorePpb: 0n,
  values: {},
  rawMilli: null,
  flag: 'none',
  classes: [],
  byValidator: [],
  ...over,
})

const resultOf = (round: number, submissions: readonly SubmissionResult[]): RoundResult => ({
  competition: params.id,
  round,
  manifest: digestOf(`manifest ${round}`),
  incumbent: null,
  thetaPpm: THETA,
  winner: null,
  submissions,
  validators: [],
})

test('a record leads from its block on, and a submission with a verdict is done', () => {
  const standing = createStanding()
  foldResult(standing, resultOf(1, [row('a', { board: 'record' }), row('b', { verdict: 'miner', board: 'none' })]), 500)
  assert.deepEqual([incumbentOf(standing)?.submission, incumbentOf(standing)?.block], [digestOf('a'), 500])
  assert.deepEqual([...standing.finished].sort(), [digestOf('a'), digestOf('b')].sort())
})

test('a provisional challenger counts rounds in a row, keeps its count through a round without verdict, loses it by failing', () => {
  const standing = createStanding()
  const provisional = row('p', { board: 'provisional' })
  foldResult(standing, resultOf(1, [provisional]), 500)
  foldResult(standing, resultOf(2, [row('p', { verdict: 'inconclusive', board: 'none' })]), 520)
  assert.equal(standing.provisional.get(provisional.id), 1)
  foldResult(standing, resultOf(3, [provisional]), 540)
  assert.equal(standing.provisional.get(provisional.id), 2)
  assert.equal(standing.finished.has(provisional.id), false)
  foldResult(standing, resultOf(4, [row('p', { board: 'tie' })]), 560)
  assert.equal(standing.provisional.size, 0)
  assert.equal(standing.finished.has(provisional.id), true)
})

test('a quarantined challenger loses its count and is measured again, five rounds at most', () => {
  const standing = createStanding()
  foldResult(standing, resultOf(1, [row('p', { board: 'provisional' })]), 500)
  const quarantined = row('p', { board: 'quarantined', flag: 'classes' })
  foldResult(standing, resultOf(2, [quarantined]), 520)
  assert.deepEqual([standing.provisional.size, standing.finished.size, incumbentOf(standing)], [0, 0, null])
  for (let round = 3; round < 6; round += 1) foldResult(standing, resultOf(round, [quarantined]), 540)
  assert.equal(standing.finished.size, 0)
  foldResult(standing, resultOf(6, [quarantined]), 560)
  assert.equal(standing.finished.has(quarantined.id), true)
})

test('with a new leader every other count starts again', () => {
  const standing = createStanding()
  foldResult(standing, resultOf(1, [row('p', { board: 'provisional' }), row('q', { board: 'provisional' })]), 500)
  foldResult(standing, resultOf(2, [row('p', { board: 'record' }), row('q', { board: 'provisional' })]), 520)
  assert.deepEqual([...standing.provisional], [[digestOf('q'), 0]])
  foldResult(standing, resultOf(3, [row('q', { board: 'provisional' })]), 540)
  foldResult(standing, resultOf(4, [row('r', { board: 'record' })]), 560)
  assert.deepEqual([...standing.provisional], [[digestOf('q'), 0]], 'also of one that this round did not measure')
})

const led = (...records: readonly { miner: string; block: number }[]): Map<string, Standing> => {
  const standing = createStanding()
  for (const [index, { miner, block }] of records.entries()) {
    foldResult(standing, resultOf(index + 1, [row(`s${index}`, { hotkey: miner, board: 'record' })]), block)
  }
  return new Map([[params.id, standing]])
}

const competition = { ...params, sharePpm: 1_000_000, burnPpm: 900_000, decayBlocks: 1_000 }
const [ANN = '', BEN = ''] = MINERS
const uidOf = (hotkey: string): number => metagraphAt(600).neurons.findIndex((neuron) => neuron.hotkey === hotkey)
const vector = (standings: ReadonlyMap<string, Standing>, block: number, without: readonly string[] = []) => {
  const metagraph = metagraphAt(block)
  const neurons = metagraph.neurons.filter((neuron) => !without.includes(neuron.hotkey))
  return vectorAt({ competitions: [competition], standings, metagraph: { ...metagraph, neurons } })
}

test('the winner has a tenth, which falls to nothing over the decay; the rest is the owner’s', () => {
  const standings = led({ miner: ANN, block: 600 })
  assert.deepEqual(vector(standings, 604), {
    uids: [uidOf(OWNER), uidOf(ANN)],
    values: [65_535, Math.floor((0.0996 * 65_535) / 0.9004)],
  })
  assert.deepEqual(vector(standings, 1_100).values, [65_535, Math.floor((0.05 * 65_535) / 0.95)])
  assert.deepEqual(vector(standings, 1_600), { uids: [uidOf(OWNER)], values: [65_535] })
})

test('when the winner leaves the one before it follows, and when all have left the owner has everything', () => {
  const standings = led({ miner: ANN, block: 600 }, { miner: BEN, block: 650 })
  assert.deepEqual(vector(standings, 700).uids, [uidOf(OWNER), uidOf(BEN)])
  assert.deepEqual(vector(standings, 700, [BEN]).uids, [uidOf(OWNER), uidOf(ANN)])
  assert.deepEqual(vector(standings, 700, [ANN, BEN]).uids, [uidOf(OWNER)])
  assert.deepEqual(vector(standings, 700, [ANN, BEN, OWNER]), { uids: [], values: [] })
})

test('nothing is rounded before the last step: a third of another’s share is a third on chain, however long the decay', () => {
  const standings = new Map([
    ['a', led({ miner: ANN, block: 600 }).get(params.id) ?? createStanding()],
    ['b', led({ miner: BEN, block: 600 }).get(params.id) ?? createStanding()],
  ])
  const competitions = [
    { ...competition, id: 'a', sharePpm: 750_000, burnPpm: 0, decayBlocks: 7_000_003 },
    { ...competition, id: 'b', sharePpm: 250_000, burnPpm: 0, decayBlocks: 7_000_003 },
  ]
  const made = vectorAt({ competitions, standings, metagraph: metagraphAt(604) })
  const weightOn = (hotkey: string) => made.values[made.uids.indexOf(uidOf(hotkey))]
  assert.deepEqual([weightOn(ANN), weightOn(BEN)], [65_535, 21_845])
})

test('whatever the shares, a vector is legal: uids rise, values lie in 1 … 65535, the largest is 65535, and it is the same however often derived', () => {
  const share = fc.integer({ min: 0, max: 500_000 })
  fc.assert(
    fc.property(share, share, fc.integer({ min: 604, max: 3_000 }), (first, second, block) => {
      const standings = new Map([
        ['a', led({ miner: ANN, block: 600 }).get(params.id) ?? createStanding()],
        ['b', led({ miner: BEN, block: 600 }).get(params.id) ?? createStanding()],
      ])
      const competitions = [
        { ...competition, id: 'a', sharePpm: first, burnPpm: 100_000 },
        { ...competition, id: 'b', sharePpm: second, burnPpm: 0 },
      ]
      const made = vectorAt({ competitions, standings, metagraph: metagraphAt(block) })
      assert.ok(made.uids.every((uid, index) => index === 0 || uid > (made.uids[index - 1] ?? uid)))
      assert.ok(made.values.every((value) => Number.isInteger(value) && value > 0 && value <= 65_535))
      assert.equal(Math.max(...made.values), 65_535)
      assert.deepEqual(vectorAt({ competitions, standings, metagraph: metagraphAt(block) }), made)
    }),
  )
})
