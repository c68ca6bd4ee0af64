/** A bounded first-in first-out queue that a stream drains; when it is full the oldest message is the victim. */

export type Outbox = {
  /** Appends, and drops from the front until both bounds hold again; returns how many were dropped. */
  push(data: Uint8Array): number
  /** Takes messages as they come, until the signal aborts; a message is taken only when it is asked for. One taker at a time. */
  take(signal: AbortSignal): AsyncGenerator<Uint8Array>
  isEmpty(): boolean
}

export const createOutbox = (bounds: { readonly countMax: number; readonly bytesMax: number }): Outbox => {
  const queue: Uint8Array[] = []
  let bytes = 0
  let wake = (): void => {}

  const shift = (): Uint8Array | undefined => {
    const first = queue.shift()
    bytes -= first?.byteLength ?? 0
    return first
  }

  return {
    push(data) {
      queue.push(data)
      bytes += data.byteLength
      let dropped = 0
      while (queue.length > bounds.countMax || bytes > bounds.bytesMax) {
        shift()
        dropped += 1
      }
      wake()
      return dropped
    },
    async *take(signal) {
      while (!signal.aborted) {
        const next = shift()
        if (next !== undefined) {
          yield next
          continue
        }
        const { promise, resolve } = Promise.withResolvers<void>()
        wake = () => resolve()
        signal.addEventListener('abort', wake, { once: true })
        await promise
        signal.removeEventListener('abort', wake)
      }
    },
    isEmpty: () => queue.length === 0,
  }
}
