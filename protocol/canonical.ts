/** Canonical bytes: one declarative codec a type gives its encoding for signing and hashing, strict decoding, and the wire's objects. */
import { broken } from './assert.ts'
import { bad, Reader, Writer } from './bytes.ts'
import { bytesToHex, type Digest, hash, hexToBytes } from './crypto.ts'

/**
 * How one type becomes bytes. `write` and `read` are the canonical form: fixed order, big-endian, every value has exactly one encoding.
 * `fromWire` takes what protobuf or JSON decoded (Uint8Array or hex, Long or decimal string, missing means default) and checks it;
 * `toWire` gives what protobuf encodes; `toJson` what a person or a file sees (hex, decimal strings above 2^53).
 */
export type Codec<T> = {
  readonly shape: Shape
  readonly write: (out: Writer, value: T) => void
  readonly read: (input: Reader) => T
  readonly fromWire: (raw: unknown, path: string) => T
  readonly toWire: (value: T) => unknown
  readonly toJson: (value: T) => unknown
}

/** What a codec holds, as data: the documentation of the wire is compared with it. Bits 53 and 64 take eight bytes. */
export type Shape =
  | { readonly kind: 'uint'; readonly bits: 8 | 16 | 32 | 53 | 64 }
  | { readonly kind: 'hex'; readonly sizeBytes: number }
  | { readonly kind: 'bytes' | 'text'; readonly sizeBytesMax: number }
  | { readonly kind: 'word'; readonly words: readonly string[] }
  | { readonly kind: 'list'; readonly item: Shape; readonly countMax: number }
  | { readonly kind: 'option'; readonly item: Shape }
  | { readonly kind: 'record'; readonly item: Shape; readonly countMax: number }
  | { readonly kind: 'struct' | 'union'; readonly parts: Readonly<Record<string, Shape>> }

/** The value type of a codec. */
export type Infer<C> = C extends Codec<infer T> ? T : never

/** One for all: encoding is synchronous, and no codec encodes while it is written. What it grew to is bounded as messages are. */
const scratch = new Writer()

const write = <T>(codec: Codec<T>, value: T, head?: Uint8Array): Writer => {
  scratch.clear()
  if (head !== undefined) scratch.raw(head)
  codec.write(scratch, value)
  return scratch
}

/** The canonical bytes of `value`, after those of `head`. */
export const encode = <T>(codec: Codec<T>, value: T, head?: Uint8Array): Uint8Array => write(codec, value, head).bytes()

/** The digest of what `encode` gives, which is not copied for it. */
export const hashOf = <T>(codec: Codec<T>, value: T, head: Uint8Array): Digest => hash(write(codec, value, head).view())

/** @throws ProtocolError BAD_SHAPE unless `bytes` is exactly one canonical encoding. */
export const decode = <T>(codec: Codec<T>, bytes: Uint8Array): T => {
  const input = new Reader(bytes)
  const value = codec.read(input)
  input.end()
  return value
}

const toBigInt = (raw: unknown, path: string): bigint => {
  if (typeof raw === 'bigint') return raw
  if (typeof raw === 'number' && Number.isSafeInteger(raw)) return BigInt(raw)
  if (typeof raw === 'string' && /^(0|[1-9]\d{0,19})$/.test(raw)) return BigInt(raw)
  if (isLong(raw)) return (BigInt(raw.high >>> 0) << 32n) | BigInt(raw.low >>> 0)
  return bad(path, 'an unsigned integer')
}

const isLong = (raw: unknown): raw is { low: number; high: number } =>
  typeof raw === 'object' &&
  raw !== null &&
  typeof (raw as { low?: unknown }).low === 'number' &&
  typeof (raw as { high?: unknown }).high === 'number'

const uint = (sizeBytes: 1 | 2 | 4): Codec<number> => ({
  shape: { kind: 'uint', bits: sizeBytes === 1 ? 8 : sizeBytes === 2 ? 16 : 32 },
  write: (out, value) => out.uint(value, sizeBytes),
  read: (input) => input.uint(sizeBytes),
  fromWire: (raw, path) => {
    const value = typeof raw === 'number' ? raw : Number(toBigInt(raw ?? 0, path))
    return Number.isInteger(value) && value >= 0 && value < 2 ** (8 * sizeBytes)
      ? value
      : bad(path, `${sizeBytes} bytes`)
  },
  toWire: (value) => value,
  toJson: (value) => value,
})

