/** Promises of votes and certificates: what counts, what follows, when a view is left, and what is kept of a flood. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { headerDigest } from '../../../protocol/message/entry.ts'
import {
  certificateOf,
  createBench,
  DELTA_MS,
  except,
  headerOf,
  keys,
  leaderAt,
  notices,
  proposalOf,
  relays,
  voteOf,
  votes,
} from './bench.ts'

const header = headerOf()
const value = headerDigest(header)
const other = headerOf({ salt: 'b' })
const follower = leaderAt(3)

/** A follower of height 1 for which a round is due, its timer running. */
const due = (self = follower) => {
  const bench = createBench({ self })
  bench.head(4)
  return bench
}

test('R-17: a quorum of notarizes is stored, sent on, and answered by a finalize', () => {
  const bench = due()
  bench.hear(proposalOf({ header }))
  const effects = bench.hear(...except(follower).map((hotkey) => voteOf({ phase: 'notarize', hotkey, value })))
  assert.deepEqual(votes(effects), ['finalize 0'])
  const stored = effects.findIndex((effect) => effect.kind === 'persist' && effect.records[0]?.kind === 'certificate')
  const voted = effects.findIndex((effect) => effect.kind === 'sign')
  assert.ok(stored >= 0 && stored < voted)
  assert.equal(relays(effects, 'certificate').length, 1)
})

test('R-7: exactly two thirds is no quorum', () => {
  // 30 and 28 and a third that makes 78 or 80 pass; two never do.
  const bench = due()
  const [first, second] = except(follower)
  bench.hear(...[first, second].map((hotkey) => voteOf({ phase: 'notarize', hotkey: hotkey ?? '', value })))
  assert.equal(bench.current().views.get(0)?.notarization, null)
})

test('R-17, R-24: a view that was nullified here is never finalised here, and is left at once', () => {
  const bench = due()
  bench.wait(4 * DELTA_MS)
  assert.deepEqual(votes(bench.learn(certificateOf({ phase: 'notarize', value }))), [])
  assert.equal(bench.current().view, 1)
})

test('R-18: a notarized view is left after 3Δ and never nullified', () => {
  const bench = due()
  bench.learn(certificateOf({ phase: 'notarize', value }))
  assert.deepEqual(votes(bench.wait(3 * DELTA_MS - 1)), [])
  assert.equal(bench.current().view, 0)
  assert.deepEqual(votes(bench.wait(1)), [])
  assert.equal(bench.current().view, 1)
  assert.equal(bench.current().views.get(0)?.guard.nullify, null)
})

test('R-20: certificates of higher views pull forward, into a notarized view, past a nullified one', () => {
  const bench = due()
  assert.deepEqual(votes(bench.learn(certificateOf({ phase: 'notarize', view: 5, value }))), ['finalize 5'])
  assert.equal(bench.current().view, 5)
  bench.learn(certificateOf({ phase: 'nullify', view: 7 }))
  assert.equal(bench.current().view, 8)
  bench.learn(certificateOf({ phase: 'nullify', view: 2 }))
  assert.equal(bench.current().view, 8)
})

test('R-28: a second value of one signer and phase is evidence, counts nothing and is reported once', () => {
  const bench = due()
  const [liar] = except(follower)
  bench.hear(voteOf({ phase: 'notarize', hotkey: liar ?? '', value }))
  const wrong = voteOf({ phase: 'notarize', hotkey: liar ?? '', value: headerDigest(other) })
  const [notice] = notices(bench.hear(wrong), 'equivocation')
  assert.equal(notice?.kind === 'equivocation' && notice.hotkey, liar)
  assert.equal(notices(bench.hear(wrong), 'equivocation').length, 0)
  assert.equal(bench.current().views.get(0)?.votes.weights.notarize.get(headerDigest(other)), undefined)
})

test('R-28: nullify and finalize of one view by one signer are evidence', () => {
  const bench = due()
  const [liar] = except(follower)
  bench.hear(voteOf({ phase: 'nullify', hotkey: liar ?? '' }))
  assert.equal(notices(bench.hear(voteOf({ phase: 'finalize', hotkey: liar ?? '', value })), 'equivocation').length, 1)
})

test('R-28: the same vote again counts once', () => {
  const bench = due()
  const [twice] = except(follower)
  const vote = voteOf({ phase: 'notarize', hotkey: twice ?? '', value })
  bench.hear(vote, vote, vote, vote)
  assert.equal(bench.current().views.get(0)?.notarization, null)
  assert.equal(notices(bench.hear(vote), 'equivocation').length, 0)
})

test('R-27: a flood of far-future views and strangers takes no memory', () => {
  const bench = due()
  const [liar] = except(follower)
  for (let view = 0; view < 1000; view++) bench.hear(voteOf({ phase: 'nullify', hotkey: liar ?? '', view }))
  assert.equal(bench.current().views.size, 9)
  bench.hear(voteOf({ phase: 'nullify', hotkey: 'ff'.repeat(32) }))
  assert.equal(bench.current().heard.size, 1)
  for (let height = 2; height < 500; height++) bench.hear(voteOf({ phase: 'nullify', hotkey: liar ?? '', height }))
  assert.equal(bench.machine.consensus.early.size, 1)
})

test('every member but the follower can lead: the benches above stand on four different keys', () => {
  assert.equal(new Set([0, 1, 2, 3].map(leaderAt)).size, keys.length)
})
