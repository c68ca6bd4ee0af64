/** Length-prefixed frames on libp2p streams, bounded before anything is allocated. */
import { messageStreamToDuplex } from '@libp2p/utils'
import { decode, encode } from 'it-length-prefixed'
import { MeshError } from './errors.ts'
import type { Stream } from './libp2p-types.ts'

type Duplex = ReturnType<typeof messageStreamToDuplex>

/** A stream as the pair of source and sink that it-pipe joins (libp2p 3 streams are events). */
export const toDuplex = (stream: Stream): Duplex => messageStreamToDuplex(stream)

/** What we send was bounded where it was made, the library's own 4 MiB would be a second bound. */
const toFrame = (message: Uint8Array) => encode.single(message, { maxDataLength: Number.MAX_SAFE_INTEGER })

/**
 * Messages to prefixed frames, all of a batch in one piece: each piece that a stream is given is sealed, written to the socket and acknowledged by
 * itself, which for a small message costs more than the message.
 */
export const toFrames = async function* (
  source: AsyncIterable<readonly Uint8Array[]> | Iterable<readonly Uint8Array[]>,
) {
  for await (const batch of source) {
    const [piece, ...others] = batch.map(toFrame)
    if (piece === undefined) continue
    piece.append(...others)
    yield piece
  }
}

// it-length-prefixed exports no error classes; it names them by code.
const toMeshError = (error: unknown, bytesMax: number): unknown => {
  switch (error instanceof Error && 'code' in error ? error.code : undefined) {
    case 'ERR_MSG_DATA_TOO_LONG':
      return new MeshError('TOO_LARGE', { bytesMax }, error)
    case 'ERR_MSG_LENGTH_TOO_LONG':
    case 'ERR_INVALID_MSG_LENGTH':
      return new MeshError('BAD_FRAME', {}, error)
    default:
      return error
  }
}

/**
 * Frames to messages of at most `bytesMax` bytes, each a copy of its own. A longer announced length throws `TOO_LARGE` at
 * once, a length that is no number `BAD_FRAME`; a stream that breaks off throws the stream's own error.
 */
export const fromFrames = (bytesMax: number) =>
  async function* messages(source: Duplex['source']): AsyncGenerator<Uint8Array> {
    try {
      for await (const frame of decode(source, { maxDataLength: bytesMax })) yield frame.slice()
    } catch (error) {
      throw toMeshError(error, bytesMax)
    }
  }

/** True for what `fromFrames` throws about bytes that no honest peer sends to a receiver with fixed limits. */
export const isGarbage = (error: unknown): boolean =>
  error instanceof MeshError && (error.code === 'TOO_LARGE' || error.code === 'BAD_FRAME')