export const u8 = uint(1)
export const u16 = uint(2)
export const u32 = uint(4)

/** A 64-bit amount or clock reading as a bigint. */
export const u64: Codec<bigint> = {
  shape: { kind: 'uint', bits: 64 },
  write: (out, value) => out.u64(value),
  read: (input) => input.u64(),
  fromWire: (raw, path) => {
    const value = toBigInt(raw ?? 0, path)
    return value >= 0n && value < 1n << 64n ? value : bad(path, '64 bits')
  },
  // protobufjs takes a Long-like pair for 64-bit fields.
  toWire: (value) => ({ low: Number(value & 0xffffffffn) | 0, high: Number(value >> 32n) | 0, unsigned: true }),
  toJson: (value) => (value <= 9007199254740991n ? Number(value) : `${value}`),
}

/** A block height of the chain, or another count that stays below 2^53, as a number; 8 bytes in the encoding. */
export const count: Codec<number> = {
  shape: { kind: 'uint', bits: 53 },
  // Two halves instead of a bigint.
  write: (out, value) => {
    out.uint(Math.floor(value / 2 ** 32), 4)
    out.uint(value % 2 ** 32, 4)
  },
  read: (input) => safe(input.u64(), 'count'),
  // Every vote has one: a Long below 2^53 needs no bigint.
  fromWire: (raw, path) =>
    isLong(raw) && raw.high >= 0 && raw.high < 1 << 21
      ? raw.high * 2 ** 32 + (raw.low >>> 0)
      : safe(toBigInt(raw ?? 0, path), path),
  toWire: (value) => u64.toWire(BigInt(value)),
  toJson: (value) => value,
}

const safe = (value: bigint, path: string): number =>
  value >= 0n && value <= 9007199254740991n ? Number(value) : bad(path, 'below 2^53')

const toBytes = (raw: unknown, path: string): Uint8Array => {
  // protobufjs hands out views on its input, and the `slice` of a Node Buffer is a view again: copy.
  if (raw instanceof Uint8Array) return new Uint8Array(raw)
  if (typeof raw === 'string' && /^([0-9a-f]{2})*$/.test(raw)) return hexToBytes(raw)
  return bad(path, 'bytes or lower-case hex')
}

/** Exactly `sizeBytes` bytes, held as lower-case hex so that it compares and keys maps by value. */
export const hex = (sizeBytes: number): Codec<string> => ({
  shape: { kind: 'hex', sizeBytes },
  write: (out, value) => {
    if (value.length !== 2 * sizeBytes) broken(`${value} has ${sizeBytes} bytes`)
    out.hex(value)
  },
  read: (input) => bytesToHex(input.raw(sizeBytes)),
  fromWire: (raw, path) => {
    const bytes = raw instanceof Uint8Array ? raw : toBytes(raw, path)
    return bytes.length === sizeBytes ? bytesToHex(bytes) : bad(path, `${sizeBytes} bytes`)
  },
  toWire: (value) => hexToBytes(value),
  toJson: (value) => value,
})

/** A SHA-256 digest, 64 hex characters. */
export const digest = hex(32)
/** A 32-byte public key (sr25519, ed25519 or X25519), 64 hex characters. */
export const key = hex(32)
/** A 64-byte signature, 128 hex characters. */
export const signature = hex(64)

export const bytes = (sizeBytesMax: number): Codec<Uint8Array> => ({
  shape: { kind: 'bytes', sizeBytesMax },
  write: (out, value) => {
    out.uint(value.length, 4)
    out.raw(value)
  },
  read: (input) => {
    const size = input.uint(4)
    return size <= sizeBytesMax ? input.raw(size) : bad('bytes', `at most ${sizeBytesMax} bytes`)
  },
  fromWire: (raw, path) => {
    const value = toBytes(raw ?? new Uint8Array(), path)
    return value.length <= sizeBytesMax ? value : bad(path, `at most ${sizeBytesMax} bytes`)
  },
  toWire: (value) => value,
  toJson: (value) => bytesToHex(value),
})

const utf8 = { encode: new TextEncoder(), decode: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }) }

/** At most three bytes a code unit: short ones need not be encoded to be measured. */
const isWellFormed = (value: string, sizeBytesMax: number): boolean =>
  value.isWellFormed() && (3 * value.length <= sizeBytesMax || utf8.encode.encode(value).length <= sizeBytesMax)

