/** Payments in whole rounds: no receipt without one, one submission for each, and none lost where nothing was judged. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PaymentFacts, PaymentRef } from '../../../protocol/chain/payment.ts'
import type { Key } from '../../../protocol/crypto.ts'
import { PAYMENT_BLOCKS_MAX } from '../../../protocol/limits.ts'
import type { ManifestEntry } from '../../../protocol/message/entry.ts'
import type { Signed } from '../../../protocol/message/message.ts'
import { submissionRefusal } from '../../../protocol/round/refusal.ts'
import { roundChange } from './changes.ts'
import {
  blockAt,
  coldkeyOf,
  createMesh,
  faulted,
  genesisOf,
  kindsOf,
  type Mesh,
  MINERS,
  measuredAt,
  metagraphAt,
  nodeAt,
  params,
  submissionOf,
  VALIDATORS,
} from './mesh.ts'
import { FEE_RAO, paidAt, refAt } from './paying.ts'
import type { World } from './world.ts'

const [ANN = '', BEN = ''] = MINERS

const paid = (miner: Key, name: string, payment: PaymentRef | null): Signed<'submission'> => {
  const submission = submissionOf(miner, name)
  return { ...submission, body: { ...submission.body, payment } }
}

const createPaying = (world: Partial<World> = {}, more: Partial<typeof params> = {}) =>
  createMesh({
    genesis: genesisOf({ params: { feeRao: FEE_RAO, ...more } }),
    world: { payment: ({ ref, miner }) => paidAt(ref, miner), ...world },
  })

const manifests = (mesh: Mesh): readonly ManifestEntry[] =>
  mesh.log.flatMap(({ header: { entry } }) => (entry.kind === 'manifest' ? [entry] : []))

const namedIn = (mesh: Mesh): readonly string[] =>
  manifests(mesh).flatMap(({ submissions }) => submissions.map(({ id }) => id))

const receiptsFor = (mesh: Mesh, id: string): number =>
  [...mesh.archive.values()].filter((message) => message.kind === 'receipt' && message.body.submission === id).length

const endRound = (mesh: Mesh, rounds = 1): void =>
  mesh.run(() => kindsOf(mesh).filter((kind) => kind === 'result').length >= rounds, 2_000)

const readsIn = (mesh: Mesh): number =>
  mesh.nodes.flatMap(({ effects }) => effects).filter(({ kind }) => kind === 'readPayment').length

test('R-114: what is paid for is receipted, once each chain has shown it, and looked at once', () => {
  const mesh = createPaying()
  mesh.step()
  const id = mesh.tell(paid(ANN, 'one', refAt(101)))
  mesh.step()
  assert.equal(receiptsFor(mesh, id), 4)
  endRound(mesh)
  assert.deepEqual(namedIn(mesh), [id])
  assert.equal(readsIn(mesh), 4)
})

const bad: readonly (readonly [what: string, facts: (ref: PaymentRef, miner: Key) => PaymentFacts])[] = [
  ['of a forked block', (ref, miner) => ({ ...paidAt(ref, miner), block: blockAt(99) })],
  ['of too little', (ref, miner) => paidAt(ref, miner, FEE_RAO - 1n)],
  ['of somebody else’s coldkey', (ref) => ({ ...paidAt(ref, BEN), owner: coldkeyOf(ANN) })],
  ['that is none', (ref, miner) => ({ ...paidAt(ref, miner), extrinsic: null })],
]
for (const [what, facts] of bad) {
  test(`R-114: a payment ${what} gets no receipt, however often the submission comes`, () => {
    const mesh = createPaying({ payment: ({ ref, miner }) => facts(ref, miner) })
    mesh.step()
    const id = mesh.tell(paid(ANN, 'one', refAt(101)))
    for (let block = 0; block < 30; block += 1) mesh.step()
    assert.equal(receiptsFor(mesh, id), 0)
    assert.deepEqual(namedIn(mesh), [])
    assert.equal(readsIn(mesh), 4)
  })
}

test('R-114: a payment whose block is not final yet is looked at when it is', () => {
  const mesh = createPaying()
  mesh.step()
  const id = mesh.tell(paid(ANN, 'one', refAt(104)))
  mesh.step()
  assert.equal(readsIn(mesh), 0)
  for (let block = 0; block < 3; block += 1) mesh.step()
  assert.equal(receiptsFor(mesh, id), 4)
})

test('R-114: a chain that is a block behind is asked again', () => {
  let isThere = false
  const mesh = createPaying({
    payment: ({ ref, miner }) => (isThere ? paidAt(ref, miner) : { ...paidAt(ref, miner), block: null }),
  })
  mesh.step()
  const id = mesh.tell(paid(ANN, 'one', refAt(101)))
  for (let block = 0; block < 6; block += 1) mesh.step()
  assert.equal(receiptsFor(mesh, id), 0)
  isThere = true
  for (let block = 0; block < 6; block += 1) mesh.step()
  assert.equal(receiptsFor(mesh, id), 4)
})

test('where no fee is asked for none is needed, and one that is named must be true all the same', () => {
  const mesh = createPaying({ payment: ({ ref }) => ({ ...paidAt(ref, BEN), owner: coldkeyOf(ANN) }) }, { feeRao: 0n })
  mesh.step()
  const free = mesh.tell(paid(ANN, 'free', null))
  const stolen = mesh.tell(paid(ANN, 'stolen', refAt(101)))
  mesh.step()
  assert.deepEqual([receiptsFor(mesh, free), receiptsFor(mesh, stolen)], [4, 0])
})

test('an unpaid submission is refused at once where a fee is asked for', () => {
  const mesh = createPaying()
  mesh.step()
  const { body } = paid(ANN, 'one', null)
  const id = mesh.tell(paid(ANN, 'one', null))
  assert.equal(submissionRefusal(nodeAt(mesh, 0).state, id, body), 'UNPAID')
  endlessly(mesh)
  assert.deepEqual(namedIn(mesh), [])
})

/** As long as a round would take to open. */
const endlessly = (mesh: Mesh): void => {
  for (let block = 0; block < 45; block += 1) mesh.step()
}

