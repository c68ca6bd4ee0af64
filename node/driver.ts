/** Inputs in, effects out, in order: the only loop around the pure machine; each effect is done before the next. */
import { type Effect, type Input, type Signed, unreachable, type Verified } from '../protocol/index.ts'
import type { Arrival, DriverPorts } from './ports.ts'

/** Arrivals that may wait for their turn: a burst of votes of a whole committee over several views; more is a flood. */
const QUEUE_MAX = 10_000

export type Driver<S> = {
  /** Queues an arrival; false when the queue is full and it was dropped. */
  offer(arrival: Arrival<S>): boolean
  submit(input: Input): void
  /** The state between two inputs: only to be read, only at once. */
  read<T>(view: (state: S) => T): T
  /** Resolves when all that was queued is worked off. */
  idle(): Promise<void>
  close(): Promise<void>
}

export const createDriver = <S>(o: {
  readonly state: S
  readonly step: (state: S, input: Input) => { readonly state: S; readonly effects: readonly Effect[] }
  readonly ports: DriverPorts
  /** Storage or an invariant failed: nothing may be sent any more; the process must end. */
  readonly onFatal: (error: unknown) => void
}): Driver<S> => {
  const { ports } = o
  let state = o.state
  const queue: Arrival<S>[] = []
  let running: Promise<void> | null = null
  let closed = false

  const perform = async (effect: Effect): Promise<void> => {
    switch (effect.kind) {
      case 'persist':
        return ports.journal.append(effect.records)
      case 'sign':
        return signAndSend(effect)
      case 'relay':
        return ports.network.relay(effect.what, effect.to)
      case 'fetch':
        return ports.network.fetch(effect.what, effect.digest)
      case 'readBlock':
        return ports.chain.readBlock(effect.number)
      case 'readMetagraph':
        return ports.chain.readMetagraph(effect.block)
      case 'evaluate':
        return ports.measurer.evaluate(effect)
      case 'setWeights':
        return ports.chain.setWeights(effect)
      case 'wake':
        return ports.clock.setAlarm(effect.at, () => submit({ kind: 'wake', at: ports.clock.now() }))
      case 'notice':
        return ports.notice(effect.notice)
      default:
        return unreachable(effect)
    }
  }

  const signAndSend = (effect: Extract<Effect, { kind: 'sign' }>): void => {
    if (ports.signer === null) throw new Error('an observer has nothing to sign with')
    const message = ports.signer.sign(effect.message)
    // One's own signature needs no verification; it goes first, so that the machine counts its own vote before others'.
    queue.unshift(() => ({ kind: 'message', at: ports.clock.now(), message: message as Verified<Signed> }))
    ports.network.broadcast(message)
  }

  const run = async (): Promise<void> => {
    for (let arrival = queue.shift(); arrival !== undefined && !closed; arrival = queue.shift()) {
      const input = await arrival(state)
      if (input === null) continue
      const next = o.step(state, input)
      state = next.state
      for (const effect of next.effects) await perform(effect)
    }
  }

  const wakeLoop = (): void => {
    if (running !== null || closed) return
    running = run()
      .catch((error: unknown) => {
        closed = true
        o.onFatal(error)
      })
      .finally(() => {
        running = null
        if (queue.length > 0) wakeLoop()
      })
  }

  const offer = (arrival: Arrival<S>): boolean => {
    if (closed || queue.length >= QUEUE_MAX) return false
    queue.push(arrival)
    wakeLoop()
    return true
  }

  const submit = (input: Input): void => {
    offer(() => input)
  }

  const idle = async (): Promise<void> => {
    while (running !== null) await running
  }

  return {
    offer,
    submit,
    read: (view) => view(state),
    idle,
    close: async () => {
      closed = true
      queue.length = 0
      ports.clock.setAlarm(null, () => {})
      await idle()
    },
  }
}
