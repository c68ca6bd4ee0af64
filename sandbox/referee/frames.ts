/** Frames between the referee and a harness: u32 LE payload length, u8 type, payload. */
import { RunFault } from '../faults.ts'

/** What a frame says; numbers are shared with the Python side. */
export const FrameType = {
  /** Harness → referee: the harness is there. Empty. */
  hello: 1,
  /**
   * Referee → harness: u8 form (0 functions, 1 http), u8 role (0 compress, 1 decompress), u32 LE ms until a server must be
   * healthy, u32 LE largest answer, source of solution.py.
   */
  setup: 2,
  /** Harness → referee: the child of this call has loaded the solution, or its server is healthy. Empty. */
  ready: 3,
  /** Referee → harness: the input; the clock runs. */
  go: 4,
  /** Harness → referee: what the solution imports of the image is there for all children. Empty. */
  warm: 5,
  /** Harness → referee: the result of the call; the clock stops when its last byte is here. */
  answer: 6,
  /** Referee → harness: leave. Empty. */
  stop: 9,
  /** Harness → referee, the last frame of its life: JSON {code, text, line}. */
  error: 10,
  /** Harness → referee: nothing of the call is left. Empty. */
  clean: 11,
  /** Referee → harness: fork a child for the next call. Empty. */
  call: 12,
} as const

/** One whole frame; `at` is when its last byte was handed to the decoder. */
export type Frame = { readonly type: number; readonly payload: Buffer; readonly at: bigint }

const HEADER_BYTES = 5

/** Header and payload as they go over the wire. */
export function encodeFrame(type: number, payload: Uint8Array = new Uint8Array()): Buffer {
  const frame = Buffer.allocUnsafe(HEADER_BYTES + payload.length)
  frame.writeUInt32LE(payload.length, 0)
  frame.writeUInt8(type, 4)
  frame.set(payload, HEADER_BYTES)
  return frame
}

/**
 * Puts frames together from chunks of a hostile stream. `lengthMaxOf` gives the largest payload of a type, undefined for
 * a type that may not come; memory stays below the largest of them. Both functions throw RunFault `BAD_FRAME` and
 * `OUTPUT_TOO_LARGE`; after a throw the stream is beyond repair.
 */
export function createFrameDecoder(lengthMaxOf: (type: number) => number | undefined) {
  let chunks: Buffer[] = []
  let bytes = 0
  let wanted = HEADER_BYTES
  let type: number | null = null

  /** The first `wanted` bytes; the rest stays. */
  const take = (): Buffer => {
    const whole = chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks)
    const rest = whole.subarray(wanted)
    chunks = rest.length > 0 ? [rest] : []
    bytes = rest.length
    return whole.subarray(0, wanted)
  }

  const readHeader = (header: Buffer): void => {
    const length = header.readUInt32LE(0)
    const kind = header.readUInt8(4)
    const lengthMax = lengthMaxOf(kind)
    if (lengthMax === undefined) throw new RunFault('BAD_FRAME', { reason: 'unknown type', type: kind })
    if (length > lengthMax) throw new RunFault('OUTPUT_TOO_LARGE', { length, lengthMax })
    type = kind
    wanted = length
  }

  return {
    /** Frames that this chunk completes. `at`: when the chunk arrived. */
    push(chunk: Buffer, at: bigint): Frame[] {
      const frames: Frame[] = []
      chunks.push(chunk)
      bytes += chunk.length
      while (bytes >= wanted) {
        const part = take()
        if (type === null) {
          readHeader(part)
          continue
        }
        frames.push({ type, payload: part, at })
        type = null
        wanted = HEADER_BYTES
      }
      return frames
    },
    /** The stream has ended: inside a frame that is a fault. */
    end(): void {
      if (bytes > 0 || type !== null) throw new RunFault('BAD_FRAME', { reason: 'cut off' })
    },
  }
}
