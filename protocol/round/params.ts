/** Parameters in force: folded from the log, changed by what the subnet owner signed and a height decided. */
import { assert } from '../assert.ts'
import type { Digest, Key } from '../crypto.ts'
import { type ParamsChange, targetOf } from '../message/params.ts'
import { type CompetitionParams, competitionParamsFault, meshParamsFault, paramsHash, sharesFault } from '../params.ts'
import { type Held, heldOf, type RoundState } from './state.ts'

/** The height that is decided next. */
const nextHeight = (state: RoundState): number => state.logHeight + 1

/** The largest share that a competition may have at any height from here on, by what is in force and what is decided. */
const shareOf = (state: RoundState, { id, sharePpm }: CompetitionParams): number => {
  const pending = state.params.pending.get(`competition ${id}`)?.change
  return pending?.kind === 'competition' ? Math.max(sharePpm, pending.sharePpm) : sharePpm
}

/**
 * a change counts when the subnet's owner signed it, its counter is above all decided ones of its target, and its activation height
 * above the height that decides it. R-89: its values are sane, whatever else is decided and not in force yet.
 * @returns the name of what is wrong, or null.
 */
const faultAt = (state: RoundState, change: ParamsChange, height: number): string | null => {
  const { owner, counters } = state.params
  if (change.hotkey !== owner) return 'owner'
  if (change.counter <= (counters.get(targetOf(change)) ?? 0)) return 'counter'
  if (change.activationHeight <= height) return 'activation'
  if (change.change.kind === 'mesh') return meshParamsFault(change.change)
  const { id, sharePpm } = change.change
  const target = state.competitions.get(id)
  if (target === undefined) return 'competition'
  const others = [...state.competitions.values()].filter((competition) => competition !== target)
  // What the target itself has or waits for was weighed against the others' when that was decided.
  const shares = others.map(({ params }) => shareOf(state, params))
  return competitionParamsFault(change.change) ?? sharesFault([...shares, sharePpm])
}

/** What is wrong with the change at the height that is decided next, or null. */
export const paramsFault = (state: RoundState, change: ParamsChange): string | null =>
  faultAt(state, change, nextHeight(state))

/** Keeps the change while it is the newest of its target and may be decided; what it replaces is forgotten. */
export const propose = (state: RoundState, held: Held<'params'>): boolean => {
  const { body } = held.message
  const { proposed } = state.params
  const before = proposed.get(targetOf(body))
  if (before !== undefined && before.message.body.counter >= body.counter) return false
  if (paramsFault(state, body) !== null) return false
  proposed.set(targetOf(body), held)
  if (before !== undefined && !state.wanted.has(before.id)) state.items.delete(before.id)
  return true
}

/** Why the owner's change is not on its way, or null when it is. */
export const paramsRefusal = (state: RoundState, id: Digest, change: ParamsChange): string | null => {
  const { proposed, pending } = state.params
  const target = targetOf(change)
  if (proposed.get(target)?.id === id || pending.get(target)?.counter === change.counter) return null
  return paramsFault(state, change) ?? 'counter'
}

/** a decided change waits for its height; a later one of the same target replaces it. */
export const foldParams = (state: RoundState, message: Digest): void => {
  const change = heldOf(state, 'params', message)?.message.body
  assert(change !== undefined, 'PARAMS names a change of parameters')
  const fault = paramsFault(state, change)
  assert(fault === null, `a certified change of parameters may be decided, but for its ${fault}`)
  state.params.pending.set(targetOf(change), change)
  state.params.counters.set(targetOf(change), change.counter)
}

const apply = (state: RoundState, { change }: ParamsChange): void => {
  const { kind, ...values } = change
  if (kind === 'mesh') {
    state.params.mesh = values as typeof state.params.mesh
    return
  }
  const params = values as CompetitionParams
  const competition = state.competitions.get(params.id)
  assert(competition !== undefined, 'a valid change names a competition of the genesis document')
  competition.params = params
  competition.paramsHash = paramsHash(params)
}

/**
 * what has come to its height is in force from there on.
 * Changes that can no longer be decided are forgotten.
 */
export const settleParams = (state: RoundState): void => {
  const { params } = state
  const due = [...params.pending].filter(([, change]) => change.activationHeight <= nextHeight(state))
  for (const [target, change] of due) {
    params.pending.delete(target)
    apply(state, change)
  }
  for (const [target, held] of params.proposed) {
    if (paramsFault(state, held.message.body) === null) continue
    params.proposed.delete(target)
    state.items.delete(held.id)
  }
}

/** whoever owns the subnet at an epoch's block may change parameters until the next EPOCH. */
export const seatOwner = (state: RoundState, owner: Key): void => {
  state.params.owner = owner
}
