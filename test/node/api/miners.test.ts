/** Promises of the HTTP interface to miners: the boards, code that opens after a day, what is left of a day, who had a code first. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { paymentView } from '../../../node/api/miners.ts'
import { encodeSs58, hash, isIncluded, packBundle } from '../../../protocol/index.ts'
import { blockAt, digestOf, MINERS, params, submissionOf } from '../../protocol/round/mesh.ts'
import { refAt } from '../../protocol/round/paying.ts'
import { create, get, matrices, poolManifest, world } from './world.ts'

test('the leaderboard has the staircase with its values, what the lead pays now, and the link board', async () => {
  const { body } = await get('/leaderboard')
  const [record] = body.records
  assert.deepEqual([body.records.length, record.metricPpm], [1, 1_200_000])
  assert.deepEqual(Object.keys(record.values), ['linkPpm', 'ratioPpb', 'timeNanos'])
  const { burnPpm, decayBlocks } = params
  const left = decayBlocks - (200 - record.block)
  assert.equal(body.leadPaysPpm, Math.floor(((1_000_000 - burnPpm) * left) / decayBlocks))
  assert.deepEqual(body.link, [
    { submission: world.id, miner: encodeSs58(MINERS[0] ?? ''), round: 1, linkPpm: record.values.linkPpm },
  ])
})

test('code is sealed for a day of blocks after its receipt, then everyone may read it', async () => {
  const { rounds } = world.machine
  const { bundle, opensAtBlock } = (await get(`/submissions/${world.id}`)).body
  // With the mark that some editors write: without it the code would have another digest.
  const content = '\uFEFFcompress = bytes\n'
  const packed = packBundle([{ path: 'solution.py', content: new TextEncoder().encode(content) }])
  const app = create({ blobs: new Map([[bundle, packed]]) })
  const path = `/submissions/${world.id}/code`
  const sealed = await get(path, app)
  assert.deepEqual([sealed.status, sealed.body.detail], [403, `this code is sealed up to block ${opensAtBlock}`])
  const { head } = rounds
  try {
    rounds.head = blockAt(opensAtBlock - 1)
    assert.equal((await get(path, app)).status, 403)
    rounds.head = blockAt(opensAtBlock)
    const { status, body } = await get(path, app)
    assert.equal(status, 200)
    assert.deepEqual(body.files, [{ path: 'solution.py', content }])
    assert.equal((await get(`/submissions/${world.id}`)).body.opensAtBlock, null)
    assert.equal((await get(path)).status, 404, 'public, but not here')
  } finally {
    rounds.head = head
  }
  assert.equal((await get(`/submissions/${world.waiting}/code`, app)).status, 403)
})

test('a miner sees how much of its day is used, and whether it is registered', async () => {
  const ann = encodeSs58(MINERS[0] ?? '')
  const { status, body } = await get(`/miners/${ann}`)
  assert.deepEqual([status, body.hotkey, body.isRegistered], [200, ann, null])
  assert.deepEqual(body.competitions, [{ competition: params.id, usedToday: 1, dailyMax: params.dailySubmissionsMax }])
  assert.equal((await get(`/miners/${ann.slice(0, -1)}${ann.endsWith('1') ? '2' : '1'}`)).status, 404)
  assert.equal((await get('/miners/0OIl')).status, 400)
})

test('a code’s submissions are found by its bundle, those that wait and those that were measured', async () => {
  const of = async (name: string) => (await get(`/bundles/${digestOf(name)}`)).body.submissions
  const [ann, bob] = MINERS.map(encodeSs58)
  assert.deepEqual(await of('first'), [{ submission: world.id, competition: params.id, miner: ann, verdict: 'pass' }])
  assert.deepEqual(await of('second'), [
    { submission: world.waiting, competition: params.id, miner: bob, verdict: null },
  ])
  assert.deepEqual(await of('third'), [])
})

test('what a decided round was measured on is shown with proofs and handed out, other matrices are not', async () => {
  const blobs = new Map([poolManifest, ...matrices].map((bytes) => [hash(bytes), bytes]))
  const app = create({ blobs })
  const { status, body } = await get(`/rounds/${params.id}/1/inputs`, app)
  assert.equal(status, 200)
  assert.deepEqual([body.matrices.length, body.size, body.poolManifest], [30, 40, hash(poolManifest)])
  const drawn = new Set<string>()
  for (const { digest, index, proof } of body.matrices) {
    drawn.add(digest)
    assert.ok(isIncluded({ leaf: digest, index, size: body.size, proof, root: body.poolRoot }))
    const response = await app.inject(`/matrices/${digest}`)
    assert.equal(response.statusCode, 200)
    assert.equal(hash(response.rawPayload), digest)
  }
  const secret = matrices.map((bytes) => hash(bytes)).find((digest) => !drawn.has(digest))
  assert.equal((await get(`/matrices/${secret}`, app)).status, 403)
  assert.equal((await get(`/matrices/${digestOf('no matrix')}`, app)).status, 404)
  assert.equal((await get(`/rounds/${params.id}/2/inputs`, app)).status, 404)
})

test('a submission that waits tells what pays for it, and what this validator’s chain shows of that', () => {
  const message = submissionOf(MINERS[0] ?? '', 'waits')
  const held = { id: world.id, message, since: null }
  const candidate = { held, receipts: new Map(), sinceBlock: null, found: null }
  assert.equal(paymentView(candidate), null)
  const paid = { ...held, message: { ...message, body: { ...message.body, payment: refAt(101, 3) } } }
  assert.deepEqual(paymentView({ ...candidate, held: paid }), { extrinsic: '101-3', found: null })
  assert.deepEqual(paymentView({ ...candidate, held: paid, found: 'TOO_LITTLE' }), {
    extrinsic: '101-3',
    found: 'TOO_LITTLE',
  })
})
