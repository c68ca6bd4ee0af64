/** Promises about the answer that stops the clock: every bit of every weight goes into it, and no one knows beforehand how. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { elementsOf, tensorsOf } from '../../protocol/index.ts'
import { readContract } from '../../sandbox/index.ts'
import { checksumsOf } from '../../sandbox/training/segment.ts'

const contract = {
  ...readContract('tiny').contract,
  model: { width: 4, layers: 1, heads: 1, vocabulary: 8, sequence: 8 },
}
const bytes = tensorsOf(contract).reduce((sum, tensor) => sum + 4 * elementsOf(tensor), 0)

test('a checksum is the sum of bits times places, in 32 bits', () => {
  const weights = Buffer.alloc(bytes)
  weights.writeInt32LE(3, 0)
  weights.writeInt32LE(-5, 4)
  // 3 · (7 · 0 + 2) − 5 · (7 · 1 + 2)
  assert.equal(checksumsOf(weights, { factor: 7, offset: 2 }, contract).readInt32LE(0), 6 - 45)
})

test('one changed bit changes the checksum of its tensor, for every odd factor and even offset and nearly every other', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: bytes, maxLength: bytes }),
      fc.nat(bytes * 8 - 1),
      fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
      (random, bit, factor) => {
        const before = Buffer.from(random)
        const after = Buffer.from(random)
        after[bit >> 3] = (after[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        // A place whose factor is odd loses no bit.
        const index = bit >> 5
        const offset = (Math.imul(index, factor) & 1) === 1 ? 0 : 1
        const key = { factor, offset }
        const place = (Math.imul(indexInTensor(index), factor) + offset) | 0
        fc.pre((place & 1) === 1)
        assert.notDeepEqual(checksumsOf(before, key, contract), checksumsOf(after, key, contract))
      },
    ),
  )
})

/** Of the element with this number over all tensors, its place in its own. */
const indexInTensor = (element: number): number => {
  let left = element
  for (const tensor of tensorsOf(contract)) {
    if (left < elementsOf(tensor)) return left
    left -= elementsOf(tensor)
  }
  return left
}
