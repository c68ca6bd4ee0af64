/** A bounded first-in first-out queue that a stream drains; when it is full the oldest message is the victim. */
import { setImmediate as turn } from 'node:timers/promises'

export type Outbox = {
  /** Appends, and drops from the front until both bounds hold again; returns how many were dropped. */
  push(data: Uint8Array): number
  /**
   * Takes what waits, as many messages at once as `batchBytes` hold, one at least, until the signal aborts; taken only when it is asked for. One
   * taker at a time.
   */
  take(signal: AbortSignal): AsyncGenerator<readonly Uint8Array[]>
  isEmpty(): boolean
}

export const createOutbox = (bounds: {
  readonly countMax: number
  readonly bytesMax: number
  readonly batchBytes: number
}): Outbox => {
  const queue: Uint8Array[] = []
  let bytes = 0
  let wake = (): void => {}

  const shift = (): Uint8Array | undefined => {
    const first = queue.shift()
    bytes -= first?.byteLength ?? 0
    return first
  }
  const shiftBatch = (): readonly Uint8Array[] => {
    const batch: Uint8Array[] = []
    let room = bounds.batchBytes
    while (queue[0] !== undefined && (batch.length === 0 || queue[0].byteLength <= room)) {
      room -= queue[0].byteLength
      batch.push(queue[0])
      shift()
    }
    return batch
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
        const batch = shiftBatch()
        if (batch.length > 0) {
          yield batch
          continue
        }
        const { promise, resolve } = Promise.withResolvers<void>()
        wake = () => resolve()
        signal.addEventListener('abort', wake, { once: true })
        await promise
        signal.removeEventListener('abort', wake)
        // Whatever else this turn of the event loop has to say goes along.
        await turn()
      }
    },
    isEmpty: () => queue.length === 0,
  }
}
