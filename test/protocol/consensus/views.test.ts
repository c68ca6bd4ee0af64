/** Promises of one height's views: when they are given up, who proposes what, and which proposals are notarized. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { headerDigest } from '../../../protocol/message/entry.ts'
import {
  certificateOf,
  createBench,
  DELTA_MS,
  except,
  headerOf,
  leaderAt,
  notices,
  proposalOf,
  relays,
  signed,
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

test('R-11: an idle hour makes no views', () => {
  const bench = createBench({ self: follower })
  bench.head(1)
  for (let second = 0; second < 3600; second += 10) assert.deepEqual(votes(bench.wait(10_000)), [])
  assert.equal(bench.current().view, 0)
})

test('R-11: votes of a third of the weight start no timer, of more than a third they do', () => {
  const bench = createBench({ self: follower })
  const [first, second] = except(follower)
  bench.hear(voteOf({ phase: 'nullify', hotkey: first ?? '' }))
  assert.equal(bench.current().deadline, null)
  bench.hear(voteOf({ phase: 'nullify', hotkey: second ?? '' }))
  assert.equal(bench.current().deadline, bench.clock.at + 4 * DELTA_MS)
})

test('R-11, R-16: a view without a notarization is nullified after 4Δ, the next after a quarter more', () => {
  const bench = due()
  assert.deepEqual(votes(bench.wait(4 * DELTA_MS - 1)), [])
  assert.deepEqual(votes(bench.wait(1)), ['nullify 0'])
  assert.deepEqual(votes(bench.wait(60_000)), [], 'once')
  bench.learn(certificateOf({ phase: 'nullify' }))
  assert.equal(bench.current().view, 1)
  assert.deepEqual(votes(bench.wait(5 * DELTA_MS - 1)), [])
  assert.deepEqual(votes(bench.wait(1)), ['nullify 1'])
})

test('R-13: the leader proposes what is due, once, with the header that continues the log', () => {
  const bench = createBench({ self: leaderAt(0) })
  const [message, vote, ...more] = signed(bench.head(4))
  assert.equal(message?.kind, 'proposal')
  assert.equal(vote?.kind, 'notarize')
  assert.deepEqual(more, [])
  assert.deepEqual(message.kind === 'proposal' && [message.body.parentView, message.body.header.block], [null, 4])
  assert.deepEqual(signed(bench.head(5)), [])
})

test('R-13: nobody proposes in the view of another', () => {
  assert.deepEqual(signed(createBench({ self: leaderAt(1) }).head(4)), [])
})

test('R-13: the next leader proposes the notarized value again, and a fresh one when all before is nullified', () => {
  const again = due(leaderAt(1))
  again.hear(proposalOf({ header }))
  again.learn(certificateOf({ phase: 'notarize', value }))
  const [reproposal, ...more] = signed(again.wait(3 * DELTA_MS)).filter(({ kind }) => kind === 'proposal')
  const body = reproposal?.kind === 'proposal' ? reproposal.body : null
  assert.deepEqual([body?.view, body?.parentView, body?.header], [1, 0, header])
  assert.deepEqual(more, [])

  const fresh = due(leaderAt(1))
  const [message] = signed(fresh.learn(certificateOf({ phase: 'nullify' })))
  assert.equal(message?.kind === 'proposal' && message.body.parentView, null)
})

test('R-13: a leader that lacks a certificate proposes nothing and asks for it', () => {
  const bench = due(leaderAt(2))
  bench.wait(1000)
  const effects = bench.learn(certificateOf({ phase: 'nullify', view: 1 }))
  assert.deepEqual(signed(effects), [])
  const [asked] = relays(effects, 'status')
  assert.deepEqual(asked?.what.kind === 'status' && asked.what.status.missingViews, [0])
  assert.equal(signed(bench.learn(certificateOf({ phase: 'nullify' })))[0]?.kind, 'proposal')
})

test('R-15: the first valid proposal is notarized; a second one of the leader is reported and not voted', () => {
  const bench = due()
  assert.deepEqual(votes(bench.hear(proposalOf({ header }))), ['notarize 0'])
  const effects = bench.hear(proposalOf({ header: other }))
  assert.deepEqual(votes(effects), [])
  assert.equal(notices(effects, 'equivocation').length, 1)
  assert.equal(notices(bench.hear(proposalOf({ header: other })), 'equivocation').length, 0, 'reported once')
})

test('R-15: who does not lead the view is not heard', () => {
  const bench = due()
  assert.deepEqual(votes(bench.hear(proposalOf({ header, hotkey: leaderAt(1) }))), [])
})

test('R-15: a proposal that comes after the own nullify is still notarized', () => {
  const bench = due()
  bench.wait(4 * DELTA_MS)
  assert.deepEqual(votes(bench.hear(proposalOf({ header }))), ['notarize 0'])
})

test('R-14: a fresh proposal of a later view waits for every nullification before it', () => {
  const bench = due()
  bench.learn(certificateOf({ phase: 'nullify', view: 1 }))
  assert.deepEqual(votes(bench.hear(proposalOf({ view: 2, header }))), [])
  assert.deepEqual(votes(bench.learn(certificateOf({ phase: 'nullify' }))), ['notarize 2'])
})

test('R-14: a re-proposal waits for its notarization, and needs no nullification of that view', () => {
  const bench = due()
  bench.learn(certificateOf({ phase: 'nullify' }), certificateOf({ phase: 'nullify', view: 1 }))
  assert.deepEqual(votes(bench.hear(proposalOf({ view: 2, header, parentView: 0 }))), [])
  assert.deepEqual(votes(bench.learn(certificateOf({ phase: 'notarize', value }))), ['notarize 2'])
})

test('R-14: a re-proposal of another value than the notarized one is refused and nullified', () => {
  const bench = due()
  bench.learn(certificateOf({ phase: 'notarize', value }))
  bench.wait(3 * DELTA_MS)
  const effects = bench.hear(proposalOf({ view: 1, header: other, parentView: 0 }))
  assert.equal(notices(effects, 'refused').length, 1)
  assert.deepEqual(votes(effects), ['nullify 1'])
})

test('R-16: what the log proves wrong is nullified at once', () => {
  for (const wrong of [
    { ...header, previous: value },
    { ...header, logRoot: value },
    { ...header, epoch: 7 },
    headerOf({ round: 2 }),
  ]) {
    assert.deepEqual(votes(due().hear(proposalOf({ header: wrong }))), ['nullify 0'])
  }
})

test('R-29, R-35: a block that is not final here is waited for and looked at again at each input', () => {
  const bench = due()
  assert.deepEqual(votes(bench.hear(proposalOf({ header: headerOf({ block: 6 }) }))), [])
  assert.deepEqual(votes(bench.head(5)), [])
  assert.deepEqual(votes(bench.head(6)), ['notarize 0'])
})

test('R-35: what a proposal waits for is asked for again every two seconds, not at every input', () => {
  const bench = due()
  const missing = 'ee'.repeat(32)
  const entry = { ...header.entry, kind: 'commits', commits: [missing] } as typeof header.entry
  const fetches = (effects: ReturnType<typeof bench.wait>) => effects.filter(({ kind }) => kind === 'fetch').length
  assert.equal(fetches(bench.hear(proposalOf({ header: { ...header, entry } }))), 1)
  assert.equal(fetches(bench.wait(500)), 0)
  assert.equal(fetches(bench.wait(1500)), 1)
})
