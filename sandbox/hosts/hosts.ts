/** Several engines for one validator: who is free, who is well, and who waits for whom. */
import { hardwareClassOf } from '../../protocol/index.ts'
import { SandboxError } from '../errors.ts'
import { createHealth, type HealthOptions, type HostState } from './health.ts'
import type { EngineHost, Hardware } from './host.ts'

/** One timed run's place on a host, until `release`. */
export type Lease = {
  readonly host: EngineHost
  /** Index into `host.timed`. */
  readonly slot: number
  readonly release: () => void
}

/** What a run asks of its host. */
export type Wish = {
  /** This host and no other. */
  readonly host?: string | undefined
  /** This host or one of its hardware class. */
  readonly like?: string | undefined
  /** Rather not this one. */
  readonly avoid?: string | undefined
  readonly signal?: AbortSignal | undefined
}

export type Hosts = {
  /**
   * Waits for a free place on a host that is well, as long as it takes.
   * @throws SandboxError `ENGINE_LOST` when no host that would do is well but another is; the signal's reason
   */
  lease(wish: Wish): Promise<Lease>
  /** Has the host looked at; one that is not well gets no lease until a later look, by itself, finds it well. */
  check(name: string): Promise<boolean>
  /** What is known of its machine. */
  hardwareOf(name: string): Promise<Hardware>
  /** Whether the host is thought to be well. */
  isWell(name: string): boolean
  close(): void
}

/** Every host is taken to be well until a look says otherwise. */
export function createHosts(options: HealthOptions): Hosts {
  let waiters: (() => void)[] = []
  const wake = () => {
    const woken = waiters
    waiters = []
    for (const tell of woken) tell()
  }
  const { states, look, close } = createHealth(options, wake)
  const find = (name: string): HostState => {
    const state = states.find(({ host }) => host.name === name)
    if (state === undefined) throw new Error(`no engine ${name}`)
    return state
  }
  const classOf = ({ hardware }: HostState): string | null => (hardware === null ? null : hardwareClassOf(hardware))
  const fits =
    ({ host, like }: Wish) =>
    (state: HostState): boolean => {
      if (host !== undefined) return state.host.name === host
      if (like === undefined || state.host.name === like) return true
      const wanted = classOf(find(like))
      return wanted !== null && classOf(state) === wanted
    }
  const takeFree = (wish: Wish): Lease | null => {
    const fit = states.filter(fits(wish))
    const well = fit.filter(({ isWell }) => isWell)
    if (well.length === 0 && (wish.host !== undefined || states.some(({ isWell }) => isWell))) {
      throw new SandboxError('ENGINE_LOST', { engines: fit.map(({ host }) => host.name) })
    }
    const ordered = [...well].sort((a, b) => Number(a.host.name === wish.avoid) - Number(b.host.name === wish.avoid))
    for (const { host, busy } of ordered) {
      const slot = host.timed.findIndex((_, index) => !busy.has(index))
      if (slot === -1) continue
      busy.add(slot)
      let isHeld = true
      const release = () => {
        if (isHeld) busy.delete(slot)
        isHeld = false
        wake()
      }
      return { host, slot, release }
    }
    return null
  }
  return {
    lease: async (wish) => {
      for (;;) {
        wish.signal?.throwIfAborted()
        const lease = takeFree(wish)
        if (lease !== null) return lease
        const { promise: woken, resolve } = Promise.withResolvers<void>()
        const stop = () => resolve()
        waiters.push(resolve)
        wish.signal?.addEventListener('abort', stop, { once: true })
        await woken
        wish.signal?.removeEventListener('abort', stop)
      }
    },
    check: async (name) => (await look(find(name))).isWell,
    hardwareOf: async (name) => {
      const state = find(name)
      if (state.hardware === null) await look(state)
      if (state.hardware === null) throw new SandboxError('ENGINE_LOST', { engines: [name] })
      return state.hardware
    },
    isWell: (name) => find(name).isWell,
    close,
  }
}
