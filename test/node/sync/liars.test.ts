/** Promises about servers of the log that lie or censor: each is found out and left, and one honest server is enough. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { MeshError } from '../../../node/mesh/index.ts'
import { itemsAnswer } from '../../../node/sync/messages.ts'
import { syncSentence } from '../../../node/sync/view.ts'
import { type Decided, decode, decodeEnvelope, encode, encodeEnvelopes } from '../../../protocol/index.ts'
import { until } from '../mesh/peers.ts'
import { makeLog, recordsUpTo } from './log.ts'
import { createFakeChain, startNode, type Tamper, type TestNode } from './node.ts'

const log = await makeLog({ members: 4, rounds: 12, roundsPerEpoch: 5 })
const MS_MAX = 60_000

const toDecided = (answer: Uint8Array): readonly Decided[] =>
  decodeEnvelope(answer).flatMap((one) => (one.kind === 'decided' ? [one.decided] : []))
const toAnswer = (decided: readonly Decided[]): Uint8Array =>
  encodeEnvelopes({ kind: 'decided', decided })[0] ?? new Uint8Array()

/** Changes what is said of heights, and nothing else. */
const ofHeights =
  (change: (decided: readonly Decided[]) => readonly Decided[] | Uint8Array): Tamper =>
  async ({ kind, honest }) => {
    const answer = await honest()
    if (kind !== 'certificates') return answer
    const changed = change(toDecided(answer))
    return changed instanceof Uint8Array ? changed : toAnswer(changed)
  }

const forge = (decided: Decided): Decided => {
  const { certificate } = decided
  const signatures = certificate.signatures.map((one) => ({ ...one, signature: 'ab'.repeat(64) }))
  return { ...decided, certificate: { ...certificate, signatures } }
}

const LIARS: Readonly<Record<string, { readonly does: string; readonly tamper: Tamper }>> = {
  garbage: { does: 'answers with bytes that are nothing', tamper: ofHeights(() => Uint8Array.of(1, 2, 3)) },
  forged: {
    does: 'puts a certificate in that does not hold',
    tamper: ofHeights((all) => all.map((one, index) => (index === 5 ? forge(one) : one))),
  },
  unordered: { does: 'leaves a height out', tamper: ofHeights((all) => all.filter((_, index) => index !== 3)) },
  empty: { does: 'claims heights and gives none', tamper: ofHeights(() => []) },
  stalled: {
    does: 'never answers',
    tamper: ({ kind, honest }) => (kind === 'certificates' ? new Promise(() => {}) : honest()),
  },
  withheld: {
    does: 'withholds the messages that a height names',
    tamper: async ({ kind, honest }) => {
      const answer = await honest()
      return kind === 'items'
        ? encode(itemsAnswer, { items: decode(itemsAnswer, answer).items.filter((_, index) => index !== 7) })
        : answer
    },
  },
  refused: {
    does: 'claims heights and refuses them',
    tamper: ({ kind, honest }) =>
      kind === 'certificates' ? Promise.reject(new MeshError('REFUSED', { reason: 'not today' })) : honest(),
  },
}

const chain = createFakeChain(log)
const startServer = (t: TestContext, o: { tamper?: Tamper; name?: string; bootstrap?: readonly string[] }) =>
  startNode(t, { log, chain, member: null, records: log.records, ...o })
const startJoiner = (t: TestContext, servers: readonly TestNode[]) => {
  const bootstrap = servers.map((server) => server.address())
  return startNode(t, { log, chain, member: null, name: 'joiner', bootstrap, answerMsMax: 3_000 })
}
const isThere = (node: TestNode) => () => node.height() === log.decided.length + 1
const stuckOf = (node: TestNode) => {
  const view = node.sync.view()
  return view.kind === 'stuck' ? view : null
}

for (const [fault, { does, tamper }] of Object.entries(LIARS)) {
  test(`a server that ${does} is named and left, and the honest one is asked`, async (t) => {
    const liar = await startServer(t, { tamper, name: 'liar' })
    const joiner = await startJoiner(t, [liar])
    await until(() => stuckOf(joiner)?.asked.some((one) => one.fault === fault) ?? false, `${fault} is told`, MS_MAX)
    assert.deepEqual(stuckOf(joiner)?.asked, [{ peerId: liar.mesh.peerId, fault }])
    await startServer(t, { name: 'honest', bootstrap: [joiner.address()] })
    await until(isThere(joiner), 'the joiner has the log', MS_MAX)
    assert.deepEqual(joiner.fatal, [])
  })
}

test('a joiner with one honest server among liars of every kind gets the whole log', async (t) => {
  const liars = await Promise.all(
    Object.entries(LIARS).map(([name, { tamper }]) => startServer(t, { tamper, name: `liar ${name}` })),
  )
  const honest = await startServer(t, { name: 'honest' })
  const joiner = await startJoiner(t, [...liars, honest])
  await until(isThere(joiner), 'the joiner has the log', MS_MAX)
  assert.deepEqual(joiner.fatal, [])
})

test('a joiner with none but censors says which height nobody serves, and whom it asked', async (t) => {
  const liars = await Promise.all(
    ['empty', 'refused'].map((name) => startServer(t, { tamper: LIARS[name]?.tamper ?? assert.fail(), name })),
  )
  const joiner = await startJoiner(t, liars)
  await until(() => stuckOf(joiner)?.asked.length === 2, 'both are told', MS_MAX)
  const sentence = syncSentence(joiner.sync.view()) ?? ''
  assert.match(sentence, new RegExp(`cannot catch up: no peer serves height 1 of ${log.decided.length + 1}; asked `))
  for (const { mesh } of liars) assert.ok(sentence.includes(mesh.peerId))
})

test('certified heights of another log than the one here are not taken, and their server is left', async (t) => {
  const other = await makeLog({ ...log.options, salt: 'another past' })
  const liar = await startNode(t, { log: other, chain, member: null, name: 'liar', records: other.records })
  const records = recordsUpTo(log, 3)
  const joiner = await startNode(t, { log, chain, member: null, records, bootstrap: [liar.address()] })
  await until(() => stuckOf(joiner)?.asked.some((one) => one.fault === 'fork') ?? false, 'the fork is told', MS_MAX)
  assert.equal(joiner.height(), 4)
})

test('who waits for messages of a decided height that nobody gives says so, and does not ask without end', async (t) => {
  const epoch = log.decided.find(({ header }) => header.entry.kind === 'epoch')?.header.height ?? 0
  const records = recordsUpTo(log, epoch).filter(
    (record) =>
      !(record.kind === 'message' && record.message.kind === 'delegation' && record.message.body.counter === 2),
  )
  let asked = 0
  const tamper: Tamper = ({ kind, honest }) => {
    if (kind !== 'items') return honest()
    asked += 1
    return Promise.resolve(encode(itemsAnswer, { items: [] }))
  }
  const liar = await startServer(t, { tamper, name: 'liar' })
  const joiner = await startNode(t, { log, chain, member: null, records, bootstrap: [liar.address()] })
  await until(() => stuckOf(joiner)?.asked.some((one) => one.fault === 'withheld') ?? false, 'it is told', MS_MAX)
  // Once before it knew what the peer claims, once after.
  assert.ok(asked <= 2, `${asked}`)
  await startServer(t, { name: 'honest', bootstrap: [joiner.address()] })
  await until(isThere(joiner), 'the joiner has the log', MS_MAX)
})
