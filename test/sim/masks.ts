/** The masks of a run's liars: every strategy that the plan gives an identity, one after the other. */
import type { Digest, Key } from '../../protocol/crypto.ts'
import type { Signed, Unsigned, Verified } from '../../protocol/message/message.ts'
import type { RoundState } from '../../protocol/round/state.ts'
import { ADVERSARIES } from './adversaries/index.ts'
import type { Liar, Strategy } from './adversaries/mask.ts'
import { type FaultName, isIn } from './faults.ts'
import type { Payload } from './network.ts'
import type { Plan, Strikes } from './plan.ts'
import type { Process } from './process.ts'
import { createRandom } from './random.ts'
import type { Scene } from './scene.ts'

export type Mask = {
  readonly faces: (payload: Payload, to: Key) => readonly Payload[]
  /** False when the machine under the mask must not hear it: it would notice that it has two faces. */
  readonly hears: (payload: Payload) => boolean
}

export type Parts<S> = {
  readonly scene: Scene<S>
  readonly plan: Plan
  readonly strikes: Strikes
  readonly sign: (place: number, message: Unsigned) => Verified<Signed>
  readonly messageOf: (id: Digest) => Signed | null
  /** The first process of the identity at this place. */
  readonly processOf: (place: number) => Process<S> | undefined
  readonly after: (delayMs: number, run: () => void) => void
  /** Past the mask. */
  readonly send: (place: number, to: Key, payload: Payload) => void
}

const liarOf = <S>(o: Parts<S>, place: number, name: FaultName): Liar => {
  const { scene, plan, strikes } = o
  const self = scene.keys[place] ?? ''
  const rounds = (): RoundState | null =>
    scene.name === 'rounds' ? ((o.processOf(place)?.machine()?.rounds as RoundState | undefined) ?? null) : null
  return {
    self,
    keys: scene.keys,
    domains: scene.domains,
    random: createRandom(plan.seed, `liar ${place} ${name}`),
    params: plan.faults[name] ?? {},
    hits: () => strikes.hits(name),
    sign: (message) => o.sign(place, message),
    twist: scene.twist,
    due: () => o.processOf(place)?.machine()?.host.due() ?? null,
    rounds,
    messageOf: o.messageOf,
    later: (afterMs, payload, to) => o.after(afterMs, () => o.send(place, to, payload)),
  }
}

/** Whoever runs twice, or from an old disk, hears itself: that is how it is found out. */
const isTwo = (plan: Plan, place: number): boolean =>
  [plan.faults.twins, plan.faults.clonedKey, plan.faults.rolledBack].some((fault) => isIn(fault?.['nodes'], place))

const maskOf = <S>(o: Parts<S>, place: number): Mask | undefined => {
  const names = (Object.keys(ADVERSARIES) as (keyof typeof ADVERSARIES)[]).filter((name) =>
    isIn(o.plan.faults[name]?.['nodes'], place),
  )
  if (names.length === 0) return undefined
  const strategies: readonly Strategy[] = names.map((name) => ADVERSARIES[name](liarOf(o, place, name)))
  const self = o.scene.keys[place] ?? ''
  return {
    faces: (payload, to) => {
      let faces: readonly Payload[] = [payload]
      for (const { faces: change } of strategies) if (change) faces = faces.flatMap((face) => change(face, to))
      return faces
    },
    hears: (payload) => {
      for (const { heard } of strategies) {
        for (const said of heard?.(payload) ?? [])
          for (const to of o.scene.keys) if (to !== self) o.send(place, to, said)
      }
      const isOwn = payload.kind === 'message' && payload.message.body.hotkey === self
      return isTwo(o.plan, place) || !isOwn
    },
  }
}

export const createMasks = <S>(o: Parts<S>): readonly (Mask | undefined)[] =>
  o.scene.keys.map((_, place) => (o.plan.liars.includes(place) ? maskOf(o, place) : undefined))
