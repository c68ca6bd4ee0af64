/** EPOCH as an entry: when it is due here, and whether a proposed one follows from the chain and the delegations. */
import type { CheckQuery, EntryCheck } from '../application.ts'
import type { Metagraph } from '../chain-view.ts'
import type { Committee } from '../committee.ts'
import type { Digest, Key } from '../crypto.ts'
import type { EntryOf } from '../message/entry.ts'
import { checkOmitted, invalid, isRising, wait } from './checks.ts'
import { type Delegated, eligibleHotkeys, epochEntry, isSuccessor } from './epoch.ts'
import { convictsAt, maySit, releasedBy } from './evidence.ts'
import { fetchNamed } from './items.ts'
import { ask, type Convicts, type Held, heldOf, type RoundState } from './state.ts'

const ASK_EVERY_MS = 2_000

const delegatedOf = (held: Held<'delegation'> | null | undefined): Delegated | undefined =>
  held === null || held === undefined ? undefined : { id: held.id, body: held.message.body }

/** by the newest delegations here, without those whom evidence keeps out. */
const entryAt = (state: RoundState, metagraph: Metagraph): EntryOf<'epoch'> =>
  epochEntry(metagraph, {
    capPpm: state.params.mesh.weightCapPpm,
    delegationOf: (hotkey) => {
      const delegated = delegatedOf(state.delegations.get(hotkey))
      return delegated !== undefined && maySit(state, delegated.body, metagraph.epoch) ? delegated : undefined
    },
    released: releasedBy(convictsAt(state, metagraph.epoch), metagraph),
  })

/** R-58, where the weight of convicts counts neither for nor against. */
const isLawful = (
  entry: EntryOf<'epoch'>,
  o: { before: Committee; metagraph: Metagraph; convicts: Convicts },
): boolean => {
  const eligible = [...eligibleHotkeys(o.metagraph)].filter((hotkey) => !o.convicts.seated.has(hotkey))
  return isSuccessor(o.before, entry, new Set(eligible))
}

/** The newest epoch of the chain as this node sees it, when it is above the committee's and makes a lawful successor. */
export const dueEpoch = (state: RoundState): EntryOf<'epoch'> | null => {
  const { latest, committee } = state
  if (latest === null || latest.epoch <= committee.epoch) return null
  const metagraph = state.metagraphs.get(latest.epochStart)
  if (metagraph === undefined || (state.head?.number ?? 0) < metagraph.block.number) return null
  const entry = entryAt(state, metagraph)
  const convicts = convictsAt(state, metagraph.epoch)
  return isLawful(entry, { before: committee, metagraph, convicts }) ? entry : null
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
  const { block, epoch, epochStart } = metagraph
  if (epochStart !== entry.block || epoch !== entry.epoch || block.hash !== entry.blockHash) return 'block'
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

/** The same, and nobody may be put back to keys that it has replaced, nor into a seat that evidence has cost it. */
const faultOf = (
  state: RoundState,
  entry: EntryOf<'epoch'>,
  { metagraph, named }: { metagraph: Metagraph; named: ReadonlyMap<Key, Delegated> },
): string | null => {
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

/** Newer delegations held here, and those of permitted validators that the entry leaves out. */
const omittedFrom = (
  state: RoundState,
  o: { metagraph: Metagraph; named: ReadonlyMap<Key, Delegated> },
): readonly Held[] => {
  const better = new Map<Digest, Held<'delegation'>>()
  for (const { hotkey, delegation } of entryAt(state, o.metagraph).members) {
    const held = state.delegations.get(hotkey)
    const named = o.named.get(hotkey)
    const isNewer = held !== undefined && held.message.body.counter > (named?.body.counter ?? -1)
    if (isNewer && held.id === delegation) better.set(held.id, held)
  }
  return [...better.values()]
}

export const checkEpoch = (state: RoundState, entry: EntryOf<'epoch'>, query: CheckQuery): EntryCheck => {
  if (entry.epoch <= state.committee.epoch) return invalid('epoch')
  if (entry.block > query.header.block) return invalid('block')
  if (!isRising(entry.members.map((member) => member.hotkey))) return invalid('order')
  const ids = entry.members.map((member) => member.delegation)
  const missing = ids.filter((id) => !state.items.has(id))
  if (missing.length > 0) return wait('delegations', fetchNamed(state, missing, query.at))
  const metagraph = state.metagraphs.get(entry.block)
  if (metagraph === undefined) {
    const isAsked = ask(state, { key: `metagraph ${entry.block}`, at: query.at, everyMs: ASK_EVERY_MS })
    return wait('the metagraph', isAsked ? [{ kind: 'readMetagraph', block: entry.block }] : [])
  }
  const named = new Map<Key, Delegated>()
  for (const { hotkey, delegation } of entry.members) {
    const delegated = delegatedOf(heldOf(state, 'delegation', delegation))
    if (delegated?.body.hotkey !== hotkey) return invalid('delegation')
    named.set(hotkey, delegated)
  }
  const fault = faultOf(state, entry, { metagraph, named })
  if (fault !== null) return invalid(fault)
  return checkOmitted(state, query, omittedFrom(state, { metagraph, named }))
}
