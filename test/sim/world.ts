/** One run's parts, tied together: processes, net, chain, liars, and the checkers that watch. */
import type { Digest, Key } from '../../protocol/crypto.ts'
import type { Machine } from '../../protocol/machine.ts'
import type { Effect, Input } from '../../protocol/machine-types.ts'
import type { Header } from '../../protocol/message/entry.ts'
import { type Evidence, evidenceId, examine } from '../../protocol/message/evidence.ts'
import type { Signed, Unsigned, Verified } from '../../protocol/message/message.ts'
import { sessionKeysOf } from '../../protocol/round/signers.ts'
import type { RoundState } from '../../protocol/round/state.ts'
import { createMasks, type Mask } from './masks.ts'
import { createNetwork, type Network, type Payload } from './network.ts'
import { createStrikes, type Plan, type Strikes } from './plan.ts'
import { createProcess, type Process } from './process.ts'
import { blockAt, type Scene, type Spoken } from './scene.ts'
import { createSchedule, type Schedule } from './schedule.ts'
import { createTransport, type Transport } from './transport.ts'
import type { Checker, Sim, Watcher } from './watch.ts'

export type World<S> = {
  readonly scene: Scene<S>
  readonly plan: Plan
  readonly schedule: Schedule
  readonly strikes: Strikes
  readonly network: Network
  readonly transport: Transport<S>
  readonly watcher: Required<Watcher>
  readonly trace: ((line: () => string) => void) | null
  readonly processes: Process<S>[]
  /** Per honest validator the headers on its disk. */
  readonly logs: ReadonlyMap<Key, Header[]>
  /** Everything ever signed that can be asked for by id. */
  readonly library: Map<Digest, Verified<Signed>>
  /** Evidence by id. */
  readonly proofs: Map<Digest, Evidence>
  /** Messages and certificates that were seen: each is shown to the checkers once. */
  readonly seen: WeakSet<object>
  /** Messages that were signed by who they name, and the session key that it has for them by its own log; none of the toy's. */
  readonly authentic: WeakMap<object, Key | null | undefined>
  /** By place; undefined for the honest. */
  readonly masks: readonly (Mask | undefined)[]
}

export type Setup<S> = {
  readonly scene: Scene<S>
  readonly plan: Plan
  readonly checkers: readonly { readonly checker: Checker; readonly checked: () => void }[]
  readonly trace: ((line: string) => void) | null
}

type Hook = keyof Watcher

/** No hook has more facts than two. */
type Listener = (fact: never, more: never) => void

/** One watcher that tells all who want to know, and nobody else. */
const together = (watchers: readonly Watcher[]): Required<Watcher> => {
  const tell = <H extends Hook>(hook: H): Required<Watcher>[H] => {
    const listeners: Listener[] = []
    for (const watcher of watchers) {
      const listener = watcher[hook]
      if (listener !== undefined) listeners.push(listener as Listener)
    }
    const all: Listener = (fact, more) => {
      for (const listener of listeners) listener(fact, more)
    }
    return all as Required<Watcher>[H]
  }
  return {
    persisted: tell('persisted'),
    signed: tell('signed'),
    sent: tell('sent'),
    certified: tell('certified'),
    decided: tell('decided'),
    weighed: tell('weighed'),
    noticed: tell('noticed'),
    stepped: tell('stepped'),
    restarted: tell('restarted'),
    ended: tell('ended'),
  }
}

const SILENT = together([])

const isVoteOrProposal = ({ kind }: Signed): boolean =>
  kind === 'proposal' || kind === 'notarize' || kind === 'nullify' || kind === 'finalize'

/** What outsiders sign comes in the same way. */
export const sendFromOutside = <S>(world: World<S>, { message, to: whom }: Spoken): void => {
  const payload: Payload = { kind: 'message', message: message as Verified<Signed> }
  inspect(world, payload)
  for (const [place, to] of world.scene.keys.entries()) {
    if (whom === 'all' || (place % 2 === 0) === (whom === 'even')) deliver(world, null, { to, payload })
  }
}

/** Shows the checkers what is new in a payload, and keeps what can be asked for. */
const inspect = <S>(world: World<S>, payload: Payload): void => {
  const { seen, watcher } = world
  if (payload.kind === 'message') {
    const { message } = payload
    if (seen.has(message)) return
    seen.add(message)
    watcher.sent(message)
    if (!isVoteOrProposal(message)) world.library.set(world.scene.idOf(message), message)
  } else if (payload.kind === 'evidence') {
    world.proofs.set(evidenceId(payload.evidence, world.scene.domains), payload.evidence)
  } else if (payload.kind !== 'status') {
    const certificates =
      payload.kind === 'certificate' ? [payload.certificate] : payload.decided.map((d) => d.certificate)
    for (const certificate of certificates) {
      if (seen.has(certificate)) continue
      seen.add(certificate)
      watcher.certified(certificate)
    }
  }
}

