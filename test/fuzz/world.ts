/** One real machine over the real rounds, with a disk that survives it and a driver that checks every effect. */
import assert from 'node:assert/strict'
import type { Digest, Key } from '../../protocol/crypto.ts'
import { createMachine, type Machine, restoreMachine, step } from '../../protocol/machine.ts'
import type { Effect, Input, JournalRecord } from '../../protocol/machine-types.ts'
import type { Header } from '../../protocol/message/entry.ts'
import type { Signed, Unsigned, Verified } from '../../protocol/message/message.ts'
import type { RoundState } from '../../protocol/round/state.ts'
import { boundedMemoryOf } from '../sim/checkers/bounded-memory.ts'
import { createWitness } from '../sim/checkers/contradictions.ts'
import { guarded } from '../sim/checkers/guarded.ts'
import { noLateVotes } from '../sim/checkers/no-late-votes.ts'
import { sealedUntilCommits } from '../sim/checkers/sealed-until-commits.ts'
import { roundsScene } from '../sim/rounds-scene.ts'
import type { Evaluate } from '../sim/scene.ts'
import type { Sim, Watcher } from '../sim/watch.ts'
import { createJustified } from './justified.ts'

export const scene = roundsScene(4)

export type World = {
  readonly self: Key
  /** The other members. The first may lie; the others sign only what an honest node could. */
  readonly others: readonly Key[]
  machine: Machine<RoundState>
  readonly disk: JournalRecord[]
  at: number
  head: number
  /** Questions of the machine that nobody has answered yet. */
  asked: Effect[]
  readonly evaluations: Evaluate[]
  /** Every message that was ever signed, by the id under which it is asked for. */
  readonly library: Map<Digest, Signed>
  /** Headers that could be decided at the height being voted. */
  headers: Header[]
  /** The machine dies after this many effects of its next step. */
  dies: number | null
  /** How often the process has started again. */
  lives: number
  readonly watchers: Watcher[]
  readonly witness: ReturnType<typeof createWitness>
  readonly justified: ReturnType<typeof createJustified>
  /** False for records that a broken disk loses. */
  readonly keeps: (record: JournalRecord) => boolean
  /** Blocks whose vector was handed to the chain. */
  readonly weighed: Set<number>
  /** Inputs that wait for the step in progress: what the machine signed comes back to it. */
  readonly waiting: Input[]
  isBusy: boolean
}

/** Questions that are kept for an answer; a mesh forgets some too. */
const ASKED_MAX = 64
/** Own signatures that come back at one moment. */
const ECHOES_MAX = 100
/** The simulator's promises that one machine can keep alone. */
const CHECKERS = [guarded, noLateVotes, sealedUntilCommits, boundedMemoryOf({ every: 1 })]

/** what was restored from the disk is bound to everything that was signed at its height. */
const checkRestored = (machine: Machine<RoundState>, disk: readonly JournalRecord[]): void => {
  const { current } = machine.consensus
  for (const record of disk) {
    if (record.kind === 'decided') assert.ok(record.decided.header.height < current.height)
    if (record.kind !== 'guard' || record.height !== current.height) continue
    assert.equal(current.views.get(record.view)?.guard[record.phase], record.value, 'a guard survives a crash')
  }
}

const persist = (w: World, records: readonly JournalRecord[]): void => {
  w.disk.push(...records.filter(w.keeps))
  for (const record of records) w.justified.persisted(record)
  for (const watcher of w.watchers) {
    watcher.persisted?.(w.self, records)
    for (const record of records) if (record.kind === 'decided') watcher.decided?.(w.self, record.decided)
  }
}

const signed = (w: World, unsigned: Unsigned): Verified<Signed> => {
  const message = scene.signing.sign(unsigned, scene.domains, scene.idOf)
  w.library.set(scene.idOf(message), message)
  return message
}

const sign = (w: World, unsigned: Unsigned): void => {
  const message = signed(w, unsigned)
  const contradiction = w.witness(message)
  w.justified.signed(message)
  assert.equal(contradiction, null, `no honest node ${contradiction?.what}`)
  for (const watcher of w.watchers) watcher.signed?.(w.self, message)
  w.waiting.push({ kind: 'message', at: w.at, message })
}

