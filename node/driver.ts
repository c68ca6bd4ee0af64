/** Inputs in, effects out, in order: the only loop around the pure machine; each effect is done before the next. */
import { type Effect, type Input, type Signed, type Unsigned, unreachable, type Verified } from '../protocol/index.ts'
import type { Arrival, DriverPorts } from './ports.ts'
import { createQueue, type Origin } from './queue.ts'

export type Driver<S> = {
  /** Queues an arrival; false when it was dropped, because its sender has too much waiting or the driver has ended. */
  offer(arrival: Arrival<S>, origin: Origin): boolean
  /** Queues an input of this node's own. */
  submit(input: Input): void
  /** The state between two inputs: only to be read, only at once. */
  read<T>(view: (state: S) => T): T
  /** Resolves when all that was queued is worked off. */
  idle(): Promise<void>
  close(): Promise<void>
}

/** What an effect may put back into the driver. */
type Back = { readonly signed: (message: Signed) => void; readonly wake: () => void }

const signAndSend = (message: Unsigned, ports: DriverPorts, back: Back): void => {
  if (ports.signer === null) throw new Error('an observer has nothing to sign with')
  const signed = ports.signer.sign(message)
  back.signed(signed)
  ports.network.broadcast(signed)
}

const perform = async (effect: Effect, ports: DriverPorts, back: Back): Promise<void> => {
  switch (effect.kind) {
    case 'persist':
      return ports.journal.append(effect.records)
    case 'sign':
      return signAndSend(effect.message, ports, back)
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
      return ports.clock.setAlarm(effect.at, back.wake)
    case 'notice':
      return ports.notice(effect.notice)
    default:
      return unreachable(effect)
  }
}

export const createDriver = <S>(o: {
  readonly state: S
  readonly step: (state: S, input: Input) => { readonly state: S; readonly effects: readonly Effect[] }
  readonly ports: DriverPorts
  /** Storage or an invariant failed: nothing may be sent any more; the process must end. */
  readonly onFatal: (error: unknown) => void
}): Driver<S> => {
  const { ports } = o
  const { clock } = ports
  const queue = createQueue<Arrival<S>>()
  /** One's own signatures need no verification; they go before all that waits, so that the machine counts its own vote before others'. */
  const signed: Signed[] = []
  let state = o.state
  let running: Promise<void> | null = null
  let closed = false

  const next = (): Arrival<S> | undefined => {
    const message = signed.shift()
    if (message === undefined) return queue.next()
    return () => ({ kind: 'message', at: clock.now(), message: message as Verified<Signed> })
  }
  const offer: Driver<S>['offer'] = (arrival, origin) => {
    if (closed || !queue.push(arrival, origin)) return false
    running ??= run()
    return true
  }
  const submit = (input: Input): void => {
    offer(() => input, null)
  }
  const back: Back = {
    signed: (message) => signed.push(message),
    wake: () => submit({ kind: 'wake', at: clock.now() }),
  }
  const workOff = async (): Promise<void> => {
    // Only once `running` is set may an arrival run: what it offers itself must not start a second loop.
    await null
    for (let arrival = next(); arrival !== undefined && !closed; arrival = next()) {
      const input = await arrival(state)
      if (input === null) continue
      const stepped = o.step(state, input)
      state = stepped.state
      for (const effect of stepped.effects) await perform(effect, ports, back)
    }
    running = null
  }
  const run = (): Promise<void> =>
    workOff().catch((error: unknown) => {
      closed = true
      running = null
      queue.clear()
      o.onFatal(error)
    })
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
      queue.clear()
      signed.length = 0
      await idle()
      clock.setAlarm(null, () => {})
    },
  }
}
