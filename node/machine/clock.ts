/** The real clock: the process's monotonic time and one timer. */
import type { Clock } from './ports.ts'

/** setTimeout counts in 32 signed bits; a longer wait wakes early, which is harmless. */
const TIMER_MS_MAX = 2 ** 31 - 1

export const createClock = (): Clock => {
  let timer: NodeJS.Timeout | null = null
  return {
    now: () => Math.floor(performance.now()),
    setAlarm: (at, ring) => {
      if (timer !== null) clearTimeout(timer)
      timer = null
      if (at === null) return
      const delay = Math.min(TIMER_MS_MAX, Math.max(0, at - Math.floor(performance.now())))
      timer = setTimeout(ring, delay)
    },
  }
}