const weigh = (w: World, block: number): void => {
  const isDurable = w.disk.some((record) => record.kind === 'weights' && record.block === block)
  assert.ok(isDurable && !w.weighed.has(block), 'a vector is handed out once, and its record is durable before')
  w.weighed.add(block)
}

const carryOut = (w: World, effect: Effect): void => {
  if (effect.kind === 'persist') persist(w, effect.records)
  else if (effect.kind === 'sign') sign(w, effect.message)
  else if (effect.kind === 'setWeights') weigh(w, effect.block)
  else if (effect.kind !== 'relay' && effect.kind !== 'notice' && effect.kind !== 'wake') {
    if (effect.kind === 'evaluate') w.evaluations.push(effect)
    w.asked.push(effect)
    if (w.asked.length > ASKED_MAX) w.asked.shift()
  }
}

const takeIn = (w: World, next: Input): void => {
  const { height } = w.machine.consensus.current
  const { effects } = step(w.machine, next)
  assert.ok(effects.filter(({ kind }) => kind === 'wake').length <= 1, 'a step sets one alarm at most')
  if (w.machine.consensus.current.height !== height) w.headers = []
  for (const effect of effects.slice(0, w.dies ?? effects.length)) carryOut(w, effect)
  for (const watcher of w.watchers) watcher.stepped?.(w.self)
  if (w.dies !== null) restart(w)
}

/** One input, and all that the machine causes itself by it. */
export const input = (w: World, first: Input): void => {
  w.waiting.push(first)
  if (w.isBusy) return
  w.isBusy = true
  let left = ECHOES_MAX
  for (let next = w.waiting.shift(); next !== undefined; next = w.waiting.shift()) {
    assert.ok(left-- > 0, 'inputs come to rest')
    takeIn(w, next)
  }
  w.isBusy = false
}

/** A message by the hotkey that it names. */
export const say = (w: World, unsigned: Unsigned): void => {
  input(w, { kind: 'message', at: w.at, message: signed(w, unsigned) })
}

const partsOf = (self: Key) => ({
  genesis: scene.genesis,
  self,
  application: scene.application,
  rounds: scene.createRounds(self),
})

/** The process ends here and starts again from its disk. */
export const restart = (w: World): void => {
  w.waiting.length = 0
  w.dies = null
  w.lives++
  w.asked = []
  w.headers = []
  w.machine = restoreMachine({ ...partsOf(w.self), records: w.disk })
  checkRestored(w.machine, w.disk)
  input(w, { kind: 'wake', at: w.at })
}

/** What the checkers may see of it. */
const simOf = (w: World): Sim => ({
  genesis: scene.genesis,
  keys: scene.keys,
  isHonest: (node) => node === w.self,
  now: () => w.at,
  healAtMs: Number.MAX_SAFE_INTEGER,
  messageOf: (id) => w.library.get(id) ?? null,
  consensusOf: (node) => (node === w.self ? w.machine.consensus : null),
  roundsOf: (node) => (node === w.self ? w.machine.rounds : null),
  metagraphAt: (block) => scene.metagraph(block, 0),
  isVoteSigned: () => true,
  kept: new Map(),
})

/** `keeps`: a disk that loses records shows that the checks see it. */
export const createWorld = (place: number, keeps: (record: JournalRecord) => boolean = () => true): World => {
  const self = scene.keys[place] ?? ''
  const world: World = {
    self,
    others: scene.keys.filter((key) => key !== self),
    machine: createMachine(partsOf(self)),
    disk: [],
    at: 0,
    head: 0,
    asked: [],
    evaluations: [],
    library: new Map(),
    headers: [],
    dies: null,
    lives: 0,
    watchers: [],
    witness: createWitness(scene.domains.mesh),
    justified: createJustified(() => world.machine.consensus.current.committee),
    keeps,
    weighed: new Set(),
    waiting: [],
    isBusy: false,
  }
  for (const { watch } of CHECKERS) world.watchers.push(watch(simOf(world), () => undefined))
  input(world, { kind: 'wake', at: 0 })
  return world
}
