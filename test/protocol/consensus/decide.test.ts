/** Promises of the end of a height and of catching up: decisions are durable, linked, answered and adopted. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SYNC_BATCH_MAX } from '../../../protocol/limits.ts'
import type { Effect, Relayed } from '../../../protocol/machine-types.ts'
import { headerDigest } from '../../../protocol/message/entry.ts'
import {
  type Bench,
  certificateOf,
  createBench,
  DELTA_MS,
  decidedOf,
  except,
  headerOf,
  leaderAt,
  notices,
  proposalOf,
  relays,
  voteOf,
  votes,
} from './bench.ts'

const header = headerOf()
const value = headerDigest(header)
const follower = leaderAt(3)
const [peer = ''] = except(follower)

/** The next valid header of this bench's log, naming a round each. */
const nextHeader = ({ machine }: Bench) => {
  const { log } = machine.consensus
  const height = log.frontier.size + 1
  return { ...headerOf({ round: height }), height, previous: log.last, logRoot: log.root }
}

const grow = (bench: Bench, heights: number): void => {
  for (let count = 0; count < heights; count++) bench.adopt(decidedOf(nextHeader(bench)))
}

test('R-21: a finalization decides, durable before anything else, and the next height opens', () => {
  const bench = createBench({ self: follower })
  bench.head(4)
  bench.hear(proposalOf({ header }))
  bench.learn(certificateOf({ phase: 'notarize', value }))
  const effects = bench.learn(certificateOf({ phase: 'finalize', value }))
  assert.deepEqual(effects[0]?.kind === 'persist' && effects[0].records.map(({ kind }) => kind), ['decided'])
  assert.equal(notices(effects, 'decided').length, 1)
  assert.equal(relays(effects, 'certificate').length, 1)
  assert.equal(bench.current().height, 2)
  assert.equal(bench.machine.rounds.round, 1)
})

test('R-21, R-25, R-33: without the header nothing is decided or voted, and the decided height is asked for', () => {
  const bench = createBench({ self: follower })
  bench.head(4)
  const effects = bench.learn(certificateOf({ phase: 'finalize', value }))
  assert.equal(bench.current().height, 1)
  assert.equal(relays(effects, 'status').length, 1)
  assert.deepEqual(
    votes([...bench.wait(4 * DELTA_MS), ...bench.hear(proposalOf({ header: headerOf({ salt: 'b' }) }))]),
    [],
  )
  bench.adopt(decidedOf(header))
  assert.equal(bench.current().height, 2)
})

test('R-28: the header that a quorum notarized is taken even when the leader showed another one here first', () => {
  const bench = createBench({ self: follower })
  bench.head(4)
  bench.hear(proposalOf({ header: headerOf({ salt: 'b' }) }))
  bench.learn(certificateOf({ phase: 'notarize', value }), certificateOf({ phase: 'finalize', value }))
  assert.equal(bench.current().height, 1)
  bench.hear(proposalOf({ header }))
  assert.equal(bench.current().height, 2)
})

test('R-29: each header names the one before and the root of all; what does not continue the log is not adopted', () => {
  const bench = createBench({ self: follower })
  grow(bench, 5)
  assert.equal(bench.current().height, 6)
  const next = nextHeader(bench)
  for (const wrong of [
    { ...next, previous: value },
    { ...next, logRoot: value },
    { ...next, height: 7 },
    { ...next, block: 0 },
    header,
  ]) {
    bench.adopt(decidedOf(wrong))
    assert.equal(bench.current().height, 6)
  }
  bench.adopt(decidedOf(next))
  assert.equal(bench.current().height, 7)
})

test('R-22: who still works on a decided height gets it; who was merely overtaken gets no answer', () => {
  const bench = createBench({ self: follower })
  grow(bench, 3)
  const late = (height: number) =>
    relays(bench.hear(voteOf({ phase: 'notarize', hotkey: peer, value, height })), 'decided')
  assert.equal(late(3).length, 0)
  assert.deepEqual(
    late(1).map(({ to }) => to),
    [peer],
  )
  bench.wait(DELTA_MS)
  const [answer] = late(3)
  assert.deepEqual(answer?.what.kind === 'decided' && answer.what.decided.map((decided) => decided.header.height), [3])
})

const isAnswer = ({ kind }: Relayed): boolean => kind === 'decided' || kind === 'archived'
const answers = (effects: readonly Effect[]) =>
  effects.flatMap((effect) => (effect.kind === 'relay' && isAnswer(effect.what) ? [effect] : []))
const behind = (height: number) => ({ height, view: 0, missingViews: [] })

test('R-22: an old message that is replayed a thousand times is answered once a second, however old it is', () => {
  const bench = createBench({ self: follower })
  grow(bench, SYNC_BATCH_MAX + 10)
  for (const height of [1, 40]) {
    const old = voteOf({ phase: 'notarize', hotkey: peer, value, height })
    const replay = () => Array.from({ length: 1_000 }, () => answers(bench.hear(old))).flat()
    bench.wait(1_000)
    const [answer, ...more] = replay()
    assert.equal(more.length, 0)
    const { what } = answer ?? assert.fail('who repeats what was lost is answered again')
    assert.equal(what.kind === 'archived' ? what.count : what.kind === 'decided' && what.decided.length, 1)
    bench.wait(999)
    assert.equal(replay().length, 0)
  }
})

