/** Splits the one stream of an attached container into its stdout and stderr. */
import { Readable } from 'node:stream'

const HEADER_BYTES = 8
const STDOUT = 1

/** Both halves of an attachment. */
export type Demuxed = {
  readonly stdout: Readable
  readonly stderr: Readable
  /**
   * From now on stdout is dropped and no reader is waited for: the engine reports the end of a container only when its
   * output was taken.
   */
  discard(): void
}

/**
 * Docker's framing: one byte of stream, three of zero, length as u32 big-endian, payload. A reader that stops stops the
 * container; both halves end with the source.
 */
export function demux(source: Readable): Demuxed {
  let isDiscarded = false
  const half = () => new Readable({ read: () => void source.resume() })
  const stdout = half()
  const stderr = half()
  const header = Buffer.alloc(HEADER_BYTES)
  let headerBytes = 0
  let payloadLeft = 0
  let target = stdout
  source.on('data', (chunk: Buffer) => {
    let at = 0
    while (at < chunk.length) {
      if (payloadLeft === 0) {
        const taken = chunk.copy(header, headerBytes, at, at + HEADER_BYTES - headerBytes)
        headerBytes += taken
        at += taken
        if (headerBytes < HEADER_BYTES) return
        headerBytes = 0
        payloadLeft = header.readUInt32BE(4)
        target = header[0] === STDOUT ? stdout : stderr
      } else {
        const payload = chunk.subarray(at, at + payloadLeft)
        at += payload.length
        payloadLeft -= payload.length
        if (target.destroyed || (isDiscarded && target === stdout)) continue
        if (!target.push(payload) && !isDiscarded) source.pause()
      }
    }
  })
  const end = () => {
    for (const stream of [stdout, stderr]) if (!stream.destroyed && !stream.readableEnded) stream.push(null)
  }
  source.once('end', end)
  source.once('close', end)
  source.on('error', end)
  const discard = () => {
    isDiscarded = true
    source.resume()
  }
  return { stdout, stderr, discard }
}
