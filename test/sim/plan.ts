/** What goes wrong in one seed: drawn before the run, so that a seed can be described, and a fault dropped without changing the others. */
import { FAULT_NAMES, FAULTS, type FaultName, type Params, SHARPER } from './faults.ts'
import { createRandom, type Random } from './random.ts'

export type Plan = {
  readonly seed: number
  /** From then on nothing is lost, everyone runs, and deliveries take at most Δ/4. */
  readonly healAtMs: number
  /** Whole rounds that must have been decided since healing before the run may end. */
  readonly rounds: number
  /** Each delivery takes from 1 ms to this. */
  readonly delayMsMax: number
  /** Places of those that may lie or be two: nothing is promised about them. */
  readonly liars: readonly number[]
  /** Liars hold a third or more: agreement may break, and then those who broke it must be known. */
  readonly isOverBudget: boolean
  readonly faults: Readonly<Partial<Record<FaultName, Params>>>
  /** Of a fault that strikes many times only these strikes happen, counted from 1: what a shrunk scenario keeps. */
  readonly only: Readonly<Partial<Record<FaultName, readonly number[]>>>
  /** Sides of the processes, as bits by their numbers, in windows of time that follow each other; liars are on a side like everyone. */
  readonly script: readonly { readonly untilMs: number; readonly side: number }[]
}

/** One seed in so many lets liars hold more than they may. */
const OVER_BUDGET_EVERY = 64
/** Most runs end with the first whole round after healing; leads, confirmations and decay want some more. */
const LONG_PER_MILLE = 130
const LONG_ROUNDS = 4
/** Stakes swing by up to 40 % in an epoch: what several liars hold together must stay below a third even then. */
const SWING_PER_MILLE = 1400n

const shuffled = (random: Random, count: number): readonly number[] => {
  const left = Array.from({ length: count }, (_, place) => place)
  return left.map((_, index) => {
    const other = index + random.below(count - index)
    const chosen = left[other] ?? index
    left[other] = left[index] ?? index
    left[index] = chosen
    return chosen
  })
}

const weigh = (weights: readonly bigint[], places: readonly number[]): bigint =>
  places.reduce((sum, place) => sum + (weights[place] ?? 0n), 0n)

/** One liar is below a third by the cap on weights; more of them only as far as no swing of stakes brings them there. */
const liarsOf = (random: Random, weights: readonly bigint[], isOverBudget: boolean): readonly number[] => {
  const total = weigh(weights, [...weights.keys()])
  const liars: number[] = []
  for (const place of shuffled(random, weights.length)) {
    const mine = weigh(weights, [...liars, place])
    const swung = mine * SWING_PER_MILLE
    const isLawful = liars.length === 0 || 3n * swung < swung + (total - mine) * 1000n
    if (isOverBudget ? 3n * weigh(weights, liars) > total : !isLawful) break
    liars.push(place)
  }
  return liars
}

/** `weights`: of the first committee, by place. `isSharp`: only the agreement is played. */
export const drawPlan = (o: { seed: number; weights: readonly bigint[]; isSharp: boolean }): Plan => {
  const { seed, weights, isSharp } = o
  const random = createRandom(seed, 'plan')
  // Rounds take their time after healing too; the agreement alone reaches deep views only before.
  const healAtMs = isSharp ? 2_000 + random.below(9_000) : 1_500 + random.below(random.chance(250) ? 22_000 : 6_000)
  const isOverBudget = random.below(OVER_BUDGET_EVERY) === 0
  const liars = isOverBudget || random.chance(isSharp ? 800 : 500) ? liarsOf(random, weights, isOverBudget) : []
  const faults: Partial<Record<FaultName, Params>> = {}
  for (const name of FAULT_NAMES) {
    const own = createRandom(seed, `draw ${name}`)
    const params = FAULTS[name].draw({ random: own, nodes: weights.length, healAtMs, liars })
    if (params !== null && own.chance((isSharp ? SHARPER[name] : undefined) ?? FAULTS[name].perMille))
      faults[name] = params
  }
  // Most seeds stay within Δ, some go beyond the views' timers.
  const delayMsMax = 1 + random.below(random.chance(200) ? 6_000 : 400)
  const rounds = random.chance(LONG_PER_MILLE) ? LONG_ROUNDS : 1
  return { seed, healAtMs, rounds, delayMsMax, liars, isOverBudget, faults, only: {}, script: [] }
}

/** Says of each chance of a fault whether it strikes: its own stream, its strikes counted, all but some of them left out where the plan says so. */
export type Strikes = { readonly hits: (name: FaultName) => boolean; readonly counts: ReadonlyMap<FaultName, number> }

export const createStrikes = (plan: Plan): Strikes => {
  const counts = new Map<FaultName, number>()
  const streams = new Map<FaultName, Random>()
  const hits = (name: FaultName): boolean => {
    const params = plan.faults[name]
    if (params === undefined) return false
    const known = streams.get(name)
    const stream = known ?? createRandom(plan.seed, `strike ${name}`)
    if (known === undefined) streams.set(name, stream)
    if (!stream.chance(params['perMille'] ?? 1000)) return false
    const count = (counts.get(name) ?? 0) + 1
    counts.set(name, count)
    return plan.only[name]?.includes(count) ?? true
  }
  return { hits, counts }
}
