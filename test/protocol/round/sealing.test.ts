/** Sealed code: who names it, when it opens, and what is forgotten. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sealedUntil } from '../../../protocol/round/sealing.ts'
import {
  createMesh,
  digestOf,
  faulted,
  genesisOf,
  kindsOf,
  MINERS,
  type Node,
  nodeAt,
  params,
  submissionOf,
} from './mesh.ts'

const [ANN = '', BOB = ''] = MINERS
const DAY = 40

/** Rounds of 20 blocks and days of two rounds. */
const short = () => createMesh({ genesis: genesisOf({ params: { blocksPerDay: DAY } }) })

const competitionOf = (node: Node) => {
  const competition = node.state.competitions.get(params.id)
  assert.ok(competition)
  return competition
}

test('code opens a day of blocks after its receipt, on every node at the same block', () => {
  const mesh = short()
  mesh.tell(submissionOf(ANN, 'code'))
  mesh.run(() => kindsOf(mesh).includes('manifest'))
  const manifest = mesh.log.find(({ header }) => header.entry.kind === 'manifest')?.header.entry
  assert.ok(manifest?.kind === 'manifest')
  const opens = (manifest.submissions[0]?.receiptBlock ?? 0) + DAY
  const untils = () => mesh.nodes.map(({ state }) => sealedUntil(state, digestOf('code')))
  assert.deepEqual(untils(), Array(4).fill(opens))
  mesh.run(() => mesh.clock.head >= opens - 1)
  assert.deepEqual(untils(), Array(4).fill(opens))
  mesh.head()
  assert.deepEqual(untils(), Array(4).fill(null))
})

test('code that waits for its manifest is sealed, without receipts for as long as it waits', () => {
  const mesh = createMesh()
  mesh.world.signs = ({ message }) => message.kind !== 'receipt'
  mesh.head()
  mesh.tell(submissionOf(ANN, 'code'))
  const { state } = nodeAt(mesh, 0)
  assert.equal(sealedUntil(state, digestOf('code')), Number.MAX_SAFE_INTEGER)
  mesh.world.signs = () => true
  mesh.run(() => (sealedUntil(state, digestOf('code')) ?? 0) <= mesh.clock.head + params.blocksPerDay)
  assert.deepEqual(kindsOf(mesh), [])
  assert.equal(sealedUntil(state, digestOf('something else')), null)
})

test('one code under two names opens with the first, and open code stays open', () => {
  const mesh = short()
  mesh.tell(submissionOf(ANN, 'code'))
  mesh.run(() => kindsOf(mesh).includes('result'))
  const { state } = nodeAt(mesh, 1)
  mesh.run(() => sealedUntil(state, digestOf('code')) === null)
  mesh.tell(submissionOf(BOB, 'code'))
  for (let block = 0; block < 3; block += 1) mesh.head()
  assert.equal(sealedUntil(state, digestOf('code')), null)
  mesh.run(() => kindsOf(mesh).filter((kind) => kind === 'result').length > 1)
  assert.equal(sealedUntil(state, digestOf('code')), null)
})

test('R-107: the leader’s code, open and long out of every manifest, is not sealed again by who submits it', () => {
  const mesh = short()
  const { state } = nodeAt(mesh, 1)
  const manifests = () => kindsOf(mesh).filter((kind) => kind === 'manifest').length
  mesh.tell(submissionOf(ANN, 'code'))
  mesh.run(() => kindsOf(mesh).includes('result'))
  // Rounds of the leader alone.
  mesh.run(() => manifests() > 5)
  assert.equal(sealedUntil(state, digestOf('code')), null)
  mesh.tell(submissionOf(BOB, 'code'))
  const before = manifests()
  mesh.run(() => manifests() > before)
  assert.ok(
    mesh.log.some(
      ({ header: { entry } }) => entry.kind === 'manifest' && entry.round > 5 && entry.submissions.length > 0,
    ),
  )
  assert.equal(sealedUntil(state, digestOf('code')), null)
})

test('a restart knows what is sealed, and what has opened and was measured stays open, whoever submits it again', () => {
  const mesh = short()
  mesh.world.measure = ({ submission }) => faulted(submission, 'miner', 'TIMEOUT')
  mesh.tell(submissionOf(ANN, 'first'))
  mesh.run(() => kindsOf(mesh).includes('manifest'))
  const node = nodeAt(mesh, 2)
  const before = [...competitionOf(node).sealedUntil]
  assert.equal(before.length, 1)
  mesh.restart(node)
  assert.deepEqual([...competitionOf(node).sealedUntil], before)
  for (let day = 0; day < DAY; day += 1) mesh.head()
  mesh.tell(submissionOf(BOB, 'second'))
  mesh.run(() => kindsOf(mesh).filter((kind) => kind === 'manifest').length > 1)
  for (let day = 0; day < 2 * DAY; day += 1) mesh.head()
  assert.equal(sealedUntil(node.state, digestOf('first')), null)
  mesh.tell(submissionOf(BOB, 'first'))
  for (let block = 0; block < 3; block += 1) mesh.head()
  assert.equal(sealedUntil(node.state, digestOf('first')), null)
  mesh.tell(submissionOf(BOB, 'third'))
  mesh.run(() => kindsOf(mesh).filter((kind) => kind === 'manifest').length > 2)
  assert.equal(sealedUntil(node.state, digestOf('first')), null)
})
