/** Group commit: what callers hand in while one synced write runs goes together into the next. */
import { StoreError } from './errors.ts'

export type Change =
  | { readonly type: 'put'; readonly key: string; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: string }

/** Bytes in one synced write: bounds how long the first of a crowd waits for the last. One caller's changes stay together. */
const BATCH_BYTES_MAX = 8 * 1024 * 1024

type Waiting = {
  readonly changes: readonly Change[]
  readonly resolve: () => void
  readonly reject: (e: unknown) => void
}

export type Writer = {
  /** Resolves when the changes are durable, all of them; in the order of the calls. */
  write(changes: readonly Change[]): Promise<void>
  /** Takes no more, and resolves when everything taken is durable or failed. */
  close(): Promise<void>
}

const sizeOf = (changes: readonly Change[]): number =>
  changes.reduce((sum, c) => sum + c.key.length + (c.type === 'put' ? c.value.byteLength : 0), 0)

/** `commit` makes one batch durable, all or nothing. */
export const createWriter = (commit: (changes: Change[]) => Promise<void>): Writer => {
  let queue: Waiting[] = []
  let running: Promise<void> | undefined
  let refusal: StoreError | undefined

  const takeBatch = (): Waiting[] => {
    let size = 0
    const end = queue.findIndex((w, i) => {
      size += sizeOf(w.changes)
      return i > 0 && size > BATCH_BYTES_MAX
    })
    const batch = end === -1 ? queue : queue.slice(0, end)
    queue = end === -1 ? [] : queue.slice(end)
    return batch
  }

  const run = async (): Promise<void> => {
    while (queue.length > 0) {
      const batch = takeBatch()
      try {
        await commit(batch.flatMap((w) => w.changes))
        for (const w of batch) w.resolve()
      } catch (error) {
        // Nobody knows how much of it is on disk: what waits behind it must not go ahead of it.
        refusal = new StoreError('WRITE_FAILED', { reason: String(error) }, error)
        for (const w of [...batch, ...queue]) w.reject(refusal)
        queue = []
      }
    }
    running = undefined
  }

  return {
    async write(changes) {
      if (refusal !== undefined) throw refusal
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      queue.push({ changes, resolve, reject })
      running ??= run()
      await promise
    },
    async close() {
      refusal ??= new StoreError('CLOSED')
      await running
    },
  }
}
