/** What a checker may see of a run, and how it says that a promise was broken. */
import type { Metagraph } from '../../protocol/chain-view.ts'
import type { Consensus } from '../../protocol/consensus/state.ts'
import type { Digest, Key } from '../../protocol/crypto.ts'
import type { Genesis } from '../../protocol/genesis.ts'
import type { JournalRecord, Notice, WeightsVector } from '../../protocol/machine-types.ts'
import type { Header } from '../../protocol/message/entry.ts'
import type { Signed } from '../../protocol/message/message.ts'
import type { Certificate, Decided } from '../../protocol/message/vote.ts'
import type { RoundState } from '../../protocol/round/state.ts'

/** The run as a checker sees it; all of it is read-only, and what is not there in this run (a node that is down, archives without live nodes) is null. */
export type Sim = {
  readonly genesis: Genesis
  /** The validators by rising hotkey. */
  readonly keys: readonly Key[]
  /** False for identities that lie, or that run twice or from a rolled-back disk: nothing is promised about those. */
  readonly isHonest: (node: Key) => boolean
  /** Virtual ms; in an archive the moment of what is being read. */
  readonly now: () => number
  /** From then on nothing is lost, everybody runs, and deliveries are quick. */
  readonly healAtMs: number
  /** What was signed and sent under this id by anyone, votes and proposals excepted. */
  readonly messageOf: (id: Digest) => Signed | null
  readonly consensusOf: (node: Key) => Consensus | null
  /** Null also where the rounds are the toy's. */
  readonly roundsOf: (node: Key) => RoundState | null
  /** The chain's own, whoever asks. */
  readonly metagraphAt: (block: number) => Metagraph | null
  /** What the checkers of this run share, by what makes it: see `shared`. */
  readonly kept: Map<unknown, unknown>
  /** Whether this signature of a vote holds. */
  readonly isVoteSigned: (vote: {
    readonly kind: Certificate['phase']
    readonly height: number
    readonly view: number
    readonly value: Digest
    readonly hotkey: Key
    readonly signature: string
  }) => boolean
}

/**
 * What all checkers of a run share, made when the first asks for it. In the run itself, not in a WeakMap by run: a young collection holds on
 * to the values of those, and would carry every run that has ended over to the old generation.
 */
export const shared = <T>(sim: Sim, make: (sim: Sim) => T): T => {
  const known = sim.kept.get(make) as T | undefined
  if (known !== undefined) return known
  const made = make(sim)
  sim.kept.set(make, made)
  return made
}

/** Everything here is of honest nodes, except certificates: those are seen wherever they turn up. */
export type Watcher = {
  readonly persisted?: (node: Key, records: readonly JournalRecord[]) => void
  /** A signature leaves the process. */
  readonly signed?: (node: Key, message: Signed) => void
  /** Each message once, liars' too, when it is first sent. */
  readonly sent?: (message: Signed) => void
  /** Each certificate once, the first time that anybody sends or stores it. */
  readonly certified?: (certificate: Certificate) => void
  /** Durable at this node, and folded by its machine unless messages are missing. */
  readonly decided?: (node: Key, decided: Decided) => void
  readonly weighed?: (node: Key, weights: { readonly block: number; readonly vector: WeightsVector }) => void
  readonly noticed?: (node: Key, notice: Notice) => void
  /** An input of this node was worked off, its effects carried out. */
  readonly stepped?: (node: Key) => void
  readonly restarted?: (node: Key) => void
  readonly ended?: (run: Ended) => void
}

export type Ended = {
  /** Per honest node the headers of its log, in order. */
  readonly logs: ReadonlyMap<Key, readonly Header[]>
  /** Whether a log holds all that should be decided by now. */
  readonly isDone: (log: readonly Header[]) => boolean
  /** The journal of an honest node as it is on its disk. */
  readonly diskOf: (node: Key) => readonly JournalRecord[]
}

/** One promise: `checked` is to be called at every comparison that could have failed. */
export type Checker = {
  /** The file's name. */
  readonly name: string
  readonly watch: (sim: Sim, checked: () => void) => Watcher
}

export class Violation extends Error {
  readonly promise: string
  readonly facts: Readonly<Record<string, unknown>>

  constructor(promise: string, facts: Readonly<Record<string, unknown>>) {
    super(`${promise} ${JSON.stringify(facts, (_, value) => (typeof value === 'bigint' ? `${value}` : value))}`)
    this.promise = promise
    this.facts = facts
  }
}
