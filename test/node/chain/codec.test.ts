/** Tests of the local chain's canonical bytes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { blockCodec } from '../../../node/chain/local/block.ts'
import {
  type Codec,
  decode,
  encode,
  nullable,
  sortedMap,
  text,
  u8,
  u16,
  u48,
  vec,
} from '../../../node/chain/local/codec.ts'
import { ChainCodecError } from '../../../node/chain/local/errors.ts'
import { type Call, extrinsicCodec } from '../../../node/chain/local/extrinsic.ts'
import { type State, stateCodec } from '../../../node/chain/local/state.ts'

const u16s = fc.integer({ min: 0, max: 65_535 })
const u32s = fc.integer({ min: 0, max: 2 ** 32 - 1 })
const u64s = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
const hexOf = (sizeBytes: number): fc.Arbitrary<string> =>
  fc.uint8Array({ minLength: sizeBytes, maxLength: sizeBytes }).map((bytes) => Buffer.from(bytes).toString('hex'))
const keys = hexOf(32)
const weights = fc.array(u16s, { maxLength: 20 })

const calls: fc.Arbitrary<Call> = fc.oneof(
  fc.record({ kind: fc.constant('transfer' as const), to: keys, amountRao: u64s }),
  fc.record({ kind: fc.constant('burned_register' as const), netuid: u16s, hotkey: keys }),
  fc.record({ kind: fc.constant('add_stake' as const), hotkey: keys, amountRao: u64s }),
  fc.record({
    kind: fc.constant('set_weights' as const),
    netuid: u16s,
    uids: weights,
    values: weights,
    versionKey: u64s,
  }),
)
const extrinsics = fc.record({ signer: keys, nonce: u32s, call: calls, signature: hexOf(64) })

const mapOf = <K, V>(key: fc.Arbitrary<K>, value: fc.Arbitrary<V>): fc.Arbitrary<ReadonlyMap<K, V>> =>
  fc.array(fc.tuple(key, value), { maxLength: 6 }).map((entries) => new Map(entries))

const states: fc.Arbitrary<State> = fc.record({
  accounts: mapOf(keys, fc.record({ freeRao: u64s, nonce: u32s })),
  stakes: mapOf(keys, mapOf(keys, u64s)),
  subnet: fc.record({
    netuid: u16s,
    tempo: u32s,
    ownerHotkey: keys,
    weightsRateLimit: u32s,
    versionKey: u64s,
    minAllowedWeights: u16s,
    maxAllowedValidators: u16s,
    maxAllowedUids: u16s,
    stakeThresholdRao: u64s,
    burnRao: u64s,
  }),
  neurons: fc.array(fc.record({ hotkey: keys, coldkey: keys, permit: fc.boolean(), lastUpdate: u32s }), {
    maxLength: 6,
  }),
  weights: mapOf(u16s, fc.record({ setAt: u32s, weights: fc.array(fc.tuple(u16s, u16s), { maxLength: 6 }) })),
})

/** Reads back what was written, and every reading that succeeds writes the very bytes that were read. */
function checkCanonical<T>(codec: Codec<T>, values: fc.Arbitrary<T>): void {
  const cases = fc.record({ value: values, at: fc.nat(), byte: fc.integer({ min: 0, max: 255 }) })
  fc.assert(
    fc.property(cases, ({ value, at, byte }) => {
      const bytes = encode(codec, value)
      // A clone, because fast-check makes records without a prototype.
      assert.deepEqual(decode(codec, bytes), structuredClone(value))
      assert.throws(() => decode(codec, Buffer.concat([bytes, Buffer.of(0)])), ChainCodecError)
      assert.throws(() => decode(codec, bytes.subarray(0, -1)), ChainCodecError)
      const changed = Buffer.from(bytes)
      changed[at % bytes.length] = byte
      checkStrict(codec, changed)
    }),
  )
}

function checkStrict<T>(codec: Codec<T>, bytes: Uint8Array): void {
  let value: T
  try {
    value = decode(codec, bytes)
  } catch (error) {
    assert.ok(error instanceof ChainCodecError, String(error))
    return
  }
  assert.deepEqual(Buffer.from(encode(codec, value)), Buffer.from(bytes))
}

test('codec: an extrinsic has one encoding, and any other bytes are refused', () => {
  checkCanonical(extrinsicCodec, extrinsics)
})

test('codec: a state has one encoding, in whatever order its maps were filled', () => {
  checkCanonical(stateCodec, states)
  fc.assert(
    fc.property(states, (state) => {
      const reversed = { ...state, accounts: new Map([...state.accounts].reverse()) }
      assert.deepEqual(encode(stateCodec, reversed), encode(stateCodec, state))
    }),
  )
})

test("codec: a stranger's bytes are a value or a ChainCodecError, never a crash", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      for (const codec of [extrinsicCodec, stateCodec, blockCodec] as Codec<unknown>[]) checkStrict(codec, bytes)
    }),
  )
})

test('codec: values out of range are refused, not cut', () => {
  const refused = (write: () => unknown, code: ChainCodecError['code']): void =>
    assert.throws(write, (error) => error instanceof ChainCodecError && error.code === code)
  refused(() => encode(u16, 65_536), 'OUT_OF_RANGE')
  refused(() => encode(u16, 1.5), 'OUT_OF_RANGE')
  refused(() => encode(u48, -1), 'OUT_OF_RANGE')
  refused(() => encode(vec(u8, 2), [1, 2, 3]), 'TOO_LONG')
  refused(() => decode(vec(u8, 2), Buffer.from('03000000010203', 'hex')), 'TOO_LONG')
  refused(() => encode(text(3), 'höh'), 'TOO_LONG')
  refused(() => decode(text(3), Buffer.from('0200c328', 'hex')), 'NOT_CANONICAL')
  refused(() => decode(nullable(u8), Buffer.from('0205', 'hex')), 'NOT_CANONICAL')
  refused(() => decode(sortedMap(u8, u8), Buffer.from('0200000002000100', 'hex')), 'NOT_CANONICAL')
  refused(() => decode(sortedMap(u8, u8), Buffer.from('0200000001000100', 'hex')), 'NOT_CANONICAL')
})

test('a count that the bytes cannot hold is refused before anything is read or allocated', () => {
  let reads = 0
  const counted: Codec<number> = {
    write: u8.write,
    read: (from) => {
      reads++
      return u8.read(from)
    },
  }
  assert.throws(() => decode(vec(counted, 9), Uint8Array.of(5, 0, 0, 0, 1)), { code: 'TOO_SHORT' })
  assert.equal(reads, 0)
  assert.deepEqual(decode(vec(counted, 9), Uint8Array.of(1, 0, 0, 0, 7)), [7])
})
