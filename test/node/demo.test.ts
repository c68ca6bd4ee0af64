/** When the demo's weights are what its rounds ask for. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isSettled } from '../../node/demo/run.ts'

const set = (row: readonly (readonly [number, number])[]) => ({ row, setAt: 9 })

test('weights are settled when all are the same and pay every winner, also when the winner takes all', () => {
  assert.ok(isSettled([set([[6, 65_535]]), set([[6, 65_535]])], [6]))
  const shared = set([
    [0, 65_535],
    [6, 7_281],
  ])
  assert.ok(isSettled([shared, shared], [6]))
  assert.ok(isSettled([set([[0, 65_535]])], []))
})

test('weights are not settled before all have set them, while they differ, or while a winner is not paid', () => {
  const paid = set([[6, 65_535]])
  assert.ok(!isSettled([paid, { row: [], setAt: null }], [6]))
  assert.ok(!isSettled([paid, set([[0, 65_535]])], [6]))
  assert.ok(!isSettled([paid, paid], [6, 7]))
  assert.ok(!isSettled([set([[0, 65_535]]), set([[0, 65_535]])], [6]))
  assert.ok(!isSettled([set([]), set([])], []))
})