/** Sends from a process, or from the world outside, to every process of an identity. */
const deliver = <S>(world: World<S>, from: Process<S> | null, o: { to: Key; payload: Payload }): void => {
  const { to, payload } = o
  for (const process of world.processes) {
    if (process === from || process.self !== to) continue
    world.network.carry(from, process, payload, () => {
      const mask = world.masks[process.place]
      if (mask?.hears(payload) === false) return
      world.transport.receive(payload, { from: from?.self ?? '', machine: process.machine, take: process.give })
    })
  }
}

/** What an honest door would refuse goes nowhere, but over real bytes, where the door itself is tried; the checkers see only what holds. */
const sendAs = <S>(world: World<S>, from: Process<S>, o: { to: Key; payload: Payload }): void => {
  const holds = isAuthentic(world, o.payload)
  if (holds) inspect(world, o.payload)
  if (holds || world.scene.isReal) deliver(world, from, o)
}

/** What a process sends, through the mask of its identity if it has one; what the honest send was shown to the checkers before. */
const emit = <S>(world: World<S>, from: Process<S>, o: { to: Key; payload: Payload }): void => {
  const mask = world.masks[from.place]
  if (mask !== undefined) for (const payload of mask.faces(o.payload, o.to)) sendAs(world, from, { to: o.to, payload })
  else deliver(world, from, o)
}

const isAuthentic = <S>({ scene, seen, authentic }: World<S>, payload: Payload): boolean => {
  if (payload.kind === 'status') return true
  if (payload.kind === 'evidence') {
    const { messages } = payload.evidence
    // Nobody forges delegations here: whose they are is asked at the door of real bytes.
    return messages.every((message) => authentic.has(message)) && !('fault' in examine(payload.evidence, scene.domains))
  }
  if (payload.kind === 'message') return authentic.has(payload.message)
  const certificates =
    payload.kind === 'certificate' ? [payload.certificate] : payload.decided.map((d) => d.certificate)
  // Every signer's word must be the one for this vote; weights are the checkers' business.
  return certificates.every(
    (certificate) =>
      seen.has(certificate) ||
      certificate.signatures.every(({ member, signature }) => {
        const { phase, height, view, value } = certificate
        const hotkey = scene.keys[member] ?? ''
        return scene.signing.isVoteSigned({ kind: phase, height, view, value, hotkey, signature }, scene.domains)
      }),
  )
}

/** What a machine asked its surroundings for, answered as an input after a while. */
const answer = <S>(world: World<S>, process: Process<S>, effect: Effect): void => {
  const { scene, network, plan } = world
  const asked = process.life()
  const give = (make: (at: number) => Input): void =>
    network.carry(null, process, null, () => {
      if (process.life() === asked) process.give(make)
    })
  /** Through the process's own door, where signatures are checked. */
  const hand = (payload: Payload): void => {
    const { self, machine, give: take } = process
    network.carry(null, process, null, () => {
      if (process.life() === asked) world.transport.receive(payload, { from: self, machine, take })
    })
  }
  if (effect.kind === 'fetch') {
    const message = world.library.get(effect.digest)
    if (effect.what === 'blob') give((at) => ({ kind: 'stored', at, digest: effect.digest }))
    else if (message !== undefined) hand({ kind: 'message', message })
    const evidence = world.proofs.get(effect.digest)
    if (evidence !== undefined) hand({ kind: 'evidence', evidence })
  } else if (effect.kind === 'accuse') hand({ kind: 'evidence', evidence: effect.evidence })
  else if (effect.kind === 'readBlock') give((at) => ({ kind: 'block', at, block: blockAt(effect.number) }))
  else if (effect.kind === 'readMetagraph') {
    const metagraph = scene.metagraph(effect.block, plan.faults.stakeSwing?.['perMille'] ?? 0)
    if (metagraph !== null) give((at) => ({ kind: 'metagraph', at, metagraph }))
  } else if (effect.kind === 'readPayment') {
    const facts = scene.payment(effect)
    if (facts !== null) give((at) => ({ kind: 'payment', at, submission: effect.submission, facts }))
  } else if (effect.kind === 'evaluate') {
    const measured = scene.evaluate(process.self, effect, asked)
    const { competition, round, manifest } = effect
    if (measured !== null) give((at) => ({ kind: 'evaluated', at, competition, round, manifest, ...measured }))
  }
}

/** Signs as a process does, or the mask before it: a validator that moves to another key has both, and uses the one in force. */
const signAs = <S>({ scene, authentic }: World<S>, machine: Machine<S> | null, message: Unsigned): Verified<Signed> => {
  const signed = scene.signing.sign(message, scene.domains, scene.idOf)
  const keyOf = ({ rounds }: Machine<S>): Key | null => sessionKeysOf(rounds as RoundState, message)[0] ?? null
  authentic.set(signed, scene.name === 'toy' ? undefined : machine && keyOf(machine))
  return signed
}

