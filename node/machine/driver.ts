/** Inputs in, effects out, in order: the only loop around the pure machine; what leaves waits for what was written before it. */
import {
  type Effect,
  type Input,
  type Signed,
  type Unsigned,
  unreachable,
  type Verified,
} from '../../protocol/index.ts'
import type { Arrival, DriverPorts } from './ports.ts'
import { createQueue, type Origin } from './queue.ts'

export type Driver<S> = {
  /** Queues an arrival; false when it was dropped, because its sender has too much waiting or the driver has ended. */
  offer(arrival: Arrival<S>, origin: Origin): boolean
  /** Queues an input of this node's own. */
  submit(input: Input): void
  /** The state between two inputs: only to be read, only at once. */
  read<T>(view: (state: S) => T): T
  /** The state once everything that waits in front of this moment has had its turn; null when the driver has ended. */
  inTurn<T>(view: (state: S) => T | Promise<T>): Promise<T | null>
  /** Resolves when everything that was taken so far is durable. */
  durable(): Promise<void>
  /** Resolves when all that was queued is worked off. */
  idle(): Promise<void>
  close(): Promise<void>
}

/** What an effect may put back into the driver. */
type Back = { readonly signed: (message: Signed) => void; readonly wake: () => void }

const signAndSend = (message: Unsigned, ports: DriverPorts, back: Back): void => {
  if (ports.signer === null) throw new Error('an observer has nothing to sign with')
  const signed = ports.signer.sign(message)
  if (signed === null) return
  back.signed(signed)
  ports.network.broadcast(signed)
}

/** Writes under way at once: what waits for the disk is bounded, and far more than one synced write takes. */
const WRITES_MAX = 512

/** Asks and waits, tells nobody anything that a crash could take back: need not wait for the disk. */
const isHarmless = ({ kind }: Effect): boolean =>
  kind === 'wake' || kind === 'fetch' || kind === 'readBlock' || kind === 'readMetagraph' || kind === 'readPayment'

/**
 * Carries out effects in order. A write runs on while the machine takes its next inputs, so that writes that meet share one synced write;
 * whatever leaves the process waits until everything written before it is durable. A notice is told then too, and nobody waits for it.
 */
const createPerformer = (ports: DriverPorts, back: Back, onFailure: (error: unknown) => void) => {
  let durable: Promise<unknown> | null = null
  let writes = 0
  let failure: { readonly error: unknown } | null = null
  const after = (work: Promise<unknown>): void => {
    work.catch((error: unknown) => {
      failure ??= { error }
      onFailure(error)
    })
    durable = work
    writes += 1
  }
  const flush = async (): Promise<void> => {
    while (durable !== null) {
      const waited: Promise<unknown> = durable
      await waited.catch(() => {})
      if (durable === waited) durable = null
    }
    // Nothing leaves after a failed write, whoever waited for it first.
    if (failure !== null) throw failure.error
    writes = 0
  }
  const perform = async (effect: Effect): Promise<void> => {
    if (effect.kind === 'persist') {
      after(Promise.all([durable, ports.journal.append(effect.records)]))
      if (writes >= WRITES_MAX) await flush()
    } else if (effect.kind === 'notice' && durable !== null) {
      after(durable.then(() => ports.notice(effect.notice)))
    } else {
      if (!isHarmless(effect)) await flush()
      await carryOut(effect, ports, back)
    }
  }
  return { perform, flush, isDurable: () => durable === null }
}

const carryOut = async (
  effect: Exclude<Effect, { kind: 'persist' }>,
  ports: DriverPorts,
  back: Back,
): Promise<void> => {
  switch (effect.kind) {
    case 'sign':
      return signAndSend(effect.message, ports, back)
    case 'relay':
      return ports.network.relay(effect.what, effect.to)
    case 'accuse':
      return ports.accuse(effect.evidence)
    case 'fetch':
      return ports.network.fetch(effect.what, effect.digest)
    case 'readBlock':
      return ports.chain.readBlock(effect.number)
    case 'readMetagraph':
      return ports.chain.readMetagraph(effect.block)
    case 'readPayment':
      return ports.chain.readPayment(effect)
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
  let failed = false

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
  const fail = (error: unknown): void => {
    const isFirst = !failed
    failed = closed = true
    queue.clear()
    if (isFirst) o.onFatal(error)
  }
  const { perform, flush, isDurable } = createPerformer(ports, back, fail)
  const workOff = async (): Promise<void> => {
    // Only once `running` is set may an arrival run: what it offers itself must not start a second loop.
    await null
    for (let arrival = next(); arrival !== undefined && !closed; arrival = next()) {
      const input = await arrival(state)
      if (input === null) continue
      const stepped = o.step(state, input)
      state = stepped.state
      for (const effect of stepped.effects) await perform(effect)
    }
    running = null
  }
  const run = (): Promise<void> =>
    workOff().catch((error: unknown) => {
      running = null
      fail(error)
    })
  /** One's own arrivals go first: what is at work is done by then, with its effects. */
  const inTurn = <T>(view: (state: S) => T | Promise<T>): Promise<T | null> =>
    new Promise((resolve) => {
      const isQueued = offer(async (current) => {
        resolve(await view(current))
        return null
      }, null)
      if (!isQueued) resolve(null)
    })
  const idle = async (): Promise<void> => {
    while (running !== null || !isDurable()) await (running ?? flush().catch(fail))
  }

  return {
    offer,
    submit,
    read: (view) => view(state),
    inTurn,
    durable: async () => {
      await inTurn(flush)
    },
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
