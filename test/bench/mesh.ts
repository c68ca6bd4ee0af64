/** A mesh of real peers on this host, some to a process, as far from each other as is asked for. */
import { type ChildProcess, fork } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import type { Ask, Event, Settings, Usage } from './mesh-child.ts'

type Child = {
  readonly ask: <T>(ask: Ask) => Promise<T>
  readonly places: number[]
}

export type BenchMesh = {
  readonly members: number
  readonly events: Event[]
  readonly all: <T>(ask: Ask) => Promise<readonly T[]>
  /** Asks the process that runs this place. */
  readonly at: <T>(place: number, ask: Ask) => Promise<T>
  /** Resolves when `isDone` holds of the events; throws after `msMax`. */
  readonly until: (isDone: (events: readonly Event[]) => boolean, what: string, msMax: number) => Promise<void>
  readonly close: () => Promise<void>
}

const createChild = (process: ChildProcess, onEvent: (event: Event) => void): Child => {
  const waiting = new Map<number, (value: unknown) => void>()
  let next = 0
  process.on('message', (message: Event | { id: number; value: unknown }) => {
    if ('event' in message) onEvent(message)
    else waiting.get(message.id)?.(message.value)
  })
  return {
    places: [],
    ask: <T>(ask: Ask) =>
      new Promise<T>((resolve) => {
        const id = next++
        waiting.set(id, (value) => resolve(value as T))
        process.send({ id, ask })
      }),
  }
}

const ready = (process: ChildProcess): Promise<unknown> =>
  new Promise((resolve, reject) => {
    process.once('message', resolve)
    process.once('exit', (code) => reject(new Error(`a mesh process ended with ${code}`)))
  })

/** Resolves when every node is joined with every other. */
export const openMesh = async (o: Settings & { readonly processes: number }): Promise<BenchMesh> => {
  const { processes, members, rttMs, submissions } = o
  const settings: Settings = { members, rttMs, submissions }
  const events: Event[] = []
  const forked = Array.from({ length: processes }, () =>
    fork(new URL('./mesh-child.ts', import.meta.url), [JSON.stringify(settings)]),
  )
  await Promise.all(forked.map(ready))
  const children = forked.map((child) => createChild(child, (event) => events.push(event)))
  const childOf = (place: number): Child => {
    // The first process runs one node alone, so that its memory and its event loop are a validator's.
    const child = children[place === 0 || children.length === 1 ? 0 : 1 + (place % (children.length - 1))]
    if (child === undefined) throw new Error('no process')
    return child
  }
  const all = <T>(ask: Ask): Promise<readonly T[]> => Promise.all(children.map((child) => child.ask<T>(ask)))
  // One after another, each dialling those before it: as many connections as pairs.
  const addresses: string[] = []
  for (let place = 0; place < o.members; place += 1) {
    addresses.push(await childOf(place).ask<string>({ kind: 'open', place, bootstrap: [...addresses] }))
  }
  for (let least = 0; least < o.members - 1; ) {
    await delay(100)
    least = Math.min(...(await all<number>({ kind: 'joined' })))
  }
  return {
    members: o.members,
    events,
    all,
    at: (place, ask) => childOf(place).ask(ask),
    until: async (isDone, what, msMax) => {
      const deadline = performance.now() + msMax
      while (!isDone(events)) {
        if (performance.now() > deadline) throw new Error(`not within ${msMax} ms: ${what}`)
        await delay(5)
      }
    },
    close: async () => {
      for (const child of forked) child.removeAllListeners('exit')
      await all({ kind: 'close' })
    },
  }
}

export const sumUsage = (usages: readonly Usage[]): Pick<Usage, 'cpuSeconds' | 'receivedBytes'> => ({
  cpuSeconds: usages.reduce((sum, usage) => sum + usage.cpuSeconds, 0),
  receivedBytes: usages.reduce((sum, usage) => sum + usage.receivedBytes, 0),
})
