/** One machine over the toy's rounds, fed by hand: what a rule's test stands on. */

import type { Committee } from '../../../protocol/committee.ts'
import { NO_VALUE } from '../../../protocol/consensus/certificate.ts'
import { leaderOrder } from '../../../protocol/consensus/leader.ts'
import type { Digest, Key } from '../../../protocol/crypto.ts'
import { createMachine, type Machine, restoreMachine, step } from '../../../protocol/machine.ts'
import type { Effect, Input, JournalRecord, Notice, Relayed } from '../../../protocol/machine-types.ts'
import { type Header, headerDigest } from '../../../protocol/message/entry.ts'
import type { Signed, Unsigned, Verified } from '../../../protocol/message/message.ts'
import type { Certificate, Decided, Phase, Status } from '../../../protocol/message/vote.ts'
import { blockAt } from '../../sim/scene.ts'
import { TOKENS } from '../../sim/signing.ts'
import { createToy, type ToyRounds, toy } from '../../sim/toy.ts'
import { committeeOf, DELTA_MS, toyScene } from '../../sim/toy-scene.ts'

export { DELTA_MS, NO_VALUE }

export const committee = committeeOf(4, TOKENS)
export const { genesis, domains, idOf } = toyScene(4)

const signAs = (message: Unsigned): Verified<Signed> => TOKENS.sign(message, domains, idOf)

export const keys = committee.members.map(({ hotkey }) => hotkey)
/** In the order in which they lead the views of height 1. */
export const leaders = leaderOrder(committee, 1)
export const leaderAt = (view: number): Key => leaders[view % leaders.length] ?? ''
/** Everyone but this one. */
export const except = (...hotkeys: readonly Key[]): readonly Key[] => keys.filter((key) => !hotkeys.includes(key))

/** A header that is valid at height 1 once block 4 is final; `salt` tells values apart. */
export const headerOf = (o: { salt?: string; block?: number; round?: number } = {}): Header => {
  const { log } = createBench({ self: null }).machine.consensus
  const manifest = (o.salt ?? '').padEnd(64, 'a')
  const entry = { kind: 'commits', competition: 'toy', round: o.round ?? 1, manifest, commits: [] } as const
  return { height: 1, previous: log.last, logRoot: log.root, block: o.block ?? 4, epoch: 0, entry, evidence: [] }
}

export const proposalOf = (o: {
  view?: number
  header?: Header
  parentView?: number | null
  hotkey?: Key
}): Verified<Signed> => {
  const { view = 0, header = headerOf(), parentView = null } = o
  const hotkey = o.hotkey ?? leaderAt(view)
  return signAs({ kind: 'proposal', body: { height: header.height, view, hotkey, parentView, header } })
}

type VoteOf = { phase: Phase; hotkey: Key; view?: number; value?: Digest; height?: number }

export const voteOf = ({ phase, hotkey, view = 0, value = NO_VALUE, height = 1 }: VoteOf): Verified<Signed> =>
  signAs({ kind: phase, body: { height, view, value, hotkey } })

/** A certificate signed by these, everyone if not said. */
export const certificateOf = (o: {
  phase: Phase
  view?: number
  value?: Digest
  height?: number
  signers?: readonly Key[]
}): Verified<Certificate> => {
  const { phase, view = 0, value = NO_VALUE, height = 1, signers = keys } = o
  const signatures = keys.flatMap((hotkey, member) =>
    signers.includes(hotkey) ? [{ member, signature: voteOf({ phase, height, view, value, hotkey }).signature }] : [],
  )
  return { phase, height, view, value, signatures } as unknown as Verified<Certificate>
}

export const decidedOf = (header: Header): Verified<Decided> =>
  ({
    header,
    certificate: certificateOf({ phase: 'finalize', value: headerDigest(header), height: header.height }),
  }) as unknown as Verified<Decided>

export type Bench = ReturnType<typeof createBench>

/**
 * `self`: null observes. `records`: what was on its disk. `isBlind`: the chain shows it no block. `committee`: what the rounds know of it,
 * null for nothing.
 */
export const createBench = (o: {
  self: Key | null
  records?: readonly JournalRecord[]
  isBlind?: boolean
  committee?: () => Committee | null
}) => {
  const rounds = createToy({ self: o.self, committee, deltaMs: DELTA_MS })
  const seeing = o.isBlind ? { ...toy, headBlock: () => null } : toy
  const application = { ...seeing, committee: o.committee ?? toy.committee }
  const parts = { genesis, self: o.self, application, rounds }
  const machine: Machine<ToyRounds> = o.records
    ? restoreMachine({ ...parts, records: o.records })
    : createMachine(parts)
  const disk: JournalRecord[] = [...(o.records ?? [])]
  const clock = { at: 10_000 }

  /** Own signatures come back at once, as the driver's do. */
  const feed = (input: Input): readonly Effect[] => {
    const { effects } = step(machine, input)
    const all: Effect[] = []
    for (const effect of effects) {
      all.push(effect)
      if (effect.kind === 'persist') disk.push(...effect.records)
      if (effect.kind === 'sign') all.push(...feed({ kind: 'message', at: clock.at, message: signAs(effect.message) }))
    }
    return all
  }
  return {
    machine,
    disk,
    clock,
    feed,
    current: () => machine.consensus.current,
    hear: (...messages: readonly Verified<Signed>[]) =>
      messages.flatMap((message) => feed({ kind: 'message', at: clock.at, message })),
    learn: (...certificates: readonly Verified<Certificate>[]) =>
      certificates.flatMap((certificate) => feed({ kind: 'certificate', at: clock.at, certificate })),
    adopt: (decided: Verified<Decided>) => feed({ kind: 'decided', at: clock.at, decided }),
    ask: (from: Key, status: Status) => feed({ kind: 'status', at: clock.at, from, status }),
    head: (block: number) => feed({ kind: 'head', at: clock.at, block: blockAt(block) }),
    wait: (ms: number) => {
      clock.at += ms
      return feed({ kind: 'wake', at: clock.at })
    },
  }
}

/** What was signed, as `phase view value-or-parent`. */
export const signed = (effects: readonly Effect[]): readonly Unsigned[] =>
  effects.flatMap((effect) => (effect.kind === 'sign' ? [effect.message] : []))

export const votes = (effects: readonly Effect[]): readonly string[] =>
  signed(effects).flatMap(({ kind, body }) =>
    kind === 'notarize' || kind === 'nullify' || kind === 'finalize' ? [`${kind} ${body.view}`] : [],
  )

export const notices = (effects: readonly Effect[], kind: Notice['kind']): readonly Notice[] =>
  effects.flatMap((effect) => (effect.kind === 'notice' && effect.notice.kind === kind ? [effect.notice] : []))

export const relays = <K extends Relayed['kind']>(effects: readonly Effect[], kind: K) =>
  effects.flatMap((effect) => (effect.kind === 'relay' && effect.what.kind === kind ? [effect] : []))
