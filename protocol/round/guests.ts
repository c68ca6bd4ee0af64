/** Messages that are held beyond all bounds because a proposal names them: how many, and for how long. */
import type { Digest } from '../crypto.ts'

/** Of one height: what it brought in is looked through again at each view, and ends with it. */
export type Guests = {
  /** The latest view in which a proposal was looked at; −1 for none. */
  view: number
  /** The place of each: kind, subject and sender. */
  readonly held: Map<Digest, string>
  /** Places that are taken in this view. */
  readonly taken: Set<string>
  /** What a valid entry of this height names, or this node's own journal told: it stays until the height is decided. */
  readonly kept: Set<Digest>
}

export const createGuests = (): Guests => ({ view: -1, held: new Map(), taken: new Set(), kept: new Set() })

export const isGuest = (guests: Guests, id: Digest): boolean => guests.held.has(id)

/**
 * takes what is named beyond the bounds, in each view one of a place. Out of the journal all: any of them may be what the height decided.
 * @returns false when it is not to be kept.
 */
export const takeGuest = (
  guests: Guests,
  o: { readonly id: Digest; readonly place: string; readonly isTrusted: boolean },
): boolean => {
  if (!o.isTrusted && guests.taken.has(o.place)) return false
  guests.held.set(o.id, o.place)
  if (o.isTrusted) guests.kept.add(o.id)
  else guests.taken.add(o.place)
  return true
}

/** A valid entry names these. */
export const keepGuests = (guests: Guests, named: readonly Digest[]): void => {
  for (const id of named) {
    const place = guests.held.get(id)
    if (place === undefined) continue
    guests.kept.add(id)
    guests.taken.delete(place)
  }
}

/** a re-proposal of a new view. What it names a quorum has found valid: what the views before named keeps no place from it. */
export const makeRoom = (guests: Guests, view: number): boolean => {
  if (view <= guests.view) return false
  guests.view = view
  guests.taken.clear()
  return true
}

/** a fresh proposal of a new view. @returns what of the views before it nothing valid has named; it is forgotten with this. */
export const nextView = (guests: Guests, view: number): readonly Digest[] => {
  if (!makeRoom(guests, view)) return []
  const dropped = [...guests.held.keys()].filter((id) => !guests.kept.has(id))
  for (const id of dropped) guests.held.delete(id)
  return dropped
}

/** a header is folded. @returns what it does not name; all are forgotten with this, for what it names is the log's now. */
export const endHeight = (guests: Guests, named: readonly Digest[]): readonly Digest[] => {
  const dropped = [...guests.held.keys()].filter((id) => !named.includes(id))
  guests.view = -1
  for (const all of [guests.held, guests.taken, guests.kept]) all.clear()
  return dropped
}
