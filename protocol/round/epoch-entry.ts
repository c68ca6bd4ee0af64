/** EPOCH as an entry: when it is due here, and whether a proposed one follows from the chain and the delegations. */
import type { CheckQuery, EntryCheck } from '../application.ts'
import type { Metagraph } from '../chain-view.ts'
import type { Committee } from '../committee.ts'
import type { Digest, Key } from '../crypto.ts'
import type { Effect } from '../machine-types.ts'
import type { EntryOf } from '../message/entry.ts'
import { checkOmitted, invalid, isRising, wait } from './checks.ts'
import { type Delegated, eligibleHotkeys, epochEntry, isSuccessor } from './epoch.ts'
import { convictsAt, maySit, releasedBy } from './evidence.ts'
import { fetchNamed } from './items.ts'
import { ask, type Convicts, type Held, heldOf, type RoundState } from './state.ts'

const ASK_EVERY_MS = 2_000

const readMetagraph = (state: RoundState, block: number, at: number): readonly Effect[] =>
  ask(state, { key: `metagraph ${block}`, at, everyMs: ASK_EVERY_MS }) ? [{ kind: 'readMetagraph', block }] : []

/** The chain's block that the committee stands for: only a later one seats another. */
const seatedSince = ({ newestEpoch, genesis }: Pick<RoundState, 'newestEpoch' | 'genesis'>): number =>
  newestEpoch?.entry.block ?? genesis.block

const delegatedOf = (held: Held<'delegation'> | null | undefined): Delegated | undefined =>
  held === null || held === undefined ? undefined : { id: held.id, body: held.message.body }

/** the chain's own number, but above the one before: a chain whose schedule changes may count its epochs anew from a lower one. */
const epochAfter = (before: Committee, metagraph: Metagraph): number => Math.max(metagraph.epoch, before.epoch + 1)

/** by the newest delegations here, without those whom evidence keeps out. */
const entryAt = (state: RoundState, metagraph: Metagraph): EntryOf<'epoch'> => {
  const epoch = epochAfter(state.committee, metagraph)
  const entry = epochEntry(metagraph, {
    capPpm: state.params.mesh.weightCapPpm,
    delegationOf: (hotkey) => {
      const delegated = delegatedOf(state.delegations.get(hotkey))
      return delegated !== undefined && maySit(state, delegated.body, epoch) ? delegated : undefined
    },
    released: releasedBy(convictsAt(state, epoch), metagraph),
  })
  return { ...entry, epoch }
}

/** R-58, where the weight of convicts counts neither for nor against. */
const isLawful = (
  entry: EntryOf<'epoch'>,
  o: { before: Committee; metagraph: Metagraph; convicts: Convicts },
): boolean => {
  const eligible = [...eligibleHotkeys(o.metagraph)].filter((hotkey) => !o.convicts.seated.has(hotkey))
  return isSuccessor(o.before, entry, new Set(eligible))
}

const isSame = (a: EntryOf<'epoch'>, b: EntryOf<'epoch'>): boolean =>
  a.released.join() === b.released.join() &&
  a.members.length === b.members.length &&
  a.members.every((member, index) => {
    const other = b.members[index]
    return other?.hotkey === member.hotkey && other.weight === member.weight && other.delegation === member.delegation
  })

/** An EPOCH beside what it is judged by: the chain at its block, the delegations that it names, the committee before. */
type Judged = {
  readonly entry: EntryOf<'epoch'>
  readonly metagraph: Metagraph
  readonly named: ReadonlyMap<Key, Delegated>
  readonly before: Committee
  readonly capPpm: number
  readonly convicts: Convicts
}

/** What the entry says against the chain at its block, given the delegations that it names. */
const chainFault = ({ entry, metagraph, named, before, capPpm, convicts }: Judged): string | null => {
  const { block, epochStart } = metagraph
  // what a later schedule calls the first block of an epoch may have been none.
  if (epochStart !== entry.block || block.hash !== entry.blockHash) return 'block'
  if (entry.epoch !== epochAfter(before, metagraph)) return 'epoch'
  // who may change parameters is the chain's to say.
  if (entry.owner !== metagraph.ownerHotkey) return 'owner'
  const released = releasedBy(convicts, metagraph)
  const derived = epochEntry(metagraph, { capPpm, delegationOf: (hotkey) => named.get(hotkey), released })
  if (!isSame(derived, entry)) return 'members'
  return isLawful(entry, { before, metagraph, convicts }) ? null : 'too little of the old committee'
}

/**
 * what the newest EPOCH of the log says against the chain at its block: members, weights, or that too little of the committee before
 * is left. Keys of an old committee can sign another log, but not another chain.
 * @returns null where nothing does, and while the genesis document's committee sits.
 */
