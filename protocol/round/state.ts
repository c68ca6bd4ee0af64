/** What one node knows of the rounds: the log folded, and the items it holds that the log does not name yet. */
import type { PaymentFault } from '../chain/payment.ts'
import type { BlockRef, Metagraph } from '../chain-view.ts'
import type { Committee } from '../committee.ts'
import type { Digest, Key } from '../crypto.ts'
import { domainsOf, type Genesis, meshParamsOf } from '../genesis.ts'
import { createStanding, incumbentOf, type Standing } from '../ledger/fold.ts'
import type { Records } from '../ledger/weights.ts'
import type { EntryOf, Header, ManifestEntry } from '../message/entry.ts'
import type { Evidence, Offence, Offended } from '../message/evidence.ts'
import type { Delegation } from '../message/membership.ts'
import { type Domains, type MessageKind, messageId, type Signed } from '../message/message.ts'
import type { ParamsChange } from '../message/params.ts'
import { type CompetitionParams, type MeshParams, paramsHash } from '../params.ts'
import { committeeOf } from './epoch.ts'
import { createGuests, type Guests } from './guests.ts'
import type { RoundResult } from './result.ts'
import type { Evaluation } from './statement.ts'

/** A message that is kept here. `since`: when it came, on the node's own clock; null when it came out of the journal. */
export type Held<K extends MessageKind = MessageKind> = {
  readonly id: Digest
  readonly message: Signed<K>
  readonly since: number | null
}

/** Evidence that is kept here, with what it shows. */
export type HeldEvidence = Offended & { readonly evidence: Evidence; readonly since: number | null }

/** Whom evidence in the log has convicted: of what, where, and the key and counter that it spoke by. */
export type Conviction = {
  readonly evidence: Digest
  readonly offence: Offence
  readonly height: number
  /** Of the committee that decided it, or that an EPOCH seated in the same header: the last one that it may sit in. */
  readonly epoch: number
  readonly sessionKey: Key
  readonly counter: number
  /** An epoch's block did not know the hotkey: registered again it may return. */
  readonly isReleased: boolean
}

/** Convicts as an EPOCH is judged by them: those among the members of the committee before it, and those whose time is not over. */
export type Convicts = { readonly seated: ReadonlySet<Key>; readonly serving: readonly Key[] }

/** A submission that has no verdict yet, and the first receipt of each validator for it. */
export type Candidate = {
  readonly held: Held<'submission'>
  readonly receipts: Map<Key, Held<'receipt'>>
  /** Block of the first header since which nobody seems to want it; null while somebody does, or no header came after it. */
  sinceBlock: number | null
  /** What this node's chain shows of its payment; null while nothing. Not restored: it is read again. */
  found: 'PAID' | PaymentFault | null
}

/** What a payment has paid for, and its block. */
export type Spent = { readonly submission: Digest; readonly competition: string; readonly block: number }

/** COMMITS of a round, decided: who is bound to what, since which block. */
export type Committed = { readonly block: number; readonly commits: ReadonlyMap<Key, Held<'commit'>> }

/** A round whose manifest is decided and whose end is not. */
export type OpenRound = {
  /** Digest of the manifest's header. */
  readonly manifest: Digest
  readonly entry: ManifestEntry
  /** committee and parameters in force at the manifest, for this round to its end, whatever comes into force meanwhile. */
  readonly committee: Committee
  readonly params: CompetitionParams
  /** session keys that each member has spoken by since the manifest. */
  readonly keys: Map<Key, readonly Key[]>
  /** Hash of the beacon block, once it is final. */
  beacon: Digest | null
  /** The first commit of each member, and the first reveal; a reveal may come before its commit counts and is checked then. */
  readonly commits: Map<Key, Held<'commit'>>
  readonly reveals: Map<Key, Held<'reveal'>>
  committed: Committed | null
  /** Checked reveals by id: the evaluation, or what is wrong. */
  readonly checked: Map<Digest, Evaluation | string>
  /** My own measurement. */
  sealed: { readonly nonce: Digest; readonly statement: Uint8Array } | null
  isEvaluating: boolean
  /** The derivation of one set of reveals is asked for at every look at a proposal. */
  derived: { readonly reveals: string; readonly result: RoundResult } | null
}

