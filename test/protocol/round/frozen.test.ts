/** What a round froze stays as it was: parameters of another day change nothing that is decided, and nothing that is under way. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { headerDigest } from '../../../protocol/message/entry.ts'
import type { CompetitionParams } from '../../../protocol/params.ts'
import { rounds } from '../../../protocol/round/application.ts'
import { createRounds, type RoundState } from '../../../protocol/round/state.ts'
import { createMesh, kindsOf, type Mesh, MINERS, measuredAt, nodeAt, params, submissionOf } from './mesh.ts'

const setParams = (state: RoundState, over: Partial<CompetitionParams>): void => {
  const competition = state.competitions.get(params.id)
  assert.ok(competition !== undefined)
  Object.assign(competition, { params: { ...competition.params, ...over } })
}

const standingOf = (state: RoundState) => state.competitions.get(params.id)?.standing
const resultsOf = (state: RoundState) => state.competitions.get(params.id)?.results

/** Rounds that a first solution leads, and a second takes over after it was confirmed once. */
const playedOut = (): Mesh => {
  const second = submissionOf(MINERS[1] ?? '', 'second')
  const mesh = createMesh({
    world: {
      measure: ({ submission, miner }) => measuredAt(submission, miner === MINERS[0] ? 1_200_000 : 1_080_000),
    },
  })
  mesh.tell(submissionOf(MINERS[0] ?? '', 'first'))
  mesh.run(() => kindsOf(mesh).includes('result'))
  mesh.tell(second)
  mesh.run(() => kindsOf(mesh).filter((kind) => kind === 'result').length === 3)
  return mesh
}

/** Folds a node's journal into a state whose parameters `change` sets before each decided height. */
const replay = (mesh: Mesh, change: (state: RoundState) => void): RoundState => {
  const state = createRounds({ genesis: mesh.genesis, self: null })
  for (const record of nodeAt(mesh, 0).journal) {
    if (record.kind !== 'decided') {
      rounds.restore(state, record)
      continue
    }
    const { header } = record.decided
    rounds.apply(state, { header, digest: headerDigest(header), at: 0 })
    change(state)
  }
  return state
}

test('a log replayed under a θ and deadlines of another day gives the same results, records and tallies', () => {
  const mesh = playedOut()
  const then = nodeAt(mesh, 0).state
  assert.equal(standingOf(then)?.records.length, 2, 'the second took over')
  const now = replay(mesh, (state) => setParams(state, { thetaPpm: 999_999, commitBlocks: 1, revealBlocks: 1 }))
  assert.deepEqual(standingOf(now), standingOf(then))
  assert.deepEqual(resultsOf(now), resultsOf(then))
})

test('a round that is open keeps the confirmations and deadlines of its manifest when others come into force', () => {
  const mesh = playedOut()
  const then = standingOf(nodeAt(mesh, 0).state)
  // Only between manifest and result: each manifest is folded under the old parameters again.
  const now = replay(mesh, (state) => {
    const isOpen = state.competitions.get(params.id)?.open !== null
    setParams(state, { confirmRounds: isOpen ? 9 : params.confirmRounds })
  })
  assert.deepEqual(standingOf(now), then)
})

test('θ of a round under way is its manifest’s for statements, votes and the result', () => {
  const mesh = createMesh({ world: { measure: ({ submission }) => measuredAt(submission, 1_080_000) } })
  mesh.tell(submissionOf(MINERS[0] ?? '', 'first'))
  mesh.run(() => kindsOf(mesh).includes('manifest'))
  for (const { state } of mesh.nodes) setParams(state, { thetaPpm: 900_000, confirmRounds: 9 })
  mesh.run(() => kindsOf(mesh).includes('result'))
  const [result] = resultsOf(nodeAt(mesh, 0).state) ?? []
  assert.deepEqual([result?.thetaPpm, result?.submissions[0]?.board], [params.thetaPpm, 'record'])
})
