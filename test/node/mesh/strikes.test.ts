/** What the count of malformed frames promises: three within the window are a ban, which ends, and memory stays bounded. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BAN_MS, STRIKE_PEERS_MAX, STRIKE_WINDOW_MS } from '../../../node/mesh/limits.ts'
import { createStrikes } from '../../../node/mesh/strikes.ts'

test('the third malformed frame within the window bans a peer for a minute, and nobody else', () => {
  let now = 0
  const strikes = createStrikes(() => now)
  assert.deepEqual([strikes.strike('a'), strikes.strike('a'), strikes.isBanned('a')], [false, false, false])
  assert.equal(strikes.strike('a'), true)
  assert.deepEqual([strikes.isBanned('a'), strikes.isBanned('b')], [true, false])
  now += BAN_MS - 1
  assert.equal(strikes.isBanned('a'), true)
  now += 1
  assert.deepEqual([strikes.isBanned('a'), strikes.count('a')], [false, 3])
  // Back, and at it again: one more is enough while the old ones are remembered.
  assert.equal(strikes.strike('a'), true)
  now += STRIKE_WINDOW_MS
  assert.deepEqual([strikes.count('a'), strikes.strike('a')], [0, false])
})

test('of more peers than are remembered the one quiet for longest is forgotten', () => {
  const strikes = createStrikes(() => 0)
  for (let i = 0; i < STRIKE_PEERS_MAX; i++) strikes.strike(`${i}`)
  strikes.strike('0')
  strikes.strike('one more')
  assert.deepEqual([strikes.count('0'), strikes.count('1'), strikes.count('2')], [2, 0, 1])
})
