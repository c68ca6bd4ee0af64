/** PARAMS as an entry: which change this node would have decided, and whether a proposed one may be. */
import type { CheckQuery, EntryCheck } from '../application.ts'
import type { EntryOf } from '../message/entry.ts'
import { targetOf } from '../message/params.ts'
import { checkOmitted, invalid, wait } from './checks.ts'
import { fetchNamed } from './items.ts'
import { paramsFault } from './params.ts'
import type { Held, RoundState } from './state.ts'

const activationOf = ({ message }: Held<'params'>): number => message.body.activationHeight

/** due when a valid change is held and nothing else is due: no owner can keep a round from going on. The most urgent goes first. */
export const dueParams = (state: RoundState): EntryOf<'params'> | null => {
  const [held] = [...state.params.proposed.values()]
    .filter(({ message }) => paramsFault(state, message.body) === null)
    .sort((a, b) => activationOf(a) - activationOf(b) || (a.id < b.id ? -1 : 1))
  return held === undefined ? null : { kind: 'params', message: held.id }
}

/** a fresh PARAMS is refused while a newer change of the same target has been held here for long. */
export const checkParams = (state: RoundState, entry: EntryOf<'params'>, query: CheckQuery): EntryCheck => {
  const held = state.items.get(entry.message)
  if (held === undefined) return wait('the change', fetchNamed(state, [entry.message], query.at))
  if (held.message.kind !== 'params') return invalid('message')
  const { body } = held.message
  const fault = paramsFault(state, body)
  if (fault !== null) return invalid(fault)
  const newest = state.params.proposed.get(targetOf(body))
  const isNewer = newest !== undefined && newest.message.body.counter > body.counter
  return checkOmitted(state, query, isNewer ? [newest] : [])
}