test('R-115: of two submissions with one payment one is measured, though all have receipts for both', () => {
  const mesh = createPaying()
  mesh.step()
  const ids = ['one', 'two'].map((name) => mesh.tell(paid(ANN, name, refAt(101))))
  mesh.step()
  assert.deepEqual(
    ids.map((id) => receiptsFor(mesh, id)),
    [4, 4],
  )
  endRound(mesh)
  endlessly(mesh)
  const [won = '', ...others] = namedIn(mesh)
  assert.ok(ids.includes(won))
  assert.deepEqual(others, [], 'the other one is never named')
  const lost = ids.find((id) => id !== won) ?? ''
  const { state } = nodeAt(mesh, 2)
  assert.equal(submissionRefusal(state, lost, paid(ANN, 'two', refAt(101)).body), 'SPENT')
  assert.deepEqual([...state.spent.values()], [{ submission: won, competition: params.id, block: 101 }])
  const again = mesh.tell(paid(ANN, 'three', refAt(101)))
  mesh.step()
  assert.equal(receiptsFor(mesh, again), 0)
})

test('R-115: two validators that hold different ones of a pair agree on either', () => {
  const split = { one: VALIDATORS.slice(0, 2), two: VALIDATORS.slice(2) }
  const first = paid(ANN, 'one', refAt(101))
  const second = paid(ANN, 'two', refAt(101))
  const mesh = createPaying({
    delivers: ({ from, to, message }) => {
      if (from !== '' || message.kind !== 'submission') return true
      return split[message.body.bundle === first.body.bundle ? 'one' : 'two'].includes(to)
    },
  })
  mesh.step()
  const ids = [mesh.tell(first), mesh.tell(second)]
  endRound(mesh)
  endlessly(mesh)
  assert.equal(namedIn(mesh).length, 1)
  assert.ok(ids.includes(namedIn(mesh)[0] ?? ''))
})

