/** RESULT's derivation: quorums, medians, outliers and ranking, each against a naive second evaluator. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createStanding } from '../../../protocol/ledger/fold.ts'
import { weightedMedian } from '../../../protocol/round/median.ts'
import { resultDigest } from '../../../protocol/round/result.ts'
import type { Measured } from '../../../protocol/round/statement.ts'
import { digestOf, faulted, measuredAt, params, STAKES, VALIDATORS } from './mesh.ts'
import { derive } from './say.ts'

const A = digestOf('a')
const pass = (ppm: number) => [measuredAt(A, ppm)]
const miner = (code: string) => [faulted(A, 'miner', code)]
const infra = () => [faulted(A, 'infra', 'SANDBOX_START')]

test('a pass needs passes of more than two thirds of the whole committee, not of those who revealed', () => {
  const [one] = derive([pass(1_100_000), pass(1_100_000), pass(1_100_000), null]).submissions
  assert.deepEqual([one?.verdict, one?.metricPpm], ['pass', 1_100_000])
  const [two] = derive([null, pass(1_100_000), pass(1_100_000), infra()]).submissions
  assert.deepEqual([two?.verdict, two?.code, two?.metricPpm], ['inconclusive', 'NO_QUORUM', 0])
})

test('a fault of the miner needs more than half of the revealed weight with one and the same code', () => {
  const verdictOf = (says: Parameters<typeof derive>[0]) => derive(says).submissions[0]
  assert.equal(verdictOf([miner('TIMEOUT'), pass(1_000_000), miner('TIMEOUT'), pass(1_000_000)])?.verdict, 'miner')
  assert.equal(
    verdictOf([miner('TIMEOUT'), pass(1_000_000), infra(), miner('TIMEOUT')])?.verdict,
    'inconclusive',
    '50 of 100',
  )
  const split = verdictOf([miner('TIMEOUT'), miner('EXCEPTION'), miner('TIMEOUT'), miner('EXCEPTION')])
  assert.deepEqual([split?.verdict, split?.code], ['miner', 'TIMEOUT'])
  const thrice = verdictOf([miner('TIMEOUT'), miner('EXCEPTION'), miner('NO_ANSWER'), miner('EXCEPTION')])
  assert.deepEqual([thrice?.verdict, thrice?.code], ['inconclusive', 'NO_QUORUM'])
})

test('a host noisier than θ has no vote, and if too few are left the round says so', () => {
  const says = [pass(2_000_000), pass(1_100_000), pass(1_100_000), pass(1_100_000)]
  const noisy = derive(says, { names: ['a'], noise: [params.thetaPpm + 1, 0, 0, 0] }).submissions[0]
  assert.deepEqual([noisy?.verdict, noisy?.metricPpm], ['pass', 1_100_000])
  assert.equal(noisy?.byValidator.find(({ hotkey }) => hotkey === VALIDATORS[0])?.use, 'noisy')
  const all = derive(says, { names: ['a'], noise: [params.thetaPpm + 1, params.thetaPpm + 1, 0, 0] }).submissions[0]
  assert.deepEqual([all?.verdict, all?.code], ['inconclusive', 'NOISY_HOSTS'])
})

test('a value far from the median is flagged and changes the median no further than its weight', () => {
  const [row] = derive([pass(9_000_000), pass(1_100_000), pass(1_100_500), pass(1_101_000)]).submissions
  const uses = Object.fromEntries(row?.byValidator.map(({ hotkey, use }) => [hotkey, use]) ?? [])
  assert.deepEqual(
    VALIDATORS.map((hotkey) => uses[hotkey]),
    ['flagged', 'counted', 'counted', 'counted'],
  )
  assert.ok(row !== undefined && row.metricPpm >= 1_100_000 && row.metricPpm <= 1_101_000)
})

test('equal metrics rank in the manifest’s order, and only the first that qualifies leads', () => {
  const both = [measuredAt(digestOf('old'), 1_200_000), measuredAt(digestOf('new'), 1_200_000)]
  const result = derive([both, both, both, both], { names: ['old', 'new'] })
  assert.deepEqual(
    result.submissions.map(({ board, rank }) => [board, rank]),
    [
      ['record', 1],
      ['provisional', 2],
    ],
  )
  assert.equal(result.winner, digestOf('old'))
})

test('against a leader the first round is provisional and the second takes over', () => {
  const standing = createStanding()
  const leader = {
    submission: digestOf('leader'),
    hotkey: '',
    bundle: '',
    round: 0,
    block: 0,
    metricPpm: 0,
    scorePpb: 0n,
    values: {},
  }
  standing.records.push(leader)
  const says = [pass(1_100_000), pass(1_100_000), pass(1_100_000), pass(1_100_000)]
  const first = derive(says, { names: ['a'], standing, incumbent: leader.submission })
  assert.deepEqual([first.winner, first.submissions[0]?.board], [leader.submission, 'provisional'])
  standing.provisional = new Map([[A, 1]])
  const second = derive(says, { names: ['a'], standing, incumbent: leader.submission })
  assert.deepEqual([second.winner, second.submissions[0]?.board], [A, 'record'])
})

test('the digest covers every value of every validator', () => {
  const says = [pass(1_100_000), pass(1_100_000), pass(1_100_000), pass(1_100_000)]
  const other = [pass(1_100_001), ...says.slice(1)]
  assert.equal(resultDigest(derive(says)), resultDigest(derive(says)))
  assert.notEqual(resultDigest(derive(says)), resultDigest(derive(other)))
})

const weighted = fc.array(
  fc.record({ value: fc.integer({ min: 0, max: 20 }), weight: fc.bigInt({ min: 1n, max: 30n }) }),
  {
    minLength: 1,
    maxLength: 12,
  },
)

test('the weighted median equals the upper median of the values written out once a unit of weight', () => {
  assert.equal(weightedMedian([]), null)
  fc.assert(
    fc.property(weighted, (votes) => {
      const written = votes
        .flatMap(({ value, weight }) => Array<number>(Number(weight)).fill(value))
        .sort((a, b) => a - b)
      assert.equal(weightedMedian(votes), written[Math.floor(written.length / 2)])
    }),
  )
})

const opinion = fc.oneof(
  fc.integer({ min: 500_000, max: 2_000_000 }).map((ppm) => pass(ppm)),
  fc.constantFrom('TIMEOUT', 'EXCEPTION').map((code) => miner(code)),
  fc.constant(infra()),
  fc.constant(null),
)

/** The same rules, written as plainly as possible over stake in hundredths. */
const naive = (says: readonly (readonly Measured[] | null)[]): { verdict: string; metric: number } => {
  const units = says.flatMap((say, index) => Array<Measured | undefined>(Number(STAKES[index])).fill(say?.[0]))
  const passes = units.flatMap((m) => (m?.verdict === 'pass' ? [m.centrePpm] : [])).sort((a, b) => a - b)
  if (passes.length > 66) return { verdict: 'pass', metric: passes[Math.floor(passes.length / 2)] ?? -1 }
  const revealed = units.filter((m) => m !== undefined)
  const agreed = ['TIMEOUT', 'EXCEPTION'].some(
    (code) => revealed.filter((m) => m.code === code).length > revealed.length / 2,
  )
  return { verdict: agreed ? 'miner' : 'inconclusive', metric: 0 }
}

test('whatever four validators say, verdict and metric equal those of a naive second evaluator, in any order of reveals', () => {
  fc.assert(
    fc.property(fc.tuple(opinion, opinion, opinion, opinion), (says) => {
      const [row] = derive(says).submissions
      assert.deepEqual({ verdict: row?.verdict, metric: row?.metricPpm }, naive(says))
    }),
    { numRuns: 500 },
  )
})

test('with under a third of stake lying the metric lies within what the honest measured', () => {
  const ppm = fc.integer({ min: 1, max: 1_000_000_000 })
  const honest = fc.integer({ min: 1_000_000, max: 1_300_000 })
  fc.assert(
    fc.property(ppm, honest, honest, honest, fc.integer({ min: 0, max: 3 }), (lie, a, b, c, liar) => {
      const values = [a, b, c]
      values.splice(liar, 0, lie)
      const [row] = derive(values.map(pass)).submissions
      const metric = row?.metricPpm ?? 0
      assert.ok(metric >= Math.min(a, b, c) && metric <= Math.max(a, b, c))
    }),
  )
})