test('R-22: who has moved on is answered at once, and is sent no height twice within a second', () => {
  const bench = createBench({ self: follower })
  grow(bench, 2 * SYNC_BATCH_MAX)
  const heightsOf = (height: number) =>
    answers(bench.ask(peer, behind(height))).map(({ what }) =>
      what.kind === 'archived'
        ? [what.fromHeight, what.count]
        : what.kind === 'decided' && [what.decided[0]?.header.height, what.decided.length],
    )
  assert.deepEqual(heightsOf(1), [[1, 64]])
  assert.deepEqual(heightsOf(1), [])
  assert.deepEqual(heightsOf(40), [[65, 39]])
  assert.deepEqual(heightsOf(104), [[104, 25]])
  grow(bench, 1)
  assert.deepEqual(heightsOf(104), [[129, 1]])
  bench.wait(1_000)
  assert.deepEqual(heightsOf(104), [[104, 26]])
})

test('R-22: nobody has more than eight answers a second, and who is silent is forgotten', () => {
  const bench = createBench({ self: follower })
  grow(bench, 20)
  const ask = () => Array.from({ length: 20 }, (_, index) => answers(bench.ask(peer, behind(index + 1)))).flat().length
  const hear = () =>
    Array.from({ length: 20 }, (_, index) =>
      answers(bench.hear(voteOf({ phase: 'nullify', hotkey: peer, height: index + 1 }))),
    ).flat().length
  assert.equal(hear(), 8)
  assert.equal(ask(), 0)
  bench.wait(1_000)
  assert.ok(ask() > 0)
  bench.wait(1_000)
  const [other = ''] = except(follower, peer)
  bench.ask(other, behind(1))
  assert.deepEqual([...bench.machine.consensus.served.keys()], [other])
})

test('R-33: a status from behind is answered with decided heights, out of the archive where memory ends', () => {
  const bench = createBench({ self: follower })
  grow(bench, SYNC_BATCH_MAX + 10)
  const answer = (height: number) => {
    bench.wait(1_000)
    return bench.ask(peer, behind(height))
  }
  const [recent] = relays(answer(12), 'decided')
  assert.deepEqual(
    recent?.what.kind === 'decided' && [recent.what.decided[0]?.header.height, recent.what.decided.length],
    [12, 63],
  )
  assert.deepEqual(
    relays(answer(10), 'archived').map(({ what }) => what),
    [{ kind: 'archived', fromHeight: 10, count: 64 }],
  )
  assert.deepEqual(
    relays(answer(0), 'archived').map(({ what }) => what),
    [{ kind: 'archived', fromHeight: 1, count: 64 }],
  )
})

test('R-33: a status from ahead is answered with the own status', () => {
  const bench = createBench({ self: follower })
  bench.wait(1000)
  const [asked] = relays(bench.ask(peer, { height: 9, view: 0, missingViews: [] }), 'status')
  assert.equal(asked?.to, peer)
})

test('R-33: missing views are answered with their certificates and the notarized header', () => {
  const bench = createBench({ self: follower })
  bench.head(4)
  bench.hear(proposalOf({ header }))
  bench.learn(certificateOf({ phase: 'notarize', value }), certificateOf({ phase: 'nullify', view: 1 }))
  const effects = bench.ask(peer, { height: 1, view: 2, missingViews: [0, 1] })
  assert.deepEqual(
    relays(effects, 'certificate').map(({ what }) => what.kind === 'certificate' && what.certificate.phase),
    ['notarize', 'nullify'],
  )
  const [carried] = relays(effects, 'message')
  assert.deepEqual(carried?.what.kind === 'message' && carried.what.message, proposalOf({ header }))
})

test('R-33: a notarized proposal goes to who lacks it once a second, however often it says so', () => {
  const bench = createBench({ self: follower })
  bench.head(4)
  bench.hear(proposalOf({ header }))
  bench.learn(certificateOf({ phase: 'notarize', value }), certificateOf({ phase: 'nullify', view: 1 }))
  const carried = (from: string) => relays(bench.ask(from, { height: 1, view: 2, missingViews: [0] }), 'message').length
  assert.deepEqual([carried(peer), carried(peer), carried(leaderAt(0))], [1, 0, 1])
  bench.wait(1_000)
  assert.equal(carried(peer), 1)
})

test('R-23: votes, certificates and status go out again every two seconds while a height is open, else only the status', () => {
  const bench = createBench({ self: follower })
  bench.head(1)
  bench.wait(20_000)
  const idle = bench.wait(10_000)
  assert.deepEqual([relays(idle, 'status').length, relays(idle, 'message').length], [1, 0])
  bench.head(4)
  bench.learn(certificateOf({ phase: 'nullify' }))
  bench.hear(proposalOf({ view: 1, header }))
  bench.wait(2000)
  assert.equal(relays(bench.wait(1999), 'message').length, 0)
  const busy = bench.wait(1)
  assert.equal(relays(busy, 'message').length, 1)
  assert.equal(relays(busy, 'certificate').length, 1)
  assert.equal(relays(busy, 'status').length, 1)
})

test('R-27: what came a moment early counts once the height before is decided', () => {
  const bench = createBench({ self: follower })
  bench.head(8)
  const ahead = createBench({ self: null })
  grow(ahead, 1)
  const second = nextHeader(ahead)
  const early = except(follower).map((hotkey) =>
    voteOf({ phase: 'notarize', hotkey, value: headerDigest(second), height: 2 }),
  )
  bench.hear(...early)
  bench.adopt(decidedOf(headerOf({ round: 1 })))
  assert.equal(bench.current().height, 2)
  assert.equal(bench.current().views.get(0)?.notarization?.value, headerDigest(second))
})

test('R-34: an observer follows and never votes', () => {
  const bench = createBench({ self: null })
  const effects = [
    ...bench.head(4),
    ...bench.hear(proposalOf({ header })),
    ...bench.learn(certificateOf({ phase: 'notarize', value })),
    ...bench.wait(60_000),
    ...bench.learn(certificateOf({ phase: 'finalize', value })),
  ]
  assert.deepEqual(votes(effects), [])
  assert.equal(bench.current().height, 2)
})
