/** Runs a range of seeds and counts: what was drawn, what was checked, what was decided, what broke. */
import { CHECKERS } from './checkers/index.ts'
import { type Coverage, cover, noCoverage } from './coverage.ts'
import { FAULT_NAMES, type FaultName } from './faults.ts'
import { drawPlan, type Plan } from './plan.ts'
import { roundsScene } from './rounds-scene.ts'
import { type Outcome, runPlan } from './run.ts'
import type { Scene } from './scene.ts'
import { toyScene } from './toy-scene.ts'
import type { Checker } from './watch.ts'

export type SceneName = 'rounds' | 'toy' | 'mixed'
export type Range = {
  /** Seeds, or scenarios of twins by their numbers. */
  readonly kind: 'seeds' | 'twins'
  readonly n: number
  readonly from: number
  readonly seeds: number
  readonly scene: SceneName
  /** Ends at the first violation. */
  readonly stop: boolean
}

/** A broken promise, in a form that can be sent from a worker. */
export type Broken = { readonly seed: number; readonly promise: string; readonly message: string; readonly plan: Plan }

export type Tally = {
  seeds: number
  done: number
  heights: number
  events: number
  readonly broken: Broken[]
  readonly faults: Record<FaultName, number>
  readonly checkers: Record<string, number>
  readonly coverage: Coverage
}

/** Where scenes are mixed one seed in so many plays whole rounds: they cost four times what the agreement alone does. */
const ROUNDS_EVERY = 10
/** One seed in so many runs over real bytes and real signatures. */
const REAL_EVERY = 100

const zeros = <N extends string>(names: readonly N[]): Record<N, number> =>
  Object.fromEntries(names.map((name) => [name, 0])) as Record<N, number>

export const noTally = (): Tally => ({
  seeds: 0,
  done: 0,
  heights: 0,
  events: 0,
  broken: [],
  faults: zeros(FAULT_NAMES),
  checkers: zeros(CHECKERS.map(({ name }) => name)),
  coverage: noCoverage(),
})

const addCounts = (sum: Record<string, number>, more: Readonly<Record<string, number>>): void => {
  for (const [name, count] of Object.entries(more)) sum[name] = (sum[name] ?? 0) + count
}

export const addTally = (sum: Tally, more: Tally): void => {
  sum.seeds += more.seeds
  sum.done += more.done
  sum.heights += more.heights
  sum.events += more.events
  sum.broken.push(...more.broken)
  addCounts(sum.faults, more.faults)
  addCounts(sum.checkers, more.checkers)
  addCounts(sum.coverage, more.coverage)
}

/** What holds whoever lies: where liars hold a third or more only this is looked at. */
const UNCONDITIONAL = new Set([
  'guarded',
  'no-conviction',
  'accountability',
  'sealed-until-commits',
  'no-late-votes',
  'bounded-memory',
  'one-meaning',
])

export const checkersFor = (plan: Plan): readonly Checker[] =>
  plan.isOverBudget ? CHECKERS.filter(({ name }) => UNCONDITIONAL.has(name)) : CHECKERS

type AnyScene = Scene<unknown>

const scenes = new Map<string, AnyScene>()

/** Scenes are the same for every seed: made once for each size and kind. */
export const sceneOf = (n: number, kind: 'rounds' | 'toy' | 'real'): AnyScene => {
  const name = `${kind}/${n}`
  const made = scenes.get(name) ?? ((kind === 'toy' ? toyScene(n) : roundsScene(n, kind === 'real')) as AnyScene)
  scenes.set(name, made)
  return made
}

/** Which scene a seed plays: the toy's is quick and reaches deep views, the rounds are the whole protocol. */
export const kindOf = (seed: number, scene: SceneName): 'rounds' | 'toy' | 'real' => {
  if (scene === 'toy') return 'toy'
  if (seed % REAL_EVERY === 0) return 'real'
  return scene === 'mixed' && seed % ROUNDS_EVERY !== 0 ? 'toy' : 'rounds'
}

export type One = {
  readonly n: number
  readonly scene: SceneName
  readonly plan: Plan
  readonly trace?: (line: string) => void
}

export const weightsOf = (scene: AnyScene): readonly bigint[] => scene.genesis.members.map(({ weight }) => weight)

/** Runs one plan and adds what it did to the tally. */
export const runOne = (o: One, tally: Tally): Outcome => {
  const { plan } = o
  const scene = sceneOf(o.n, kindOf(plan.seed, o.scene))
  const covers: Checker = { name: 'coverage', watch: () => cover(tally.coverage) }
  const counted = checkersFor(plan).map((checker) => ({
    checker,
    checked: () => {
      tally.checkers[checker.name] = (tally.checkers[checker.name] ?? 0) + 1
    },
  }))
  const checkers = [...counted, { checker: covers, checked: () => {} }]
  const outcome = runPlan({ scene, plan, checkers, trace: o.trace ?? null })
  tally.seeds++
  tally.done += outcome.isDone ? 1 : 0
  tally.heights += outcome.heights
  tally.events += outcome.events
  for (const name of FAULT_NAMES) if (plan.faults[name] !== undefined) tally.faults[name]++
  if (outcome.violation !== null) {
    const { promise, message } = outcome.violation
    tally.broken.push({ seed: plan.seed, promise, message, plan })
  }
  return outcome
}

export const drawFor = (n: number, scene: SceneName, seed: number): Plan =>
  drawPlan({ seed, weights: weightsOf(sceneOf(n, kindOf(seed, scene))), isSharp: kindOf(seed, scene) === 'toy' })

export const runRange = (range: Omit<Range, 'kind'>): Tally => {
  const tally = noTally()
  const { n, scene, from, seeds, stop } = range
  for (let seed = from; seed < from + seeds && !(stop && tally.broken.length > 0); seed++) {
    runOne({ n, scene, plan: drawFor(n, scene, seed) }, tally)
  }
  return tally
}
