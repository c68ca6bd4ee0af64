/** Promises of the judgement on servers of the log: who is asked first, who is left, for how long. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSyncPeers } from '../../../node/sync/peers.ts'

const create = () => {
  const clock = { at: 0 }
  return { clock, peers: createSyncPeers(() => clock.at) }
}

test('who was never tried is asked first, then the fastest', () => {
  const { peers } = create()
  peers.delivered('slow', { heights: 64, ms: 1_000 })
  peers.delivered('fast', { heights: 64, ms: 100 })
  assert.deepEqual(peers.inOrder(['slow', 'fast', 'new', 'newer']), ['new', 'newer', 'fast', 'slow'])
})

test('a server that drips one height an answer does not stay the one that is asked', () => {
  const { peers } = create()
  peers.delivered('drip', { heights: 1, ms: 20 })
  peers.delivered('whole', { heights: 64, ms: 100 })
  assert.deepEqual(peers.inOrder(['drip', 'whole']), ['whole', 'drip'])
})

test('a liar is left for ten minutes at once, who only stalls for longer each time, and then is last', () => {
  const { clock, peers } = create()
  peers.failed('liar', 'forged')
  for (const [times, ms] of [15_000, 30_000, 60_000].entries()) {
    peers.failed('weak', 'stalled')
    assert.deepEqual(peers.inOrder(['weak', 'other']), ['other'], `${times}`)
    clock.at += ms
    assert.deepEqual(peers.inOrder(['weak', 'other']), ['other', 'weak'], `${times}`)
  }
  assert.deepEqual(peers.inOrder(['liar']), [])
  clock.at = 600_000
  assert.deepEqual(peers.inOrder(['liar']), ['liar'])
})

test('questions that were under way together and end together are one fault, a lie among them is still one', () => {
  const { clock, peers } = create()
  for (let question = 0; question < 64; question++) peers.failed('cut off', 'stalled')
  clock.at = 15_000
  assert.deepEqual(peers.inOrder(['cut off']), ['cut off'])
  peers.failed('cut off', 'stalled')
  peers.failed('cut off', 'forged')
  clock.at = 15_000 + 30_000
  assert.deepEqual(peers.inOrder(['cut off']), [])
})

test('whoever delivers again starts with a clean record', () => {
  const { peers } = create()
  peers.failed('a', 'stalled')
  peers.delivered('a', { heights: 1, ms: 1 })
  assert.deepEqual(peers.faultsOf(['a', 'b']), [])
  peers.failed('a', 'empty')
  assert.deepEqual(peers.faultsOf(['a', 'b']), [{ peerId: 'a', fault: 'empty' }])
})

test('for what only one may have, those that are left are asked too, at the end', () => {
  const { peers } = create()
  peers.failed('a', 'withheld')
  assert.deepEqual(peers.allInOrder(['a', 'c', 'b']), ['c', 'b', 'a'])
})

test('a claim is remembered, and so many peers at most', () => {
  const { peers } = create()
  peers.claimed('first', 17)
  assert.equal(peers.claimOf('first'), 17)
  for (let index = 0; index < 1_024; index++) peers.claimed(`${index}`, 1)
  assert.equal(peers.claimOf('first'), 0)
  assert.equal(peers.claimOf('1023'), 1)
})
