/** One simulated process of a validator: the real machine, a disk that survives it, and a driver that carries out its effects or dies between two of them. */
import type { Key } from '../../protocol/crypto.ts'
import { createMachine, type Machine, restoreMachine, step } from '../../protocol/machine.ts'
import type { Effect, Input, JournalRecord, Relayed } from '../../protocol/machine-types.ts'
import type { Signed, Unsigned, Verified } from '../../protocol/message/message.ts'
import type { Decided } from '../../protocol/message/vote.ts'
import { type Clock, createClock } from './clock.ts'
import { isIn } from './faults.ts'
import type { Payload, Spot } from './network.ts'
import type { Plan, Strikes } from './plan.ts'
import type { Scene } from './scene.ts'
import type { Schedule } from './schedule.ts'
import { Violation, type Watcher } from './watch.ts'

export type Process<S> = Spot & {
  /** How often it started: what was asked before a crash is answered to nobody. */
  readonly life: () => number
  readonly start: () => void
  /** Ends it in order, between two inputs. */
  readonly stop: () => void
  /** Until then what comes is kept, and worked off later. */
  readonly freeze: (untilMs: number) => void
  /** Takes an input made at the process's own time; nothing happens while it is down. */
  readonly give: (make: (at: number) => Input) => void
  readonly machine: () => Machine<S> | null
  readonly disk: JournalRecord[]
}

/** What a process has around it. */
export type Surroundings = {
  readonly plan: Plan
  readonly strikes: Strikes
  readonly schedule: Schedule
  readonly isHealed: () => boolean
  readonly sign: (message: Unsigned) => Verified<Signed>
  /** Told once when it died. */
  readonly died: () => void
  readonly broadcast: (payload: Payload) => void
  readonly sendTo: (to: Key, payload: Payload) => void
  /** Fetching, reading, evaluating: answered later by an input. */
  readonly ask: (effect: Effect) => void
  readonly watcher: Required<Watcher>
  readonly trace: ((line: () => string) => void) | null
}

/** Inputs that a process may cause itself at one moment: its own signatures come back, a handful. */
const INPUTS_MAX = 1000
const CLOCK_ZERO_MAX = 100_000

const decidedFrom = (disk: readonly JournalRecord[], fromHeight: number, count: number): readonly Decided[] => {
  const found: Decided[] = []
  for (const record of disk) {
    if (record.kind === 'decided' && record.decided.header.height >= fromHeight) found.push(record.decided)
    if (found.length === count) break
  }
  return found
}

const payloadOf = (disk: readonly JournalRecord[], what: Relayed): Payload => {
  if (what.kind === 'archived') return { kind: 'decided', decided: decidedFrom(disk, what.fromHeight, what.count) }
  // A machine relays only what it was given as verified, or signed itself.
  return what.kind === 'message' ? { kind: 'message', message: what.message as Verified<Signed> } : what
}

/** What happens to the write of these records: how many of them are on disk afterwards, and whether the process lives on. */
const writeOf = (o: { around: Surroundings; place: number; count: number }): { kept: number; lives: boolean } => {
  const { around, place, count } = o
  const { failedWrite, tornWrite, crashAfterSync } = around.plan.faults
  if (around.isHealed()) return { kept: count, lives: true }
  if (failedWrite?.['node'] === place && around.strikes.hits('failedWrite')) return { kept: 0, lives: false }
  if (tornWrite?.['node'] === place && around.strikes.hits('tornWrite')) return { kept: count - 1, lives: false }
  const isCut = crashAfterSync?.['node'] === place && around.strikes.hits('crashAfterSync')
  return { kept: count, lives: !isCut }
}

/** What a signature is about, for who reads a trace. */
const placeOf = ({ body }: Signed): unknown => ('height' in body ? { height: body.height, view: body.view } : body)

/** What the driver of a process does with an effect; false when the process did not survive it. */
type CarryOut = (effect: Effect) => boolean

