/** Twins: two copies of one identity under every way to part five processes in each of three views, all of them enumerated. */

import { CHECKERS } from './checkers/index.ts'
import type { Plan } from './plan.ts'
import { addTally, noTally, type Tally } from './range.ts'
import { runPlan } from './run.ts'
import { BLOCK_MS, type Scene } from './scene.ts'
import { DELTA_MS, toyScene } from './toy-scene.ts'

/** The toy's first entry is due at block 4. */
const FIRST_DUE_MS = 4 * BLOCK_MS
/** When views 0, 1 and 2 have ended by their timers: 4Δ, 5Δ, 6.25Δ. */
const ENDS_MS = [4, 9, 15.25].map((deltas) => FIRST_DUE_MS + deltas * DELTA_MS)
/** The first process is on side 0: sides have no names. */
const SIDES = 16
const IDENTITIES = 4

export const TWIN_SCENARIOS = IDENTITIES * SIDES ** ENDS_MS.length

/** The scenario of this number: which identity is two, and who hears whom in each view. */
export const twinPlan = (number: number): Plan => {
  const liar = number % IDENTITIES
  let rest = Math.floor(number / IDENTITIES)
  const script = ENDS_MS.map((untilMs) => {
    const side = (rest % SIDES) << 1
    rest = Math.floor(rest / SIDES)
    return { untilMs, side }
  })
  return {
    seed: number + 1,
    healAtMs: ENDS_MS.at(-1) ?? 0,
    rounds: 1,
    delayMsMax: 50,
    liars: [liar],
    isOverBudget: false,
    faults: { twins: { nodes: 1 << liar } },
    only: {},
    script,
  }
}

const sceneOfTwins = (): Scene<unknown> => {
  const scene = toyScene(IDENTITIES) as Scene<unknown>
  return { ...scene, isDone: (log) => log.length >= 2 }
}

/** Runs the scenarios from this number on. */
export const runTwins = (o: { readonly from: number; readonly count: number }): Tally => {
  const sum = noTally()
  const scene = sceneOfTwins()
  for (let number = o.from; number < Math.min(o.from + o.count, TWIN_SCENARIOS); number++) {
    const tally = noTally()
    const plan = twinPlan(number)
    const outcome = runPlan({
      scene,
      plan,
      checkers: CHECKERS.map((checker) => ({
        checker,
        checked: () => {
          tally.checkers[checker.name] = (tally.checkers[checker.name] ?? 0) + 1
        },
      })),
      trace: null,
    })
    tally.seeds = 1
    tally.done = outcome.isDone ? 1 : 0
    if (outcome.violation !== null) {
      const { promise, message } = outcome.violation
      tally.broken.push({ seed: number, promise, message, plan })
    }
    addTally(sum, tally)
  }
  return sum
}