/** Well-formed Unicode of at most `sizeBytesMax` UTF-8 bytes. */
export const text = (sizeBytesMax: number): Codec<string> => ({
  shape: { kind: 'text', sizeBytesMax },
  write: (out, value) => out.text(value),
  read: (input) => {
    const raw = bytes(sizeBytesMax).read(input)
    try {
      return utf8.decode.decode(raw)
    } catch {
      return bad('text', 'UTF-8')
    }
  },
  fromWire: (raw, path) => {
    const value = raw ?? ''
    return typeof value === 'string' && isWellFormed(value, sizeBytesMax)
      ? value
      : bad(path, `text of at most ${sizeBytesMax} bytes`)
  },
  toWire: (value) => value,
  toJson: (value) => value,
})

/** One of the given words; its place in the list is its byte, so words are only ever appended. */
export const oneOf = <const W extends string>(words: readonly W[]): Codec<W> => {
  const word = (index: number, path: string): W => words[index] ?? bad(path, words.join('|'))
  return {
    shape: { kind: 'word', words },
    write: (out, value) => out.uint(words.indexOf(value), 1),
    read: (input) => word(input.uint(1), 'word'),
    fromWire: (raw, path) =>
      word(typeof raw === 'string' ? (words as readonly string[]).indexOf(raw) : u8.fromWire(raw, path), path),
    toWire: (value) => words.indexOf(value),
    toJson: (value) => value,
  }
}

export const list = <T>(item: Codec<T>, countMax: number): Codec<readonly T[]> => ({
  shape: { kind: 'list', item: item.shape, countMax },
  write: (out, values) => {
    out.uint(values.length, 4)
    for (const value of values) item.write(out, value)
  },
  read: (input) => {
    const size = input.uint(4)
    if (size > countMax) bad('list', `at most ${countMax}`)
    return Array.from({ length: size }, () => item.read(input))
  },
  fromWire: (raw, path) => {
    const values: unknown = raw ?? []
    if (!Array.isArray(values) || values.length > countMax) return bad(path, `a list of at most ${countMax}`)
    return values.map((value, index) => item.fromWire(value, `${path}[${index}]`))
  },
  toWire: (values) => values.map(item.toWire),
  toJson: (values) => values.map(item.toJson),
})

/** Names of a record: as a program would name a field. */
const FIELD = /^[a-z][A-Za-z0-9]{0,31}$/
const FIELD_BYTES_MAX = 32

/** At most `countMax` values by name, in the order of their names: what is known only to who knows the rules. */
export const record = <T>(item: Codec<T>, countMax: number): Codec<Readonly<Record<string, T>>> => {
  const name = text(FIELD_BYTES_MAX)
  const checkNames = (names: readonly string[], path: string): void => {
    if (names.length > countMax || !names.every((one) => FIELD.test(one))) bad(path, `at most ${countMax} named values`)
    if (names.some((one, index) => index > 0 && one <= (names[index - 1] ?? ''))) bad(path, 'names in rising order')
  }
  const sorted = (value: object): readonly [string, T][] =>
    Object.entries(value as Record<string, T>).sort(([a], [b]) => (a < b ? -1 : 1))
  return {
    shape: { kind: 'record', item: item.shape, countMax },
    write: (out, value) => {
      const entries = sorted(value)
      out.uint(entries.length, 4)
      for (const [key, one] of entries) {
        name.write(out, key)
        item.write(out, one)
      }
    },
    read: (input) => {
      const size = input.uint(4)
      if (size > countMax) bad('record', `at most ${countMax}`)
      const entries = Array.from({ length: size }, () => [name.read(input), item.read(input)] as const)
      checkNames(
        entries.map(([key]) => key),
        'record',
      )
      return Object.fromEntries(entries)
    },
    fromWire: (raw, path) => {
      if (raw === null || raw === undefined) return {}
      if (!isObject(raw) || Array.isArray(raw)) return bad(path, 'an object')
      const entries = sorted(raw).map(([key, one]) => [key, item.fromWire(one, `${path}.${key}`)] as const)
      checkNames(
        entries.map(([key]) => key),
        path,
      )
      return Object.fromEntries(entries)
    },
    toWire: (value) => Object.fromEntries(sorted(value).map(([key, one]) => [key, item.toWire(one)])),
    toJson: (value) => Object.fromEntries(sorted(value).map(([key, one]) => [key, item.toJson(one)])),
  }
}