const createCarrier = (o: {
  readonly self: Key
  readonly place: number
  readonly name: string
  readonly around: Surroundings
  readonly disk: JournalRecord[]
  /** Puts one's own signed message first in the queue of inputs. */
  readonly hearOwn: (message: Verified<Signed>) => void
  readonly wakeAt: (at: number) => void
}): CarryOut => {
  const { self, place, name, around, disk } = o
  const { watcher } = around
  const persist = (records: readonly JournalRecord[]): boolean => {
    const { kept, lives } = writeOf({ around, place, count: records.length })
    const written = kept === records.length ? records : records.slice(0, kept)
    for (const record of written) disk.push(record)
    if (written.length > 0) watcher.persisted(self, written)
    // Decided is what is durable: a notice may be lost in a crash.
    for (const record of written) if (record.kind === 'decided') watcher.decided(self, record.decided)
    const { rolledBack } = around.plan.faults
    if (!isIn(rolledBack?.['nodes'], place) || around.isHealed() || !around.strikes.hits('rolledBack')) return lives
    disk.length = Math.max(0, disk.length - (rolledBack?.['records'] ?? 0))
    return false
  }
  const signAndSend = (unsigned: Unsigned): void => {
    const message = around.sign(unsigned)
    watcher.signed(self, message)
    around.trace?.(() => `${name} signs ${message.kind} ${JSON.stringify(placeOf(message), brief)}`)
    o.hearOwn(message)
    around.broadcast({ kind: 'message', message })
  }
  return (effect) => {
    if (effect.kind === 'persist') return persist(effect.records)
    if (effect.kind === 'sign') signAndSend(effect.message)
    else if (effect.kind === 'relay') {
      const payload = payloadOf(disk, effect.what)
      if (effect.to === 'committee') around.broadcast(payload)
      else around.sendTo(effect.to, payload)
    } else if (effect.kind === 'wake') o.wakeAt(effect.at)
    else if (effect.kind === 'setWeights') watcher.weighed(self, effect)
    else if (effect.kind === 'notice') {
      watcher.noticed(self, effect.notice)
      around.trace?.(() => `${name} ${JSON.stringify(effect.notice, brief)}`)
    } else around.ask(effect)
    return true
  }
}

/** A process's monotonic clock starts anywhere. */
const zeroOf = (life: number): number => (life * 7_919) % CLOCK_ZERO_MAX

export const createProcess = <S>(o: {
  readonly spot: Spot
  readonly scene: Scene<S>
  readonly around: Surroundings
  /** A copied disk; empty for a new validator. */
  readonly disk: JournalRecord[]
}): Process<S> => {
  const { spot, scene, around, disk } = o
  const { self, place } = spot
  const { schedule, watcher, plan, strikes } = around
  const isCrashing = plan.faults.crash?.['node'] === place
  const name = `${self.slice(0, 4)}${spot.index === place ? '' : `.${spot.index}`}`
  let machine: Machine<S> | null = null
  let clock: Clock = createClock({ faults: plan.faults, place, since: 0, zero: 0 })
  let [alarm, life, frozenUntil] = [0, 0, 0]
  let busy = false
  const inbox: Input[] = []
  const carryOut = createCarrier({
    ...{ self, place, name, around, disk },
    hearOwn: (message) => inbox.push({ kind: 'message', at: clock.read(schedule.now()), message }),
    wakeAt: (at) => {
      const mine = ++alarm
      schedule.after(clock.until(at, schedule.now()), () => {
        if (mine === alarm) give((now) => ({ kind: 'wake', at: now }))
      })
    },
  })
  const end = (how: string): void => {
    machine = null
    alarm++
    inbox.length = 0
    around.trace?.(() => `${name} ${how}`)
  }
  const dies = (): boolean => isCrashing && !around.isHealed() && strikes.hits('crash')
  const work = (first: Input): void => {
    inbox.push(first)
    if (busy) return
    busy = true
    let handled = 0
    // What is handled stays until all is: its place is cheaper to count than to free.
    for (let next = inbox[handled]; next !== undefined && machine !== null; next = inbox[handled]) {
      if (++handled > INPUTS_MAX) throw new Violation('inputs come to rest', { self, input: next.kind })
      for (const effect of step(machine, next).effects) {
        if (!dies() && carryOut(effect)) continue
        end('dies')
        around.died()
        break
      }
    }
    inbox.length = 0
    busy = false
    if (machine !== null) watcher.stepped(self)
  }
  const give = (make: (at: number) => Input): void => {
    const now = schedule.now()
    if (machine === null) return
    if (now >= frozenUntil) work(make(clock.read(now)))
    else {
      // What waits keeps its order: events of one moment run in the order they were made.
      const asked = life
      schedule.after(frozenUntil - now, () => {
        if (life === asked) give(make)
      })
    }
  }
  const start = (): void => {
    life++
    frozenUntil = 0
    clock = createClock({ faults: plan.faults, place, since: schedule.now(), zero: zeroOf(life) })
    const parts = { genesis: scene.genesis, self, application: scene.application, rounds: scene.createRounds(self) }
    machine = disk.length === 0 ? createMachine(parts) : restoreMachine({ ...parts, records: disk })
    around.trace?.(() => `${name} starts at height ${machine?.consensus.current.height}`)
    if (life > 1) watcher.restarted(self)
    give((at) => ({ kind: 'wake', at }))
  }
  const freeze = (untilMs: number): void => {
    frozenUntil = untilMs
  }
  return { ...spot, disk, life: () => life, machine: () => machine, give, start, freeze, stop: () => end('stops') }
}

const brief = (_: string, value: unknown): unknown => {
  if (typeof value === 'bigint') return `${value}`
  return typeof value === 'string' && value.length > 20 ? value.slice(0, 6) : value
}
