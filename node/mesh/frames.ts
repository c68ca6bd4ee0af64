/** Length-prefixed frames on libp2p streams, bounded before anything is allocated. */
import { messageStreamToDuplex } from '@libp2p/utils'
import { decode, encode } from 'it-length-prefixed'
import { MeshError } from './errors.ts'
import type { Stream } from './libp2p-types.ts'

type Duplex = ReturnType<typeof messageStreamToDuplex>

/** A stream as the pair of source and sink that it-pipe joins (libp2p 3 streams are events). */
export const toDuplex = (stream: Stream): Duplex => messageStreamToDuplex(stream)

/** Messages to prefixed frames; what we send was bounded where it was made, the library's own 4 MiB would be a second bound. */
export const toFrames = (source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncIterable<Uint8Array> =>
  encode(source, { maxDataLength: Number.MAX_SAFE_INTEGER })

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
