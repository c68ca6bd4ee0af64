/** One simulated validator: the real machine, a disk that survives it, and a driver that carries out its effects or dies between two of them. */
import type { Key } from '../../protocol/crypto.ts'
import { SYNC_BATCH_MAX } from '../../protocol/limits.ts'
import { createMachine, type Machine, restoreMachine, step } from '../../protocol/machine.ts'
import type { Effect, Input, JournalRecord, Relayed } from '../../protocol/machine-types.ts'
import type { Signed, Verified } from '../../protocol/message/message.ts'
import type { Decided } from '../../protocol/message/vote.ts'
import type { Payload } from './network.ts'
import type { Scene } from './scene.ts'
import type { Schedule } from './schedule.ts'
import { signAs } from './token.ts'
import { Violation, type Watcher } from './watch.ts'

export type Node = {
  readonly self: Key
  /** How often it started: what was asked before a crash is answered to nobody. */
  readonly life: () => number
  readonly start: () => void
  readonly input: (input: Input) => void
  readonly disk: readonly JournalRecord[]
}

/** What a node's driver has around it. */
export type Surroundings = {
  readonly schedule: Schedule
  /** Whether the process dies before this effect. */
  readonly dies: () => boolean
  /** Told once when it died. */
  readonly died: () => void
  readonly broadcast: (payload: Payload) => void
  readonly sendTo: (to: Key, payload: Payload) => void
  /** Fetching, reading, evaluating: answered later by an input. */
  readonly ask: (effect: Effect) => void
  readonly watcher: Watcher
  readonly trace: (line: () => string) => void
}

/** Inputs that a node may cause itself at one moment: its own signatures come back, a handful. */
const INPUTS_MAX = 1000

const decidedOf = (disk: readonly JournalRecord[]): readonly Decided[] =>
  disk.flatMap((record) => (record.kind === 'decided' ? [record.decided] : []))

export const createNode = <S>(o: { self: Key; scene: Scene<S>; around: Surroundings }): Node => {
  const { self, scene, around } = o
  const disk: JournalRecord[] = []
  let machine: Machine<S> | null = null
  let alarm = 0
  let busy = false
  let life = 0
  const inbox: Input[] = []

  const payloadOf = (what: Relayed): Payload => {
    if (what.kind === 'archived') {
      const from = decidedOf(disk).filter(({ header }) => header.height >= what.fromHeight)
      return { kind: 'decided', decided: from.slice(0, SYNC_BATCH_MAX) }
    }
    // A machine relays only what it was given as verified, or signed itself.
    return what.kind === 'message' ? { kind: 'message', message: what.message as Verified<Signed> } : what
  }
  const carryOut = (effect: Effect): void => {
    if (effect.kind === 'persist') {
      disk.push(...effect.records)
      around.watcher.persisted?.(self, effect.records)
      // Decided is what is durable: a notice may be lost in a crash.
      for (const record of effect.records) if (record.kind === 'decided') around.watcher.decided?.(self, record.decided)
    } else if (effect.kind === 'sign') {
      const message = signAs(effect.message)
      around.watcher.signed?.(self, message)
      inbox.push({ kind: 'message', at: around.schedule.now(), message })
      around.broadcast({ kind: 'message', message })
    } else if (effect.kind === 'relay') {
      const payload = payloadOf(effect.what)
      if (effect.to === 'committee') around.broadcast(payload)
      else around.sendTo(effect.to, payload)
    } else if (effect.kind === 'wake') {
      const mine = ++alarm
      const delay = Math.max(0, effect.at - around.schedule.now())
      around.schedule.after(delay, () => {
        if (mine === alarm) input({ kind: 'wake', at: around.schedule.now() })
      })
    } else if (effect.kind === 'notice') {
      around.trace(() => `${self.slice(0, 4)} ${JSON.stringify(effect.notice, brief)}`)
    } else if (effect.kind === 'setWeights') around.watcher.weighed?.(self, effect)
    else around.ask(effect)
  }
  const crash = (): void => {
    machine = null
    alarm++
    inbox.length = 0
    around.trace(() => `${self.slice(0, 4)} crashes`)
    around.died()
  }
  const input = (first: Input): void => {
    inbox.push(first)
    if (busy) return
    busy = true
    let handled = 0
    for (let next = inbox.shift(); next !== undefined && machine !== null; next = inbox.shift()) {
      if (++handled > INPUTS_MAX) throw new Violation('inputs come to rest', { self, input: next.kind })
      const { effects } = step(machine, next)
      for (const effect of effects) {
        if (around.dies()) {
          crash()
          break
        }
        carryOut(effect)
      }
    }
    busy = false
  }
  return {
    self,
    disk,
    life: () => life,
    input: (next) => {
      if (machine !== null) input(next)
    },
    start: () => {
      life++
      const parts = { genesis: scene.genesis, self, application: scene.application, rounds: scene.createRounds(self) }
      machine = disk.length === 0 ? createMachine(parts) : restoreMachine({ ...parts, records: disk })
      around.trace(() => `${self.slice(0, 4)} starts at height ${machine?.consensus.current.height}`)
      input({ kind: 'wake', at: around.schedule.now() })
    },
  }
}

const brief = (_: string, value: unknown): unknown => {
  if (typeof value === 'bigint') return `${value}`
  return typeof value === 'string' && value.length > 20 ? value.slice(0, 6) : value
}
