/** Promises of sending one's own messages again. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isRepeatDue } from '../../../protocol/round/repeat.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/** How often a message goes out in a time, looked at with each block. */
const repeatsIn = (forMs: number, blockMs: number): number => {
  let repeats = 0
  for (let ageMs = blockMs; ageMs <= forMs; ageMs += blockMs) {
    if (isRepeatDue({ ageMs, ageBeforeMs: ageMs - blockMs })) repeats++
  }
  return repeats
}

test('R-99: a message goes out with each block of its first minute', () => {
  assert.equal(repeatsIn(MINUTE_MS, 12_000), 5)
})

test('R-99: a message that nothing names for two days goes out about once an hour', () => {
  const repeats = repeatsIn(48 * HOUR_MS, 12_000)
  assert.ok(repeats >= 48 && repeats <= 60, `${repeats}`)
})

test('R-99: no more than its own age, and never more than an hour, passes between two times', () => {
  let last = MINUTE_MS
  for (let ageMs = MINUTE_MS + 12_000; ageMs <= 20 * HOUR_MS; ageMs += 12_000) {
    if (!isRepeatDue({ ageMs, ageBeforeMs: ageMs - 12_000 })) continue
    assert.ok(ageMs - last <= Math.min(last, HOUR_MS) + 12_000, `${last} ${ageMs}`)
    last = ageMs
  }
})
