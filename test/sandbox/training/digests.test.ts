/** Promises about the answer that stops the clock: every byte of every weight goes into it. */
import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { test } from 'node:test'
import { elementsOf, tensorsOf } from '../../../protocol/index.ts'
import { readContract } from '../../../sandbox/index.ts'
import { digestsOf } from '../../../sandbox/training/segment.ts'

const contract = {
  ...readContract('tiny').contract,
  model: { width: 4, layers: 1, heads: 1, vocabulary: 8, sequence: 8 },
}
const tensors = tensorsOf(contract)
const weights = Buffer.alloc(4 * tensors.reduce((sum, tensor) => sum + elementsOf(tensor), 0), 7)

test('the answer is the digest of each tensor, in the model’s order', () => {
  const digests = digestsOf(weights, contract)
  assert.equal(digests.length, 32 * tensors.length)
  assert.equal(digests.subarray(0, 32).toString('hex'), hash('sha256', weights.subarray(0, 4 * 8 * 4)))
})

test('one changed byte changes the answer for its tensor alone', () => {
  const changed = Buffer.from(weights)
  changed[changed.length - 1] = 8
  const [before, after] = [digestsOf(weights, contract), digestsOf(changed, contract)]
  assert.ok(before.subarray(0, -32).equals(after.subarray(0, -32)))
  assert.ok(!before.equals(after))
})
