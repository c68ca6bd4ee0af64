/** The three answers to a proposed entry, and the patience behind the inclusion rule. */
import type { CheckQuery, EntryCheck } from '../application.ts'
import { backoffMs, DEMANDING_DELTAS } from '../backoff.ts'
import type { Effect } from '../machine-types.ts'
import type { Entry } from '../message/entry.ts'
import { relayHeld } from './items.ts'
import { type Held, heldSince, type RoundState } from './state.ts'

export const VALID: EntryCheck = { kind: 'valid' }
export const invalid = (reason: string): EntryCheck => ({ kind: 'invalid', reason })
export const wait = (reason: string, effects: readonly Effect[] = []): EntryCheck => ({ kind: 'wait', reason, effects })

type IsLong = (state: RoundState, query: CheckQuery, held: Pick<Held, 'since'>) => boolean

/** Held here for longer than 2Δ·1.25^view: who proposes at that view could have it. */
export const isOverdue: IsLong = (state, query, held) =>
  query.at - heldSince(state, held) > backoffMs(2 * state.params.mesh.deltaMs, query.view)

/** What an entry moves on: a competition's next round or its open one, the committee, or the parameters. */
export const subjectOf = (entry: Entry): string =>
  'competition' in entry ? `${entry.kind === 'manifest' ? 'next' : 'open'} ${entry.competition}` : entry.kind

/**
 * a fresh proposal that omits a valid item held here for long is refused, and the item sent on; a re-proposal that a notarization
 * justifies never is. 120Δ after the first refusal nothing is demanded any more of what would move the same on: of one sender two nodes may
 * hold what neither can take from the other, and would refuse each other's proposals for ever.
 */
export const isHeldLong: IsLong = (state, query, held) => {
  const since = state.refused.get(subjectOf(query.header.entry)) ?? query.at
  return query.at - since < DEMANDING_DELTAS * state.params.mesh.deltaMs && isOverdue(state, query, held)
}

/** Notes that a proposal is refused for what it leaves out. */
export const noteRefused = (state: RoundState, query: CheckQuery): void => {
  const subject = subjectOf(query.header.entry)
  if (!state.refused.has(subject)) state.refused.set(subject, query.at)
}

/** Waits while a fresh proposal leaves out any of `omitted` that was held long; sends those on. */
export const checkOmitted = (
  state: RoundState,
  query: CheckQuery,
  omitted: readonly Held[],
  isLong: IsLong = isHeldLong,
): EntryCheck => {
  const long = query.fresh ? omitted.filter((held) => isLong(state, query, held)) : []
  if (long.length === 0) return VALID
  noteRefused(state, query)
  return wait('a held item is missing', relayHeld(state, long, query.at))
}

/** True when each is above the one before: sorted, and each once. */
export const isRising = (values: readonly string[]): boolean =>
  values.every((value, index) => index === 0 || (values[index - 1] ?? '') < value)

/** The held items of these ids in order, or the ids that are missing. */
export const allHeld = <H>(
  ids: readonly string[],
  find: (id: string) => H | null,
): { readonly items: readonly H[] } | { readonly missing: readonly string[] } => {
  const found = ids.map(find)
  const missing = ids.filter((_, index) => found[index] === null)
  return missing.length > 0 ? { missing } : { items: found.filter((item) => item !== null) }
}
