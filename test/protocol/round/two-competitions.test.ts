/** Two competitions of one mesh: each has its rounds, its values and its winner, and one vector pays both. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Digest } from '../../../protocol/crypto.ts'
import { passed } from '../../../protocol/round/statement.ts'
import {
  createMesh,
  digestOf,
  genesisOf,
  MINERS,
  measuredAt,
  nodeAt,
  params,
  submissionOf,
  VALIDATORS,
} from './mesh.ts'

const [ANN = '', BOB = ''] = MINERS
const LOSSY = 'matrix-lossy'

const lossless = { ...params, sharePpm: 500_000 }
const lossy = { ...lossless, id: LOSSY }
const genesis = { ...genesisOf(), competitions: [lossless, lossy] }

/** All quads alike, as where nothing is timed. */
const sized = (id: Digest, ratioPpm: number, values: Readonly<Record<string, bigint>>) =>
  passed({
    id,
    transcriptRoot: digestOf('transcript'),
    runs: digestOf('runs'),
    quadsPpm: Array<number>(30).fill(ratioPpm),
    scorePpb: 660_000_000n,
    values,
    thetaPpm: params.thetaPpm,
  })

const toLossy = (name: string) => {
  const submission = submissionOf(BOB, name)
  return { ...submission, body: { ...submission.body, competition: LOSSY } }
}

const resultOf = (mesh: ReturnType<typeof createMesh>, competition: string) =>
  nodeAt(mesh, 0).state.competitions.get(competition)?.results[0]

test('both are measured and certified, each with the values of its own rules, and one vector pays both winners', () => {
  const mesh = createMesh({ genesis })
  const ids = [mesh.tell(submissionOf(ANN, 'planes')), mesh.tell(toLossy('quantiser'))]
  mesh.world.measure = ({ submission }) =>
    submission === ids[1]
      ? sized(submission, 1_250_400, { linkPpm: 410_900n, ratioPpb: 340_000_000n })
      : measuredAt(submission, 1_200_000)
  mesh.run(() => [lossless.id, LOSSY].every((id) => resultOf(mesh, id) !== undefined))
  const [first, second] = [lossless.id, LOSSY].map((id) => resultOf(mesh, id)?.submissions[0])
  assert.deepEqual([first?.board, second?.board], ['record', 'record'])
  assert.deepEqual(Object.keys(first?.values ?? {}), ['linkPpm', 'ratioPpb', 'timeNanos'])
  assert.deepEqual(second?.values, { linkPpm: 410_900n, ratioPpb: 340_000_000n })
  assert.deepEqual([second?.metricPpm, second?.scorePpb], [1_250_400, 660_000_000n])
  const records = nodeAt(mesh, 0).state.competitions.get(LOSSY)?.standing.records
  assert.deepEqual(records?.[0]?.values, second?.values)
  const winners = [ANN, BOB].map((miner) => 1 + VALIDATORS.length + MINERS.indexOf(miner))
  mesh.run(() => [...nodeAt(mesh, 0).weights.values()].some(({ uids }) => winners.every((uid) => uids.includes(uid))))
})

test('no node signs a statement that tells a time where the rules name none, or lacks a value', () => {
  for (const values of [{ linkPpm: 1n, ratioPpb: 1n, timeNanos: 1n }, { ratioPpb: 1n }, {}]) {
    const mesh = createMesh({ genesis })
    mesh.tell(toLossy('quantiser'))
    mesh.world.measure = ({ submission }) => sized(submission, 1_250_400, values)
    assert.throws(() => mesh.run(() => resultOf(mesh, LOSSY) !== undefined), /but for its values/)
  }
})
