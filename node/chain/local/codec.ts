/** Canonical bytes of the local chain: fixed-width little-endian codecs with one encoding per value. */
import { ChainCodecError } from './errors.ts'

/** Writes and reads one type; `read` accepts exactly what `write` produces. Methods, so that codecs compose. */
export type Codec<T> = {
  write(out: Writer, value: T): void
  read(from: Reader): T
}

type Writer = { readonly parts: Uint8Array[] }
type Reader = { readonly bytes: Uint8Array; at: number }

/** The canonical bytes of a value; throws ChainCodecError for one outside its type's range. */
export function encode<T>(codec: Codec<T>, value: T): Uint8Array {
  const out: Writer = { parts: [] }
  codec.write(out, value)
  return Buffer.concat(out.parts)
}

/** The value of canonical bytes; throws ChainCodecError for short, long or non-canonical input. */
export function decode<T>(codec: Codec<T>, bytes: Uint8Array): T {
  const from: Reader = { bytes, at: 0 }
  const value = codec.read(from)
  if (from.at !== bytes.length) throw new ChainCodecError('TRAILING_BYTES', { left: bytes.length - from.at })
  return value
}

function take(from: Reader, count: number): Uint8Array {
  if (from.bytes.length - from.at < count) throw new ChainCodecError('TOO_SHORT', { wanted: count })
  const part = from.bytes.subarray(from.at, from.at + count)
  from.at += count
  return part
}

function unsigned(widthBytes: number): Codec<number> {
  const limit = 2 ** (8 * widthBytes)
  return {
    write(out, value) {
      if (!Number.isInteger(value) || value < 0 || value >= limit) throw new ChainCodecError('OUT_OF_RANGE', { value })
      const part = Buffer.alloc(widthBytes)
      part.writeUIntLE(value, 0, widthBytes)
      out.parts.push(part)
    },
    read: (from) => Buffer.from(take(from, widthBytes)).readUIntLE(0, widthBytes),
  }
}

export const u8 = unsigned(1)
export const u16 = unsigned(2)
export const u32 = unsigned(4)
/** Milliseconds since 1970: 48 bits last until the year 10889 and stay exact in a number. */
export const u48 = unsigned(6)

export const u64: Codec<bigint> = {
  write(out, value) {
    if (value < 0n || value >= 1n << 64n) throw new ChainCodecError('OUT_OF_RANGE', { value: String(value) })
    const part = Buffer.alloc(8)
    part.writeBigUInt64LE(value)
    out.parts.push(part)
  },
  read: (from) => Buffer.from(take(from, 8)).readBigUInt64LE(),
}

export const bool: Codec<boolean> = {
  write: (out, value) => u8.write(out, value ? 1 : 0),
  read(from) {
    const byte = u8.read(from)
    if (byte > 1) throw new ChainCodecError('NOT_CANONICAL', { byte })
    return byte === 1
  },
}

function fixedHex(sizeBytes: number): Codec<string> {
  return {
    write(out, value) {
      const part = Buffer.from(value, 'hex')
      if (part.length !== sizeBytes || part.toString('hex') !== value)
        throw new ChainCodecError('NOT_HEX', { sizeBytes })
      out.parts.push(part)
    },
    read: (from) => Buffer.from(take(from, sizeBytes)).toString('hex'),
  }
}

/** A hash or a public key, as 64 lower-case hex digits. */
export const hex32 = fixedHex(32)
/** A signature, as 128 lower-case hex digits. */
export const hex64 = fixedHex(64)

