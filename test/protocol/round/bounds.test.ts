/** What a node keeps of what peers send: enough to go on, and never without bound. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { messageId } from '../../../protocol/message/message.ts'
import {
  createMesh,
  delegationOf,
  digestOf,
  genesisOf,
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

test('receipts of a submission that nobody has, forgotten for lack of room in a replay, are held no more, and are taken when told again', () => {
  const mesh = createMesh({ world: { signs: ({ message }) => message.kind !== 'receipt' } })
  const node = nodeAt(mesh, 1)
  mesh.head()
  const receiptOf = (submission: string) =>
    mesh.tell({ kind: 'receipt', body: { submission, hotkey: FIRST, block: 101 }, signature: SIGNATURE })
  const late = submissionOf(ANN, 'late')
  const id = messageId(late, mesh.domains)
  const receipt = receiptOf(id)
  mesh.clock.at += 61_000
  mesh.head()
  for (let index = 0; index < 256; index += 1) receiptOf(digestOf(`nothing ${index}`))
  mesh.restart(node)
  assert.deepEqual([node.state.orphans.size, node.state.items.has(receipt)], [256, false])
  mesh.tell(late)
  receiptOf(id)
  assert.equal(node.state.competitions.get(params.id)?.candidates.get(id)?.receipts.size, 1)
})

test('a submission that only its miner wants is forgotten after a day, one in a manifest is not', () => {
  const mesh = createMesh()
  const { state } = nodeAt(mesh, 1)
  const unwanted = submissionOf(ANN, 'unwanted')
  // The round of the other one is void: that one goes on.
  mesh.world.signs = ({ message }) =>
    message.kind === 'receipt' ? message.body.submission !== id : message.kind !== 'commit'
  const id = mesh.tell(unwanted)
  const wanted = mesh.tell(submissionOf(ANN, 'wanted'))
  mesh.run(() => kindsOf(mesh).includes('manifest'))
  const candidates = state.competitions.get(params.id)?.candidates
  mesh.clock.at += 25 * 3_600_000
  mesh.head()
  assert.equal(candidates?.has(id), true, 'a clock alone forgets nothing')
  mesh.clock.head += params.blocksPerDay
  mesh.step()
  assert.deepEqual([candidates?.has(id), candidates?.has(wanted), state.items.has(id)], [false, true, false])
})

test('R-132: a month of submissions whose code nobody hands over leaves no more than a day’s, also after a restart', () => {
  const day = 4_000
  const mesh = createMesh({
    genesis: genesisOf({ params: { blocksPerDay: day } }),
    world: { signs: ({ message }) => message.kind !== 'receipt' },
  })
  mesh.head()
  const node = nodeAt(mesh, 1)
  const held = () => [...(node.state.competitions.get(params.id)?.candidates.keys() ?? [])]
  let most = 0
  for (let days = 0; days < 35; days += 1) {
    for (const miner of MINERS) {
      for (let index = 0; index < 8; index += 1) mesh.tell(submissionOf(miner, `unwanted ${days} ${index}`))
    }
    most = Math.max(most, held().length)
    mesh.clock.at += 24 * 3_600_000
    // Each epoch brings a header.
    for (let block = 0; block <= day; block += 1_000) {
      mesh.clock.head += 999
      mesh.step()
    }
  }
  assert.equal(most, 32)
  for (const miner of MINERS) mesh.tell(submissionOf(miner, 'of today'))
  const before = held()
  assert.ok(before.length >= 4 && before.length <= 32)
  mesh.restart(node)
  assert.deepEqual(held(), before)
  assert.equal(
    [...node.state.items.values()].filter(({ message }) => message.kind === 'submission').length,
    before.length,
  )
})

test('receipts of no submission that the journal tells do not keep newer ones out', () => {
  const mesh = createMesh({ world: { signs: ({ message }) => message.kind !== 'receipt' } })
  const node = nodeAt(mesh, 1)
  mesh.head()
  const receiptOf = (submission: string) =>
    mesh.tell({ kind: 'receipt', body: { submission, hotkey: FIRST, block: 101 }, signature: SIGNATURE })
  for (let index = 0; index < 256; index += 1) receiptOf(digestOf(`nothing ${index}`))
  for (let block = 0; block < 125; block += 1) mesh.head()
  const late = submissionOf(ANN, 'late')
  const id = messageId(late, mesh.domains)
  receiptOf(id)
  mesh.tell(late)
  mesh.restart(node)
  assert.equal(node.state.competitions.get(params.id)?.candidates.get(id)?.receipts.size, 1)
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

test('R-134: a hotkey that signs one delegation after the other fills no memory and no journal, and its newest gets through', () => {
  const mesh = createMesh()
  mesh.head()
  const node = nodeAt(mesh, 1)
  const before = { items: node.state.items.size, journal: node.journal.length }
  const newest = () => node.state.delegations.get(FIRST)?.message.body.counter
  const tell = (counter: number) =>
    mesh.tell({ kind: 'delegation', body: delegationOf(FIRST, counter), signature: SIGNATURE })
  tell(2)
  assert.equal(newest(), 2, 'a change of keys is taken at once')
  for (let counter = 3; counter < 2_000; counter += 1) tell(counter)
  assert.deepEqual([newest(), node.state.items.size], [9, before.items + 8])
  assert.equal(node.journal.length, before.journal + 8)
  assert.equal(nodeAt(mesh, 0).state.delegations.get(FIRST)?.message.body.counter, 1_999, 'its own node takes each')
  // It sends its newest again by itself.
  for (let block = 0; block < 250; block += 1) mesh.head()
  assert.equal(newest(), 1_999)
  mesh.tell(submissionOf(ANN, 'code'))
  mesh.run(() => kindsOf(mesh).includes('manifest'))
  const counters = [...node.state.items.values()].flatMap(({ message }) =>
    message.kind === 'delegation' && message.body.hotkey === FIRST ? [message.body.counter] : [],
  )
  assert.deepEqual(counters, [1, 1_999])
})

test('of many delegations of one hotkey the newest and the one in force are kept', () => {
  const mesh = createMesh()
  const { state } = nodeAt(mesh, 1)
  for (let counter = 2; counter < 12; counter += 1) {
    mesh.clock.at += 60_000
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
