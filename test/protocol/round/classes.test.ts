/** Hardware classes, throughput and marks in a result: what is certified of each kind of host, and of each member. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createStanding, type Standing } from '../../../protocol/ledger/fold.ts'
import { deriveResult } from '../../../protocol/round/derive.ts'
import type { Evaluation } from '../../../protocol/round/statement.ts'
import { digestOf, faulted, measuredAt, params, VALIDATORS } from './mesh.ts'
import { derive, queryOf } from './say.ts'

/** Stakes are 30, 28, 22, 20. */
const A = digestOf('a')
const pass = (ppm: number, rawMilli?: bigint) => [measuredAt(A, ppm, rawMilli === undefined ? {} : { rawMilli })]
const [BETTER, WORSE] = [1_200_000, 999_000]

const standingAfter = (rounds: number): Standing => {
  const standing = createStanding()
  standing.provisional = new Map([[A, rounds]])
  return standing
}

test('each class has its own weighted median, in the order of names', () => {
  const [row] = derive([pass(1_100_000), pass(1_200_000), pass(1_300_000), pass(1_400_000)], {
    models: ['Zen', 'Ivy', 'Ivy', 'Zen'],
  }).submissions
  assert.deepEqual(row?.classes, [
    { hardwareClass: 'ivy-x1', weightPpm: 500_000, metricPpm: 1_200_000, rawMilli: null },
    { hardwareClass: 'zen-x1', weightPpm: 500_000, metricPpm: 1_100_000, rawMilli: null },
  ])
  assert.equal(row?.flag, 'none')
})

test('a challenger that one large class finds better and another worse is quarantined and does not take over', () => {
  const says = [pass(BETTER), pass(BETTER), pass(BETTER), pass(WORSE)]
  const agreed = derive(says)
  assert.equal(agreed.winner, A)
  // Zen has 42 of 100 with the worse median, Ivy 58: three quarters say better all the same.
  const zen = [pass(BETTER), pass(BETTER), pass(WORSE), pass(1_020_000)]
  const split = derive(zen, { models: ['Ivy', 'Ivy', 'Zen', 'Zen'], thetaPpm: 10_000 }).submissions[0]
  assert.deepEqual([split?.flag, split?.board, split?.rank], ['classes', 'quarantined', 1])
  const same = derive(zen, { models: ['Ivy', 'Ivy', 'Ivy', 'Ivy'], thetaPpm: 10_000 })
  assert.deepEqual([same.winner, same.submissions[0]?.flag], [A, 'none'])
  const again = derive(zen, {
    models: ['Ivy', 'Ivy', 'Zen', 'Zen'],
    thetaPpm: 10_000,
    incumbent: digestOf('leader'),
    standing: standingAfter(5),
  })
  assert.deepEqual([again.winner, again.submissions[0]?.board], [null, 'quarantined'], 'however often confirmed')
})

test('a class of a third of the stake or less is shown and flags nothing', () => {
  const says = [pass(WORSE), pass(BETTER), pass(BETTER), pass(BETTER)]
  const [row] = derive(says, { models: ['Zen', 'Ivy', 'Ivy', 'Ivy'] }).submissions
  assert.deepEqual([row?.flag, row?.board, row?.classes.length], ['none', 'record', 2])
})

test('a class that finds no difference contradicts nobody', () => {
  const says = [pass(BETTER), pass(BETTER), pass(1_000_000), pass(BETTER)]
  const [row] = derive(says, { models: ['Ivy', 'Ivy', 'Zen', 'Zen'] }).submissions
  assert.deepEqual([row?.flag, row?.classes.find((c) => c.hardwareClass === 'zen-x1')?.metricPpm], ['none', 1_000_000])
})

test('noisy hosts and others’ faults are in no class, and a submission without a pass has none', () => {
  const noisy = derive([pass(WORSE), pass(BETTER), pass(BETTER), pass(BETTER)], {
    models: ['Zen', 'Ivy', 'Ivy', 'Ivy'],
    noise: [params.thetaPpm + 1, 0, 0, 0],
  }).submissions[0]
  assert.deepEqual(
    noisy?.classes.map(({ hardwareClass, weightPpm }) => [hardwareClass, weightPpm]),
    [['ivy-x1', 700_000]],
  )
  const failed = derive([pass(BETTER), [faulted(A, 'infra', 'SANDBOX_START')], null, pass(BETTER)]).submissions[0]
  assert.deepEqual([failed?.verdict, failed?.classes, failed?.flag], ['inconclusive', [], 'none'])
})

