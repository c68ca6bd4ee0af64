/** Promises of a crash: what was signed binds after it, and a node that meets itself falls silent. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { guardAllows, openGuard } from '../../../protocol/consensus/guard.ts'
import { leaderOrder } from '../../../protocol/consensus/leader.ts'
import type { JournalRecord } from '../../../protocol/machine-types.ts'
import { headerDigest } from '../../../protocol/message/entry.ts'
import { runRange } from '../../sim/range.ts'
import {
  certificateOf,
  committee,
  createBench,
  DELTA_MS,
  decidedOf,
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
const otherValue = headerDigest(headerOf({ salt: 'b' }))
const follower = leaderAt(3)

test('R-24: the guard allows one value a phase, never both nullify and finalize, and the same again', () => {
  const guard = { ...openGuard(), notarize: value, finalize: value }
  assert.ok(guardAllows(guard, 'notarize', value))
  assert.ok(!guardAllows(guard, 'notarize', otherValue))
  assert.ok(guardAllows(guard, 'finalize', value))
  assert.ok(!guardAllows(guard, 'finalize', otherValue))
  assert.ok(!guardAllows(guard, 'nullify', '00'.repeat(32)))
  const nullified = { ...openGuard(), nullify: '00'.repeat(32) }
  assert.ok(!guardAllows(nullified, 'finalize', value))
  assert.ok(guardAllows(nullified, 'notarize', value))
  assert.ok(guardAllows(nullified, 'nullify', '00'.repeat(32)))
})

test('R-24, R-31: every signature follows the record that binds it', () => {
  const bench = createBench({ self: follower })
  bench.head(4)
  const effects = bench.hear(proposalOf({ header }))
  const bound = effects.findIndex(
    (effect) => effect.kind === 'persist' && effect.records.some((record) => record.kind === 'guard'),
  )
  assert.ok(bound >= 0 && bound < effects.findIndex(({ kind }) => kind === 'sign'))
})

test('R-15: the header that a vote helps to decide is durable with the vote', () => {
  const bench = createBench({ self: follower })
  bench.head(4)
  bench.hear(proposalOf({ header }))
  const back = createBench({ self: follower, records: bench.disk })
  back.learn(certificateOf({ phase: 'finalize', value }))
  assert.equal(back.current().height, 2)
})

test('R-31: after a restart the first input signs the same votes again, and no other', () => {
  const bench = createBench({ self: follower })
  bench.head(4)
  bench.hear(proposalOf({ header }))
  bench.learn(certificateOf({ phase: 'notarize', value }))
  const back = createBench({ self: follower, records: bench.disk })
  assert.deepEqual(
    signed(back.wait(0)).map(({ kind, body }) => [kind, 'value' in body && body.value]),
    [
      ['notarize', value],
      ['finalize', value],
    ],
  )
  back.head(4)
  assert.deepEqual(votes(back.hear(proposalOf({ header: headerOf({ salt: 'b' }) }))), [])
  assert.deepEqual(
    votes(back.wait(60_000)).filter((vote) => vote === 'nullify 0'),
    [],
  )
})

test('R-31: a leader that crashed after binding its proposal never proposes another in that view', () => {
  const bench = createBench({ self: leaderAt(0) })
  bench.head(4)
  const bound = bench.disk.filter((record) => record.kind === 'guard' && record.phase === 'proposal')
  assert.equal(bound.length, 1)
  const back = createBench({ self: leaderAt(0), records: bound })
  assert.deepEqual(signed([...back.head(5), ...back.head(7)]), [])
})

test('R-31: what a crash left of a simulated node leads back to where it was', () => {
  // Seeds in which a node crashes: the checkers see each restart's votes against its disk.
  const tally = runRange({ n: 4, scene: 'toy', from: 9001, seeds: 60, stop: true })
  assert.deepEqual(tally.broken, [])
  assert.ok(tally.coverage.restoredVotes > 0)
})

test('R-32: a node that hears a message of its own that it never signed votes no more', () => {
  for (const foreign of [
    voteOf({ phase: 'notarize', hotkey: follower, value: otherValue }),
    voteOf({ phase: 'finalize', hotkey: follower, value, height: 7 }),
  ]) {
    const bench = createBench({ self: follower })
    bench.head(4)
    assert.equal(notices(bench.hear(foreign), 'cloned').length, 1)
    assert.deepEqual(votes([...bench.hear(proposalOf({ header })), ...bench.wait(4 * DELTA_MS)]), [])
    assert.equal(notices(bench.hear(foreign), 'cloned').length, 0, 'said once')
  }
})

test('R-32: a node that has heard a clone votes no more after a restart either, until its session key is another', () => {
  const bench = createBench({ self: follower })
  bench.head(4)
  const heard = bench.hear(voteOf({ phase: 'notarize', hotkey: follower, value: otherValue }))
  assert.ok(heard.findIndex(({ kind }) => kind === 'persist') < heard.findIndex(({ kind }) => kind === 'notice'))
  const restarted = (records: readonly JournalRecord[]) => {
    const back = createBench({ self: follower, records })
    back.head(4)
    return votes([...back.hear(proposalOf({ header })), ...back.wait(4 * DELTA_MS)])
  }
  assert.deepEqual(restarted(bench.disk), [])
  assert.equal(bench.disk.filter(({ kind }) => kind === 'cloned').length, 1)
  const renewed = bench.disk.map((record) =>
    record.kind === 'cloned' ? { ...record, sessionKey: 'ab'.repeat(32) } : record,
  )
  assert.equal(restarted(renewed)[0], 'notarize 0')
})

test('R-32: a clone that is heard while the committee is not known counts, and takes back nothing that was heard before', () => {
  const [leader = ''] = leaderOrder(committee, 2)
  const [self = ''] = except(leader)
  const foreign = (salt: string, height: number) =>
    voteOf({ phase: 'notarize', hotkey: self, value: headerDigest(headerOf({ salt })), height })
  for (const before of [[], [foreign('b', 7)]]) {
    let isKnown = true
    const bench = createBench({ self, committee: () => (isKnown ? committee : null) })
    bench.head(8)
    bench.hear(...before)
    // As after an EPOCH whose delegations are not here yet.
    isKnown = false
    bench.adopt(decidedOf(headerOf({ round: 1 })))
    bench.hear(foreign('c', 2))
    isKnown = true
    bench.wait(0)
    assert.equal(bench.current().committee, committee)
    const { log } = bench.machine.consensus
    const second = { ...headerOf({ round: 2 }), height: 2, previous: log.last, logRoot: log.root }
    assert.deepEqual(votes(bench.hear(proposalOf({ header: second, hotkey: leader }))), [])
  }
})

test('R-32: the own messages of before a restart are no clone', () => {
  const bench = createBench({ self: follower })
  bench.head(4)
  bench.hear(proposalOf({ header }))
  const back = createBench({ self: follower, records: bench.disk })
  assert.equal(notices(back.hear(voteOf({ phase: 'notarize', hotkey: follower, value })), 'cloned').length, 0)
})

test('R-33: a node that starts asks at once where the others are', () => {
  assert.equal(relays(createBench({ self: follower }).wait(0), 'status').length, 1)
})

test('R-100: who has seen no block of the chain since its start follows certificates and signs nothing at all', () => {
  const seeing = createBench({ self: follower })
  const blind = createBench({ self: follower, isBlind: true })
  for (const bench of [seeing, blind]) bench.head(4)
  const all = (bench: ReturnType<typeof createBench>) => [
    ...bench.hear(proposalOf({ header })),
    ...bench.learn(certificateOf({ phase: 'notarize', value })),
    ...bench.wait(100 * DELTA_MS),
  ]
  assert.deepEqual(votes(all(seeing)), ['notarize 0', 'finalize 0'])
  assert.deepEqual(signed(all(blind)), [])
  assert.equal(blind.current().views.get(0)?.notarization?.value, value)
})
