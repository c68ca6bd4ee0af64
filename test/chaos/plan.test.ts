/** What a drawn plan of faults promises: the seed says it all, every kind comes up, and mostly no more suffer than a mesh must bear. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { drawPlan, FAULT_KINDS, type Fault, isProcessKind } from './plan.ts'

const QUARTER_HOUR_MS = 900_000
const SEEDS = Array.from({ length: 50 }, (_, index) => index + 1)

const planOf = (seed: number, validators = 7): readonly Fault[] =>
  drawPlan({ seed, validators, ms: QUARTER_HOUR_MS, kinds: FAULT_KINDS })

const hitAt = (plan: readonly Fault[], ms: number): ReadonlySet<number> =>
  new Set(plan.filter(({ atMs, forMs }) => atMs <= ms && ms < atMs + forMs).flatMap(({ hit }) => hit))

test('the same seed draws the same plan, and another seed another', () => {
  assert.deepEqual(planOf(3), planOf(3))
  assert.notDeepEqual(planOf(3), planOf(4))
})

test('a quarter of an hour has faults of every kind, and ends with all of them over', () => {
  for (const seed of SEEDS) {
    const plan = planOf(seed)
    for (const kind of FAULT_KINDS)
      assert.ok(
        plan.some((fault) => fault.kind === kind),
        `seed ${seed}: no ${kind}`,
      )
    for (const { atMs, forMs } of plan) assert.ok(atMs >= 0 && forMs > 0 && atMs + forMs <= QUARTER_HOUR_MS)
  }
})

test('most of the time no more suffer than a mesh must bear, and at some time more do', () => {
  for (const validators of [4, 5, 7, 10]) {
    const bearable = Math.floor((validators - 1) / 3)
    const moments = SEEDS.slice(0, 10).flatMap((seed) => {
      const plan = planOf(seed, validators)
      return plan.map(({ atMs }) => hitAt(plan, atMs).size)
    })
    const worse = moments.filter((size) => size > bearable).length
    assert.ok(worse > 0, `${validators}: never too many`)
    assert.ok(worse < moments.length / 3, `${validators}: ${worse} of ${moments.length} moments have too many`)
  }
})

test('nobody is killed or moved while killed, stopped or moved, and only links between two validators are cut', () => {
  for (const seed of SEEDS) {
    const plan = planOf(seed)
    const processes = plan.filter(({ kind }) => isProcessKind(kind))
    for (const fault of processes) {
      const others = processes.filter((one) => one !== fault && one.hit[0] === fault.hit[0])
      const isApart = others.every((one) => one.atMs + one.forMs <= fault.atMs || fault.atMs + fault.forMs <= one.atMs)
      assert.ok(isApart, `seed ${seed}: ${JSON.stringify(fault)}`)
    }
    for (const fault of plan) {
      if (fault.kind !== 'partition') continue
      assert.ok(fault.cuts.length > 0)
      for (const [from, to] of fault.cuts) assert.ok(from !== to && from >= 0 && from < 7 && to >= 0 && to < 7)
    }
  }
})

test('kinds that were not asked for are never drawn', () => {
  const plan = drawPlan({ seed: 1, validators: 7, ms: QUARTER_HOUR_MS, kinds: ['stop'] })
  assert.ok(plan.length > 0)
  assert.deepEqual(new Set(plan.map(({ kind }) => kind)), new Set(['stop']))
})
