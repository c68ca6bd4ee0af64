/** Canonical bytes at their lowest: big-endian integers and raw bytes, written in order and read back strictly. */
import { broken } from './assert.ts'
import { ProtocolError } from './errors.ts'

/** Refuses what came from outside. */
export const bad = (path: string, want: string): never => {
  throw new ProtocolError('BAD_SHAPE', { path, want })
}

/** The value of a lower-case hex digit by its character code; 255 for what is none. */
const DIGITS = Uint8Array.from({ length: 128 }, (_, code) => {
  const value = '0123456789abcdef'.indexOf(String.fromCharCode(code))
  return value < 0 ? 255 : value
})

/** The first number that this many bytes cannot hold. */
const ENDS = { 1: 2 ** 8, 2: 2 ** 16, 4: 2 ** 32 } as const
const END_OF_64 = 1n << 64n

const encoder = new TextEncoder()

/** Grows as it is written; `bytes()` hands out a copy, `view()` none. */
export class Writer {
  #buffer = new Uint8Array(256)
  #view = new DataView(this.#buffer.buffer)
  #size = 0

  #reserve(count: number): number {
    const at = this.#size
    this.#size += count
    if (this.#size > this.#buffer.length) {
      const grown = new Uint8Array(Math.max(this.#size, this.#buffer.length * 2))
      grown.set(this.#buffer)
      this.#buffer = grown
      this.#view = new DataView(grown.buffer)
    }
    return at
  }

  uint(value: number, sizeBytes: 1 | 2 | 4): void {
    // A value of our own that wraps around would be signed as another value.
    if (!Number.isInteger(value) || value < 0 || value >= ENDS[sizeBytes]) broken(`${value} fits ${sizeBytes} bytes`)
    const at = this.#reserve(sizeBytes)
    if (sizeBytes === 1) this.#view.setUint8(at, value)
    else if (sizeBytes === 2) this.#view.setUint16(at, value)
    else this.#view.setUint32(at, value)
  }

  u64(value: bigint): void {
    if (value < 0n || value >= END_OF_64) broken(`${value} fits 8 bytes`)
    // Reserving may replace the view: first the place, then the view.
    const at = this.#reserve(8)
    this.#view.setBigUint64(at, value)
  }

  raw(bytes: Uint8Array): void {
    const at = this.#reserve(bytes.length)
    this.#buffer.set(bytes, at)
  }

  /** Lower-case hex, two digits a byte. */
  hex(digits: string): void {
    const at = this.#reserve(digits.length >> 1)
    // A 255 among the digits, which no valid one can make, survives the `or`.
    let seen = 0
    for (let index = 0; index + 1 < digits.length; index += 2) {
      const high = DIGITS[digits.charCodeAt(index)] ?? 255
      const low = DIGITS[digits.charCodeAt(index + 1)] ?? 255
      seen |= high | low
      this.#buffer[at + (index >> 1)] = (high << 4) | low
    }
    if (seen >= 16 || digits.length % 2 !== 0) broken(`${digits} is lower-case hex`)
  }

  /** UTF-8, its length before it. What is all ASCII, as most names are, is written as it is read. */
  text(value: string): void {
    const at = this.#reserve(4 + value.length)
    let seen = 0
    for (let index = 0; index < value.length; index++) {
      const code = value.charCodeAt(index)
      seen |= code
      this.#buffer[at + 4 + index] = code
    }
    if (seen < 128) this.#view.setUint32(at, value.length)
    else {
      this.#size = at
      const encoded = encoder.encode(value)
      this.uint(encoded.length, 4)
      this.raw(encoded)
    }
  }

  bytes(): Uint8Array {
    return this.#buffer.slice(0, this.#size)
  }

  /** What was written, in place: good until the next write. */
  view(): Uint8Array {
    return this.#buffer.subarray(0, this.#size)
  }

  /** Empty again; the room stays. */
  clear(): void {
    this.#size = 0
  }
}

/** Reads canonical bytes; anything short, long or not minimal is BAD_SHAPE. */
export class Reader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #at = 0

  constructor(bytes: Uint8Array) {
    // A plain view: the `slice` of a Node Buffer shares memory, that of a Uint8Array copies.
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  #take(count: number): number {
    const at = this.#at
    if (at + count > this.#bytes.length) bad('bytes', `${count} more at ${at} of ${this.#bytes.length}`)
    this.#at += count
    return at
  }

  uint(sizeBytes: 1 | 2 | 4): number {
    const at = this.#take(sizeBytes)
    if (sizeBytes === 1) return this.#view.getUint8(at)
    return sizeBytes === 2 ? this.#view.getUint16(at) : this.#view.getUint32(at)
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#take(8))
  }

  raw(count: number): Uint8Array {
    const at = this.#take(count)
    return this.#bytes.slice(at, at + count)
  }

  end(): void {
    if (this.#at !== this.#bytes.length) bad('bytes', `end at ${this.#at} of ${this.#bytes.length}`)
  }
}
