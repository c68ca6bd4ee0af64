/** Rounds as small as they can be: every node gossips items, each height decides a list of them; waiting, pulling and inclusion are real. */
import type { Application, CheckQuery, EntryCheck } from '../../protocol/application.ts'
import { backoffMs, DEMANDING_DELTAS } from '../../protocol/backoff.ts'
import { type Committee, memberOf } from '../../protocol/committee.ts'
import { type Digest, hash, type Key, utf8ToBytes } from '../../protocol/crypto.ts'
import type { Effect, Input } from '../../protocol/machine-types.ts'
import type { Entry } from '../../protocol/message/entry.ts'
import type { Signed } from '../../protocol/message/message.ts'

type Item = {
  readonly message: Signed<'receipt'>
  /** Since when it is held here. */
  readonly since: number
  /** When it was last sent on to leaders that left it out. */
  relayedAt: number | null
}

export type ToyRounds = {
  readonly self: Key | null
  readonly committee: Committee
  readonly deltaMs: number
  head: number
  round: number
  readonly held: Map<Digest, Item>
  /** When what is not held was asked for last. */
  readonly asked: Map<Digest, number>
  readonly done: Set<Digest>
  /** When a proposal of this round was first refused for what it leaves out. */
  refusedAt: number | null
}

/** Blocks from one due round to the next, and between two items of a node. */
const ROUND_BLOCKS = 4
const ITEM_BLOCKS = 6
const FETCH_EVERY_MS = 1_000
const RELAY_EVERY_MS = 2_000

/** Rounds due at this head. */
export const toyRoundsDue = (head: number): number => Math.floor(head / ROUND_BLOCKS)

const ids = new WeakMap<object, Digest>()

/** Of a receipt's body. */
export const toyItemId = (o: { hotkey: Key; block: number }): Digest => {
  const known = ids.get(o)
  if (known !== undefined) return known
  const made = hash(utf8ToBytes(`item/${o.hotkey}/${o.block}`))
  ids.set(o, made)
  return made
}

export const createToy = (o: { self: Key | null; committee: Committee; deltaMs: number }): ToyRounds => ({
  ...o,
  head: 0,
  round: 0,
  held: new Map(),
  asked: new Map(),
  done: new Set(),
  refusedAt: null,
})

const open = (state: ToyRounds): Digest[] => [...state.held.keys()].filter((id) => !state.done.has(id))

const due = (state: ToyRounds): Entry | null => {
  const round = state.round + 1
  if (round > toyRoundsDue(state.head)) return null
  // Who proposes, and when, is in the value: two leaders never propose the same by chance.
  const manifest = hash(utf8ToBytes(`${state.self}/${state.head}`))
  return { kind: 'commits', competition: 'toy', round, manifest, commits: open(state).sort((a, b) => (a < b ? -1 : 1)) }
}

/** what a leader left out is sent on, so that the next one has it. */
const sendOn = (item: Item, at: number): readonly Effect[] => {
  if (item.relayedAt !== null && at - item.relayedAt < RELAY_EVERY_MS) return []
  item.relayedAt = at
  return [{ kind: 'relay', what: { kind: 'message', message: item.message }, to: 'committee' }]
}

const fetch = (state: ToyRounds, digest: Digest, at: number): readonly Effect[] => {
  const last = state.asked.get(digest)
  if (last !== undefined && at - last < FETCH_EVERY_MS) return []
  state.asked.set(digest, at)
  return [{ kind: 'fetch', what: 'message', digest }]
}

const check = (state: ToyRounds, { header, at, view, fresh }: CheckQuery): EntryCheck => {
  const { entry } = header
  if (entry.kind !== 'commits' || entry.round !== state.round + 1)
    return { kind: 'invalid', reason: 'another round is due' }
  const { commits } = entry
  if (commits.some((id, index) => state.done.has(id) || (index > 0 && id <= (commits[index - 1] ?? '')))) {
    return { kind: 'invalid', reason: 'items are sorted, each once in the log' }
  }
  const missing = commits.filter((id) => !state.held.has(id))
  if (missing.length > 0) {
    return { kind: 'wait', reason: `missing ${missing.join()}`, effects: missing.flatMap((id) => fetch(state, id, at)) }
  }
  if (!fresh) return { kind: 'valid' }
  if (entry.round > toyRoundsDue(state.head)) return { kind: 'wait', reason: 'not due', effects: [] }
  const patience = backoffMs(2 * state.deltaMs, view)
  const named = new Set(commits)
  const isDemanding = at - (state.refusedAt ?? at) < DEMANDING_DELTAS * state.deltaMs
  const omitted = [...state.held].flatMap(([id, item]) =>
    isDemanding && at - item.since > patience && !state.done.has(id) && !named.has(id) ? [item] : [],
  )
  if (omitted.length === 0) return { kind: 'valid' }
  state.refusedAt ??= at
  return { kind: 'wait', reason: 'an item is omitted', effects: omitted.flatMap((item) => sendOn(item, at)) }
}

const step = (state: ToyRounds, input: Input): readonly Effect[] => {
  if (input.kind === 'head') {
    state.head = input.block.number
    const due = state.self !== null && state.head % ITEM_BLOCKS === 0
    if (!due) return []
    const body = { submission: hash(), hotkey: state.self ?? '', block: state.head }
    return [{ kind: 'sign', message: { kind: 'receipt', body } }]
  }
  if (input.kind === 'message' && input.message.kind === 'receipt') {
    const id = toyItemId(input.message.body)
    if (state.held.has(id)) return []
    state.held.set(id, { message: input.message, since: input.at, relayedAt: null })
    state.asked.delete(id)
    return [{ kind: 'persist', records: [{ kind: 'message', message: input.message }] }]
  }
  return []
}

export const toy: Application<ToyRounds> = {
  committee: (state) => state.committee,
  sessionKeyOf: (state, { body }) => memberOf(state.committee, body.hotkey)?.sessionKey ?? null,
  deltaMs: (state) => state.deltaMs,
  headBlock: (state) => state.head,
  due,
  check,
  evidence: () => [],
  accuse: () => [],
  apply: (state, { header }) => {
    if (header.entry.kind !== 'commits') return []
    state.round = header.entry.round
    state.refusedAt = null
    for (const id of header.entry.commits) state.done.add(id)
    return []
  },
  restore: (state, record) => {
    if (record.kind === 'message' && record.message.kind === 'receipt')
      state.held.set(toyItemId(record.message.body), { message: record.message, since: 0, relayedAt: null })
  },
  step,
}