/** A decided result and who has attested it: only the newest of a competition is collected here, older ones are in the archive. */
export type Attested = {
  readonly committee: Committee
  readonly height: number
  readonly header: Digest
  readonly digest: Digest
  readonly result: RoundResult
  readonly attestations: Map<Key, Held<'roundAttestation'>>
}

/** What a decided round drew its matrices by, and from. */
export type RoundInputs = Pick<CompetitionParams, 'poolManifest' | 'poolRoot' | 'matrixCount'> & {
  readonly round: number
  readonly seed: Digest
}

export type CompetitionState = {
  /** In force for the next manifest; an open round has its own. */
  params: CompetitionParams
  paramsHash: Digest
  readonly standing: Standing
  open: OpenRound | null
  lastRound: number
  lastCloseBlock: number
  readonly candidates: Map<Digest, Candidate>
  /** What I signed receipts for, to keep each miner's quota. */
  ownReceipts: readonly { readonly submission: Digest; readonly miner: Key; readonly block: number }[]
  /**
   * Bundles that a manifest named, and the block from which on anyone may have each. Never forgotten, as `finished` is not: what has opened
   * would be sealed again by whoever submits it once more.
   */
  readonly sealedUntil: Map<Digest, number>
  /** Newest last. */
  readonly results: RoundResult[]
  /** What each of these results was measured on: from here on anyone may draw it again, and have it. */
  readonly inputs: RoundInputs[]
  /** The newest result and who has attested it. */
  attested: Attested | null
}

/** Decided, but not foldable until every message that it names is here. */
export type Pending = { readonly header: Header; readonly digest: Digest }

/** a vector that the log has decided, but for the chain's part: whom it pays, by the ledger and the parameters below its header. */
export type DecidedVector = {
  /** That of the header. */
  readonly block: number
  readonly standings: ReadonlyMap<string, Records>
  readonly competitions: readonly CompetitionParams[]
}

/** Parameters as the log tells them; each competition has its own beside its standing. By target: the mesh, or one competition. */
export type ParamsState = {
  /** The subnet's owner, by the genesis document or the newest EPOCH. */
  owner: Key
  mesh: MeshParams
  /** Changes that no height has decided: the newest of each target. */
  readonly proposed: Map<string, Held<'params'>>
  /** Decided changes whose height has not come. */
  readonly pending: Map<string, ParamsChange>
  /** The highest decided counter. */
  readonly counters: Map<string, number>
}

/** Mutated in place by the application alone. */
export type RoundState = {
  readonly genesis: Genesis
  readonly domains: Domains
  /** This node's hotkey; null for one that only follows. */
  readonly self: Key | null
  head: BlockRef | null
  committee: Committee
  /** The delegations that the committee's members speak by. */
  inForce: ReadonlyMap<Key, Delegation>
  /** The newest EPOCH that was folded, the committee before it and the weight cap that it stands under; null while the genesis document's sits. */
  newestEpoch: {
    readonly entry: EntryOf<'epoch'>
    readonly before: Committee
    readonly capPpm: number
    readonly convicts: Convicts
  } | null
  /** The newest delegation of each hotkey. */
  readonly delegations: Map<Key, Held<'delegation'>>
  /** Delegations that a newer one has replaced since the last header, and the one in force where one has. */
  readonly replaced: Set<Digest>
  readonly items: Map<Digest, Held>
  readonly evidence: Map<Digest, HeldEvidence>
  /** The newest conviction of each hotkey. Never forgotten: at most EVIDENCE_MAX a height, each the price of a seat. */
  readonly convicted: Map<Key, Conviction>
  /**
   * by nullifier. Forgotten when it is old and its submission has its verdict; each costs its fee, which bounds how many a
   * month may bring.
   */
  readonly spent: Map<string, Spent>
  /** Receipts by a submission that is not here. */
  readonly orphans: Map<Digest, Map<Key, Held<'receipt'>>>
  /** By id, in the genesis document's order. */
  readonly competitions: ReadonlyMap<string, CompetitionState>
  readonly backlog: Pending[]
  /** Height and block of the newest folded header; height 0 is the genesis document's. */
  logHeight: number
  logBlock: number
  readonly params: ParamsState
  readonly metagraphs: Map<number, Metagraph>
  latest: Metagraph | null
  /** Bundles that are stored here. */
  readonly stored: Set<Digest>
  /** Messages that the log or a proposal names and that are not here: they are taken whatever the bounds say. */
  readonly wanted: Set<Digest>
  /** Held only because a proposal names them. */
  readonly guests: Guests
  /** When something was asked for last, so that it is not asked for at every input. Not restored. */
  readonly asked: Map<string, number>
  /** when a proposal was first refused for what it leaves out, by what its entry moves on; until the log moves that on. Not restored. */
  readonly refused: Map<string, number>
  /** The first input's time: items out of the journal count as held since then. */
  startedAt: number | null
  /** When this node's own messages were last looked through for what should go out again. */
  repeatedAt: number | null
  /** Vectors that the log has decided, the newest last; only that one is still handed to the chain. */
  readonly vectors: DecidedVector[]
  /** Block of the last vector that was handed to the chain. */
  weightsBlock: number
}