test('R-115: a manifest that spends a payment twice, in itself or again, is provably wrong', () => {
  const mesh = createPaying()
  mesh.step()
  const [one = '', two = ''] = ['one', 'two'].map((name) => mesh.tell(paid(ANN, name, refAt(101))))
  while (mesh.clock.head < 121) mesh.head()
  const node = nodeAt(mesh, 0)
  const refs = [one, two].map((id) => {
    const receipts = [...mesh.archive].flatMap(([key, message]) =>
      message.kind === 'receipt' && message.body.submission === id ? [key] : [],
    )
    return { id, receiptBlock: 101, receipts: receipts.sort() }
  })
  const entry: ManifestEntry = {
    kind: 'manifest',
    competition: params.id,
    round: 1,
    paramsHash: node.state.competitions.get(params.id)?.paramsHash ?? '',
    image: params.image,
    closeBlock: 120,
    beaconBlock: mesh.clock.head + 6,
    incumbent: null,
    thetaPpm: params.thetaPpm,
    submissions: refs.sort((a, b) => (a.id < b.id ? -1 : 1)),
  }
  assert.deepEqual(mesh.check(node, entry), { kind: 'invalid', reason: 'one payment twice' })
  for (const ref of refs) assert.equal(mesh.check(node, { ...entry, submissions: [ref] }).kind, 'valid')
  const [first, second] = refs
  assert.ok(first && second)
  mesh.decide({ ...entry, submissions: [first] })
  // In another round, when the first one's is over.
  endRound(mesh)
  const later = { ...entry, round: 2, closeBlock: closeOf(mesh), beaconBlock: mesh.clock.head + 6 }
  const incumbent = node.state.competitions.get(params.id)?.standing.records.at(-1)?.submission ?? null
  // It was forgotten, and is pulled since a proposal names it.
  assert.equal(mesh.check(node, { ...later, incumbent, submissions: [second] }).kind, 'wait')
  const answer = mesh.check(node, { ...later, incumbent, submissions: [second] })
  assert.deepEqual(answer, { kind: 'invalid', reason: 'SPENT' })
})

/** The newest close at or below the head, a new one. */
const closeOf = (mesh: Mesh): number => {
  while ((mesh.clock.head - 100) % params.roundBlocks !== 0) mesh.head()
  return mesh.clock.head
}

test('R-117: what hosts could not measure goes on without paying again, and its fee is free when it is given up', () => {
  let isWell = false
  const mesh = createPaying({
    measure: ({ submission }) =>
      isWell ? measuredAt(submission, 1_200_000) : faulted(submission, 'infra', 'SANDBOX_START'),
  })
  mesh.step()
  const id = mesh.tell(paid(ANN, 'one', refAt(101)))
  endRound(mesh, 4)
  assert.deepEqual(namedIn(mesh), [id, id, id, id])
  assert.equal(nodeAt(mesh, 0).state.spent.size, 1)
  endRound(mesh, 5)
  for (const { state } of mesh.nodes) assert.equal(state.spent.size, 0, 'given up after five rounds')
  isWell = true
  const next = mesh.tell(paid(ANN, 'two', refAt(101)))
  endRound(mesh, 6)
  assert.equal(namedIn(mesh).at(-1), next)
  assert.equal(nodeAt(mesh, 1).state.spent.size, 1)
})

test('R-117: a fee that begins costs those nothing whom a manifest has named, and the others theirs', () => {
  const mesh = createPaying(
    { measure: ({ submission }) => faulted(submission, 'infra', 'SANDBOX_START') },
    { feeRao: 0n },
  )
  mesh.step()
  const named = mesh.tell(paid(ANN, 'named', null))
  endRound(mesh, 1)
  mesh.tell(roundChange({ feeRao: FEE_RAO }, { activationHeight: mesh.log.length + 2 }))
  mesh.run(() => nodeAt(mesh, 0).state.competitions.get(params.id)?.params.feeRao === FEE_RAO)
  const late = mesh.tell(paid(BEN, 'late', null))
  endRound(mesh, 3)
  assert.deepEqual([...new Set(namedIn(mesh))], [named])
  assert.equal(receiptsFor(mesh, late), 0)
})

test('R-116: a payment that is too old is not looked at, and what has its verdict is forgotten when it is', () => {
  const far = 101 + PAYMENT_BLOCKS_MAX
  const mesh = createPaying({ metagraph: (block) => ({ ...metagraphAt(block), epoch: 1, epochStart: 0 }) })
  mesh.step()
  mesh.tell(paid(ANN, 'one', refAt(101)))
  endRound(mesh)
  assert.equal(nodeAt(mesh, 0).state.spent.size, 1)
  mesh.clock.head = far
  mesh.step()
  const { body } = paid(BEN, 'old', refAt(102))
  const old = mesh.tell(paid(BEN, 'old', refAt(102)))
  assert.equal(submissionRefusal(nodeAt(mesh, 0).state, old, body), 'TOO_OLD')
  mesh.tell(paid(BEN, 'new', refAt(far)))
  // The jump itself opens a round, of the leader alone.
  endRound(mesh, 3)
  const { spent } = nodeAt(mesh, 3).state
  assert.deepEqual(
    [...spent.values()].map(({ block }) => block),
    [far],
  )
})

