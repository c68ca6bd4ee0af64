/** What one step works with: the state, the rounds, the time, and the effects in the order they must happen. */

import type { CheckQuery, EntryCheck, Judge } from '../application.ts'
import type { Committee } from '../committee.ts'
import type { Digest, Key } from '../crypto.ts'
import type { Effect, Input, JournalRecord, Notice, Relayed } from '../machine-types.ts'
import type { Entry, Header } from '../message/entry.ts'
import type { Signed, Unsigned } from '../message/message.ts'
import type { Phase } from '../message/vote.ts'
import { voteMessage } from './certificate.ts'
import { guardAllows } from './guard.ts'
import { type Consensus, mayVote, viewOf } from './state.ts'
import { voteOf } from './votes.ts'

/** The rounds, bound to their state. */
export type Host = {
  readonly committee: () => Committee | null
  readonly sessionKeyOf: (message: Unsigned) => Key | null
  readonly deltaMs: () => number
  readonly headBlock: () => number | null
  readonly due: () => Entry | null
  readonly check: (query: CheckQuery) => EntryCheck
  readonly step: (input: Input) => readonly Effect[]
  readonly evidence: (judge: Judge) => readonly Digest[]
  readonly accuse: (messages: readonly Signed[], at: number) => readonly Effect[]
  readonly apply: (decided: { header: Header; digest: Digest; at: number }) => readonly Effect[]
}

export type Context = {
  readonly state: Consensus
  readonly host: Host
  readonly at: number
  readonly effects: Effect[]
  /** Sent when everything else of this step is done: nothing waits for it. */
  readonly sends: Effect[]
}

/** durable before anything that follows; records that follow each other are written together. */
export const persist = (c: Context, ...records: readonly JournalRecord[]): void => {
  const last = c.effects.at(-1)
  if (last?.kind === 'persist')
    c.effects[c.effects.length - 1] = { kind: 'persist', records: [...last.records, ...records] }
  else c.effects.push({ kind: 'persist', records })
}

export const send = (c: Context, what: Relayed, to: 'committee' | Key): void => {
  c.sends.push({ kind: 'relay', what, to })
}

export const notify = (c: Context, notice: Notice): void => {
  c.effects.push({ kind: 'notice', notice })
}

/** while no finalised head was seen here nothing is signed: this log may be behind, or not the mesh's.: see `mayVote`. */
export const maySign = (c: Context): boolean => c.host.headBlock() !== null && mayVote(c.state)

/** what contradicts itself is told to people, and to the rounds, which keep evidence. */
export const accuse = (c: Context, ...messages: readonly Signed[]): void => {
  c.sends.push(...c.host.accuse(messages, c.at))
}

/** guard, then sign, at most once; `first` is what must be durable with it. Does nothing where the guard or the seat forbids it. */
export const castOwn = (c: Context, o: { view: number; phase: Phase; value: Digest; first?: JournalRecord }): void => {
  const { state } = c
  const { guard } = viewOf(state.current, o.view)
  if (state.self === null || !maySign(c) || guard[o.phase] !== null || !guardAllows(guard, o.phase, o.value)) return
  guard[o.phase] = o.value
  const { height } = state.current
  if (o.first !== undefined) persist(c, o.first)
  persist(c, { kind: 'guard', height, view: o.view, phase: o.phase, value: o.value })
  const body = { height, view: o.view, value: o.value, hotkey: state.self }
  c.effects.push({ kind: 'sign', message: voteMessage(o.phase, body) })
}

/** an own vote again: as signed, or after a restart signed once more, which gives the same signature. */
export const repeatOwn = (c: Context, o: { view: number; phase: Phase }): void => {
  const { self, current } = c.state
  const { guard, votes } = viewOf(current, o.view)
  const value = guard[o.phase]
  if (self === null || value === null) return
  const signed = voteOf(votes, self, o.phase)
  if (signed !== null) send(c, { kind: 'message', message: signed }, 'committee')
  else if (maySign(c)) {
    const body = { height: current.height, view: o.view, value, hotkey: self }
    c.effects.push({ kind: 'sign', message: voteMessage(o.phase, body) })
  }
}
