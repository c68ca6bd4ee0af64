/** Promises of the auditor's checks: whether what stands on chain is what was certified. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkPayments, checkWeights } from '../../../node/audit/checks.ts'
import { outlook } from '../../../node/audit/outlook.ts'
import { ChainError, type Metagraph, type WeightsRow } from '../../../node/chain/port.ts'
import { rounds as application, createRounds, encodeSs58, restoreMachine } from '../../../protocol/index.ts'
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
import { FEE_RAO, paidAt, refAt } from '../../protocol/round/paying.ts'

/** After a decided round whose winner is the first miner. */
const audited = () => {
  const mesh = createMesh()
  mesh.tell(submissionOf(MINERS[0] ?? '', 'best'))
  mesh.run(() => kindsOf(mesh).includes('result'))
  mesh.run(() => mesh.nodes.every((node) => node.weights.size > 4))
  const genesis = genesisOf()
  const every = genesis.weightsEveryBlocks
  const rounds = createRounds({ genesis, self: null })
  const machine = restoreMachine({ genesis, self: null, application, rounds, records: nodeAt(mesh, 0).journal })
  const [block, vector] = [...nodeAt(mesh, 0).weights].at(-1) ?? assert.fail()
  const row: WeightsRow = {
    uid: 1,
    weights: vector.uids.map((uid, index) => [uid, vector.values[index] ?? 0]),
    setAt: block + 3,
  }
  const check = (rowOf: (hotkey: string, block?: number) => WeightsRow) =>
    checkWeights({
      genesis,
      replayed: { machine, untilBlock: block + every },
      chain: {
        weightsOf: async (at) => rowOf(at.hotkey, at.block),
        // Only what a vector is made of is looked at.
        metagraphAt: async (at) => metagraphAt(at.block) as unknown as Metagraph,
      },
    })
  /** As on a chain where these of four equal validators hold the certified row, and the others another one. */
  const lookAhead = (agreeing: number) =>
    outlook({
      netuid: genesis.netuid,
      rounds: machine.rounds,
      chain: {
        finalizedHead: async () => ({ number: block + 3, hash: '' }),
        metagraphAt: async (at) => metagraphAt(at.block) as unknown as Metagraph,
        yumaInputAt: async () => ({
          block: block + 3,
          activityCutoff: 5_000,
          kappa: 32_767,
          stakeThreshold: 0n,
          ownerUid: null,
          neurons: metagraphAt(block).neurons.map(({ hotkey, permit }) => ({
            stake: permit ? 1n : 0n,
            permit,
            lastUpdate: block + 3,
            registeredAt: 0,
            commitBlock: null,
            weights: VALIDATORS.slice(0, agreeing).includes(hotkey)
              ? row.weights
              : [[metagraphAt(block).neurons.length - 1, 65_535]],
          })),
        }),
      },
    })
  const [[first, given] = assert.fail()] = nodeAt(mesh, 0).weights
  const old: WeightsRow = {
    uid: 1,
    weights: given.uids.map((uid, index) => [uid, given.values[index] ?? 0]),
    setAt: null,
  }
  const oldest = { block: first, row: old, later: block + 3 }
  return { row, check, every, untilBlock: block + every, lookAhead, oldest }
}
const { row, check, every, untilBlock, lookAhead, oldest } = audited()

test('an audit tells whether the certified vector will be the chain’s consensus', async () => {
  assert.equal(VALIDATORS.length, 4)
  assert.match(
    (await lookAhead(3)) ?? '',
    /is the row of 75.0 % of the active stake.*is that of this vector, whatever others set/,
  )
  assert.match((await lookAhead(1)) ?? '', /is the row of 25.0 % of the active stake.*is not that of this vector yet/)
})

test('rows that equal the certified vector of their block, or of the one before, are in order', async () => {
  for (const setAt of [row.setAt ?? 0, (row.setAt ?? 0) + every - 1]) {
    const checks = await check(() => ({ ...row, setAt }))
    assert.equal(checks.length, VALIDATORS.length)
    assert.ok(checks.every(({ ok, detail }) => ok && detail.includes('equals the certified vector')))
  }
})

test('hidden weights stand an epoch or two after their commit: the row of a vector from then is in order', async () => {
  const rowAt = (behindBlocks: number) => check(() => ({ ...oldest.row, setAt: oldest.later, behindBlocks }))
  assert.ok(
    (await rowAt(0)).every(({ ok }) => !ok),
    'with nothing hidden it is an old ledger’s',
  )
  const checks = await rowAt(oldest.later - oldest.block)
  assert.ok(
    checks.every(({ ok, detail }) => ok && detail.includes(`equals the certified vector of block ${oldest.block}`)),
  )
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

test('a row that was set after the log ended stands for a vector that it does not hold, and contradicts nothing', async () => {
  const newer: WeightsRow = { ...row, weights: [[0, 65_535]], setAt: untilBlock + 1 }
  const checks = await check((_, block = untilBlock + 1) => (block > untilBlock ? newer : row))
  assert.ok(checks.every(({ ok, detail }) => ok && detail.includes('equals the certified vector')))
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

test('a row from before the mesh began contradicts nothing, and one from after it does', async () => {
  const { block } = genesisOf()
  const rowAt = (setAt: number) => check(() => ({ uid: 1, weights: [[3, 65_535]], setAt }))
  const before = await rowAt(block)
  assert.ok(before.every(({ ok, detail }) => ok && detail.includes('before the mesh began')))
  assert.ok((await rowAt(block + 1)).every(({ ok }) => !ok))
})

test('a chain that does not answer is no contradiction: the audit itself fails', async () => {
  await assert.rejects(
    check(() => {
      throw new ChainError('CHAIN_UNREACHABLE', {}, { retryable: true })
    }),
    (error) => error instanceof ChainError,
  )
})

test('payments are counted as the log spends them, and two that buy one submission are told', () => {
  const mesh = createMesh({
    genesis: genesisOf({ params: { feeRao: FEE_RAO } }),
    world: { payment: ({ ref, miner }) => paidAt(ref, miner) },
  })
  const { state } = nodeAt(mesh, 0)
  assert.equal(checkPayments(state).detail, 'no manifest of the last month names one')
  mesh.step()
  const unpaid = submissionOf(MINERS[0] ?? '', 'best')
  mesh.tell({ ...unpaid, body: { ...unpaid.body, payment: refAt(101) } })
  mesh.run(() => kindsOf(mesh).includes('manifest'))
  const { ok, detail } = checkPayments(state)
  assert.ok(ok)
  assert.match(detail, /^1 of the last month, each for one submission of 1; none was spent twice$/)
  const [spent] = state.spent.values()
  assert.ok(spent !== undefined)
  assert.equal(checkPayments({ spent: new Map([...state.spent, ['other', spent]]) }).ok, false)
})
