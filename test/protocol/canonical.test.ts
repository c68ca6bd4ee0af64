/** Tests of the canonical encoding: one value, one encoding, and nothing from outside gets past the limits. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { InvariantError } from '../../protocol/assert.ts'
import {
  bytes,
  type Codec,
  count,
  decode,
  encode,
  hex,
  list,
  oneOf,
  option,
  struct,
  text,
  u8,
  u32,
  u64,
  union,
} from '../../protocol/canonical.ts'
import { concatBytes } from '../../protocol/crypto.ts'
import { ProtocolError } from '../../protocol/errors.ts'
import { genesis } from '../../protocol/genesis.ts'
import { header } from '../../protocol/message/entry.ts'
import { MESSAGES } from '../../protocol/message/message.ts'
import { certificate, decided, status } from '../../protocol/message/vote.ts'
import { arbitrary } from './arbitrary.ts'

const codecs = Object.entries({ ...MESSAGES, certificate, decided, status, header, genesis }) as [
  string,
  Codec<unknown>,
][]

const refused = (run: () => unknown): void =>
  assert.throws(run, (error) => error instanceof ProtocolError && error.code === 'BAD_SHAPE')

test('every value is read back as it was written', () => {
  for (const [name, codec] of codecs) {
    fc.assert(
      fc.property(arbitrary(codec), (value) => assert.deepEqual(decode(codec, encode(codec, value)), value, name)),
      { numRuns: 50 },
    )
  }
})

test('bytes that can be read are exactly the bytes that would be written', () => {
  const edits = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 3 })
  for (const [, codec] of codecs) {
    fc.assert(
      fc.property(arbitrary(codec), edits, fc.integer({ min: -1, max: 1 }), (value, changes, grow) => {
        const encoded = encode(codec, value)
        const changed = new Uint8Array(encoded.length + grow)
        changed.set(encoded.subarray(0, changed.length))
        for (const [at, byte] of changes) changed[at % changed.length] = byte
        try {
          assert.deepEqual(encode(codec, decode(codec, changed)), changed)
        } catch (error) {
          if (!(error instanceof ProtocolError)) throw error
          assert.equal(error.code, 'BAD_SHAPE')
        }
      }),
      { numRuns: 50 },
    )
  }
})

test('what is printed as JSON is read back, also above 2^53', () => {
  for (const [, codec] of codecs) {
    fc.assert(
      fc.property(arbitrary(codec), (value) => {
        const printed: unknown = JSON.parse(JSON.stringify(codec.toJson(value)))
        assert.deepEqual(codec.fromWire(printed, 'value'), value)
      }),
      { numRuns: 20 },
    )
  }
})

test('a limit holds to the last item in both directions', () => {
  const three = list(u8, 3)
  assert.deepEqual(three.fromWire([1, 2, 3], 'three'), [1, 2, 3])
  refused(() => three.fromWire([1, 2, 3, 4], 'three'))
  refused(() => decode(three, encode(list(u8, 4), [1, 2, 3, 4])))
  assert.equal(text(4).fromWire('ää', 'text'), 'ää')
  refused(() => text(3).fromWire('ää', 'text'))
  refused(() => decode(text(3), encode(text(4), 'ää')))
  refused(() => bytes(2).fromWire(new Uint8Array(3), 'bytes'))
  refused(() => decode(bytes(2), encode(bytes(3), new Uint8Array(3))))
  refused(() => hex(2).fromWire('abcdef', 'hex'))
  refused(() => hex(2).fromWire('ABCD', 'hex'))
})

test('a number out of range, a lone surrogate, bytes that are no UTF-8 and an unknown word are refused', () => {
  for (const raw of [256, -1, 1.5, Number.NaN, '07', '-1', 'x', {}, [], true, 2n ** 64n])
    refused(() => u8.fromWire(raw, 'u8'))
  refused(() => u64.fromWire(`${2n ** 64n}`, 'u64'))
  refused(() => count.fromWire(2n ** 53n, 'count'))
  refused(() => decode(count, encode(u64, 2n ** 53n)))
  refused(() => text(9).fromWire('\ud800', 'text'))
  refused(() => decode(text(9), encode(bytes(9), Uint8Array.of(0xc3, 0x28))))
  refused(() => oneOf(['a', 'b']).fromWire('c', 'word'))
  refused(() => decode(oneOf(['a', 'b']), Uint8Array.of(2)))
  refused(() => decode(option(u8), Uint8Array.of(2, 1)))
})

test('a union is exactly one of its kinds', () => {
  const either = union({ one: struct({ a: u8 }), two: struct({ b: u32 }) })
  assert.deepEqual(either.fromWire({ two: { b: 5 } }, 'either'), { kind: 'two', b: 5 })
  refused(() => either.fromWire({}, 'either'))
  refused(() => either.fromWire({ one: { a: 1 }, two: { b: 1 } }, 'either'))
  refused(() => decode(either, Uint8Array.of(2, 0)))
})

test('a value of our own that does not fit stops the process instead of being signed as another', () => {
  for (const value of [256, -1, 1.5]) assert.throws(() => encode(u8, value), InvariantError)
  assert.throws(() => encode(u64, -1n), InvariantError)
  assert.throws(() => encode(hex(2), 'ab'), InvariantError)
  assert.throws(() => encode(oneOf(['a', 'b'] as string[]), 'c'), InvariantError)
})

test('what was decoded shares no memory with the bytes it came from', () => {
  const source = Buffer.from(encode(bytes(4), Uint8Array.of(1, 2, 3)))
  const viaBytes = decode(bytes(4), source)
  const viaWire = bytes(4).fromWire(source.subarray(4), 'bytes')
  source.fill(0)
  assert.deepEqual(viaBytes, Uint8Array.of(1, 2, 3))
  assert.deepEqual(viaWire, Uint8Array.of(1, 2, 3))
})

test('text is its length and its UTF-8, whatever is in it, and a count the eight bytes of its bigint', () => {
  const anyText = fc.oneof(fc.string({ unit: 'binary', maxLength: 300 }), fc.string({ unit: 'grapheme-ascii' }))
  const before = Uint8Array.of(1, 2, 3)
  fc.assert(
    fc.property(anyText, fc.maxSafeNat(), (words, number) => {
      const utf8 = new TextEncoder().encode(words)
      assert.deepEqual(encode(text(2_000), words, before), concatBytes(before, encode(bytes(2_000), utf8)))
      assert.deepEqual(encode(count, number), encode(u64, BigInt(number)))
    }),
  )
  for (const none of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(() => encode(count, none), InvariantError)
  }
})
