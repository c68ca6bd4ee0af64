/** Validators’ tallies: what decided results say of each, added up. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createStanding, foldResult } from '../../../protocol/ledger/fold.ts'
import { MARKS, type Mark } from '../../../protocol/round/result.ts'
import { digestOf, VALIDATORS } from '../round/mesh.ts'
import { derive } from '../round/say.ts'

const resultOf = (marks: readonly Mark[]) => ({
  ...derive([]),
  validators: marks.map((mark, index) => ({ hotkey: VALIDATORS[index] ?? '', mark, hardwareClass: '', noisePpm: 0 })),
})

test('a validator’s tally counts the rounds of each mark, and only the rounds in which it had a seat', () => {
  const standing = createStanding()
  for (const marks of [['counted', 'missing'], ['flagged', 'noisy', 'counted'], ['counted']] as const) {
    foldResult(standing, resultOf(marks), 500)
  }
  const [ann = '', ben = '', cid = '', dan = ''] = VALIDATORS
  assert.deepEqual(standing.tallies.get(ann), { counted: 2, flagged: 1, noisy: 0, missing: 0 })
  assert.deepEqual(standing.tallies.get(ben), { counted: 0, flagged: 0, noisy: 1, missing: 1 })
  assert.deepEqual(standing.tallies.get(cid), { counted: 1, flagged: 0, noisy: 0, missing: 0 })
  assert.equal(standing.tallies.has(dan), false)
  assert.equal(standing.tallies.has(digestOf('stranger')), false)
})

test('marks add up to the rounds, whatever they are', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...MARKS), { maxLength: 30 }), (marks) => {
      const standing = createStanding()
      for (const mark of marks) foldResult(standing, resultOf([mark]), 500)
      const tally = standing.tallies.get(VALIDATORS[0] ?? '')
      for (const mark of MARKS) assert.equal(tally?.[mark] ?? 0, marks.filter((one) => one === mark).length)
    }),
  )
})
