/** Runs one seed: builds the mesh, lets it live through its plan, heals it, and has every promise checked. */
import type { Key } from '../../protocol/crypto.ts'
import { domainsOf } from '../../protocol/genesis.ts'
import type { Effect, Input } from '../../protocol/machine-types.ts'
import type { Header } from '../../protocol/message/entry.ts'
import type { Signed, Verified } from '../../protocol/message/message.ts'
import type { Certificate, Decided } from '../../protocol/message/vote.ts'
import { type Adversary, createEquivocator } from './adversaries/equivocator.ts'
import { agreement } from './checkers/agreement.ts'
import { certificates } from './checkers/certificates.ts'
import { guarded } from './checkers/guarded.ts'
import { honestVotes } from './checkers/honest-votes.ts'
import { roundsEnd } from './checkers/rounds-end.ts'
import { sameLog } from './checkers/same-log.ts'
import { type Coverage, cover } from './coverage.ts'
import { createNetwork, type Network, type Payload } from './network.ts'
import { createNode, type Node } from './node.ts'
import { drawPlan, type Plan } from './plan.ts'
import { createRandom, type Random } from './random.ts'
import { BLOCK_MS, blockAt, type Scene } from './scene.ts'
import { createSchedule, type Schedule } from './schedule.ts'
import { Violation, type Watcher } from './watch.ts'

export type Outcome = {
  readonly seed: number
  readonly plan: Plan
  readonly violation: Violation | null
  /** Whether all that had to be was decided by every honest node, and the heights that were. */
  readonly isDone: boolean
  readonly heights: number
  readonly events: number
}

/** The longest that all of what falls due may take to be decided after healing. */
const PATIENCE_MS = 1_200_000
/** Far more than ever happen in one millisecond, unless an alarm rings for ever. */
const EVENTS_AT_ONCE_MAX = 10_000
/** A crashed node is back within this, before healing. */
const RESTART_MS_MAX = 6_000

const together = (watchers: readonly Watcher[]): Required<Watcher> => {
  const all = (tell: (watcher: Watcher) => void): void => {
    for (const watcher of watchers) tell(watcher)
  }
  return {
    persisted: (node, records) => all((watcher) => watcher.persisted?.(node, records)),
    signed: (node, message) => all((watcher) => watcher.signed?.(node, message)),
    certified: (certificate) => all((watcher) => watcher.certified?.(certificate)),
    decided: (node, decided) => all((watcher) => watcher.decided?.(node, decided)),
    weighed: (node, weights) => all((watcher) => watcher.weighed?.(node, weights)),
    ended: (run) => all((watcher) => watcher.ended?.(run)),
  }
}

type World<S> = {
  readonly scene: Scene<S>
  readonly plan: Plan
  readonly random: Random
  readonly schedule: Schedule
  readonly network: Network
  readonly watcher: Required<Watcher>
  readonly trace: (line: () => string) => void
  readonly nodes: Map<Key, Node>
  /** Per honest node the headers on its disk. */
  readonly logs: ReadonlyMap<Key, Header[]>
  /** Everything ever signed that can be asked for by id. */
  readonly library: Map<string, Verified<Signed>>
  readonly known: WeakSet<Signed>
  readonly liar: { readonly self: Key; readonly adversary: Adversary } | null
}

const inputsOf = (payload: Payload, o: { at: number; from: Key }): readonly Input[] => {
  const { at, from } = o
  if (payload.kind === 'message') return [{ kind: 'message', at, message: payload.message }]
  if (payload.kind === 'status') return [{ kind: 'status', at, from, status: payload.status }]
  // Certificates were checked by the watchers when they were first seen: what is delivered is verified.
  if (payload.kind === 'certificate')
    return [{ kind: 'certificate', at, certificate: payload.certificate as Verified<Certificate> }]
  return payload.decided.map((decided) => ({ kind: 'decided', at, decided: decided as Verified<Decided> }))
}

