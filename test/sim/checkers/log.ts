/** The log as a run decides it, folded once for all checkers of that run: who votes each height, and each round's stages. */

import type { Digest, Key } from '../../../protocol/crypto.ts'
import { domainsOf, meshParamsOf } from '../../../protocol/genesis.ts'
import { type Header, headerDigest, type ManifestEntry } from '../../../protocol/message/entry.ts'
import type { Domains } from '../../../protocol/message/message.ts'
import { type ParamsChange, targetOf } from '../../../protocol/message/params.ts'
import type { Certificate, Decided } from '../../../protocol/message/vote.ts'
import type { CompetitionParams, MeshParams } from '../../../protocol/params.ts'
import { type Sim, shared } from '../watch.ts'

/** A committee as the log seats it. */
export type Seats = {
  readonly epoch: number
  /** Of the chain, that it is read off. */
  readonly block: number
  /** By rising hotkey. */
  readonly members: readonly { readonly hotkey: Key; readonly weight: bigint }[]
  readonly weights: ReadonlyMap<Key, bigint>
  readonly total: bigint
  readonly seed: Digest
}

/** A round from its manifest on. */
export type Round = {
  readonly manifest: Digest
  readonly entry: ManifestEntry
  readonly height: number
  /** In force at the manifest, to the round's end. */
  readonly seats: Seats
  readonly openedAt: number
  /** Message ids that COMMITS names; null before. */
  commits: readonly Digest[] | null
}

/** A height at the moment of its first honest decision. */
export type Decision = {
  readonly header: Header
  readonly certificate: Certificate
  readonly digest: Digest
  /** Who votes this height. */
  readonly seats: Seats
  readonly at: number
  /** The round that the entry belongs to; null for EPOCH, in the toy's log, and where the log names no such round. */
  readonly round: Round | null
}

/** Parameters, and from where on they are in force. */
export type Params = {
  readonly from: number
  /** Of the header below `from`. */
  readonly block: number
  readonly mesh: MeshParams
  readonly competitions: readonly CompetitionParams[]
}

export type Log = {
  readonly decisions: readonly Decision[]
  readonly rounds: ReadonlyMap<Digest, Round>
  /** Null while the heights below are not decided by anyone honest. */
  readonly seatsAt: (height: number) => Seats | null
  /** In force when this height is decided. */
  readonly paramsAt: (height: number) => Params
  /** @returns the decision when it is this height's first. */
  readonly note: (decided: Decided) => Decision | null
}

const seatsOf = (o: Omit<Seats, 'weights' | 'total'>): Seats => {
  const members = [...o.members].sort((a, b) => (a.hotkey < b.hotkey ? -1 : 1))
  const weights = new Map(members.map(({ hotkey, weight }) => [hotkey, weight]))
  return { ...o, members, weights, total: members.reduce((sum, { weight }) => sum + weight, 0n) }
}

/** Follows what the owner changed: a decided change is in force from its height on, unless a later one of its target was decided. */
const createParams = ({ genesis, messageOf }: Sim) => {
  const { block, competitions } = genesis
  const first: Params = { from: 1, block, mesh: meshParamsOf(genesis), competitions }
  const versions = [first]
  const pending = new Map<string, ParamsChange>()
  const apply = (params: Params, { change }: ParamsChange): Params => {
    const { kind, ...values } = change
    if (kind === 'mesh') return { ...params, mesh: values as MeshParams }
    const changed = values as CompetitionParams
    return { ...params, competitions: params.competitions.map((one) => (one.id === changed.id ? changed : one)) }
  }
  return {
    at: (height: number): Params => versions.findLast(({ from }) => from <= height) ?? first,
    note: ({ entry, height, block: at }: Header): void => {
      const message = entry.kind === 'params' ? messageOf(entry.message) : null
      if (message?.kind === 'params') pending.set(targetOf(message.body), message.body)
      const due = [...pending].filter(([, change]) => change.activationHeight <= height + 1)
      if (due.length === 0) return
      const before = versions.at(-1) ?? first
      const after = due.reduce((params, [, change]) => apply(params, change), before)
      for (const [target] of due) pending.delete(target)
      versions.push({ ...after, from: height + 1, block: at })
    },
  }
}

const createLog = (sim: Sim): Log => {
  const { genesis, now } = sim
  const params = createParams(sim)
  const { epoch, block, blockHash, members } = genesis
  const seated: { readonly from: number; readonly seats: Seats }[] = [
    { from: 1, seats: seatsOf({ epoch, block, members, seed: blockHash }) },
  ]
  const decisions: Decision[] = []
  const rounds = new Map<Digest, Round>()
  const seatsAt = (height: number): Seats | null =>
    height > decisions.length + 1 ? null : (seated.findLast(({ from }) => from <= height)?.seats ?? null)
  const roundOf = ({ entry, height }: Header, o: { digest: Digest; seats: Seats }): Round | null => {
    if (entry.kind === 'epoch' || entry.kind === 'params') return null
    if (entry.kind !== 'manifest') return rounds.get(entry.manifest) ?? null
    return { manifest: o.digest, entry, height, seats: o.seats, openedAt: now(), commits: null }
  }
  return {
    decisions,
    rounds,
    seatsAt,
    paramsAt: params.at,
    note: ({ header, certificate }) => {
      const { height, entry } = header
      if (height !== decisions.length + 1) return null
      const digest = headerDigest(header)
      const seats = seatsAt(height)
      if (seats === null) return null
      const round = roundOf(header, { digest, seats })
      if (round !== null && entry.kind === 'manifest') rounds.set(digest, round)
      if (round !== null && entry.kind === 'commits') round.commits = entry.commits
      if (entry.kind === 'epoch') {
        const { epoch: number, block: start, members: next, blockHash: seed } = entry
        seated.push({ from: height + 1, seats: seatsOf({ epoch: number, block: start, members: next, seed }) })
      }
      params.note(header)
      const decision = { header, certificate, digest, seats, at: now(), round }
      decisions.push(decision)
      return decision
    },
  }
}

/** One log for all checkers of a run. */
export const logOf = (sim: Sim): Log => shared(sim, createLog)

/** For one checker: each height's decision once, at whichever call of a `decided` hook it is new to that checker. */
export const firstDecisions = (sim: Sim): ((decided: Decided) => Decision | null) => {
  const log = logOf(sim)
  let seen = 0
  return (decided) => {
    log.note(decided)
    const next = log.decisions[seen]
    if (next !== undefined) seen++
    return next ?? null
  }
}

const domains = new WeakMap<Sim['genesis'], Domains>()

/** What messages are signed and named under. */
export const domainsIn = ({ genesis }: Sim): Domains => {
  const known = domains.get(genesis)
  if (known !== undefined) return known
  const made = domainsOf(genesis)
  domains.set(genesis, made)
  return made
}

/** The mesh's domain. */
export const domainOf = (sim: Sim): Digest => domainsIn(sim).mesh

/** Height and view as one number: a cheap key. */
export const placeOf = ({ height, view }: { readonly height: number; readonly view: number }): number =>
  height * 2 ** 32 + view

/** The value of `key`, made when it is first asked for. */
export const entryOf = <K, V>(map: Map<K, V>, key: K, make: () => V): V => {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}