export const newestEpochFault = (state: RoundState, metagraph: Metagraph): string | null => {
  if (state.newestEpoch === null) return null
  const { entry, before, capPpm, convicts } = state.newestEpoch
  const named = new Map<Key, Delegated>()
  for (const { hotkey, delegation } of entry.members) {
    const body = state.inForce.get(hotkey)
    if (body !== undefined) named.set(hotkey, { id: delegation, body })
  }
  return chainFault({ entry, metagraph, named, before, capPpm, convicts })
}

/** What the entry says against the log. `block`: of the header that it stands in. */
const logFault = (state: RoundState, entry: EntryOf<'epoch'>, block: number): string | null => {
  // any later one, also where the chain has gone on since.
  if (entry.epoch <= state.committee.epoch || entry.block <= seatedSince(state)) return 'epoch'
  if (entry.block > block) return 'block'
  return isRising(entry.members.map((member) => member.hotkey)) ? null : 'order'
}

/** The delegations that the entry names, all of them here; null where one is not its member's. */
const namedIn = (state: RoundState, entry: EntryOf<'epoch'>): ReadonlyMap<Key, Delegated> | null => {
  const named = new Map<Key, Delegated>()
  for (const { hotkey, delegation } of entry.members) {
    const delegated = delegatedOf(heldOf(state, 'delegation', delegation))
    if (delegated?.body.hotkey !== hotkey) return null
    named.set(hotkey, delegated)
  }
  return named
}

/** What the entry says against the chain, and nobody may be put back to keys that it has replaced, nor into a seat that evidence has cost it. */
const faultOf = (state: RoundState, entry: EntryOf<'epoch'>, metagraph: Metagraph): string | null => {
  const named = namedIn(state, entry)
  if (named === null) return 'delegation'
  const isOlder = entry.members.some(({ hotkey }) => {
    const before = state.inForce.get(hotkey)
    return before !== undefined && (named.get(hotkey)?.body.counter ?? -1) < before.counter
  })
  if (isOlder) return 'an older delegation'
  if ([...named.values()].some(({ body }) => !maySit(state, body, entry.epoch))) return 'a convict'
  const { committee: before, params } = state
  const convicts = convictsAt(state, entry.epoch)
  return chainFault({ entry, metagraph, named, before, capPpm: params.mesh.weightCapPpm, convicts })
}

/** First block of the chain's epoch as this node saw it last, once it is above that of the committee's; else null. */
const newStart = (state: RoundState): number | null => {
  const start = state.latest?.epochStart ?? 0
  return start > seatedSince(state) ? start : null
}

/** Asks for the chain at the first block of its newest epoch. */
export const readStart = (state: RoundState, at: number): readonly Effect[] => {
  const block = newStart(state)
  return block === null || state.metagraphs.has(block) ? [] : readMetagraph(state, block, at)
}

/** by the chain's newest epoch as this node sees it, where no voter could find anything wrong with it. */
export const dueEpoch = (state: RoundState): EntryOf<'epoch'> | null => {
  const metagraph = state.metagraphs.get(newStart(state) ?? -1)
  if (metagraph === undefined) return null
  const entry = entryAt(state, metagraph)
  return (logFault(state, entry, state.head?.number ?? 0) ?? faultOf(state, entry, metagraph)) === null ? entry : null
}

/** Newer delegations held here, and those of permitted validators that the entry leaves out. */
const omittedFrom = (state: RoundState, entry: EntryOf<'epoch'>, metagraph: Metagraph): readonly Held[] => {
  const named = namedIn(state, entry)
  const better = new Map<Digest, Held<'delegation'>>()
  for (const { hotkey, delegation } of entryAt(state, metagraph).members) {
    const held = state.delegations.get(hotkey)
    const isNewer = held !== undefined && held.message.body.counter > (named?.get(hotkey)?.body.counter ?? -1)
    if (isNewer && held.id === delegation) better.set(held.id, held)
  }
  return [...better.values()]
}

export const checkEpoch = (state: RoundState, entry: EntryOf<'epoch'>, query: CheckQuery): EntryCheck => {
  const wrong = logFault(state, entry, query.header.block)
  if (wrong !== null) return invalid(wrong)
  const missing = entry.members.map((member) => member.delegation).filter((id) => !state.items.has(id))
  if (missing.length > 0) return wait('delegations', fetchNamed(state, missing, query.at))
  const metagraph = state.metagraphs.get(entry.block)
  if (metagraph === undefined) return wait('the metagraph', readMetagraph(state, entry.block, query.at))
  const fault = faultOf(state, entry, metagraph)
  if (fault !== null) return invalid(fault)
  return checkOmitted(state, query, omittedFrom(state, entry, metagraph))
}
