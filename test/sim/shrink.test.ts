/** Promises of the simulator's tools: scenarios read as they were written, shrinking keeps what it shrinks, twins are all of them. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { FAULT_NAMES } from './faults.ts'
import { drawFor, noTally, runOne } from './range.ts'
import { parseScenario, printScenario, type Scenario } from './scenario.ts'
import { shrink } from './shrink.ts'
import { runTwins, TWIN_SCENARIOS, twinPlan } from './twins.ts'

const scenarioOf = (seed: number): Scenario => {
  const plan = { ...drawFor(4, 'rounds', seed), only: { drop: [1, 4] }, script: [{ untilMs: 9, side: 3 }] }
  return {
    about: 'Two lines\nof words.',
    n: 4,
    scene: 'rounds',
    plan,
    known: null,
    sees: { mutant: 'a fault', promise: 'a promise' },
  }
}

test('a scenario reads back as it was written', () => {
  for (let seed = 1; seed <= 200; seed++) {
    const { plan, ...rest } = scenarioOf(seed)
    const isDrawn = plan.faults.drop !== undefined
    const written = { ...rest, plan: isDrawn ? plan : { ...plan, only: {} } }
    assert.deepEqual(parseScenario(printScenario(written)), written)
  }
})

test('a scenario that names no fault of the menu is refused', () => {
  assert.throws(
    () => parseScenario('n 4\nseed 1\nhealAtMs 1\nrounds 1\ndelayMsMax 1\nfault nonsense a=1\n'),
    /no fault is called/,
  )
  assert.throws(() => parseScenario('n four\nseed 1\nhealAtMs 1\nrounds 1\ndelayMsMax 1\n'), /whole number/)
})

test('shrinking leaves only the faults and strikes without which nothing breaks', () => {
  const plan = drawFor(4, 'rounds', 8)
  const wanted = FAULT_NAMES.filter((name) => plan.faults[name] !== undefined).slice(0, 2)
  const [first] = wanted
  assert.ok(first !== undefined && wanted.length === 2)
  const shrunk = shrink(plan, (candidate) => ({
    // Breaks while both faults are there, and of the first one's hundred strikes the 17th and the 60th.
    breaks:
      wanted.every((name) => candidate.faults[name] !== undefined) &&
      [17, 60].every((strike) => candidate.only[first]?.includes(strike) ?? true),
    strikes: new Map([[first, 100]]),
  }))
  assert.deepEqual(Object.keys(shrunk.faults).sort(), [...wanted].sort())
  assert.deepEqual(shrunk.only[first], [17, 60])
})

test('every scenario of twins is another one', () => {
  const plans = new Set(
    Array.from({ length: TWIN_SCENARIOS }, (_, number) => {
      const { liars, script } = twinPlan(number)
      return JSON.stringify({ liars, script })
    }),
  )
  assert.equal(plans.size, 4 * 16 ** 3)
})

test('two copies of one identity bring no promise down, however the views are parted', () => {
  for (let from = 0; from < TWIN_SCENARIOS; from += 163) {
    const tally = runTwins({ from, count: 1 })
    assert.deepEqual(tally.broken, [])
    assert.equal(tally.done, 1)
  }
})

describe('what once broke a promise breaks none, but for what is known', () => {
  for (const path of globSync('test/scenario/*.txt')) {
    test(path, () => {
      const { n, scene, plan, about, known } = parseScenario(readFileSync(path, 'utf8'))
      const { violation } = runOne({ n, scene, plan }, noTally())
      assert.equal(violation?.promise ?? null, known, known === null ? about : 'mended? then drop its line `known`')
    })
  }
})