const inspect = <S>(world: World<S>, payload: Payload): void => {
  if (payload.kind === 'certificate') world.watcher.certified(payload.certificate)
  if (payload.kind === 'decided') for (const { certificate } of payload.decided) world.watcher.certified(certificate)
  if (payload.kind !== 'message' || world.known.has(payload.message)) return
  world.known.add(payload.message)
  const { kind } = payload.message
  const isAgreement = kind === 'proposal' || kind === 'notarize' || kind === 'nullify' || kind === 'finalize'
  if (!isAgreement) world.library.set(world.scene.idOf(payload.message), payload.message)
}

const deliver = <S>(world: World<S>, o: { from: Key; to: Key; payload: Payload }): void => {
  const { from, to, payload } = o
  const { liar } = world
  world.network.carry({
    from,
    to,
    payload,
    deliver: () => {
      const heard = payload.kind === 'message' && payload.message.body.hotkey === to
      if (liar?.self === to) {
        for (const peer of world.scene.keys) {
          if (peer === to) continue
          for (const said of liar.adversary.heard(payload)) deliver(world, { from: to, to: peer, payload: said })
        }
        // The machine under the liar's mask must not notice that it has two faces.
        if (heard) return
      }
      const at = world.schedule.now()
      for (const input of inputsOf(payload, { at, from })) world.nodes.get(to)?.input(input)
    },
  })
}

/** What the machine asked its surroundings for, answered as an input after a while. */
const answer = <S>(world: World<S>, node: Node, effect: Effect): void => {
  const { scene, network } = world
  const asked = node.life()
  const deliver = (make: (at: number) => Input): void => {
    if (node.life() === asked) node.input(make(world.schedule.now()))
  }
  const give = (make: (at: number) => Input) =>
    network.carry({ from: null, to: node.self, deliver: () => deliver(make) })
  if (effect.kind === 'fetch') {
    const message = world.library.get(effect.digest)
    if (effect.what === 'blob') give((at) => ({ kind: 'stored', at, digest: effect.digest }))
    else if (message !== undefined) give((at) => ({ kind: 'message', at, message }))
  } else if (effect.kind === 'readBlock') give((at) => ({ kind: 'block', at, block: blockAt(effect.number) }))
  else if (effect.kind === 'readMetagraph') {
    const metagraph = scene.metagraph(effect.block)
    if (metagraph !== null) give((at) => ({ kind: 'metagraph', at, metagraph }))
  } else if (effect.kind === 'evaluate') {
    const measured = scene.evaluate(node.self, effect)
    const { competition, round, manifest } = effect
    if (measured !== null) give((at) => ({ kind: 'evaluated', at, competition, round, manifest, ...measured }))
  }
}

const addNode = <S>(world: World<S>, self: Key): void => {
  const { scene, plan, random, schedule, network } = world
  const crashes = scene.keys.indexOf(self) === plan.crashing
  const lies = world.liar?.self === self
  const send = (to: Key, payload: Payload): void => {
    const faces = lies && world.liar !== null ? world.liar.adversary.faces(payload) : [payload]
    for (const face of faces) {
      inspect(world, face)
      deliver(world, { from: self, to, payload: face })
    }
  }
  const node = createNode({
    self,
    scene,
    around: {
      schedule,
      dies: () => crashes && !network.isHealed() && random.chance(plan.crashPerMille),
      died: () => {
        const back = Math.min(random.below(RESTART_MS_MAX), Math.max(0, plan.healAtMs - schedule.now()))
        schedule.after(back, () => node.start())
      },
      broadcast: (payload) => {
        inspect(world, payload)
        for (const to of scene.keys) if (to !== self) send(to, payload)
      },
      sendTo: (to, payload) => {
        inspect(world, payload)
        if (to !== self && scene.keys.includes(to)) send(to, payload)
      },
      ask: (effect) => answer(world, node, effect),
      watcher: lies ? {} : world.watcher,
      trace: world.trace,
    },
  })
  world.nodes.set(self, node)
}

