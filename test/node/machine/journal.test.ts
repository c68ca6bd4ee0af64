/** Promises of the journal: every record comes back as it was written, in order, and a restart has the machine again. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { createJournal } from '../../../node/machine/journal.ts'
import { restoreFrom } from '../../../node/machine/restore.ts'
import { openStore } from '../../../node/store/index.ts'
import {
  rounds as application,
  createRounds,
  type Decided,
  decodeEnvelope,
  domainsOf,
  encodeEnvelopes,
  evidenceId,
  type JournalRecord,
  messageId,
  restoreMachine,
} from '../../../protocol/index.ts'
import { certificate, decided } from '../../../protocol/message/vote.ts'
import { arbitrary, signed } from '../../protocol/arbitrary.ts'
import { createMesh, genesisOf, kindsOf, MINERS, nodeAt, submissionOf } from '../../protocol/round/mesh.ts'
import { DIGEST, evidenceIn, receipt, SIGNATURE } from '../fakes.ts'
import { collect, newFolder } from '../store/folder.ts'

const domains = domainsOf(genesisOf())

const open = async (t: TestContext, dir = newFolder(t)) => {
  const store = await openStore({ dir })
  t.after(() => store.close())
  return { store, dir, journal: createJournal({ store, domains }) }
}

const hex = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((raw) => Buffer.from(raw).toString('hex'))
const record: fc.Arbitrary<JournalRecord> = fc.oneof(
  signed().map((message) => ({ kind: 'message' as const, message })),
  arbitrary(certificate).map((value) => ({ kind: 'certificate' as const, certificate: value })),
  fc.record({
    kind: fc.constant('guard' as const),
    height: fc.nat(),
    view: fc.nat(),
    phase: fc.constantFrom('notarize' as const, 'nullify' as const, 'finalize' as const, 'proposal' as const),
    value: hex,
  }),
  fc.record({
    kind: fc.constant('sealed' as const),
    competition: fc.constant('matrix-lossless'),
    round: fc.nat(),
    manifest: hex,
    nonce: hex,
    statement: fc.uint8Array({ maxLength: 200 }),
  }),
  fc.record({ kind: fc.constant('weights' as const), block: fc.nat() }),
  fc.constant({ kind: 'evidence' as const, evidence: evidenceIn(domains) }),
  fc.record({ kind: fc.constant('cloned' as const), sessionKey: hex }),
)
const height = (value: Decided, at: number): Decided => ({ ...value, header: { ...value.header, height: at } })

const plain = (records: readonly JournalRecord[]): unknown =>
  records.map((one) => ({
    ...one,
    ...('statement' in one ? { statement: Buffer.from(one.statement).toString('hex') } : {}),
  }))

test('records of every kind come back in the order written, also after the store was closed', async (t) => {
  const batches = fc.array(fc.array(record, { maxLength: 5 }), { maxLength: 5 })
  await fc.assert(
    fc.asyncProperty(batches, arbitrary(decided), async (appended, value) => {
      const { store, dir, journal } = await open(t)
      const heights = [1, 2, 3].map((at): JournalRecord => ({ kind: 'decided', decided: height(value, at) }))
      for (const records of [...appended, heights]) await journal.append(records)
      const want = plain([...appended.flat(), ...heights])
      assert.deepEqual(plain(await collect(journal.records())), want)
      await store.close()
      const again = await open(t, dir)
      assert.deepEqual(plain(await collect(again.journal.records())), want)
      await again.journal.append([{ kind: 'weights', block: 1 }])
      assert.equal((await collect(again.journal.records())).length, heights.length + appended.flat().length + 1)
      await again.store.close()
    }),
    { numRuns: 8 },
  )
})

test('messages are found by their id and decided heights by their number, a batch at a time', async (t) => {
  const { journal } = await open(t)
  const message = { ...receipt(1), signature: SIGNATURE }
  const entry = {
    kind: 'epoch',
    epoch: 1,
    block: 1,
    blockHash: DIGEST,
    members: [],
    owner: DIGEST,
    released: [],
  } as const
  const header = { height: 1, previous: DIGEST, logRoot: DIGEST, block: 1, epoch: 0, entry, evidence: [] }
  const value: Decided = {
    header,
    certificate: { phase: 'finalize', height: 1, view: 0, value: DIGEST, signatures: [] },
  }
  const heights = Array.from({ length: 100 }, (_, index) => height(value, index + 1))
  await journal.append([
    { kind: 'message', message },
    ...heights.map((one): JournalRecord => ({ kind: 'decided', decided: one })),
  ])
  assert.deepEqual(journal.message(messageId(message, domains)), message)
  assert.equal(journal.message(DIGEST), null)
  assert.deepEqual(journal.decided(7), heights[6])
  assert.equal(journal.decided(101), null)
  const numbers = (from: number, countMax?: number) =>
    journal.decidedFrom(from, countMax).map((one) => one.header.height)
  assert.deepEqual(
    numbers(1),
    heights.slice(0, 64).map((one) => one.header.height),
  )
  assert.deepEqual(numbers(99), [99, 100])
  assert.deepEqual(numbers(7, 2), [7, 8])
  assert.deepEqual(numbers(101), [])
  for (const from of [1, 99, 101]) {
    const [together = new Uint8Array()] = encodeEnvelopes({ kind: 'decided', decided: journal.decidedFrom(from) })
    assert.deepEqual(journal.envelopeFrom(from), Uint8Array.from(together))
  }
})

test('decided heights leave as they are stored, in as many envelopes as they need, each of them once', async (t) => {
  const { journal } = await open(t)
  const submissions = Array.from({ length: 60 }, () => ({
    id: DIGEST,
    receiptBlock: 1,
    receipts: Array.from({ length: 100 }, () => DIGEST),
  }))
  const entry: Decided['header']['entry'] = {
    ...{ kind: 'manifest' as const, competition: 'c', round: 1, paramsHash: DIGEST, image: DIGEST, closeBlock: 1 },
    ...{ beaconBlock: 1, incumbent: null, thetaPpm: 1, submissions },
  }
  const header = { height: 1, previous: DIGEST, logRoot: DIGEST, block: 1, epoch: 0, entry, evidence: [] }
  const certified = { phase: 'finalize', height: 1, view: 0, value: DIGEST, signatures: [] } as const
  const heights = Array.from({ length: 12 }, (_, index) => height({ header, certificate: certified }, index + 1))
  await journal.append(heights.map((one): JournalRecord => ({ kind: 'decided', decided: one })))
  const numbersIn = (envelopes: readonly Uint8Array[]): readonly (readonly number[])[] =>
    envelopes.map((one) => decodeEnvelope(one).map((r) => (r.kind === 'decided' ? r.decided.header.height : 0)))
  const all = numbersIn(journal.envelopesFrom(1, 64))
  assert.ok(all.length > 1)
  assert.deepEqual(
    all.flat(),
    heights.map((one) => one.header.height),
  )
  assert.deepEqual(numbersIn(journal.envelopesFrom(3, 2)), [[3, 4]])
  assert.deepEqual(journal.envelopesFrom(13, 64), [])
})

test('a journal whose archive lost a message says so instead of restoring something else', async (t) => {
  const { journal, store } = await open(t)
  const message = { ...receipt(1), signature: SIGNATURE }
  await journal.append([{ kind: 'message', message }])
  await store.remove('message', [messageId(message, domains)])
  await assert.rejects(collect(journal.records()), /"lacks":"message .*keys renew/)
})

test('a restart from the journal has the machine that the records themselves give', async (t) => {
  const mesh = createMesh()
  for (const miner of MINERS.slice(0, 2)) mesh.tell(submissionOf(miner, `of ${miner}`))
  mesh.run(() => kindsOf(mesh).includes('result'))
  const { hotkey, journal: written, state } = nodeAt(mesh, 1)
  const guard = { kind: 'guard', height: 1, view: 0, phase: 'notarize', value: DIGEST } as const
  const records: readonly JournalRecord[] = [guard, ...written]
  const { journal } = await open(t)
  for (const one of records) await journal.append([one])
  const genesis = genesisOf()
  const blank = () => ({ genesis, self: hotkey, application, rounds: createRounds({ genesis, self: hotkey }) })
  const { machine: restored, guards } = await restoreFrom(journal, blank(), { info: () => undefined })
  const wanted = restoreMachine({ ...blank(), records })
  assert.deepEqual(guards, [guard])
  assert.deepEqual(restored.rounds, wanted.rounds)
  // Who leads is a function, drawn on demand.
  const plainly = ({ consensus }: typeof restored) => ({
    ...consensus,
    current: { ...consensus.current, leaders: null },
  })
  assert.deepEqual(plainly(restored), plainly(wanted))
  assert.equal(restored.consensus.current.height, kindsOf(mesh).length + 1)
  const results = (from: typeof state) =>
    [...from.competitions.values()].map(({ results, standing }) => ({ results, standing }))
  assert.deepEqual(results(restored.rounds), results(state))
})

test('evidence is found by its id, as an item and as it travels', async (t) => {
  const { journal } = await open(t)
  const evidence = evidenceIn(domains)
  await journal.append([{ kind: 'evidence', evidence }])
  const id = evidenceId(evidence, domains)
  assert.deepEqual(journal.item(id), { kind: 'evidence', evidence })
  assert.deepEqual(decodeEnvelope(journal.envelope(id) ?? assert.fail()), [{ kind: 'evidence', evidence }])
  assert.equal(journal.item('ff'.repeat(32)), null)
})