test('a restarted validator has the same spent payments, and looks at those that it has not receipted again', () => {
  const mesh = createPaying()
  mesh.step()
  mesh.tell(paid(ANN, 'one', refAt(101)))
  endRound(mesh)
  const node = nodeAt(mesh, 1)
  const before = [...node.state.spent]
  node.isUp = false
  mesh.restart(node)
  assert.deepEqual([...node.state.spent], before)
  assert.equal(before.length, 1)
})

const changeParams = (mesh: Mesh, values: Partial<typeof params>): void => {
  const before = kindsOf(mesh).filter((kind) => kind === 'params').length
  mesh.tell(roundChange({ feeRao: FEE_RAO, ...values }, { activationHeight: mesh.log.length + 2 }))
  mesh.run(() => kindsOf(mesh).filter((kind) => kind === 'params').length > before)
}

test('R-117: a limit of size that falls ends nothing that a manifest has named, also in a round that was void', () => {
  let isSilent = true
  const mesh = createPaying({
    measure: ({ submission }) => faulted(submission, 'infra', 'ENGINE_DOWN'),
    signs: ({ message }) => !(isSilent && message.kind === 'commit'),
  })
  mesh.step()
  const id = mesh.tell(paid(ANN, 'one', refAt(101)))
  mesh.run(() => kindsOf(mesh).includes('void'))
  isSilent = false
  changeParams(mesh, { bundleBytesMax: 500 })
  endRound(mesh, 5)
  assert.deepEqual(namedIn(mesh), Array(6).fill(id))
  for (const { state } of mesh.nodes) {
    assert.equal(state.competitions.get(params.id)?.standing.finished.has(id), true)
    assert.equal(state.spent.size, 0)
  }
})

test('R-62: five results are all that a submission gets, also where no manifest can name it any more', () => {
  const [one = '', two = ''] = VALIDATORS
  let isGone = false
  const mesh = createPaying({
    measure: ({ submission }) => faulted(submission, 'infra', 'ENGINE_DOWN'),
    // Half of the committee never receipts it once it was named: as after an epoch whose newcomers cannot get its code.
    signs: ({ hotkey, message }) =>
      !(isGone && message.kind === 'receipt' && message.body.submission === id && [one, two].includes(hotkey)),
  })
  mesh.step()
  let id = ''
  id = mesh.tell(paid(ANN, 'one', refAt(101)))
  endRound(mesh, 1)
  isGone = true
  for (const { state } of mesh.nodes) {
    const candidate = state.competitions.get(params.id)?.candidates.get(id)
    for (const hotkey of [one, two]) candidate?.receipts.delete(hotkey)
  }
  for (let round = 2; round <= 5; round += 1) {
    mesh.tell(paid(BEN, `other ${round}`, refAt(101 + round)))
    endRound(mesh, round)
  }
  assert.equal(namedIn(mesh).filter((named) => named === id).length, 1)
  for (const { state } of mesh.nodes) {
    assert.equal(state.competitions.get(params.id)?.standing.finished.has(id), true)
    assert.equal(
      [...state.spent.values()].some(({ submission }) => submission === id),
      false,
    )
  }
})

test('R-117: who comes to the committee later signs a receipt for what is under way, whatever the fee or the number a day is now', () => {
  const late = VALIDATORS[3] ?? ''
  let isLate = true
  const mesh = createPaying({
    measure: ({ submission }) => faulted(submission, 'infra', 'ENGINE_DOWN'),
    signs: ({ hotkey, message }) => !(isLate && hotkey === late && message.kind === 'receipt'),
  })
  mesh.step()
  const id = mesh.tell(paid(ANN, 'one', refAt(101)))
  endRound(mesh)
  changeParams(mesh, { feeRao: 2n * FEE_RAO, dailySubmissionsMax: 1 })
  const node = nodeAt(mesh, 3)
  mesh.restart(node)
  isLate = false
  for (let block = 0; block < 3; block += 1) mesh.step()
  assert.equal(receiptsFor(mesh, id), 4)
  const fresh = mesh.tell(paid(ANN, 'two', refAt(mesh.clock.head)))
  for (let block = 0; block < 6; block += 1) mesh.step()
  assert.equal(receiptsFor(mesh, fresh), 0, 'a new one pays the new fee')
})
