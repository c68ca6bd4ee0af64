/** Notices that an engine went away or hangs while sandboxes run in it: a silent cable looks like a slow program. */
import { setTimeout as delay } from 'node:timers/promises'
import { reasonOf } from '../../errors.ts'
import { within } from './within.ts'

// Together below the ten seconds of a call, so that no stranger is blamed for a lost engine.
const BEAT_MS = 2_000
const ANSWER_MS_MAX = 4_000

/** A beat for each sandbox that runs. */
export type Heartbeat = {
  /** Beats until `stop`; `gone` resolves with the reason once the engine did not answer. */
  watch(): { readonly gone: Promise<string>; readonly stop: () => void }
}

/** One beat serves all that watch at once. `ping` asks the engine for a sign of life. */
export function createHeartbeat(ping: () => Promise<unknown>): Heartbeat {
  const watchers = new Set<(reason: string) => void>()
  let isBeating = false
  const beat = async () => {
    isBeating = true
    while (watchers.size > 0) {
      try {
        await within(ANSWER_MS_MAX, 'ping', ping())
      } catch (thrown) {
        for (const tell of watchers) tell(reasonOf(thrown))
        break
      }
      await delay(BEAT_MS, undefined, { ref: false })
    }
    isBeating = false
  }
  return {
    watch: () => {
      const { promise: gone, resolve } = Promise.withResolvers<string>()
      watchers.add(resolve)
      if (!isBeating) void beat()
      return { gone, stop: () => void watchers.delete(resolve) }
    },
  }
}
