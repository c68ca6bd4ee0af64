/** Whether each engine is well: looked at when a run failed there, and again and again until it is back. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Checkup, EngineHost, Hardware } from './host.ts'

/** What is known of one host. */
export type HostState = {
  readonly host: EngineHost
  readonly busy: Set<number>
  isWell: boolean
  hardware: Hardware | null
  checking: Promise<Checkup> | null
}

// A restarted engine is back in seconds; one that stays away is asked once a minute.
const RECHECK_MS_MIN = 1_000
const RECHECK_MS_MAX = 60_000

/** `onChange` hears of each change, with why. */
export type HealthOptions = {
  readonly hosts: readonly EngineHost[]
  /** Looks at one host for at most minutes. */
  readonly check: (host: EngineHost) => Promise<Checkup>
  readonly onChange?: (change: { readonly host: string; readonly isWell: boolean; readonly reason: string }) => void
  /** Tests wait less. */
  readonly recheckMsMin?: number
}

export type Health = {
  readonly states: readonly HostState[]
  /** One look at a time; a second caller shares the first's. */
  look(state: HostState): Promise<Checkup>
  close(): void
}

/** `wake` is called whenever a host got well or ill. */
export function createHealth(options: HealthOptions, wake: () => void): Health {
  const { recheckMsMin = RECHECK_MS_MIN } = options
  const closing = new AbortController()
  const states = options.hosts.map(
    (host): HostState => ({ host, busy: new Set(), isWell: true, hardware: host.hardware, checking: null }),
  )
  const look = (state: HostState): Promise<Checkup> => {
    state.checking ??= options
      .check(state.host)
      .catch((thrown: unknown): Checkup => ({ isWell: false, reason: String(thrown) }))
      .then((found) => {
        state.checking = null
        if (found.isWell) state.hardware ??= found.hardware
        if (found.isWell === state.isWell) return found
        state.isWell = found.isWell
        options.onChange?.({ host: state.host.name, isWell: found.isWell, reason: found.isWell ? '' : found.reason })
        if (!found.isWell) void recover(state)
        wake()
        return found
      })
    return state.checking
  }
  const recover = async (state: HostState) => {
    for (let waitMs = recheckMsMin; !state.isWell; waitMs = Math.min(2 * waitMs, RECHECK_MS_MAX)) {
      const isOpen = await delay(waitMs, true, { signal: closing.signal, ref: false }).catch(() => false)
      if (!isOpen) return
      await look(state)
    }
  }
  return { states, look, close: () => closing.abort() }
}
