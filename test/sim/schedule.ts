/** Virtual time: what happens next, in the order of its moment and then of its making. */

type Event = { readonly at: number; readonly order: number; readonly run: () => void }

export type Schedule = {
  readonly now: () => number
  readonly after: (delayMs: number, run: () => void) => void
  /** Runs the next event; false when there is none or it lies beyond `untilMs`. */
  readonly next: (untilMs: number) => boolean
}

const isBefore = (a: Event, b: Event): boolean => a.at < b.at || (a.at === b.at && a.order < b.order)

/** A binary heap: the few thousand events of a seed come and go in logarithmic time. */
export const createSchedule = (): Schedule => {
  const heap: Event[] = []
  let now = 0
  let made = 0
  const swap = (i: number, j: number): void => {
    const [a, b] = [heap[i], heap[j]]
    if (a === undefined || b === undefined) return
    heap[i] = b
    heap[j] = a
  }
  const before = (i: number, j: number): boolean => {
    const [a, b] = [heap[i], heap[j]]
    return a !== undefined && b !== undefined && isBefore(a, b)
  }
  const sink = (): void => {
    for (let at = 0; ; ) {
      let least = at
      for (const child of [2 * at + 1, 2 * at + 2]) if (before(child, least)) least = child
      if (least === at) return
      swap(at, least)
      at = least
    }
  }
  return {
    now: () => now,
    after: (delayMs, run) => {
      heap.push({ at: now + delayMs, order: made++, run })
      for (let at = heap.length - 1; at > 0 && before(at, (at - 1) >> 1); at = (at - 1) >> 1) swap(at, (at - 1) >> 1)
    },
    next: (untilMs) => {
      const [first] = heap
      if (first === undefined || first.at > untilMs) return false
      swap(0, heap.length - 1)
      heap.pop()
      sink()
      now = first.at
      first.run()
      return true
    },
  }
}
