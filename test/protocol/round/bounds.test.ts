/** What a node keeps of what peers send: enough to go on, and never without bound. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  createMesh,
  delegationOf,
  digestOf,
  kindsOf,
  MINERS,
  nodeAt,
  params,
  submissionOf,
  VALIDATORS,
} from './mesh.ts'
import { SIGNATURE } from './signing.ts'

const [ANN = ''] = MINERS
const [FIRST = ''] = VALIDATORS

test('receipts for submissions that do not exist are bounded, asked about, and forgotten after a minute', () => {
  const mesh = createMesh()
  const { state } = nodeAt(mesh, 1)
  mesh.head()
  for (let index = 0; index < 300; index += 1) {
    const body = { submission: digestOf(`nothing ${index}`), hotkey: FIRST, block: 101 }
    mesh.tell({ kind: 'receipt', body, signature: SIGNATURE })
  }
  assert.equal(state.orphans.size, 256)
  for (let block = 0; block < 125; block += 1) mesh.head()
  assert.equal(state.orphans.size, 0)
  assert.ok([...state.items.values()].every(({ message }) => message.kind === 'delegation'))
})

test('a submission that only its miner wants is forgotten after a day, one in a manifest is not', () => {
  const mesh = createMesh()
  const { state } = nodeAt(mesh, 1)
  const unwanted = submissionOf(ANN, 'unwanted')
  mesh.world.signs = ({ message }) => message.kind !== 'receipt' || message.body.submission !== id
  const id = mesh.tell(unwanted)
  const wanted = mesh.tell(submissionOf(ANN, 'wanted'))
  mesh.run(() => kindsOf(mesh).includes('manifest'))
  mesh.clock.at += 25 * 3_600_000
  mesh.head()
  const candidates = state.competitions.get(params.id)?.candidates
  assert.deepEqual([candidates?.has(id), candidates?.has(wanted), state.items.has(id)], [false, true, false])
})

test('one miner’s submissions that wait are bounded, unless validators vouch for one', () => {
  const mesh = createMesh()
  mesh.world.signs = ({ message }) => message.kind !== 'receipt'
  const { state } = nodeAt(mesh, 1)
  mesh.head()
  for (let index = 0; index < 20; index += 1) mesh.tell(submissionOf(ANN, `code ${index}`))
  const candidates = state.competitions.get(params.id)?.candidates
  assert.equal(candidates?.size, 2 * params.dailySubmissionsMax)
  const vouched = submissionOf(ANN, 'vouched')
  const id = mesh.tell(vouched)
  assert.equal(candidates?.has(id), false)
  for (const hotkey of VALIDATORS.slice(0, 2)) {
    mesh.tell({ kind: 'receipt', body: { submission: id, hotkey, block: 101 }, signature: SIGNATURE })
  }
  for (let block = 0; block < 3; block += 1) mesh.head()
  assert.equal(candidates?.has(id), true)
})

test('of many delegations of one hotkey the newest and the one in force are kept', () => {
  const mesh = createMesh()
  const { state } = nodeAt(mesh, 1)
  for (let counter = 2; counter < 12; counter += 1) {
    mesh.tell({ kind: 'delegation', body: delegationOf(FIRST, counter), signature: SIGNATURE })
  }
  mesh.tell({ kind: 'delegation', body: delegationOf(digestOf('stranger'), 1), signature: SIGNATURE })
  mesh.tell(submissionOf(ANN, 'code'))
  mesh.run(() => kindsOf(mesh).includes('result'))
  const counters = [...state.items.values()].flatMap(({ message }) =>
    message.kind === 'delegation' && message.body.hotkey === FIRST ? [message.body.counter] : [],
  )
  assert.deepEqual(counters, [1, 11])
  assert.equal(state.delegations.size, VALIDATORS.length)
})
