/** Runs one seed: builds the mesh, lets it live through its plan, heals it, and has every promise checked. */
import type { Header } from '../../protocol/message/entry.ts'
import { isIn } from './faults.ts'
import type { Plan, Strikes } from './plan.ts'
import { BLOCK_MS, blockAt } from './scene.ts'
import { Violation } from './watch.ts'
import { addProcess, build, type Setup, sendFromOutside, type World } from './world.ts'

export type Outcome = {
  readonly plan: Plan
  readonly violation: Violation | null
  /** Whether all that had to be was decided by every honest node, and the heights that were. */
  readonly isDone: boolean
  readonly heights: number
  readonly events: number
  /** How often each fault struck. */
  readonly strikes: Strikes['counts']
}

/** The longest that all of what falls due may take to be decided after healing. */
const PATIENCE_MS = 1_200_000
/** Far more than ever happen in one millisecond, unless an alarm rings for ever. */
const EVENTS_AT_ONCE_MAX = 10_000
/** Looking at the logs is dear beside an event. */
const LOOK_EVERY_EVENTS = 64

/** Every finalised block reaches every process soon, in order, however long the chain stood still; outsiders speak when it does. */
const runChain = <S>(world: World<S>, number: number): void => {
  const { schedule, scene, plan, processes } = world
  const { chainStall } = plan.faults
  const stalled =
    chainStall?.['fromMs'] !== undefined && number * BLOCK_MS > chainStall['fromMs'] ? (chainStall['forMs'] ?? 0) : 0
  schedule.after(Math.max(1, number * BLOCK_MS + stalled - schedule.now()), () => {
    for (const process of processes) {
      const late = (plan.seed * 7 + number * 13 + process.index * 101) % (BLOCK_MS / 2)
      schedule.after(late, () => process.give((at) => ({ kind: 'head', at, block: blockAt(number) })))
    }
    for (const spoken of scene.outside(number)) sendFromOutside(world, spoken)
    runChain(world, number + 1)
  })
}

/** Faults with a time of their own, that no draw on the way decides. */
const arrange = <S>(world: World<S>): void => {
  const { plan, schedule } = world
  const { restart, pause, clonedKey, twins } = plan.faults
  const first = (place: number | undefined) => world.processes.find((process) => process.place === place)
  const twin = (place: number): void => {
    const copy = addProcess(world, place, [...(first(place)?.disk ?? [])])
    copy.start()
  }
  for (const place of plan.liars) {
    if (isIn(twins?.['nodes'], place)) schedule.after(1, () => twin(place))
    if (isIn(clonedKey?.['nodes'], place)) schedule.after(clonedKey?.['atMs'] ?? 0, () => twin(place))
  }
  if (restart !== undefined) {
    schedule.after(restart['fromMs'] ?? 0, () => first(restart['node'])?.stop())
    schedule.after(Math.min(restart['toMs'] ?? 0, plan.healAtMs), () => {
      const process = first(restart['node'])
      if (process?.machine() === null) process.start()
    })
  }
  if (pause !== undefined) {
    const untilMs = Math.min(pause['toMs'] ?? 0, plan.healAtMs)
    schedule.after(pause['fromMs'] ?? 0, () => first(pause['node'])?.freeze(untilMs))
  }
}

/** Where liars hold a third or more nothing must be decided, and nothing the machine says of itself need be true. */
const isPromised = <S>({ plan }: World<S>): boolean => !plan.isOverBudget

/** Lives until all that fell due is decided by all honest nodes, or patience ends. */
const live = <S>(world: World<S>): Omit<Outcome, 'plan' | 'violation' | 'strikes'> => {
  const { scene, plan, schedule, processes, logs } = world
  for (const place of scene.keys.keys()) addProcess(world, place)
  for (const process of processes) schedule.after((plan.seed * 17 + process.index * 149) % 500, process.start)
  arrange(world)
  runChain(world, 1)
  const isDoneBy = (log: readonly Header[]): boolean => scene.isDone(log, healedBlockOf(plan), plan.rounds)
  const areDone = (): boolean => [...logs.values()].every(isDoneBy)
  const end = plan.isOverBudget ? plan.healAtMs : plan.healAtMs + PATIENCE_MS
  let events = 0
  let [moment, atOnce] = [0, 0]
  while (schedule.next(end)) {
    const now = schedule.now()
    atOnce = now === moment ? atOnce + 1 : 0
    moment = now
    if (atOnce > EVENTS_AT_ONCE_MAX) throw new Violation('time goes on', { moment })
    if (++events % LOOK_EVERY_EVENTS === 0 && now > plan.healAtMs && areDone()) break
  }
  world.watcher.ended({
    logs,
    isDone: (log) => !isPromised(world) || isDoneBy(log),
    diskOf: (node) => processes.find((process) => process.self === node)?.disk ?? [],
  })
  const heights = Math.min(...[...logs.values()].map((log) => log.length))
  return { isDone: !isPromised(world) || areDone(), heights, events }
}

/** The block that is final when everything heals, a stall included. */
const healedBlockOf = (plan: Plan): number => Math.ceil(plan.healAtMs / BLOCK_MS)

/** What the machine throws is a broken promise of its own; what anything else throws is a mistake of the simulator. */
const violationOf = (error: unknown): Violation => {
  if (error instanceof Violation) return error
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  const thrower = stack.split('\n').find((line) => line.includes(' at ')) ?? ''
  if (!thrower.includes('/protocol/') || stack.includes('/adversaries/')) throw error
  return new Violation('the machine never throws', { error: `${error}`, at: thrower.trim().split(' ')[1] })
}

export const runPlan = <S>(o: Setup<S>): Outcome => {
  const world = build(o)
  const { plan } = world
  const strikes = world.strikes.counts
  try {
    return { plan, violation: null, strikes, ...live(world) }
  } catch (error) {
    if (!(error instanceof Violation) && plan.isOverBudget) {
      // Two logs that contradict each other: the machine stops, as it should.
      return { plan, violation: null, strikes, isDone: true, heights: 0, events: 0 }
    }
    return { plan, violation: violationOf(error), strikes, isDone: false, heights: 0, events: 0 }
  }
}
