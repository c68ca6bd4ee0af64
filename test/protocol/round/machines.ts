/** Whole machines of four or seven validators, rounds and agreement, on one simulated clock: what they say takes its time to the others. */
import assert from 'node:assert/strict'
import type { Key } from '../../../protocol/crypto.ts'
import { createMachine, type Machine, step } from '../../../protocol/machine.ts'
import type { Effect, Input, Relayed } from '../../../protocol/machine-types.ts'
import { messageId, type Signed, type Verified } from '../../../protocol/message/message.ts'
import type { Decided } from '../../../protocol/message/vote.ts'
import { rounds } from '../../../protocol/round/application.ts'
import type { RoundState } from '../../../protocol/round/state.ts'
import {
  answerTo,
  blockAt,
  createShared,
  evidenceInput,
  genesisOf,
  metagraphAt,
  type Node,
  type params,
  type Shared,
  STAKES,
} from './mesh.ts'
import { signed } from './signing.ts'

const LATENCY_MS = 50
const ANSWER_MS = 20
const BLOCK_MS = 500

/** The last two of seven weigh next to nothing. */
const STAKES_OF = { 4: STAKES, 7: [100n, 100n, 100n, 100n, 100n, 1n, 1n] } as const

/** `state` is its machine's; `wakeAt`: its one alarm. Who is not up hears nothing, and speaks by `show` alone. */
export type Peer = Node & { readonly machine: Machine<RoundState>; wakeAt: number }

const toInputs = (mesh: Shared, from: Key, what: Relayed): readonly Input[] => {
  const { at } = mesh.clock
  if (what.kind === 'message') return [{ kind: 'message', at, message: what.message as Verified<Signed> }]
  if (what.kind === 'evidence') return [evidenceInput(mesh, what.evidence)]
  if (what.kind === 'status') return [{ kind: 'status', at, from, status: what.status }]
  if (what.kind === 'certificate') return [{ ...what, at } as Input]
  assert.equal(what.kind, 'decided', 'no height here is so old')
  return what.decided.map((decided) => ({ kind: 'decided', at, decided: decided as Verified<Decided> }))
}

/** As at a node's door: certificates and decided headers of another height are no input. */
const isOfHeight = (input: Input, height: number): boolean => {
  if (input.kind === 'certificate') return input.certificate.height === height
  return input.kind !== 'decided' || input.decided.header.height === height
}

export type Setting = {
  readonly of: keyof typeof STAKES_OF
  /** The chain's when they start. */
  readonly block?: number
  readonly params?: Partial<typeof params>
}

export const createMachines = ({ of, block, ...more }: Setting) => {
  const stakes = STAKES_OF[of]
  const founded = genesisOf({ ...more, stakes })
  const genesis = { ...founded, block: block ?? founded.block }
  const mesh = createShared({ genesis, world: { metagraph: (at) => metagraphAt(at, stakes) } })
  const { clock } = mesh
  const peers = mesh.nodes.map((node): Peer => {
    const machine = createMachine({ genesis, self: node.hotkey, application: rounds, rounds: node.state })
    return Object.assign(node, { machine, wakeAt: 0 })
  })
  const events: { readonly at: number; readonly happen: () => void }[] = []

  const later = (ms: number, happen: () => void): void => {
    const at = clock.at + ms
    events.splice(events.findLastIndex((event) => event.at <= at) + 1, 0, { at, happen })
  }
  const give = (to: Peer, input: Input | null): void => {
    if (input === null || !to.isUp || !isOfHeight(input, to.machine.consensus.current.height)) return
    for (const effect of step(to.machine, input).effects) carry(to, effect)
  }
  const send = (from: Key, to: readonly Peer[], what: Relayed, ms = LATENCY_MS): void => {
    const reach = (peer: Peer): void => {
      for (const input of toInputs(mesh, from, what)) give(peer, input)
    }
    for (const peer of to) later(ms, () => reach(peer))
  }
  /** These hear it at once; anybody can fetch it. */
  const show = (message: Signed, ...to: readonly Peer[]): void => {
    mesh.archive.set(messageId(message, mesh.domains), message)
    send('', to, { kind: 'message', message }, 0)
  }
  const wakeAt = (peer: Peer, at: number): void => {
    peer.wakeAt = at
    later(Math.max(0, at - clock.at), () => peer.wakeAt === at && give(peer, { kind: 'wake', at: clock.at }))
  }
  const carry = (peer: Peer, effect: Effect): void => {
    const { hotkey } = peer
    const others = peers.filter((other) => other !== peer)
    peer.effects.push(effect)
    if (effect.kind === 'wake') wakeAt(peer, effect.at)
    else if (effect.kind === 'sign') {
      const message = signed(mesh.world, effect.message)
      show(message, peer)
      send(hotkey, others, { kind: 'message', message })
    } else if (effect.kind === 'relay') {
      const { to, what } = effect
      send(hotkey, to === 'committee' ? others : others.filter((other) => other.hotkey === to), what)
    } else later(ANSWER_MS, () => give(peer, answerTo(mesh, peer, effect)))
  }
  const head = (): void => {
    clock.head += 1
    for (const peer of peers) give(peer, { kind: 'head', at: clock.at, block: blockAt(clock.head) })
    later(BLOCK_MS, head)
  }

  const pass = (ms: number, until: () => boolean = () => false): void => {
    const end = clock.at + ms
    for (let [next] = events; next !== undefined && next.at <= end && !until(); [next] = events) {
      clock.at = next.at
      events.shift()?.happen()
    }
    if (!until()) clock.at = end
  }
  /** Until this holds, which five minutes must do for. */
  const run = (until: () => boolean): void => {
    pass(5 * 60_000, until)
    const views = peers.map(({ machine }) => machine.consensus.current.view)
    assert.ok(until(), `not within five minutes, at views ${views}`)
  }

  for (const peer of peers) wakeAt(peer, 0)
  later(BLOCK_MS, head)
  return { domains: mesh.domains, clock, peers, pass, run, show }
}
