/** Promises to peers that ask: what is here is answered, what is not is refused with its reason, matrices only to members. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { PaymentRefusal } from '../../../node/chain/payment.ts'
import { createJournal } from '../../../node/machine/journal.ts'
import { MeshError, type RequestKind } from '../../../node/mesh/index.ts'
import { submitAnswer, submitRequest } from '../../../node/miner/bundle.ts'
import { createServer } from '../../../node/peers/serve.ts'
import { openStore } from '../../../node/store/index.ts'
import { heightsRequest, itemsAnswer, itemsRequest, standingAnswer } from '../../../node/sync/messages.ts'
import {
  type Decided,
  decode,
  decodeEnvelope,
  domainsOf,
  encode,
  encodeEnvelopes,
  evidenceId,
  hash,
  hexToBytes,
  messageId,
  ProtocolError,
  packBundle,
  type Signed,
  type SubmissionRefusal,
} from '../../../protocol/index.ts'
import { genesisOf, params } from '../../protocol/round/mesh.ts'
import { DIGEST, evidenceIn, receipt, SIGNATURE } from '../fakes.ts'
import { newFolder } from '../store/folder.ts'

const genesis = genesisOf()
const domains = domainsOf(genesis)
const matrix = Uint8Array.of(7, 7, 7)
const bundle = packBundle([{ path: 'solution.py', content: new Uint8Array(100).fill(35) }])

const submissionOf = (more: Partial<Signed<'submission'>['body']> = {}): Signed<'submission'> => ({
  kind: 'submission',
  body: {
    ...{ competition: params.id, hotkey: DIGEST, scheme: 'sr25519', bundle: hash(bundle), sizeBytes: 100 },
    ...{ payment: null, ...more },
  },
  signature: SIGNATURE,
})
const envelope = (content: Parameters<typeof encodeEnvelopes>[0]): Uint8Array => {
  const [only] = encodeEnvelopes(content)
  assert.ok(only)
  return only
}
const request = (message: Signed, bytes = bundle): Uint8Array =>
  encode(submitRequest, { message: envelope({ kind: 'message', message }), bundle: bytes })

const create = async (
  t: TestContext,
  o: {
    accept?: () => Promise<void>
    refusal?: SubmissionRefusal
    unpaid?: PaymentRefusal
    fault?: string
    sealed?: number
  } = {},
) => {
  const dir = newFolder(t)
  const store = await openStore({ dir })
  t.after(() => store.close())
  const journal = createJournal({ store, domains })
  const told: string[] = []
  const serve = createServer({
    domains,
    store,
    journal,
    inbox: () => ({
      receive: () => Promise.reject(new Error('not asked for in this test')),
      accept: async (received, from) => {
        await o.accept?.()
        told.push(`accept ${received.kind} ${from}`)
      },
    }),
    poolIndex: { isSecret: async (digest) => digest === hash(matrix) },
    sealedUntil: (digest) => (digest === hash(bundle) ? (o.sealed ?? null) : null),
    pool: {
      read: async (digest) => (digest === hash(matrix) ? matrix : undefined),
    },
    stored: (digest) => told.push(`stored ${digest}`),
    isMember: (peerId) => peerId === 'member',
    paramsOf: (id) => genesis.competitions.find((one) => one.id === id),
    wholeBelow: () => 17,
    refusalOf: async () => o.refusal ?? null,
    paymentRefusalOf: async () => o.unpaid ?? null,
    paramsRefusalOf: async () => o.fault ?? null,
  })
  const ask = (kind: RequestKind, data: Uint8Array, from = 'stranger') => serve({ from, kind, data })
  const refused = async (kind: RequestKind, data: Uint8Array, reason: RegExp): Promise<void> =>
    assert.rejects(
      ask(kind, data),
      (error) => error instanceof MeshError && error.code === 'REFUSED' && reason.test(String(error.facts['reason'])),
    )
  return { dir, store, journal, told, ask, refused }
}

test('a question whose key is no digest is refused: a peer writes no error into this node’s log', async (t) => {
  const { refused } = await create(t)
  for (const size of [0, 31, 33, 1000]) {
    await refused('item', new Uint8Array(size), /BAD_SHAPE/)
    await refused('blob', new Uint8Array(size), /BAD_SHAPE/)
  }
})

test('a blob is answered to anyone, a pool’s matrix to members of the committee only', async (t) => {
  const { store, ask, refused } = await create(t)
  await store.putBlob(bundle)
  assert.deepEqual(Buffer.from(await ask('blob', hexToBytes(hash(bundle)))), Buffer.from(bundle))
  await refused('blob', hexToBytes(hash(matrix)), /for committee members until a round has used them/)
  assert.deepEqual(await ask('blob', hexToBytes(hash(matrix)), 'member'), matrix)
  await refused('blob', hexToBytes(DIGEST), /not here/)
})

test('a blob that the disk has damaged is as good as none: whoever asks is refused, and may ask the next one', async (t) => {
  const { dir, store, refused } = await create(t)
  const digest = await store.putBlob(bundle)
  writeFileSync(join(dir, 'blobs', digest.slice(0, 2), digest), 'damaged')
  await refused('blob', hexToBytes(digest), /^not here$/)
})

test('code is for committee members only while it is sealed', async (t) => {
  const { store, ask, refused } = await create(t, { sealed: 7_300 })
  await store.putBlob(bundle)
  await refused('blob', hexToBytes(hash(bundle)), /sealed, for committee members only, up to block 7300/)
  assert.deepEqual(Buffer.from(await ask('blob', hexToBytes(hash(bundle)), 'member')), Buffer.from(bundle))
})

test('a message is answered by its id, decided heights by number', async (t) => {
  const { journal, ask, refused } = await create(t)
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
  const decided: Decided = {
    header,
    certificate: { phase: 'finalize', height: 1, view: 0, value: DIGEST, signatures: [] },
  }
  await journal.append([
    { kind: 'message', message },
    { kind: 'decided', decided },
  ])
  assert.deepEqual(decodeEnvelope(await ask('item', hexToBytes(messageId(message, domains)))), [
    { kind: 'message', message },
  ])
  await refused('item', hexToBytes(DIGEST), /not here/)
  assert.deepEqual(decodeEnvelope(await ask('certificates', encode(heightsRequest, { from: 1 }))), [
    { kind: 'decided', decided },
  ])
  assert.deepEqual(decodeEnvelope(await ask('certificates', encode(heightsRequest, { from: 2 }))), [])
  await refused('certificates', Uint8Array.of(1), /BAD_SHAPE/)
  assert.deepEqual(decode(standingAnswer, await ask('status', new Uint8Array())), { height: 17 })
})

test('messages are answered many at once, as asked, without those that are not here, and no more than one answer holds', async (t) => {
  const { journal, ask, refused } = await create(t)
  const small: Signed = { ...receipt(1), signature: SIGNATURE }
  const large = (round: number): Signed => ({
    kind: 'reveal',
    body: {
      competition: 'c',
      round,
      manifest: DIGEST,
      hotkey: DIGEST,
      nonce: DIGEST,
      statement: new Uint8Array(250 << 10),
    },
    signature: SIGNATURE,
  })
  const messages = [...Array.from({ length: 17 }, (_, round) => large(round)), small]
  await journal.append(messages.map((message) => ({ kind: 'message', message })))
  const ids = messages.map((message) => messageId(message, domains))
  const read = async (wanted: readonly string[]) =>
    decode(itemsAnswer, await ask('items', encode(itemsRequest, { ids: wanted }))).items.flatMap(decodeEnvelope)
  assert.deepEqual(await read([ids[17] ?? '', DIGEST, ids[0] ?? '']), [
    { kind: 'message', message: small },
    { kind: 'message', message: messages[0] },
  ])
  assert.equal((await read(ids)).length, 16)
  await refused('items', Uint8Array.of(1), /BAD_SHAPE/)
})

test('a submission is accepted, kept and told, in this order, and answered with its id', async (t) => {
  const { store, told, ask } = await create(t)
  const message = submissionOf()
  const answer = decode(submitAnswer, await ask('submit', request(message), 'miner'))
  assert.equal(answer.id, messageId(message, domains))
  assert.deepEqual(told, ['accept message miner', `stored ${hash(bundle)}`])
  assert.ok(await store.hasBlob(hash(bundle)))
})

const tooLarge = packBundle([{ path: 'solution.py', content: new Uint8Array(params.bundleBytesMax + 1) }])
const otherName = packBundle([{ path: 'main.py', content: new Uint8Array(100) }])
const refusals: readonly (readonly [string, Uint8Array, RegExp])[] = [
  ['bytes that are no request', Uint8Array.of(1, 2), /BAD_SHAPE/],
  ['another message than a submission', request({ ...receipt(1), signature: SIGNATURE }), /neither a submission/],
  [
    'a competition that this mesh does not run',
    request(submissionOf({ competition: 'other' })),
    /no competition other/,
  ],
  ['a bundle with another digest', request(submissionOf({ bundle: DIGEST })), /the digest that was signed/],
  ['another size than claimed', request(submissionOf({ sizeBytes: 99 })), /claimed/],
  [
    'a solution over the limit',
    request(submissionOf({ bundle: hash(tooLarge), sizeBytes: params.bundleBytesMax + 1 }), tooLarge),
    /OVERSIZE/,
  ],
  ['another file than solution.py', request(submissionOf({ bundle: hash(otherName) }), otherName), /solution\.py/],
]
for (const [what, data, reason] of refusals) {
  test(`${what} is refused with the reason, and nothing of it is kept`, async (t) => {
    const { told, store, refused } = await create(t)
    await refused('submit', data, reason)
    assert.deepEqual(told, [])
    for (const bytes of [bundle, tooLarge, otherName]) assert.ok(!(await store.hasBlob(hash(bytes))))
  })
}

test('a submission whose signature does not hold leaves nothing on this disk', async (t) => {
  const { store, told, refused } = await create(t, { accept: () => Promise.reject(new ProtocolError('FORGED')) })
  await refused('submit', request(submissionOf()), /FORGED/)
  assert.deepEqual(told, [])
  assert.ok(!(await store.hasBlob(hash(bundle))))
})

test('an error of this node’s own is no refusal', async (t) => {
  const { ask } = await create(t, { accept: () => Promise.reject(new Error('a bug')) })
  await assert.rejects(ask('submit', request(submissionOf())), /a bug/)
})

test('a submission that the machine does not take is refused at once, with what to do, and its bundle is not kept', async (t) => {
  const { store, told, refused } = await create(t, { refusal: 'UNREGISTERED' })
  await refused('submit', request(submissionOf()), /UNREGISTERED.*register/)
  assert.equal(await store.hasBlob(hash(bundle)), false)
  assert.deepEqual(told, ['accept message stranger'])
})

test('a submission whose payment does not pay is refused with the reason, and its bundle is not kept', async (t) => {
  for (const [unpaid, reason] of [
    ['TOO_LITTLE', /^TOO_LITTLE: the transfer is less than the fee/],
    ['NOT_FINAL', /^NOT_FINAL: .*try again/],
    ['CHAIN_AWAY', /^CHAIN_AWAY: .*another validator/],
  ] as const) {
    const { store, told, refused } = await create(t, { unpaid })
    await refused('submit', request(submissionOf()), reason)
    assert.equal(await store.hasBlob(hash(bundle)), false)
    assert.deepEqual(told, ['accept message stranger'], 'its signature was looked at first')
  }
})

const changed = (): Signed<'params'> => ({
  kind: 'params',
  body: {
    hotkey: DIGEST,
    scheme: 'sr25519',
    counter: 1,
    activationHeight: 9,
    change: { kind: 'mesh', deltaMs: 500, weightCapPpm: 330_000, weightsEveryBlocks: 10, evidenceEpochs: 3 },
  },
  signature: SIGNATURE,
})

test('the owner’s change of parameters is taken and answered with its id', async (t) => {
  const { told, ask } = await create(t)
  const message = changed()
  const { id } = decode(submitAnswer, await ask('submit', request(message, new Uint8Array())))
  assert.equal(id, messageId(message, domains))
  assert.deepEqual(told, ['accept message stranger'])
})

test('a change of parameters that the machine does not take is refused with what to do', async (t) => {
  const faults = { owner: /subnet owner/, activation: /sign again/, deltaMs: /deltaMs is out of its range/ }
  for (const [fault, reason] of Object.entries(faults)) {
    const { refused } = await create(t, { fault })
    await refused('submit', request(changed(), new Uint8Array()), reason)
  }
})

test('evidence is answered by its id, as a message is', async (t) => {
  const { journal, ask } = await create(t)
  const evidence = evidenceIn(domains)
  await journal.append([{ kind: 'evidence', evidence }])
  const id = evidenceId(evidence, domains)
  assert.deepEqual(decodeEnvelope(await ask('item', hexToBytes(id))), [{ kind: 'evidence', evidence }])
  const { items } = decode(itemsAnswer, await ask('items', encode(itemsRequest, { ids: [id] })))
  assert.deepEqual(
    items.flatMap((one) => decodeEnvelope(one)),
    [{ kind: 'evidence', evidence }],
  )
})
