/** Whose work a GPU still does when everything of a measurement stands still. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { awaitIdle } from '../../../sandbox/training/idle.ts'

/** A card that says these in turn, the last for ever; once the last process has ended, what `after` says. Only who waits in vain waits shorter. */
const card = (before: readonly (number | null)[], o: { readonly after?: number; readonly msMax?: number } = {}) => {
  const told = { ended: 0 }
  const words = [...before]
  return {
    told,
    card: {
      busyPercent: async () =>
        told.ended > 0 ? (o.after ?? 0) : words.length > 1 ? (words.shift() ?? null) : (words[0] ?? null),
      endLast: async () => {
        told.ended += 1
      },
      ...o,
    },
  }
}

test('a card that becomes idle ends nobody, nor does one whose driver does not tell', async () => {
  for (const words of [[0], [97, 40, 0], [null]]) {
    const { card: given, told } = card(words)
    assert.deepEqual([await awaitIdle(given), told.ended], ['idle', 0])
  }
})

test('work that ends with the process that ran last was that one’s', async () => {
  const { card: given, told } = card([100], { msMax: 250 })
  assert.deepEqual([await awaitIdle(given), told.ended], ['left', 1])
})

test('work that goes on without it is somebody else’s: nobody of ours is blamed', async () => {
  const { card: given, told } = card([100], { after: 63, msMax: 250 })
  assert.deepEqual([await awaitIdle(given), told.ended], ['foreign', 1])
})