test('throughput has a weighted median of its own, overall and by class, once two thirds of the committee tell one', () => {
  const models = ['Ivy', 'Ivy', 'Zen', 'Zen']
  const told = [pass(BETTER, 700n), pass(BETTER, 500n), pass(BETTER, 900n), pass(BETTER, 100n)]
  const [row] = derive(told, { models }).submissions
  assert.equal(row?.rawMilli, 700n)
  assert.deepEqual(
    row?.classes.map(({ rawMilli }) => rawMilli),
    [700n, 900n],
  )
  assert.deepEqual(row?.byValidator.map(({ hotkey, rawMilli }) => [VALIDATORS.indexOf(hotkey), rawMilli]).sort(), [
    [0, 700n],
    [1, 500n],
    [2, 900n],
    [3, 100n],
  ])
  const one = derive([pass(BETTER, 700n), pass(BETTER), pass(BETTER), pass(BETTER)], { models }).submissions[0]
  assert.deepEqual([one?.rawMilli, one?.classes.map((c) => c.rawMilli)], [null, [null, null]], 'a liar adds none')
  const most = derive([pass(BETTER), pass(BETTER, 5n), pass(BETTER, 6n), pass(BETTER, 7n)], { models }).submissions[0]
  assert.equal(most?.rawMilli, 6n, 'nor does a silent one take it away')
})

test('every member of the committee has one mark: missing, noisy, flagged or counted', () => {
  const says = [pass(9_000_000), pass(1_100_000), pass(1_100_500), null]
  const marks = derive(says, { noise: [0, 0, 7, 0], models: ['Zen', 'Ivy', '', ''] }).validators
  const shown = marks.map(({ hotkey, ...mark }) => ({ place: VALIDATORS.indexOf(hotkey), ...mark }))
  assert.deepEqual(
    shown.sort((a, b) => a.place - b.place),
    [
      { place: 0, mark: 'flagged', hardwareClass: 'zen-x1', noisePpm: 0 },
      { place: 1, mark: 'counted', hardwareClass: 'ivy-x1', noisePpm: 0 },
      { place: 2, mark: 'counted', hardwareClass: 'unknown-x1', noisePpm: 7 },
      { place: 3, mark: 'missing', hardwareClass: '', noisePpm: 0 },
    ],
  )
  const noisy = derive([pass(9_000_000), null, null, null], { noise: [params.thetaPpm + 1] }).validators
  assert.equal(noisy.find(({ hotkey }) => hotkey === VALIDATORS[0])?.mark, 'noisy')
})

test('a value is an outlier beyond six deviations, not at six', () => {
  const useAt = (ppm: number) => {
    const [row] = derive([pass(1_100_000), pass(1_110_000), pass(1_090_000), pass(ppm)]).submissions
    return row?.byValidator.find(({ hotkey }) => hotkey === VALIDATORS[3])?.use
  }
  assert.deepEqual([useAt(1_160_000), useAt(1_160_001)], ['counted', 'flagged'])
})

test('a crowd with little stake cannot make its lies look usual: deviations weigh by stake', () => {
  const query = queryOf({ says: [pass(1_100_000)] })
  const said = (ppm: number) => ({ ...query.attestations[0]?.evaluation, submissions: pass(ppm) }) as Evaluation
  const [member] = query.committee.members
  assert.ok(member !== undefined)
  const crowd = Array.from({ length: 9 }, (_, index) => ({
    ...member,
    hotkey: digestOf(`member ${index}`),
    weight: index < 4 ? 20n : 4n,
  }))
  const { submissions } = deriveResult({
    ...query,
    committee: { ...query.committee, members: crowd, total: 100n },
    attestations: crowd.map(({ hotkey }, index) => ({ hotkey, evaluation: said(index < 4 ? 1_100_000 : 4_000_000) })),
  })
  const uses = submissions[0]?.byValidator.map(({ use }) => use)
  assert.deepEqual(uses, [...Array(4).fill('counted'), ...Array(5).fill('flagged')])
})
