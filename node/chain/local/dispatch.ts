/** What each call does to the state: checks in the chain's order, refusals under the chain's names, no IO. */
import type { CallResult, ChainEvent, DispatchContext } from './events.ts'
import type { Call } from './extrinsic.ts'
import { setWeights } from './set-weights.ts'
import { type Account, accountOf, type State, uidOf, withAccount } from './state.ts'

/** A failed call changes nothing; `error` is the chain's name for it. */
export type Outcome = { readonly state: State; readonly events: readonly ChainEvent[]; readonly error: string | null }

/** Subtensor's existential deposit: an account below it would be reaped. */
const existentialDepositRao = 500n

/** Carries out one call; the nonce is the caller's concern. Deterministic: the same state, call and context, the same outcome. */
export function dispatch(state: State, call: Call, context: DispatchContext): Outcome {
  const result = run(state, call, context)
  return 'error' in result ? { state, events: [], error: result.error } : { ...result, error: null }
}

function run(state: State, call: Call, context: DispatchContext): CallResult {
  switch (call.kind) {
    case 'transfer':
      return transfer(state, call, context)
    case 'burned_register':
      return register(state, call, context)
    case 'add_stake':
      return addStake(state, call, context)
    case 'set_weights':
      return setWeights(state, call, context)
  }
}

type CallOf<K extends Call['kind']> = Extract<Call, { kind: K }>

/** transfer_keep_alive: the payer keeps the deposit. To oneself: success without a Transfer event, as on the real chain. */
function transfer(state: State, call: CallOf<'transfer'>, { signer }: DispatchContext): CallResult {
  const payer = accountOf(state, signer)
  if (payer.freeRao < call.amountRao) return { error: 'FundsUnavailable' }
  if (call.to === signer) return { state, events: [] }
  if (payer.freeRao - call.amountRao < existentialDepositRao) return { error: 'NotExpendable' }
  const payee = accountOf(state, call.to)
  if (payee.freeRao + call.amountRao < existentialDepositRao) return { error: 'BelowMinimum' }
  const paid = withAccount(state, signer, { ...payer, freeRao: payer.freeRao - call.amountRao })
  return {
    state: withAccount(paid, call.to, { ...payee, freeRao: payee.freeRao + call.amountRao }),
    events: [{ kind: 'Transfer', from: signer, to: call.to, amountRao: call.amountRao }],
  }
}

/** The coldkey registers a hotkey under the next free uid and burns the price; a full subnet refuses (no pruning here). */
function register(state: State, call: CallOf<'burned_register'>, { signer, block }: DispatchContext): CallResult {
  const { subnet, neurons } = state
  if (call.netuid === 0) return { error: 'RegistrationNotPermittedOnRootSubnet' }
  if (call.netuid !== subnet.netuid) return { error: 'SubnetNotExists' }
  if (uidOf(state, call.hotkey) >= 0) return { error: 'HotKeyAlreadyRegisteredInSubNet' }
  const payer = accountOf(state, signer)
  if (payer.freeRao - subnet.burnRao < existentialDepositRao) return { error: 'NotEnoughBalanceToStake' }
  if (neurons.length >= subnet.maxAllowedUids) return { error: 'NoNeuronIdAvailable' }
  const slot = { hotkey: call.hotkey, coldkey: signer, permit: false, lastUpdate: block }
  return {
    state: { ...withSpent(state, signer, payer, subnet.burnRao), neurons: [...neurons, slot] },
    events: [{ kind: 'NeuronRegistered', netuid: subnet.netuid, uid: neurons.length, hotkey: call.hotkey }],
  }
}

/** Any coldkey may stake to a hotkey that is registered. */
function addStake(state: State, call: CallOf<'add_stake'>, { signer }: DispatchContext): CallResult {
  if (uidOf(state, call.hotkey) < 0) return { error: 'HotKeyAccountNotExists' }
  if (call.amountRao === 0n) return { error: 'AmountTooLow' }
  const payer = accountOf(state, signer)
  if (payer.freeRao < call.amountRao) return { error: 'NotEnoughBalanceToStake' }
  if (payer.freeRao - call.amountRao < existentialDepositRao) return { error: 'ZeroBalanceAfterWithdrawn' }
  const before = state.stakes.get(call.hotkey) ?? new Map<string, bigint>()
  const after = new Map(before).set(signer, (before.get(signer) ?? 0n) + call.amountRao)
  return {
    state: {
      ...withSpent(state, signer, payer, call.amountRao),
      stakes: new Map(state.stakes).set(call.hotkey, after),
    },
    events: [{ kind: 'StakeAdded', coldkey: signer, hotkey: call.hotkey, amountRao: call.amountRao }],
  }
}

function withSpent(state: State, key: string, account: Account, amountRao: bigint): State {
  return withAccount(state, key, { ...account, freeRao: account.freeRao - amountRao })
}