/** At most `sizeBytesMax` bytes of UTF-8. */
export function text(sizeBytesMax: number): Codec<string> {
  return {
    write(out, value) {
      const part = Buffer.from(value, 'utf8')
      if (part.length > sizeBytesMax) throw new ChainCodecError('TOO_LONG', { sizeBytesMax })
      u16.write(out, part.length)
      out.parts.push(part)
    },
    read(from) {
      const length = u16.read(from)
      if (length > sizeBytesMax) throw new ChainCodecError('TOO_LONG', { sizeBytesMax })
      const part = Buffer.from(take(from, length))
      const value = part.toString('utf8')
      if (!Buffer.from(value, 'utf8').equals(part)) throw new ChainCodecError('NOT_CANONICAL', {})
      return value
    },
  }
}

/** At most `countMax` items, so that a length prefix never makes a reader allocate what was not sent. */
export function vec<T>(item: Codec<T>, countMax: number): Codec<readonly T[]> {
  return {
    write(out, value) {
      if (value.length > countMax) throw new ChainCodecError('TOO_LONG', { countMax })
      u32.write(out, value.length)
      for (const each of value) item.write(out, each)
    },
    read(from) {
      const count = u32.read(from)
      if (count > countMax) throw new ChainCodecError('TOO_LONG', { countMax })
      // Every item has a byte at least: what was not sent is not allocated for.
      if (count > from.bytes.length - from.at) throw new ChainCodecError('TOO_SHORT', { wanted: count })
      return Array.from({ length: count }, () => item.read(from))
    },
  }
}

export function pair<A, B>(first: Codec<A>, second: Codec<B>): Codec<readonly [A, B]> {
  return {
    write(out, [a, b]) {
      first.write(out, a)
      second.write(out, b)
    },
    read: (from) => [first.read(from), second.read(from)],
  }
}

/** A value or null, told apart by one byte. */
export function nullable<T>(item: Codec<T>): Codec<T | null> {
  return {
    write(out, value) {
      bool.write(out, value !== null)
      if (value !== null) item.write(out, value)
    },
    read: (from) => (bool.read(from) ? item.read(from) : null),
  }
}

/** A map in ascending order of its keys: the order of insertion never reaches the bytes. */
export function sortedMap<K extends string | number, V>(key: Codec<K>, value: Codec<V>): Codec<ReadonlyMap<K, V>> {
  // 2^20 entries is far beyond a devnet and bounds what a damaged file can make us read.
  const entries = vec(pair(key, value), 1 << 20)
  return {
    write: (out, map) =>
      entries.write(
        out,
        [...map].sort(([a], [b]) => (a < b ? -1 : 1)),
      ),
    read(from) {
      const read = entries.read(from)
      for (const [index, [k]] of read.entries()) {
        const before = read[index - 1]
        if (before && before[0] >= k) throw new ChainCodecError('NOT_CANONICAL', { index })
      }
      return new Map(read)
    },
  }
}

/** A record, its fields in the order in which they are named here. */
export function struct<T extends object>(fields: { readonly [K in keyof T]-?: Codec<T[K]> }): Codec<T> {
  const names = Object.keys(fields) as (keyof T)[]
  return {
    write(out, value) {
      for (const name of names) fields[name].write(out, value[name])
    },
    read(from) {
      const value: Partial<T> = {}
      for (const name of names) value[name] = fields[name].read(from)
      return value as T
    },
  }
}

/** A union by `kind`: one byte for the case (its place in the list), then the case's own fields. */
export function union<T extends { readonly kind: string }>(
  cases: {
    readonly [K in T['kind']]: Codec<Omit<Extract<T, { readonly kind: K }>, 'kind'>>
  },
): Codec<T> {
  const kinds = Object.keys(cases) as T['kind'][]
  const codecs = cases as unknown as Readonly<Record<string, Codec<object>>>
  return {
    write(out, value) {
      u8.write(out, kinds.indexOf(value.kind))
      codecs[value.kind]?.write(out, value)
    },
    read(from) {
      const kind = kinds[u8.read(from)]
      const codec = kind && codecs[kind]
      if (!codec) throw new ChainCodecError('UNKNOWN_KIND', {})
      return { kind, ...codec.read(from) } as unknown as T
    },
  }
}
