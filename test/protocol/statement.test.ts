/** Tests of statements: one way to print them, and the envelope that tools outside the mesh verify. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { utf8ToBytes } from '../../protocol/crypto.ts'
import { ProtocolError } from '../../protocol/errors.ts'
import { type Json, parseJson, preAuthEncoding, printJson } from '../../protocol/message/statement.ts'

const refused = (run: () => unknown): void =>
  assert.throws(run, (error) => error instanceof ProtocolError && error.code === 'BAD_STATEMENT')

const toText = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

const { value: json } = fc.letrec<{ value: Json; leaf: Json }>((tie) => ({
  leaf: fc.oneof(fc.constant(null), fc.boolean(), fc.maxSafeInteger(), fc.string({ unit: 'binary' })),
  value: fc.oneof(
    { depthSize: 'small' },
    tie('leaf'),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.string({ unit: 'binary' }), tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
}))

test('what is printed is read back, and printing that gives the same bytes', () => {
  fc.assert(
    fc.property(json, (value) => {
      const printed = printJson(value)
      const read = parseJson(printed)
      assert.deepEqual(printJson(read), printed)
      // Minus zero is printed as zero, as JSON.stringify does.
      assert.equal(JSON.stringify(sorted(read)), JSON.stringify(sorted(value)))
    }),
  )
})

const sorted = (value: Json): unknown => {
  if (value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) return value.map(sorted)
  return Object.entries(value)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, item]) => [name, sorted(item)])
}

test('names are in the order of their UTF-16 code units, with no space anywhere', () => {
  // U+FB33 comes after the surrogates of U+1F600 by code point, before by bytes of UTF-8, after by code unit: as RFC 8785 has it.
  const value = { b: [1, { d: 0, c: null }], '\ufb33': 2, '\u{1f600}': 1, '10': 'x', '9': '"\\\n' }
  assert.equal(
    toText(printJson(value)),
    '{"10":"x","9":"\\"\\\\\\n","b":[1,{"c":null,"d":0}],"\u{1f600}":1,"\ufb33":2}',
  )
  // An object hands out names that are whole numbers in another order than the printer's.
  assert.deepEqual(printJson(parseJson(printJson(value))), printJson(value))
  refused(() => parseJson(utf8ToBytes('{"9":1,"10":1}')))
})

test('any other way to write the same is refused', () => {
  const others = [
    '{"b":1,"a":2}',
    '{"a": 1}',
    '{"a":1}\n',
    ' 1',
    '1.0',
    '1e2',
    '-0',
    '01',
    '"\\u0061"',
    '"\\/"',
    '{"a":1,"a":1}',
    '{"a":1,"a":2}',
    '\ufeff1',
    '9007199254740993',
    '1.5',
    '1e400',
    '',
    '{',
    'undefined',
  ]
  for (const text of others) refused(() => parseJson(utf8ToBytes(text)))
  refused(() => parseJson(Uint8Array.of(0x22, 0xc3, 0x28, 0x22)))
})

test('a number that is no safe integer is never printed', () => {
  for (const value of [0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) refused(() => printJson({ value }))
})

test('nesting without end is refused, not a crash', () => {
  refused(() => parseJson(utf8ToBytes('['.repeat(200_000) + ']'.repeat(200_000))))
})

test('a changed byte is refused or another statement, never the same one', () => {
  fc.assert(
    fc.property(json, fc.nat(), fc.nat({ max: 255 }), (value, place, byte) => {
      const printed = printJson(value)
      const at = place % printed.length
      fc.pre(printed[at] !== byte)
      const changed = Uint8Array.from(printed, (old, index) => (index === at ? byte : old))
      try {
        assert.deepEqual(printJson(parseJson(changed)), changed)
      } catch (error) {
        assert.ok(error instanceof ProtocolError && error.code === 'BAD_STATEMENT', `${error}`)
      }
    }),
  )
})

test('the bytes that are signed are those of DSSE version 1', () => {
  const encoded = preAuthEncoding(utf8ToBytes('{"a":"ä"}'))
  assert.equal(toText(encoded), 'DSSEv1 28 application/vnd.in-toto+json 10 {"a":"ä"}')
})
