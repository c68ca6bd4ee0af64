/** What is fuzzed: something that takes bytes from outside and promises what becomes of any of them. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { Random } from '../sim/random.ts'

/** How the bytes of a target are built: which mutations reach beyond its first check. */
export type Grammar = 'bytes' | 'protobuf' | 'json' | 'records'

export type Target = {
  readonly name: string
  readonly grammar: Grammar
  /** A good input: mutations start from these. */
  readonly sample: (random: Random) => Uint8Array
  /** Throws unless the target keeps its promises for this input. */
  readonly run: (input: Uint8Array) => void | Promise<void>
}

/** One value of an arbitrary, the same for the same random source. */
export const drawn = <T>(arbitrary: fc.Arbitrary<T>, random: Random): T => {
  const [value] = fc.sample(arbitrary, { seed: random.below(2 ** 31), numRuns: 1 })
  return value as T
}

/** Objects, items and texts of a value: what a decoder has made of its input. */
const sizeOf = (value: unknown): number => {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return 1
  const items = value instanceof Map ? [...value].flat() : Object.values(value)
  return items.reduce<number>((sum, item) => sum + sizeOf(item), 1)
}

/** A decoded value holds at most this many items for each byte of its input: a field that is absent still gets its default. */
const ITEMS_PER_BYTE = 4
const ITEMS_FREE = 256

type Decoder<T> = {
  readonly decode: (input: Uint8Array) => T
  /** The one canonical encoding. */
  readonly encode: (value: T) => Uint8Array
  /** True for what the layer throws about bad input. */
  readonly isRefusal: (error: unknown) => boolean
  /** Whether `decode` takes canonical bytes only. */
  readonly strict: boolean
}

/** A decoder gives a value or its layer's own error; a value's encoding decodes to the same value; nothing small becomes something huge. */
export const checkDecoder = <T>(decoder: Decoder<T>, input: Uint8Array): void => {
  const before = Uint8Array.from(input)
  let value: T
  try {
    value = decoder.decode(input)
  } catch (error) {
    if (decoder.isRefusal(error)) return
    throw error
  } finally {
    assert.deepEqual(Uint8Array.from(input), before, 'decoding changes nothing of its input')
  }
  const size = sizeOf(value)
  assert.ok(size <= ITEMS_FREE + ITEMS_PER_BYTE * input.length, `${input.length} bytes became ${size} items`)
  const encoded = decoder.encode(value)
  if (decoder.strict) assert.deepEqual(Uint8Array.from(encoded), before, 'only canonical bytes are taken')
  assert.deepEqual(decoder.decode(encoded), value, 'what was decoded is encoded as itself')
}
