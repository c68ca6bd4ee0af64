/** Promises to who joins late or was away: it gets the whole log from its peers, through every change of keys, and takes part again. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { syncSentence } from '../../../node/sync/view.ts'
import { until } from '../mesh/peers.ts'
import { hotkeyOf, type Log, makeLog, metagraphOf, recordsUpTo } from './log.ts'
import { createFakeChain, type FakeChain, type NodeOptions, startNode, type TestNode } from './node.ts'

/** Four epochs, all session keys changed with each, in the middle of a round; the last round is open. */
const log = await makeLog({ members: 4, rounds: 33, roundsPerEpoch: 10, endsOpen: true, deltaMs: 200 })
const MS_MAX = 60_000

const serverOf = (t: TestContext, chain: FakeChain, o: Partial<NodeOptions> = {}): Promise<TestNode> =>
  startNode(t, { log, chain, member: 0, records: log.records, ...o })

const isThere = (node: TestNode, of: Log) => () =>
  node.height() > of.decided.length && node.driver.read(({ rounds }) => rounds.backlog.length) === 0

/** Same root, same ledger, same committee as whoever made the log. */
const assertSame = (node: TestNode, of: Log): void => {
  assert.deepEqual(node.fatal, [])
  node.driver.read(({ rounds, consensus }) => {
    assert.equal(consensus.log.frontier.size, of.decided.length)
    assert.deepEqual(rounds.committee, of.state.committee)
    assert.deepEqual(rounds.convicted, of.state.convicted)
    for (const [id, { standing, results, open }] of of.state.competitions) {
      const mine = rounds.competitions.get(id)
      assert.deepEqual(mine?.standing, standing)
      assert.deepEqual(mine?.results, results)
      assert.equal(mine?.open?.manifest, open?.manifest)
    }
  })
}

const isLive = (node: TestNode) => () => node.sync.view().kind === 'live'

/** Height at which the newest EPOCH was decided. */
const newestEpochHeight = (of: Log): number =>
  of.decided.findLast(({ header }) => header.entry.kind === 'epoch')?.header.height ?? 0

test('who joins with nothing but the genesis document gets the whole log, over changes of every key', async (t) => {
  const chain = createFakeChain(log)
  const server = await serverOf(t, chain)
  const joiner = await startNode(t, { log, chain, member: null, bootstrap: [server.address()] })
  await until(isThere(joiner, log), 'the joiner has the log', MS_MAX)
  assertSame(joiner, log)
  await until(isLive(joiner), 'the joiner is live', MS_MAX)
})

test('who joins late pulls the evidence that the log names, and knows the same convict out of the committee', async (t) => {
  const offends = { member: 4, round: 3 }
  const convicting = await makeLog({ members: 5, rounds: 12, roundsPerEpoch: 5, deltaMs: 200, offends })
  const convict = hotkeyOf(4).publicKey
  assert.deepEqual([...convicting.state.convicted.keys()], [convict])
  assert.ok(!convicting.state.committee.members.some(({ hotkey }) => hotkey === convict))
  const chain = createFakeChain(convicting)
  const { records } = convicting
  const server = await startNode(t, { log: convicting, chain, member: 0, records })
  const joiner = await startNode(t, { log: convicting, chain, member: null, bootstrap: [server.address()] })
  await until(isThere(joiner, convicting), 'the joiner has the log', MS_MAX)
  assertSame(joiner, convicting)
})

test('who was away while all its peers changed their keys twice goes on from where it was', async (t) => {
  const chain = createFakeChain(log)
  const server = await serverOf(t, chain)
  const away = await startNode(t, {
    log,
    chain,
    member: null,
    records: recordsUpTo(log, 20),
    bootstrap: [server.address()],
  })
  assert.equal(away.height(), 21)
  await until(isThere(away, log), 'it has the log', MS_MAX)
  assertSame(away, log)
})

test('who stopped between a decided EPOCH and the delegations that it names gets them first', async (t) => {
  const chain = createFakeChain(log)
  const server = await serverOf(t, chain)
  const records = recordsUpTo(log, newestEpochHeight(log))
  const { epoch } = log
  const cut = records.filter(
    (record) =>
      !(record.kind === 'message' && record.message.kind === 'delegation' && record.message.body.counter === epoch),
  )
  const away = await startNode(t, { log, chain, member: null, records: cut, bootstrap: [server.address()] })
  assert.equal(
    away.driver.read(({ rounds }) => rounds.backlog.length),
    1,
  )
  await until(isThere(away, log), 'it has the log', MS_MAX)
  assertSame(away, log)
})

test('who comes back in the middle of a round commits, reveals and votes in it, and nothing of what was decided before', async (t) => {
  const chain = createFakeChain(log)
  const first = await serverOf(t, chain)
  const second = await serverOf(t, chain, { member: 1, bootstrap: [first.address()] })
  const third = await serverOf(t, chain, { member: 2, bootstrap: [first.address(), second.address()] })
  const peers = [first, second, third]
  const records = recordsUpTo(log, 20)
  const bootstrap = peers.map((peer) => peer.address())
  const back = await startNode(t, { log, chain, member: 3, records, bootstrap })
  const all = [...peers, back]
  await until(() => all.every((node) => isLive(node)() && node.height() > log.decided.length), 'all are there', MS_MAX)
  const isRoundOver = (node: TestNode): boolean =>
    node.driver.read(({ rounds }) => [...rounds.competitions.values()].every(({ open }) => open === null))
  // Time in these tests is blocks: one follows the other once its work had a moment.
  const ticking = setInterval(() => chain.advance(), 100)
  try {
    await until(() => all.every(isRoundOver), 'the round is over everywhere', MS_MAX)
  } finally {
    clearInterval(ticking)
  }
  const signed = new Set(back.signed.map(({ kind }) => kind))
  for (const kind of ['commit', 'reveal', 'notarize', 'finalize']) assert.ok(signed.has(kind), kind)
  for (const { height } of back.signed) assert.ok(height === null || height > log.decided.length)
  assert.deepEqual(
    all.flatMap((node) => node.fatal),
    [],
  )
})

test('a log whose newest EPOCH is not what the chain says gets no vote, and the node says why', async (t) => {
  // Two of four: who has met more than a third of the stake knows where the mesh is, however long that took.
  const shared = createFakeChain(log)
  const servers = [await serverOf(t, shared), await serverOf(t, shared, { member: 1 })]
  const metagraph = (block: number) => {
    const honest = metagraphOf(log.options)(block)
    const neurons = honest.neurons.map((one) =>
      one.permit ? { ...one, stakeRao: one.stakeRao + BigInt(one.uid) } : one,
    )
    return { ...honest, neurons }
  }
  const chain = createFakeChain(log, { metagraph })
  const bootstrap = servers.map((server) => server.address())
  const joiner = await startNode(t, { log, chain, member: 3, bootstrap })
  const refuses = () => joiner.sync.view().kind === 'contradicted'
  await until(() => isThere(joiner, log)() && refuses(), 'the joiner refuses the whole log', MS_MAX)
  chain.advance(30)
  const looks = (): number => joiner.logged.filter(([, , event]) => /contradicts/.test(event)).length
  const before = looks()
  await until(() => looks() > before + 1 && refuses(), 'it looks again', MS_MAX)
  assert.deepEqual(joiner.signed, [])
  assert.match(
    syncSentence(joiner.sync.view()) ?? '',
    /does not vote: EPOCH 4 of this log contradicts the chain \(members\)/,
  )
})
