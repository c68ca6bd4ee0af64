/** What the agreement on heights asks of the rounds it decides: the one seam between consensus/ and round/. */
import type { Committee } from './committee.ts'
import type { Digest, Key } from './crypto.ts'
import type { Effect, Input, JournalRecord } from './machine-types.ts'
import type { Entry, Header } from './message/entry.ts'
import type { Signed, Unsigned } from './message/message.ts'
import type { Proposal } from './message/vote.ts'

/**
 * `valid`; `invalid`: provably wrong from the entry, the log and the blocks it cites (nullify, evidence against its signer);
 * `wait`: something is not here, not final or not due yet, or a held item is missing from it: look again at every input.
 */
export type EntryCheck =
  | { readonly kind: 'valid' }
  | { readonly kind: 'invalid'; readonly reason: string }
  | { readonly kind: 'wait'; readonly reason: string; readonly effects: readonly Effect[] }

/** what the log says of another proposal of the height that is being decided; evidence against its leader counts only if it is invalid. */
export type Judge = (proposal: Proposal) => EntryCheck

export type CheckQuery = {
  readonly at: number
  readonly header: Header
  readonly view: number
  /** False for a value that a notarization justifies: then only the deterministic checks and availability apply, never inclusion or deadlines. */
  readonly fresh: boolean
  readonly judge: Judge
}

/** What `step` returns, this very list, when the input changed nothing: what was due then still is. */
export const UNCHANGED: readonly Effect[] = []

/**
 * The rounds as the agreement sees them. `S` is mutated by `step` and `apply` only; `S` itself is never shared between machines.
 */
export type Application<S> = {
  /** The committee that votes the next height; null while a decided one waits for a delegation that it names. The same object until it changes. */
  readonly committee: (state: S) => Committee | null
  /** The session key that a vote or proposal is taken under now, also while the committee is not known; null for a stranger's. */
  readonly sessionKeyOf: (state: S, message: Unsigned) => Key | null
  /** Δ of the next height's timers. */
  readonly deltaMs: (state: S) => number
  /** The finalised block this node has seen last; null before the first. */
  readonly headBlock: (state: S) => number | null
  /** The entry this node would propose now, first due first; null when nothing is due. Follows from the state alone: no clock. */
  readonly due: (state: S) => Entry | null
  /** The header's entry, and the evidence that it names. */
  readonly check: (state: S, query: CheckQuery) => EntryCheck
  /** Ids of the evidence that a fresh header of the next height names, rising. */
  readonly evidence: (state: S, judge: Judge) => readonly Digest[]
  /** Two messages of one signer that contradict each other, or a proposal that is provably wrong, were noticed. */
  readonly accuse: (state: S, messages: readonly Signed[], at: number) => readonly Effect[]
  /** A height was decided: fold it, in height order, each once. Runs on restore too. */
  readonly apply: (state: S, decided: { header: Header; digest: Digest; at: number }) => readonly Effect[]
  /** Everything that is no vote, proposal, certificate or status; UNCHANGED for what is here already or not wanted. */
  readonly step: (state: S, input: Input) => readonly Effect[]
  /** Puts back what a journal record of kind `message`, `evidence`, `sealed` or `weights` tells; in the order written, between the decided ones. */
  readonly restore: (state: S, record: JournalRecord) => void
}
