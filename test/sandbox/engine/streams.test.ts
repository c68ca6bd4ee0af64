/** Streams of hostile bytes: what arrives, what is counted, what is dropped. */
import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { buffer, text } from 'node:stream/consumers'
import { test } from 'node:test'
import fc from 'fast-check'
import { boundedReadable, boundedText } from '../../../sandbox/engine/bounded.ts'
import { demux } from '../../../sandbox/engine/docker/stream.ts'

/** Docker's framing of one piece. */
function frame(stream: number, payload: Uint8Array): Buffer {
  const header = Buffer.from([stream, 0, 0, 0, 0, 0, 0, 0])
  header.writeUInt32BE(payload.length, 4)
  return Buffer.concat([header, payload])
}

/** `bytes` cut into pieces of the given lengths, the rest in one. */
function cut(bytes: Buffer, lengths: readonly number[]): Buffer[] {
  const pieces: Buffer[] = []
  let at = 0
  for (const length of lengths) {
    pieces.push(bytes.subarray(at, at + length))
    at += length
  }
  return [...pieces, bytes.subarray(at)].filter((piece) => piece.length > 0)
}

test('both halves of an attachment arrive whole, wherever the network cuts', async () => {
  const frames = fc.array(fc.tuple(fc.constantFrom(1, 2), fc.uint8Array({ maxLength: 50 })), { maxLength: 20 })
  await fc.assert(
    fc.asyncProperty(frames, fc.array(fc.integer({ min: 1, max: 13 })), async (sent, cuts) => {
      const wire = Buffer.concat(sent.map(([stream, payload]) => frame(stream, payload)))
      const { stdout, stderr } = demux(Readable.from(cut(wire, cuts)))
      const [out, err] = await Promise.all([buffer(stdout), buffer(stderr)])
      const expected = (stream: number) =>
        Buffer.concat(sent.filter(([s]) => s === stream).map(([, payload]) => payload))
      assert.deepEqual([out, err], [expected(1), expected(2)])
    }),
    { numRuns: 200 },
  )
})

test('after discard stdout is dropped and stderr still comes', async () => {
  const { stdout, stderr, discard } = demux(Readable.from([frame(1, Buffer.alloc(10)), frame(2, Buffer.from('why'))]))
  discard()
  assert.deepEqual([(await buffer(stdout)).length, await text(stderr)], [0, 'why'])
})

test('a bounded stream passes its limit whole, nothing of the piece beyond it, and says so once', async () => {
  for (const [pieces, expected, calls] of [
    [[4, 6], 10, 0],
    [[4, 7, 1], 4, 1],
  ] as const) {
    let over = 0
    const source = Readable.from(pieces.map((length) => Buffer.alloc(length)))
    const bounded = boundedReadable(source, 10, () => {
      over += 1
    })
    assert.deepEqual([(await buffer(bounded)).length, over], [expected, calls])
  }
})

test('a bounded text keeps the first bytes of a flood and goes on reading', async () => {
  let over = 0
  const source = Readable.from(Array.from({ length: 100 }, () => Buffer.from('abc')))
  const kept = boundedText(source, 7, () => {
    over += 1
  })
  await kept.ended
  assert.deepEqual([kept.text(), over, source.readableEnded], ['abcabca', 1, true])
})
