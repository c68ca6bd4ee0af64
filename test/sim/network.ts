/** The net between simulated nodes: loses, doubles, delays and cuts as the plan says, until it heals. */
import type { Key } from '../../protocol/crypto.ts'
import type { Signed, Verified } from '../../protocol/message/message.ts'
import type { Certificate, Decided, Status } from '../../protocol/message/vote.ts'
import type { Plan } from './plan.ts'
import type { Random } from './random.ts'
import type { Schedule } from './schedule.ts'

export type Payload =
  | { readonly kind: 'message'; readonly message: Verified<Signed> }
  | { readonly kind: 'certificate'; readonly certificate: Certificate }
  | { readonly kind: 'decided'; readonly decided: readonly Decided[] }
  | { readonly kind: 'status'; readonly status: Status }

export type Network = {
  readonly isHealed: () => boolean
  /** Cuts one node off from all but the liar. */
  readonly isolate: (node: Key, untilMs: number) => void
  /** Delivers, perhaps, perhaps twice, after a while; `null` is the world outside, which no cut reaches. */
  readonly carry: (o: { from: Key | null; to: Key; payload?: Payload; deliver: () => void }) => void
}

/** After healing: within Δ/4, so that every view with an honest leader succeeds. */
const HEALED_DELAY_MS = 250

const finishes = (payload: Payload): boolean =>
  payload.kind === 'message'
    ? payload.message.kind === 'finalize'
    : payload.kind === 'certificate' && payload.certificate.phase === 'finalize'

export const createNetwork = (o: {
  plan: Plan
  random: Random
  schedule: Schedule
  placeOf: (node: Key) => number
}): Network => {
  const { plan, random, schedule, placeOf } = o
  const isHealed = (): boolean => schedule.now() >= plan.healAtMs
  let lonely: { readonly node: Key; readonly untilMs: number } | null = null
  const isLiar = (node: Key): boolean => placeOf(node) === plan.liar
  const isCut = (from: Key | null, to: Key): boolean => {
    const { cut } = plan
    if (from === null || isLiar(from) || isLiar(to)) return false
    if (lonely !== null && schedule.now() < lonely.untilMs && (from === lonely.node || to === lonely.node)) return true
    if (cut === null || schedule.now() < cut.fromMs || schedule.now() >= cut.toMs) return false
    const sideOf = (node: Key): number => (cut.side >> placeOf(node)) & 1
    return sideOf(from) !== sideOf(to)
  }
  const isSilent = (from: Key | null): boolean => from !== null && placeOf(from) === plan.silent
  return {
    isHealed,
    isolate: (node, untilMs) => {
      lonely ??= { node, untilMs }
    },
    carry: ({ from, to, payload, deliver }) => {
      if (isHealed()) return schedule.after(1 + random.below(HEALED_DELAY_MS), deliver)
      if (isSilent(from) || isCut(from, to) || random.chance(plan.lossPerMille)) return undefined
      if (
        payload !== undefined &&
        finishes(payload) &&
        placeOf(to) !== plan.favourite &&
        random.chance(plan.finalizeLossPerMille)
      )
        return undefined
      const copies = random.chance(plan.duplicatePerMille) ? 2 : 1
      for (let copy = 0; copy < copies; copy++) schedule.after(1 + random.below(plan.delayMsMax), deliver)
    },
  }
}
