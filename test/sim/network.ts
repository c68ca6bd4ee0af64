/** The net between simulated processes: loses, doubles, delays and cuts as the plan says, until it heals. */
import type { Key } from '../../protocol/crypto.ts'
import type { Evidence } from '../../protocol/message/evidence.ts'
import type { Signed, Verified } from '../../protocol/message/message.ts'
import type { Certificate, Decided, Status } from '../../protocol/message/vote.ts'
import { isIn } from './faults.ts'
import type { Plan, Strikes } from './plan.ts'
import { createRandom } from './random.ts'
import type { Schedule } from './schedule.ts'

export type Payload =
  | { readonly kind: 'message'; readonly message: Verified<Signed> }
  | { readonly kind: 'certificate'; readonly certificate: Certificate }
  | { readonly kind: 'decided'; readonly decided: readonly Decided[] }
  | { readonly kind: 'status'; readonly status: Status }
  | { readonly kind: 'evidence'; readonly evidence: Evidence }

/** A process by its identity's place and its own number; two processes may have one place. */
export type Spot = { readonly place: number; readonly index: number; readonly self: Key }

export type Network = {
  readonly isHealed: () => boolean
  /** Cuts one place off from all but liars. */
  readonly isolate: (place: number, untilMs: number) => void
  /** Delivers, perhaps, perhaps twice, after a while; `from` null is the world outside, which no cut reaches. */
  readonly carry: (from: Spot | null, to: Spot, payload: Payload | null, deliver: () => void) => void
}

/** After healing: within Δ/4, so that every view with an honest leader succeeds. */
const HEALED_DELAY_MS = 250
/** Processes at most, for one number a link. */
const SPOTS_MAX = 1024

const finishes = (payload: Payload): boolean =>
  payload.kind === 'message'
    ? payload.message.kind === 'finalize'
    : payload.kind === 'certificate' && payload.certificate.phase === 'finalize'

type Window = Readonly<Record<string, number>> | undefined

const isNow = (window: Window, now: number): window is Readonly<Record<string, number>> =>
  window !== undefined && now >= (window['fromMs'] ?? 0) && now < (window['toMs'] ?? 0)

/** Whether a cut of the plan lies between two places now. */
const cutsOf = (plan: Plan): ((from: number, to: number, now: number) => boolean) => {
  const { oneWay, staticPartition, movingPartition, bridgePartition, silence } = plan.faults
  const parts = (bits: number | undefined, from: number, to: number) => isIn(bits, from) !== isIn(bits, to)
  let moving = { epoch: -1, side: 0 }
  const movingSide = (now: number): number => {
    const epoch = Math.floor(now / (movingPartition?.['everyMs'] ?? 1))
    if (epoch !== moving.epoch) moving = { epoch, side: createRandom(plan.seed, `side ${epoch}`).below(2 ** 16) }
    return moving.side
  }
  if (!(oneWay || staticPartition || movingPartition || bridgePartition || silence)) return () => false
  return (from, to, now) => {
    if (isNow(silence, now) && silence['node'] === from) return true
    if (isNow(oneWay, now) && isIn(oneWay['from'], from) && isIn(oneWay['to'], to)) return true
    if (isNow(staticPartition, now) && parts(staticPartition['side'], from, to)) return true
    if (isNow(movingPartition, now) && parts(movingSide(now), from, to)) return true
    const isBridge = bridgePartition?.['node'] === from || bridgePartition?.['node'] === to
    return isNow(bridgePartition, now) && !isBridge && parts(bridgePartition['side'], from, to)
  }
}

export const createNetwork = (o: { plan: Plan; strikes: Strikes; schedule: Schedule }): Network => {
  const { plan, strikes, schedule } = o
  const { delay, reorder, duplicate, drop, finalizeLoss } = plan.faults
  const random = createRandom(plan.seed, 'network')
  const isCutByPlan = cutsOf(plan)
  const isLiar = plan.liars.reduce((bits, place) => bits | (1 << place), 0)
  /** When the last message of a link arrives, by both ends' numbers: without reordering none overtakes it. */
  const lastAt = new Map<number, number>()
  let lonely: { readonly place: number; readonly untilMs: number } | null = null

  const isCut = (from: number, to: number, now: number): boolean => {
    if (isIn(isLiar, from) || isIn(isLiar, to)) return false
    if (lonely !== null && now < lonely.untilMs && (from === lonely.place || to === lonely.place)) return true
    return isCutByPlan(from, to, now)
  }
  /** Scripted sides part processes, liars or not: two copies of one identity may stand on either. */
  const isParted = (from: Spot, to: Spot): boolean => {
    const side = plan.script.find(({ untilMs }) => schedule.now() < untilMs)?.side
    return side !== undefined && isIn(side, from.index) !== isIn(side, to.index)
  }
  const isLost = (from: Spot | null, to: Spot, payload: Payload | null): boolean => {
    if (from !== null && isParted(from, to)) return true
    if (from !== null && isCut(from.place, to.place, schedule.now())) return true
    if (drop !== undefined && strikes.hits('drop')) return true
    if (finalizeLoss === undefined || payload === null || finalizeLoss['node'] === to.place) return false
    return finishes(payload) && strikes.hits('finalizeLoss')
  }
  const send = (from: Spot | null, to: Spot, deliver: () => void): void => {
    const now = schedule.now()
    let wait = 1 + random.below(plan.delayMsMax)
    if (delay !== undefined && strikes.hits('delay')) wait += random.below(delay['msMax'] ?? 1)
    if (reorder === undefined && from !== null) {
      const link = from.index * SPOTS_MAX + to.index
      wait = Math.max(wait, (lastAt.get(link) ?? 0) - now)
      lastAt.set(link, now + wait)
    }
    schedule.after(wait, deliver)
  }
  return {
    isHealed: () => schedule.now() >= plan.healAtMs,
    isolate: (place, untilMs) => {
      lonely ??= { place, untilMs }
    },
    carry: (from, to, payload, deliver) => {
      if (schedule.now() >= plan.healAtMs) return schedule.after(1 + random.below(HEALED_DELAY_MS), deliver)
      if (isLost(from, to, payload)) return undefined
      send(from, to, deliver)
      if (duplicate !== undefined && strikes.hits('duplicate')) send(from, to, deliver)
      return undefined
    },
  }
}
