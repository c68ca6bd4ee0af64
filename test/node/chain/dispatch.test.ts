/** Tests of the local chain's state machine: calls, permits, and what no call can change. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { dispatch } from '../../../node/chain/local/dispatch.ts'
import { LocalChainError } from '../../../node/chain/local/errors.ts'
import type { Call } from '../../../node/chain/local/extrinsic.ts'
import { type GenesisSpec, parseGenesis } from '../../../node/chain/local/genesis.ts'
import { accountOf, type State, stakeOf, startBlock } from '../../../node/chain/local/state.ts'

const key = (n: number): string => n.toString(16).padStart(64, '0')
const [hot, cold, other] = [key(1), key(2), key(3)]

const spec = {
  accounts: [{ key: cold, freeRao: '10000' }],
  subnet: { netuid: 7, tempo: 5, ownerHotkey: hot, burnRao: '1000', maxAllowedUids: 3, maxAllowedValidators: 2 },
  neurons: [{ hotkey: hot, coldkey: cold, stakeRao: '0', permit: true }],
} satisfies GenesisSpec

const { state: genesis } = parseGenesis(spec)

function run(state: State, call: Call, signer = cold): { readonly state: State; readonly error: string | null } {
  return dispatch(state, call, { signer, block: 3 })
}

function supply(state: State): bigint {
  let total = 0n
  for (const { freeRao } of state.accounts.values()) total += freeRao
  for (const staked of state.stakes.values()) for (const amount of staked.values()) total += amount
  return total
}

test('dispatch: a transfer keeps the payer alive and never makes an account below the deposit', () => {
  const pay = (amountRao: bigint, to = other): string | null => run(genesis, { kind: 'transfer', to, amountRao }).error
  assert.equal(pay(10_001n), 'FundsUnavailable')
  assert.equal(pay(9_501n), 'NotExpendable')
  assert.equal(pay(499n), 'BelowMinimum')
  assert.equal(pay(9_500n), null)
  assert.equal(pay(10_000n, cold), null)
})

test('dispatch: registrations take the uids in order until the subnet is full, and burn the price', () => {
  const register = (state: State, n: number): ReturnType<typeof run> =>
    run(state, { kind: 'burned_register', netuid: 7, hotkey: key(n) })
  const second = register(genesis, 10)
  const third = register(second.state, 11)
  assert.deepEqual(
    third.state.neurons.map(({ hotkey }) => hotkey),
    [hot, key(10), key(11)],
  )
  assert.equal(accountOf(third.state, cold).freeRao, 8000n)
  assert.equal(register(third.state, 12).error, 'NoNeuronIdAvailable')
  assert.equal(register(third.state, 11).error, 'HotKeyAlreadyRegisteredInSubNet')
  assert.equal(run(genesis, { kind: 'burned_register', netuid: 8, hotkey: key(10) }).error, 'SubnetNotExists')
  const root = run(genesis, { kind: 'burned_register', netuid: 0, hotkey: key(10) })
  assert.equal(root.error, 'RegistrationNotPermittedOnRootSubnet')
  assert.equal(
    run(genesis, { kind: 'burned_register', netuid: 7, hotkey: key(10) }, other).error,
    'NotEnoughBalanceToStake',
  )
})

test('dispatch: stakes of several coldkeys to one hotkey add up', () => {
  const stake = (state: State, amountRao: bigint, signer = cold): ReturnType<typeof run> =>
    run(state, { kind: 'add_stake', hotkey: hot, amountRao }, signer)
  const paid = run(genesis, { kind: 'transfer', to: other, amountRao: 2000n }).state
  const both = stake(stake(paid, 700n).state, 1500n, other).state
  assert.equal(stakeOf(both, hot), 2200n)
  assert.equal(stakeOf(stake(both, 300n).state, hot), 2500n)
  assert.equal(stake(genesis, 0n).error, 'AmountTooLow')
  assert.equal(stake(genesis, 10_001n).error, 'NotEnoughBalanceToStake')
  assert.equal(stake(genesis, 9_501n).error, 'ZeroBalanceAfterWithdrawn')
  assert.equal(run(genesis, { kind: 'add_stake', hotkey: other, amountRao: 5n }).error, 'HotKeyAccountNotExists')
})

test('dispatch: permits go to the most stake at the epoch only, of equals to the later uid, never to none, to the owner always', () => {
  const neurons = [0, 50, 70, 50, 0].map((stake, uid) => {
    return { hotkey: uid === 0 ? hot : key(20 + uid), coldkey: cold, stakeRao: String(stake), permit: uid === 4 }
  })
  const { state } = parseGenesis({ ...spec, subnet: { ...spec.subnet, maxAllowedUids: 9 }, neurons })
  const permitted = (of: State): number[] => of.neurons.flatMap(({ permit }, uid) => (permit ? [uid] : []))
  assert.deepEqual(permitted(startBlock(state, 4)), [4])
  assert.deepEqual(permitted(startBlock(state, 5)), [0, 2, 3])
  const strict = { ...state, subnet: { ...state.subnet, stakeThresholdRao: 60n } }
  assert.deepEqual(permitted(startBlock(strict, 10)), [0, 2])
  const roomy = { ...state, subnet: { ...state.subnet, maxAllowedValidators: 9 } }
  assert.deepEqual(permitted(startBlock(roomy, 5)), [0, 1, 2, 3])
})

test('dispatch: weights are taken again exactly when the rate limit has passed, and at once after a genesis', () => {
  const call = { kind: 'set_weights', netuid: 7, uids: [0], values: [1], versionKey: 0n } as const
  const at = (state: State, block: number): ReturnType<typeof dispatch> => dispatch(state, call, { signer: hot, block })
  const first = at(genesis, 1)
  assert.deepEqual(first.events, [{ kind: 'WeightsSet', netuid: 7, uid: 0 }])
  assert.equal(at(first.state, 100).error, 'SettingWeightsTooFast')
  assert.equal(at(first.state, 101).error, null)
})

test('dispatch: no sequence of calls makes rao, and a call that fails changes nothing', () => {
  const people = fc.constantFrom(hot, cold, other)
  const amounts = fc.bigInt({ min: 0n, max: 4000n })
  const u16s = fc.integer({ min: 0, max: 9 })
  const calls: fc.Arbitrary<Call> = fc.oneof(
    fc.record({ kind: fc.constant('transfer' as const), to: people, amountRao: amounts }),
    fc.record({ kind: fc.constant('add_stake' as const), hotkey: people, amountRao: amounts }),
    fc.record({ kind: fc.constant('burned_register' as const), netuid: fc.constantFrom(0, 7), hotkey: people }),
    fc.record({
      kind: fc.constant('set_weights' as const),
      netuid: fc.constantFrom(0, 7),
      uids: fc.array(u16s, { maxLength: 3 }),
      values: fc.array(u16s, { maxLength: 3 }),
      versionKey: fc.constant(0n),
    }),
  )
  fc.assert(
    fc.property(fc.array(fc.tuple(calls, people), { maxLength: 30 }), (sequence) => {
      let state = genesis
      let block = 1
      for (const [call, signer] of sequence) {
        const next = dispatch(state, call, { signer, block })
        const burnt = next.error === null && call.kind === 'burned_register' ? genesis.subnet.burnRao : 0n
        assert.equal(supply(next.state), supply(state) - burnt)
        if (next.error !== null) assert.equal(next.state, state)
        for (const { freeRao } of next.state.accounts.values()) assert.ok(freeRao >= 0n)
        state = next.state
        block += 200
      }
    }),
  )
})

test('genesis: a document that breaks a rule is refused with the name of the field', () => {
  const [neuron] = spec.neurons
  const cases: [string, unknown][] = [
    ['genesis', null],
    ['neurons', { ...spec, neurons: undefined }],
    ['neurons', { ...spec, neurons: [neuron, neuron] }],
    ['neurons[0].permit', { ...spec, neurons: [{ ...neuron, permit: 'yes' }] }],
    ['neurons[0].stakeRao', { ...spec, neurons: [{ ...neuron, stakeRao: 5 }] }],
    ['neurons[0].hotkey', { ...spec, neurons: [{ ...neuron, hotkey: hot.toUpperCase().replace('0', 'G') }] }],
    ['subnet.netuid', { ...spec, subnet: { ...spec.subnet, netuid: 0 } }],
    ['subnet.tempo', { ...spec, subnet: { ...spec.subnet, tempo: 2.5 } }],
    ['accounts', { ...spec, accounts: [...spec.accounts, ...spec.accounts] }],
    ['accounts', { ...spec, accounts: [{ key: cold, freeRao: '21000000000000001' }] }],
    ['name', { ...spec, name: 5 }],
  ]
  for (const [field, json] of cases) {
    assert.throws(
      () => parseGenesis(json),
      (error) => {
        assert.ok(error instanceof LocalChainError && error.code === 'BAD_GENESIS')
        assert.equal(error.facts['field'], field)
        return true
      },
    )
  }
})
