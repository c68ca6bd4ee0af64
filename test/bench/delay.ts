/** A line of fixed length: what goes in comes out after the same time, in order; how the benchmarks emulate distance. */

export type DelayLine = {
  /** Runs `arrive` after the line's time. */
  readonly send: (arrive: () => void) => void
  readonly close: () => void
}

/** One timer for all that is under way: the time is the same for each, so the first in is the first out. */
export const createDelayLine = (delayMs: number): DelayLine => {
  const underWay: { readonly due: number; readonly arrive: () => void }[] = []
  let timer: NodeJS.Timeout | null = null
  let first = 0

  const ring = (): void => {
    timer = null
    for (let next = underWay[first]; next !== undefined && next.due <= performance.now(); next = underWay[first]) {
      first += 1
      next.arrive()
    }
    if (first === underWay.length) {
      underWay.length = 0
      first = 0
    }
    wait()
  }
  const wait = (): void => {
    const next = underWay[first]
    if (next !== undefined) timer ??= setTimeout(ring, Math.max(0, next.due - performance.now()))
  }
  return {
    send: (arrive) => {
      underWay.push({ due: performance.now() + delayMs, arrive })
      wait()
    },
    close: () => {
      if (timer !== null) clearTimeout(timer)
      underWay.length = 0
      first = 0
    },
  }
}
