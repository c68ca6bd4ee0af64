/** When to look again: after a while, or sooner when something hints that this node is behind. */
import { setTimeout as delay } from 'node:timers/promises'

/** Hints come with every message of a height ahead, and anyone can send such: they are followed at most this often. */
const HINT_EVERY_MS = 1_000

export const createPace = (signal: AbortSignal) => {
  let hinted = Promise.withResolvers<void>()
  const wait = (ms: number, until: AbortSignal): Promise<void> =>
    delay(ms, undefined, { signal: until }).catch(() => undefined)
  return {
    hint: (): void => hinted.resolve(),
    pause: async (ms: number): Promise<void> => {
      await wait(Math.min(ms, HINT_EVERY_MS), signal)
      const over = new AbortController()
      await Promise.race([
        hinted.promise,
        wait(Math.max(0, ms - HINT_EVERY_MS), AbortSignal.any([signal, over.signal])),
      ])
      over.abort()
      hinted = Promise.withResolvers()
    },
  }
}
