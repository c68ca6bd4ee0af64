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
  /** Moves `event` towards the root from the free place `at`. */
  const rise = (event: Event, from: number): void => {
    let at = from
    while (at > 0) {
      const above = heap[(at - 1) >> 1]
      if (above === undefined || isBefore(above, event)) break
      heap[at] = above
      at = (at - 1) >> 1
    }
    heap[at] = event
  }
  /** Moves `event` down from the root. */
  const sink = (event: Event): void => {
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      let least = heap[child]
      if (least === undefined) break
      const other = heap[child + 1]
      if (other !== undefined && isBefore(other, least)) {
        least = other
        child++
      }
      if (isBefore(event, least)) break
      heap[at] = least
      at = child
    }
    heap[at] = event
  }
  return {
    now: () => now,
    after: (delayMs, run) => {
      const event = { at: now + delayMs, order: made++, run }
      heap.push(event)
      rise(event, heap.length - 1)
    },
    next: (untilMs) => {
      const first = heap[0]
      if (first === undefined || first.at > untilMs) return false
      const last = heap.pop()
      if (last !== undefined && heap.length > 0) sink(last)
      now = first.at
      first.run()
      return true
    },
  }
}