/** A crashed process is back within this, before healing. */
const RESTART_MS_MAX = 6_000

/** Another process of the validator at this place; it is started by its caller. */
export const addProcess = <S>(world: World<S>, place: number, disk: Process<S>['disk'] = []): Process<S> => {
  const { scene, plan, schedule, network, strikes } = world
  const self = scene.keys[place] ?? ''
  const isHonest = !plan.liars.includes(place)
  const process: Process<S> = createProcess({
    spot: { place, index: world.processes.length, self },
    scene,
    disk,
    around: {
      plan,
      strikes,
      schedule,
      isHealed: network.isHealed,
      sign: (message) => signAs(world, process.machine(), message),
      died: () => {
        const back = Math.min((plan.seed * 31 + schedule.now()) % RESTART_MS_MAX, plan.healAtMs - schedule.now())
        schedule.after(Math.max(0, back), () => process.start())
      },
      broadcast: (payload) => {
        if (world.masks[place] === undefined) inspect(world, payload)
        for (const to of scene.keys) emit(world, process, { to, payload })
      },
      sendTo: (to, payload) => {
        if (world.masks[place] === undefined) inspect(world, payload)
        emit(world, process, { to, payload })
      },
      ask: (effect) => answer(world, process, effect),
      watcher: isHonest ? world.watcher : SILENT,
      trace: world.trace,
    },
  })
  world.processes.push(process)
  return process
}

const simOf = <S>(o: Setup<S>, world: () => World<S>): Sim => {
  const { scene, plan } = o
  const machineOf = (node: Key) =>
    world()
      .processes.find((process) => process.self === node)
      ?.machine() ?? null
  return {
    genesis: scene.genesis,
    keys: scene.keys,
    isHonest: (node) => !plan.liars.includes(scene.keys.indexOf(node)),
    now: () => world().schedule.now(),
    healAtMs: plan.healAtMs,
    messageOf: (id) => world().library.get(id) ?? null,
    consensusOf: (node) => machineOf(node)?.consensus ?? null,
    roundsOf: (node) =>
      scene.name === 'rounds' ? ((machineOf(node)?.rounds as RoundState | undefined) ?? null) : null,
    metagraphAt: (block) => scene.metagraph(block, plan.faults.stakeSwing?.['perMille'] ?? 0),
    isVoteSigned: (vote) => scene.signing.isVoteSigned(vote, scene.domains),
    kept: new Map(),
  }
}

/** Cuts the first honest node off that decides the height of the plan. */
const loneliness = (
  plan: Plan,
  network: Network,
  o: { placeOf: (node: Key) => number; now: () => number },
): Watcher => {
  const { lonely } = plan.faults
  if (lonely === undefined) return {}
  return {
    decided: (node, { header }) => {
      if (header.height === lonely['height']) network.isolate(o.placeOf(node), o.now() + (lonely['forMs'] ?? 0))
    },
  }
}

export const build = <S>(o: Setup<S>): World<S> => {
  const { scene, plan } = o
  const schedule = createSchedule()
  const strikes = createStrikes(plan)
  const network = createNetwork({ plan, strikes, schedule })
  const honest = scene.keys.filter((_, place) => !plan.liars.includes(place))
  const logs = new Map(honest.map((key): [Key, Header[]] => [key, []]))
  const sim = simOf(o, () => world)
  const authentic: World<S>['authentic'] = new WeakMap()
  const { trace } = o
  const world: World<S> = {
    scene,
    plan,
    schedule,
    strikes,
    network,
    transport: createTransport(scene, (message) => authentic.get(message)),
    watcher: together([
      { decided: (node, { header }) => void logs.get(node)?.push(header) },
      loneliness(plan, network, { placeOf: (node) => scene.keys.indexOf(node), now: schedule.now }),
      ...o.checkers.map(({ checker, checked }) => checker.watch(sim, checked)),
    ]),
    trace: trace === null ? null : (line) => trace(`${schedule.now()} ${line()}`),
    processes: [],
    logs,
    library: new Map(),
    proofs: new Map(),
    seen: new WeakSet(),
    authentic,
    masks: createMasks({
      scene,
      plan,
      strikes,
      sign: (place, message) =>
        signAs(world, world.processes.find((process) => process.place === place)?.machine() ?? null, message),
      messageOf: (id) => world.library.get(id) ?? null,
      processOf: (place) => world.processes.find((process) => process.place === place),
      after: schedule.after,
      send: (place, to, payload) => {
        const from = world.processes.find((process) => process.place === place)
        if (from !== undefined) sendAs(world, from, { to, payload })
      },
    }),
  }
  return world
}
