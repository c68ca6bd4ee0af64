/** Promises of the auditor's checks: who could block, and whether what stands on chain is what was certified. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { blockingPpm, checkWeights } from '../../../node/audit/checks.ts'
import { ChainError, type Metagraph, type WeightsRow } from '../../../node/chain/port.ts'
import {
  rounds as application,
  type Committee,
  createRounds,
  encodeSs58,
  isQuorum,
  restoreMachine,
} from '../../../protocol/index.ts'
import {
  createMesh,
  genesisOf,
  kindsOf,
  MINERS,
  metagraphAt,
  nodeAt,
  submissionOf,
  VALIDATORS,
} from '../../protocol/round/mesh.ts'

const seats = (weights: readonly bigint[]): Pick<Committee, 'members' | 'total'> => ({
  members: weights.map((weight, index) => ({
    hotkey: `${index}`,
    sessionKey: '',
    sealingKey: '',
    peerId: '',
    weight,
  })),
  total: weights.reduce((sum, weight) => sum + weight, 0n),
})

test('the fewest heaviest members that could block: examples', () => {
  assert.equal(blockingPpm(seats([30n, 28n, 22n, 20n])), 580_000)
  assert.equal(blockingPpm(seats([20n, 22n, 28n, 30n])), 580_000, 'in whatever order they sit')
  assert.equal(blockingPpm(seats([34n, 33n, 33n])), 340_000, 'more than a third blocks alone')
  assert.equal(blockingPpm(seats([1n, 1n, 1n])), 333_333, 'a third blocks: two thirds are no quorum')
  assert.equal(blockingPpm(seats([5n])), 1_000_000)
})

test('without those members there is no quorum, with the lightest of them there is', () => {
  const weights = fc.array(fc.bigInt({ min: 1n, max: 2n ** 64n }), { minLength: 1, maxLength: 20 })
  fc.assert(
    fc.property(weights, (list) => {
      const committee = seats(list)
      const { total } = committee
      const heaviest = [...list].sort((a, b) => (a < b ? 1 : a > b ? -1 : 0))
      const prefixes = heaviest.map((_, index) =>
        heaviest.slice(0, index + 1).reduce((sum, weight) => sum + weight, 0n),
      )
      const blocking = prefixes.find((sum) => Number((sum * 1_000_000n) / total) === blockingPpm(committee))
      assert.ok(blocking !== undefined && !isQuorum(total - blocking, total))
      const fewer = prefixes.filter((sum) => sum < blocking).at(-1) ?? 0n
      assert.ok(isQuorum(total - fewer, total))
    }),
  )
})

/** After a decided round whose winner is the first miner. */
const audited = () => {
  const mesh = createMesh()
  mesh.tell(submissionOf(MINERS[0] ?? '', 'best'))
  mesh.run(() => kindsOf(mesh).includes('result'))
  mesh.run(() => mesh.nodes.every((node) => node.weights.size > 1))
  const genesis = genesisOf()
  const rounds = createRounds({ genesis, self: null })
  const machine = restoreMachine({ genesis, self: null, application, rounds, records: nodeAt(mesh, 0).journal })
  const [block, vector] = [...nodeAt(mesh, 0).weights].at(-1) ?? assert.fail()
  const row: WeightsRow = {
    uid: 1,
    weights: vector.uids.map((uid, index) => [uid, vector.values[index] ?? 0]),
    setAt: block + 3,
  }
  const check = (rowOf: (hotkey: string) => WeightsRow) =>
    checkWeights({
      genesis,
      replayed: { machine },
      chain: {
        weightsOf: async ({ hotkey }) => rowOf(hotkey),
        // Only what a vector is made of is looked at.
        metagraphAt: async (at) => metagraphAt(at.block) as unknown as Metagraph,
      },
    })
  return { row, check, every: genesis.weightsEveryBlocks }
}
const { row, check, every } = audited()

test('rows that equal the certified vector of their block, or of the one before, are in order', async () => {
  for (const setAt of [row.setAt ?? 0, (row.setAt ?? 0) + every - 1]) {
    const checks = await check(() => ({ ...row, setAt }))
    assert.equal(checks.length, VALIDATORS.length)
    assert.ok(checks.every(({ ok, detail }) => ok && detail.includes('equals the certified vector')))
  }
})

test('a row that differs from what was certified is a contradiction, and names its hotkey', async () => {
  const liar = VALIDATORS[2] ?? ''
  const [first, ...rest] = row.weights
  const twisted: WeightsRow = { ...row, weights: [[first?.[0] ?? 0, (first?.[1] ?? 0) - 1], ...rest] }
  const checks = await check((hotkey) => (hotkey === liar ? twisted : row))
  assert.deepEqual(
    checks.filter(({ ok }) => !ok).map(({ name }) => name),
    [`weights ${encodeSs58(liar)}`],
  )
  assert.match(checks.find(({ ok }) => !ok)?.detail ?? '', /certified is/)
})

test('who has set nothing, or is registered no more, contradicts nothing', async () => {
  const [gone, silent] = VALIDATORS
  const checks = await check((hotkey) => {
    if (hotkey === gone) throw new ChainError('NOT_REGISTERED')
    return hotkey === silent ? { uid: 2, weights: [], setAt: null } : row
  })
  assert.ok(checks.every(({ ok }) => ok))
  assert.equal(checks.filter(({ detail }) => detail === 'has set none').length, 2)
})

test('a chain that does not answer is no contradiction: the audit itself fails', async () => {
  await assert.rejects(
    check(() => {
      throw new ChainError('CHAIN_UNREACHABLE', {}, { retryable: true })
    }),
    (error) => error instanceof ChainError,
  )
})
