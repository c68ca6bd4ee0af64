/** Frames come out of hostile chunks whole, in order and bounded, or as a typed fault. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { RunFault } from '../../../sandbox/faults.ts'
import { createFrameDecoder, encodeFrame } from '../../../sandbox/referee/frames.ts'

const LENGTH_MAX = 100
const lengthMaxOf = (type: number) => (type <= 9 ? LENGTH_MAX : undefined)
const isFault = (code: string) => (thrown: unknown) => thrown instanceof RunFault && thrown.code === code

/** Cuts bytes at the given places. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  return ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end))
}

const frames = fc.array(
  fc.record({ type: fc.integer({ min: 0, max: 9 }), payload: fc.uint8Array({ maxLength: LENGTH_MAX }) }),
  { maxLength: 8 },
)

test('frames: whatever the chunks are cut like, the same frames come out', () => {
  fc.assert(
    fc.property(frames, fc.array(fc.nat(), { maxLength: 20 }), (sent, places) => {
      const decoder = createFrameDecoder(lengthMaxOf)
      const bytes = Buffer.concat(sent.map(({ type, payload }) => encodeFrame(type, payload)))
      const got = cut(bytes, places).flatMap((chunk, index) => decoder.push(chunk, BigInt(index)))
      decoder.end()
      assert.deepEqual(
        got.map(({ type, payload }) => ({ type, payload: new Uint8Array(payload) })),
        sent.map(({ type, payload }) => ({ type, payload: new Uint8Array(payload) })),
      )
    }),
  )
})

test('frames: a frame is as late as its last byte', () => {
  const decoder = createFrameDecoder(lengthMaxOf)
  const bytes = encodeFrame(1, Buffer.from('late'))
  assert.deepEqual(decoder.push(bytes.subarray(0, bytes.length - 1), 1n), [])
  assert.equal(decoder.push(bytes.subarray(-1), 2n)[0]?.at, 2n)
})

test('frames: any bytes are frames or a fault, never a crash', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 10 }), (chunks) => {
      const decoder = createFrameDecoder(lengthMaxOf)
      try {
        for (const chunk of chunks) decoder.push(Buffer.from(chunk), 0n)
        decoder.end()
      } catch (thrown) {
        assert.ok(thrown instanceof RunFault)
      }
    }),
  )
})

test('frames: a frame over its limit is refused by its head, before its bytes are kept', () => {
  const head = encodeFrame(1, Buffer.alloc(LENGTH_MAX + 1)).subarray(0, 5)
  assert.throws(() => createFrameDecoder(lengthMaxOf).push(head, 0n), isFault('OUTPUT_TOO_LARGE'))
})

test('frames: an unknown type and a cut-off stream are faults', () => {
  assert.throws(() => createFrameDecoder(lengthMaxOf).push(encodeFrame(200), 0n), isFault('BAD_FRAME'))
  const decoder = createFrameDecoder(lengthMaxOf)
  decoder.push(encodeFrame(1, Buffer.from('abc')).subarray(0, 7), 0n)
  assert.throws(() => decoder.end(), isFault('BAD_FRAME'))
})