/** Every finalised block reaches every node soon, in order; outsiders speak when it does. */
const runChain = <S>(world: World<S>, number: number): void => {
  const { schedule, scene } = world
  schedule.after(BLOCK_MS, () => {
    const said = scene.outside(number)
    for (const [to, node] of world.nodes) {
      schedule.after(world.random.below(BLOCK_MS / 2), () =>
        node.input({ kind: 'head', at: schedule.now(), block: blockAt(number) }),
      )
      for (const message of said) {
        const payload: Payload = { kind: 'message', message: message as Verified<Signed> }
        inspect(world, payload)
        world.network.carry({
          from: null,
          to,
          deliver: () => node.input({ kind: 'message', at: schedule.now(), message: payload.message }),
        })
      }
    }
    runChain(world, number + 1)
  })
}

type Run<S> = {
  readonly scene: Scene<S>
  readonly seed: number
  readonly coverage: Coverage
  readonly trace?: (line: string) => void
}

const build = <S>(o: Run<S>): World<S> => {
  const { scene, seed } = o
  const random = createRandom(seed)
  const plan = drawPlan(random, scene.keys.length)
  const schedule = createSchedule()
  const placeOf = (node: Key): number => scene.keys.indexOf(node)
  const network = createNetwork({ plan, random, schedule, placeOf })
  const honest = scene.keys.filter((_, place) => place !== plan.liar)
  const logs = new Map(honest.map((key): [Key, Header[]] => [key, []]))
  const keepLogs: Watcher = {
    decided: (node, { header }) => {
      logs.get(node)?.push(header)
    },
  }
  const lonely: Watcher = {
    decided: (node, { header }) => {
      if (header.height === plan.lonely?.height) network.isolate(node, schedule.now() + plan.lonely.forMs)
    },
  }
  const liar = plan.liar === null ? undefined : scene.keys[plan.liar]
  return {
    scene,
    plan,
    random,
    schedule,
    network,
    watcher: together([
      keepLogs,
      lonely,
      cover(o.coverage),
      agreement(),
      certificates(scene.genesis.members),
      guarded(),
      honestVotes(),
      roundsEnd(),
      sameLog(domainsOf(scene.genesis).mesh),
    ]),
    trace: (line) => o.trace?.(`${schedule.now()} ${line()}`),
    nodes: new Map(),
    logs,
    library: new Map(),
    known: new WeakSet(),
    liar: liar ? { self: liar, adversary: createEquivocator({ self: liar, random, twist: scene.twist }) } : null,
  }
}

/** Lives until all that fell due is decided by all honest nodes, or patience ends. */
const live = <S>(world: World<S>): Omit<Outcome, 'seed' | 'plan' | 'violation'> => {
  const { scene, plan, schedule, nodes, logs } = world
  for (const self of scene.keys) addNode(world, self)
  for (const node of nodes.values()) schedule.after(world.random.below(500), node.start)
  runChain(world, 1)
  const healedBlock = Math.ceil(plan.healAtMs / BLOCK_MS)
  const isDone = (log: readonly Header[]): boolean => scene.isDone(log, healedBlock)
  const areDone = (): boolean => [...logs.values()].every(isDone)
  let events = 0
  let [moment, atOnce] = [0, 0]
  while (schedule.next(plan.healAtMs + PATIENCE_MS)) {
    atOnce = schedule.now() === moment ? atOnce + 1 : 0
    moment = schedule.now()
    if (atOnce > EVENTS_AT_ONCE_MAX) throw new Violation('time goes on', { moment })
    // Looking at the logs is dear beside an event.
    if (++events % 64 === 0 && schedule.now() > plan.healAtMs && areDone()) break
  }
  world.watcher.ended({ logs, isDone })
  return { isDone: areDone(), heights: Math.min(...[...logs.values()].map((log) => log.length)), events }
}

export const runSeed = <S>(o: Run<S>): Outcome => {
  const world = build(o)
  const { plan } = world
  try {
    return { seed: o.seed, plan, violation: null, ...live(world) }
  } catch (error) {
    const violation =
      error instanceof Violation ? error : new Violation('the machine never throws', { error: `${error}` })
    return { seed: o.seed, plan, violation, isDone: false, heights: 0, events: 0 }
  }
}
