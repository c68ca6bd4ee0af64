/** Records as they lie on disk: checked keys, and values behind a checksum. */
import { crc32 } from 'node:zlib'
import { StoreError } from './errors.ts'

/** One durable value; `kind` and `key` together name it. */
export type StoredRecord = { readonly kind: string; readonly key: string; readonly value: Uint8Array }

/** The kind whose keys are `toSequenceKey` of 0, 1, 2 … without a gap: the order in which inputs were taken. */
export const JOURNAL = 'journal'

/** A record is a message or an input with its certificates; what is larger is a blob. */
const VALUE_BYTES_MAX = 16 * 1024 * 1024

/** Digests in hex and compound keys fit several times over. */
const KEY_CHARS_MAX = 256

// Fixed width, so that the order of the text is the order of the numbers; 2^53 has 16 digits.
const SEQUENCE_DIGITS = 16

/** A sequence number, 0 to 2^53 − 1, as a key; throws `BAD_KEY` for anything else. */
export const toSequenceKey = (sequence: number): string => {
  if (!Number.isSafeInteger(sequence) || sequence < 0) throw new StoreError('BAD_KEY', { sequence })
  return `${sequence}`.padStart(SEQUENCE_DIGITS, '0')
}

/** The inverse of `toSequenceKey`; throws `BAD_KEY`. */
export const fromSequenceKey = (key: string): number => {
  const sequence = Number(key)
  if (!/^\d{16}$/.test(key) || !Number.isSafeInteger(sequence)) throw new StoreError('BAD_KEY', { key })
  return sequence
}

/** The database key; throws `BAD_KEY`. A kind holds no slash, so that no two pairs meet. */
export const toDiskKey = (kind: string, key: string): string => {
  const isGood = /^[a-z][a-z-]{0,31}$/.test(kind) && key.length > 0 && key.length <= KEY_CHARS_MAX && key.isWellFormed()
  if (!isGood) throw new StoreError('BAD_KEY', { kind, key: key.slice(0, KEY_CHARS_MAX) })
  return `${kind}/${key}`
}

/** Bounds of all database keys of a kind: `0` is the character after `/`. */
export const toDiskRange = (kind: string, from = ''): { gte: string; lt: string } => ({
  gte: `${kind}/${from}`,
  lt: `${kind}0`,
})

// Over the key too, so that a value under another's key is found out.
const checksum = (diskKey: string, value: Uint8Array): number => crc32(value, crc32(diskKey))

/** Checksum, then value; throws `TOO_LARGE`. */
export const toDiskValue = (diskKey: string, value: Uint8Array): Uint8Array => {
  if (value.byteLength > VALUE_BYTES_MAX) {
    throw new StoreError('TOO_LARGE', { key: diskKey, bytes: value.byteLength, bytesMax: VALUE_BYTES_MAX })
  }
  const bytes = new Uint8Array(4 + value.byteLength)
  new DataView(bytes.buffer).setUint32(0, checksum(diskKey, value))
  bytes.set(value, 4)
  return bytes
}

/** The value behind its checksum, a copy; throws `CORRUPT` naming kind and key. */
export const fromDiskValue = (diskKey: string, bytes: Uint8Array): Uint8Array => {
  const value = bytes.slice(4)
  const isWhole =
    bytes.byteLength >= 4 && new DataView(bytes.buffer, bytes.byteOffset).getUint32(0) === checksum(diskKey, value)
  if (isWhole) return value
  const slash = diskKey.indexOf('/')
  throw new StoreError('CORRUPT', { kind: diskKey.slice(0, slash), key: diskKey.slice(slash + 1) })
}