/** A value or null. */
export const option = <T>(item: Codec<T>): Codec<T | null> => ({
  shape: { kind: 'option', item: item.shape },
  write: (out, value) => {
    out.uint(value === null ? 0 : 1, 1)
    if (value !== null) item.write(out, value)
  },
  read: (input) => {
    const tag = input.uint(1)
    if (tag > 1) bad('option', '0 or 1')
    return tag === 1 ? item.read(input) : null
  },
  fromWire: (raw, path) => (raw === null || raw === undefined ? null : item.fromWire(raw, path)),
  toWire: (value) => (value === null ? undefined : item.toWire(value)),
  toJson: (value) => (value === null ? null : item.toJson(value)),
})

/** Any codec, whatever its value: what the parts of a struct or union must be. */
type AnyCodec = {
  readonly shape: Shape
  readonly write: (out: Writer, value: never) => void
  readonly read: (input: Reader) => unknown
  readonly fromWire: (raw: unknown, path: string) => unknown
  readonly toWire: (value: never) => unknown
  readonly toJson: (value: never) => unknown
}
type Struct<F> = { readonly [K in keyof F]: F[K] extends Codec<infer T> ? T : never }

const shapesOf = (parts: Readonly<Record<string, AnyCodec>>): Readonly<Record<string, Shape>> =>
  Object.fromEntries(Object.entries(parts).map(([name, codec]) => [name, codec.shape]))

const isObject = (raw: unknown): raw is Record<string, unknown> => typeof raw === 'object' && raw !== null

/** Fields in the order given; that order is the encoding. */
export const struct = <const F extends Readonly<Record<string, AnyCodec>>>(fields: F): Codec<Struct<F>> => {
  const entries = Object.entries(fields) as [string, Codec<unknown>][]
  const build = (make: (name: string, codec: Codec<unknown>) => unknown) => {
    const built: Record<string, unknown> = {}
    for (const [name, codec] of entries) built[name] = make(name, codec)
    return built as Struct<F>
  }
  return {
    shape: { kind: 'struct', parts: shapesOf(fields) },
    write: (out, value) => {
      for (const [name, codec] of entries) codec.write(out, (value as Record<string, unknown>)[name])
    },
    read: (input) => build((_, codec) => codec.read(input)),
    fromWire: (raw, path) => {
      if (!isObject(raw)) return bad(path, 'an object')
      return build((name, codec) => codec.fromWire(raw[name], `${path}.${name}`))
    },
    toWire: (value) => build((name, codec) => codec.toWire((value as Record<string, unknown>)[name])),
    toJson: (value) => build((name, codec) => codec.toJson((value as Record<string, unknown>)[name])),
  }
}

type Variant<V> = { readonly [K in keyof V]: V[K] extends Codec<infer T> ? { readonly kind: K } & T : never }[keyof V]

/** A union by `kind`; on the wire a oneof: an object with exactly one of the names set. Names are only ever appended. */
export const union = <const V extends Readonly<Record<string, AnyCodec>>>(variants: V): Codec<Variant<V>> => {
  const entries = Object.entries(variants) as [string, Codec<unknown>][]
  const codecOf = (kind: string): Codec<unknown> => entries.find(([name]) => name === kind)?.[1] ?? bad('kind', kind)
  const tag = (kind: string, value: unknown) => ({ kind, ...(value as object) }) as Variant<V>
  const kindOf = (value: Variant<V>): string => (value as { kind: string }).kind
  return {
    shape: { kind: 'union', parts: shapesOf(variants) },
    write: (out, value) => {
      out.uint(
        entries.findIndex(([name]) => name === kindOf(value)),
        1,
      )
      codecOf(kindOf(value)).write(out, value)
    },
    read: (input) => {
      const [name, codec] = entries[input.uint(1)] ?? bad('union', 'a known kind')
      return tag(name, codec.read(input))
    },
    fromWire: (raw, path) => {
      if (!isObject(raw)) return bad(path, 'an object')
      const set = entries.filter(([name]) => raw[name] !== null && raw[name] !== undefined)
      const [first, second] = set
      if (first === undefined || second !== undefined) return bad(path, 'exactly one kind')
      return tag(first[0], first[1].fromWire(raw[first[0]], `${path}.${first[0]}`))
    },
    toWire: (value) => ({ [kindOf(value)]: codecOf(kindOf(value)).toWire(value) }),
    toJson: (value) => ({ [kindOf(value)]: codecOf(kindOf(value)).toJson(value) }),
  }
}
