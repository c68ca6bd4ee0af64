/** Promises of a validator in a mesh that decides nothing: its last certified row stays counted, and nothing else is ever repeated. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Chain, ChainError, type WeightsRow } from '../../../node/chain/port.ts'
import { block, create, hotkey, receipt, unasked } from './reading.ts'

/** A subnet of two: this validator, which has set its row at block 100, and the miner that it pays. */
const standing = (o: { permit?: boolean; minerSince?: number; row?: WeightsRow } = {}): Partial<Chain> => {
  const neuron = { stake: 1n, permit: o.permit ?? true, lastUpdate: 100, commitBlock: null, weights: [] }
  return {
    weightsOf: async () => o.row ?? { uid: 0, weights: [[1, 65_535]], setAt: 100 },
    yumaInputAt: async () => ({
      block: 0,
      activityCutoff: 5_000,
      kappa: 32_767,
      stakeThreshold: 0n,
      ownerUid: null,
      neurons: [
        { ...neuron, registeredAt: 0 },
        { ...neuron, permit: false, registeredAt: o.minerSince ?? 0 },
      ],
    }),
  }
}
const headsOf = (first: number, ...later: number[]): Partial<Chain> => ({
  finalizedHead: async () => block(first),
  followFinalized: async function* ({ after, signal }) {
    yield* later.filter((number) => number > after).map(block)
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
  },
})

test('while nothing is decided the last certified row is set once more, in time before the chain takes its validator for silent', async (t) => {
  const given: unknown[] = []
  const { reader, inputs, log, until } = create(
    t,
    {
      ...standing(),
      ...headsOf(3_749, 3_849, 3_850),
      setWeights: async ({ uids, values }) => {
        given.push([inputs.length, uids, values])
        return receipt(3_852)
      },
    },
    { certified: 98 },
  )
  void reader.follow()
  await until(() => inputs.length === 3)
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(given, [], 'it is looked every hundred blocks: at 3,749 and 3,849 it is too early')
  const later = create(
    t,
    { ...standing(), ...headsOf(3_850), setWeights: async () => receipt(3_852) },
    { certified: 98 },
  )
  void later.reader.follow()
  await later.until(() => later.log.length > 0)
  assert.deepEqual(later.log, [
    ['info', { setAt: 100, repeatedAt: 3_852 }, 'weights repeated: nothing newer is decided'],
  ])
  assert.deepEqual(log, [])
})

test('a repeated row is the stored one, and a hidden one is followed until it stands', async (t) => {
  const given: unknown[] = []
  const { reader, log, until } = create(
    t,
    {
      ...standing(),
      ...headsOf(4_000),
      setWeights: async ({ netuid, uids, values, versionKey, signer }) => {
        given.push({ netuid, uids, values, versionKey, signer })
        return { ...receipt(4_001), path: 'timelocked', reveal: async () => block(4_321) }
      },
    },
    { certified: 98 },
  )
  void reader.follow()
  await until(() => log.length === 2)
  assert.deepEqual(given, [{ netuid: 1, uids: [1], values: [65_535], versionKey: 0n, signer: hotkey }])
  assert.deepEqual(log[1], ['info', { repeatedAt: 4_001, setAt: 4_321 }, 'weights set'])
})

const unrepeated: readonly (readonly [what: string, Partial<Chain>, certified: number | undefined])[] = [
  ['no vector of the log was handed over by this node', standing(), undefined],
  ['the row is from before the newest vector', standing(), 101],
  ['nothing was ever set', standing({ row: { uid: 0, weights: [], setAt: null } }), 98],
  ['the validator has no permit', standing({ permit: false }), 98],
  [
    'its hotkey is not registered',
    {
      weightsOf: async () => {
        throw new ChainError('NOT_REGISTERED')
      },
    },
    98,
  ],
]
for (const [what, calls, certified] of unrepeated) {
  test(`no row is set once more where ${what}`, async (t) => {
    let looked = 0
    const { weightsOf = unasked } = calls
    const counted: Partial<Chain> = {
      ...calls,
      weightsOf: (at) => {
        looked += 1
        return weightsOf(at)
      },
    }
    const o = certified === undefined ? {} : { certified }
    const { reader, inputs, log, until } = create(t, { ...counted, ...headsOf(4_900) }, o)
    void reader.follow()
    await until(() => inputs.length === 1)
    await new Promise((resolve) => setTimeout(resolve, 5))
    assert.equal(looked, certified === undefined ? 0 : 1)
    assert.deepEqual(log, [], 'a call of setWeights would be an error in the log')
  })
}

test('a row that pays a slot which another hotkey has taken since is not set once more, and that is told', async (t) => {
  const { reader, log, until } = create(t, { ...standing({ minerSince: 100 }), ...headsOf(4_000) }, { certified: 98 })
  void reader.follow()
  await until(() => log.length === 1)
  assert.deepEqual(log, [
    ['warn', { setAt: 100, uid: 1 }, 'weights not repeated: a slot that they pay has changed hands'],
  ])
})

test('a newer vector ends the repetition of an older one and is set after it', async (t) => {
  const given: number[] = []
  const { reader, log, until } = create(
    t,
    {
      ...standing(),
      ...headsOf(4_000),
      setWeights: ({ values: [value = 0], signal }) => {
        given.push(value)
        if (value !== 65_535) return Promise.resolve(receipt(4_003))
        const aborted = Promise.withResolvers<never>()
        signal.addEventListener('abort', () => aborted.reject(new ChainError('ABORTED')))
        reader.setWeights({ kind: 'setWeights', block: 4_001, vector: { uids: [1], values: [7] } })
        return aborted.promise
      },
    },
    { certified: 98 },
  )
  void reader.follow()
  await until(() => log.length > 0)
  assert.deepEqual(given, [65_535, 7])
  assert.deepEqual(log, [['info', { block: 4_001, setAt: 4_003 }, 'weights set']])
})
