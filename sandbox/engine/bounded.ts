/** Streams of a stranger's bytes that end what sends too many. */
import { Readable } from 'node:stream'

/**
 * Passes `source` on, counted: beyond `bytesMax` it calls `onOver` once and passes nothing more. Keeps back-pressure:
 * a reader that stops reading stops the writer.
 */
export function boundedReadable(source: Readable, bytesMax: number, onOver: () => void): Readable {
  let total = 0
  const bounded = new Readable({
    read: () => void source.resume(),
    // Dropped by its reader: drain, so that the program meets a sink and not a wall.
    destroy: (error, done) => {
      source.removeAllListeners('data')
      source.resume()
      done(error)
    },
  })
  source.on('data', (chunk: Buffer) => {
    const over = total > bytesMax
    total += chunk.length
    if (total <= bytesMax) {
      if (!bounded.push(chunk)) source.pause()
    } else if (!over) onOver()
  })
  const end = () => {
    if (!bounded.destroyed) bounded.push(null)
  }
  source.once('end', end)
  source.once('close', end)
  source.on('error', end)
  return bounded
}

/** Text kept while it is read. */
export type BoundedText = {
  /** What came so far, at most the limit. */
  text(): string
  /** Resolves when the writer is gone. */
  readonly ended: Promise<void>
}

/** Collects at most `bytesMax` of `source` and calls `onOver` once when more comes; never stops reading. */
export function boundedText(source: Readable, bytesMax: number, onOver: () => void): BoundedText {
  const kept: Buffer[] = []
  let keptBytes = 0
  let isOver = false
  const { promise: ended, resolve } = Promise.withResolvers<void>()
  source.on('data', (chunk: Buffer) => {
    const head = chunk.subarray(0, bytesMax - keptBytes)
    if (head.length > 0) kept.push(head)
    keptBytes += head.length
    if (head.length < chunk.length && !isOver) {
      isOver = true
      onOver()
    }
  })
  source.once('close', resolve)
  source.once('end', resolve)
  source.on('error', () => resolve())
  return { text: () => Buffer.concat(kept).toString('utf8'), ended }
}