const createCompetition = (params: CompetitionParams, genesisBlock: number): CompetitionState => ({
  params,
  paramsHash: paramsHash(params),
  standing: createStanding(),
  open: null,
  lastRound: 0,
  lastCloseBlock: genesisBlock,
  candidates: new Map(),
  ownReceipts: [],
  sealedUntil: new Map(),
  results: [],
  inputs: [],
  attested: null,
})

/** The state at genesis. `self`: this node's hotkey, null for a node that only follows. */
export const createRounds = (o: { readonly genesis: Genesis; readonly self: Key | null }): RoundState => {
  const { genesis, self } = o
  const domains = domainsOf(genesis)
  const delegations = new Map<Key, Held<'delegation'>>()
  for (const { body, signature } of genesis.delegations) {
    const id = messageId({ kind: 'delegation', body }, domains)
    delegations.set(body.hotkey, { id, message: { kind: 'delegation', body, signature }, since: null })
  }
  const bodies = new Map([...delegations].map(([hotkey, { message }]) => [hotkey, message.body]))
  const committee = committeeOf({
    epoch: genesis.epoch,
    seed: genesis.blockHash,
    members: genesis.members,
    delegationOf: (hotkey) => bodies.get(hotkey),
  })
  return {
    genesis,
    domains,
    self,
    head: null,
    committee,
    inForce: bodies,
    newestEpoch: null,
    delegations,
    replaced: new Set(),
    items: new Map([...delegations.values()].map((held) => [held.id, held])),
    evidence: new Map(),
    convicted: new Map(),
    spent: new Map(),
    orphans: new Map(),
    competitions: new Map(genesis.competitions.map((params) => [params.id, createCompetition(params, genesis.block)])),
    backlog: [],
    logHeight: 0,
    logBlock: genesis.block,
    params: {
      owner: genesis.owner,
      mesh: meshParamsOf(genesis),
      proposed: new Map(),
      pending: new Map(),
      counters: new Map(),
    },
    metagraphs: new Map(),
    latest: null,
    stored: new Set(),
    wanted: new Set(),
    guests: createGuests(),
    asked: new Map(),
    refused: new Map(),
    startedAt: null,
    repeatedAt: null,
    vectors: [],
    weightsBlock: 0,
  }
}

/** Since when an item counts as held: what came out of the journal counts from this start. */
export const heldSince = (state: RoundState, held: Pick<Held, 'since'>): number => held.since ?? state.startedAt ?? 0

/** Whether what the log names by this id, a message or evidence, is here. */
export const isHere = (state: RoundState, id: Digest): boolean => state.items.has(id) || state.evidence.has(id)

/** The held message of this id and kind. */
export const heldOf = <K extends MessageKind>(state: RoundState, kind: K, id: Digest): Held<K> | null => {
  const held = state.items.get(id)
  return held?.message.kind === kind ? (held as Held<K>) : null
}

/** Bundle of a submission that is a candidate or leads; null when it is not known here. */
export const bundleOf = (competition: CompetitionState, id: Digest): Digest | null => {
  const candidate = competition.candidates.get(id)
  if (candidate !== undefined) return candidate.held.message.body.bundle
  const incumbent = incumbentOf(competition.standing)
  return incumbent?.submission === id ? incumbent.bundle : null
}

/** True when `key` was not asked for within `everyMs`; then it is now. */
export const ask = (state: RoundState, o: { key: string; at: number; everyMs: number }): boolean => {
  const last = state.asked.get(o.key)
  if (last !== undefined && o.at - last < o.everyMs) return false
  state.asked.set(o.key, o.at)
  return true
}
