/** The call set_weights: the checks of Subtensor's internal_set_weights, in its order, without commit-reveal. */
import type { CallResult, DispatchContext } from './events.ts'
import type { Call } from './extrinsic.ts'
import { type Slot, type State, stakeOf, uidOf } from './state.ts'
import { maxUpscale } from './upscale.ts'

type SetWeights = Extract<Call, { kind: 'set_weights' }>

/** Stores the upscaled row and the block; refuses under the first error of the chain's order. */
export function setWeights(state: State, call: SetWeights, context: DispatchContext): CallResult {
  const error = refusal(state, call, context)
  if (error !== null) return { error }
  const { signer, block } = context
  const values = maxUpscale(call.values)
  const weights = call.uids.map((uid, index) => [uid, values[index] ?? 0] as const)
  const uid = uidOf(state, signer)
  const neurons = state.neurons.map((neuron, at) => (at === uid ? { ...neuron, lastUpdate: block } : neuron))
  return {
    state: { ...state, neurons, weights: new Map(state.weights).set(uid, { setAt: block, weights }) },
    events: [{ kind: 'WeightsSet', netuid: call.netuid, uid }],
  }
}

function refusal(state: State, call: SetWeights, { signer, block }: DispatchContext): string | null {
  const { subnet, neurons } = state
  if (call.netuid === 0) return 'CanNotSetRootNetworkWeights'
  if (call.uids.length !== call.values.length) return 'WeightVecNotEqualSize'
  if (call.netuid !== subnet.netuid) return 'MechanismDoesNotExist'
  if (call.uids.length > neurons.length) return 'UidsLengthExceedUidsInSubNet'
  const uid = uidOf(state, signer)
  const neuron = neurons[uid]
  if (!neuron) return 'HotKeyNotRegisteredInSubNet'
  const isOwner = signer === subnet.ownerHotkey
  if (!isOwner && stakeOf(state, signer) < subnet.stakeThresholdRao) return 'NotEnoughStakeToSetWeights'
  if (subnet.versionKey !== 0n && call.versionKey < subnet.versionKey) return 'IncorrectWeightVersionKey'
  if (isTooFast(neuron, { block, limit: subnet.weightsRateLimit })) return 'SettingWeightsTooFast'
  // One weight, on oneself, needs neither a permit nor a length: a miner may always do that.
  const isSelf = call.uids.length === 1 && call.uids[0] === uid
  if (!isSelf && !isOwner && !neuron.permit) return 'NeuronNoValidatorPermit'
  if (new Set(call.uids).size !== call.uids.length) return 'DuplicateUids'
  if (call.uids.some((each) => each >= neurons.length)) return 'UidVecContainInvalidOne'
  if (!isSelf && call.uids.length < Math.min(neurons.length, subnet.minAllowedWeights)) return 'WeightVecLengthIsLow'
  return null
}

function isTooFast(neuron: Slot, at: { readonly block: number; readonly limit: number }): boolean {
  return neuron.lastUpdate !== 0 && at.block - neuron.lastUpdate < at.limit
}
