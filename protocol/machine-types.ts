/** What goes into the machine and what comes out: inputs, effects, the records that survive a crash. */
import type { PaymentFacts, PaymentRef } from './chain/payment.ts'
import type { BlockRef, Metagraph } from './chain-view.ts'
import type { Digest, Key } from './crypto.ts'
import type { ManifestEntry } from './message/entry.ts'
import type { Evidence, Offence } from './message/evidence.ts'
import type { Signed, Unsigned, Verified } from './message/message.ts'
import type { Certificate, Decided, Phase, Status } from './message/vote.ts'
import type { CompetitionParams } from './params.ts'

/** `at` is the node's monotonic clock in ms; only timers and "held since" read it. */
export type Input =
  | { readonly kind: 'message'; readonly at: number; readonly message: Verified<Signed> }
  | { readonly kind: 'certificate'; readonly at: number; readonly certificate: Verified<Certificate> }
  /** A decided height from a peer or the archive, its certificate verified against the committee of exactly the next height. */
  | { readonly kind: 'decided'; readonly at: number; readonly decided: Verified<Decided> }
  | { readonly kind: 'status'; readonly at: number; readonly from: Key; readonly status: Status }
  /** From a peer, or what `accuse` put together; all its signatures hold. */
  | { readonly kind: 'evidence'; readonly at: number; readonly evidence: Verified<Evidence> }
  /** Every finalised block in order; the first after a start may be any block at or below the head. */
  | { readonly kind: 'head'; readonly at: number; readonly block: BlockRef }
  /** Answer to `readBlock`. */
  | { readonly kind: 'block'; readonly at: number; readonly block: BlockRef }
  /** Answer to `readMetagraph`. */
  | { readonly kind: 'metagraph'; readonly at: number; readonly metagraph: Metagraph }
  /** Answer to `readPayment`: what final blocks show. */
  | { readonly kind: 'payment'; readonly at: number; readonly submission: Digest; readonly facts: PaymentFacts }
  /** A blob is stored here whole and its digest checked. */
  | { readonly kind: 'stored'; readonly at: number; readonly digest: Digest }
  /** Answer to `evaluate`: the statement to commit to, canonical bytes with this nonce inside. */
  | {
      readonly kind: 'evaluated'
      readonly at: number
      readonly competition: string
      readonly round: number
      readonly manifest: Digest
      readonly nonce: Digest
      readonly statement: Uint8Array
    }
  | { readonly kind: 'wake'; readonly at: number }

/** What is durable before anything that follows it leaves the process. The machine is restored by folding these in the order written. */
export type JournalRecord =
  | { readonly kind: 'decided'; readonly decided: Decided }
  /** A notarization or nullification of the height being decided. */
  | { readonly kind: 'certificate'; readonly certificate: Certificate }
  /** I am about to sign this vote or proposal value: nothing that conflicts may ever follow. */
  | {
      readonly kind: 'guard'
      readonly height: number
      readonly view: number
      readonly phase: Phase | 'proposal'
      readonly value: Digest
    }
  /** A signed message kept for the log: delegation, submission, receipt, commit, reveal, a proposal whose header may be decided. */
  | { readonly kind: 'message'; readonly message: Signed }
  /** Evidence that is held until a header names it, and served afterwards. */
  | { readonly kind: 'evidence'; readonly evidence: Evidence }
  /** My sealed measurement: what my commit hashed and my reveal will open. */
  | {
      readonly kind: 'sealed'
      readonly competition: string
      readonly round: number
      readonly manifest: Digest
      readonly nonce: Digest
      readonly statement: Uint8Array
    }
  /** I am about to set the vector of this block: never twice. */
  | { readonly kind: 'weights'; readonly block: number }
  /** Another copy of this node signs with this session key: by it I vote no more. */
  | { readonly kind: 'cloned'; readonly sessionKey: Key }

/** One weights vector: uids rising, u16 values with maximum 65535. */
export type WeightsVector = { readonly uids: readonly number[]; readonly values: readonly number[] }

/** Carried out in order, each before the next. */
export type Effect =
  | { readonly kind: 'persist'; readonly records: readonly JournalRecord[] }
  /** Sign with the session key, hand back as an input of one's own, and send: votes and proposals to the committee, the rest by gossip. */
  | { readonly kind: 'sign'; readonly message: Unsigned }
  /** Send again, or on, what is signed already. */
  | { readonly kind: 'relay'; readonly what: Relayed; readonly to: 'committee' | Key }
  /**
   * Check the signatures of what this node put together from messages that it holds; comes back as an input `evidence` only if all hold. They
   * may not: a message was checked against the session key that was in force when it came.
   */
  | { readonly kind: 'accuse'; readonly evidence: Evidence }
  /** Pull a signed message or evidence by id, or a blob by digest (the message names it), from whoever has it; comes back as an input. */
  | { readonly kind: 'fetch'; readonly what: 'message' | 'blob'; readonly digest: Digest }
  | { readonly kind: 'readBlock'; readonly number: number }
  | { readonly kind: 'readMetagraph'; readonly block: number }
  /** Look at the extrinsic that a submission of this hotkey says pays for it. */
  | { readonly kind: 'readPayment'; readonly submission: Digest; readonly payment: PaymentRef; readonly hotkey: Key }
  /** Measure these submissions in the sandbox; may take minutes; the answer is `evaluated`. Asked again after a restart. */
  | {
      readonly kind: 'evaluate'
      readonly competition: string
      readonly round: number
      readonly manifest: Digest
      readonly entry: ManifestEntry
      /** The competition's as the manifest found them. */
      readonly params: CompetitionParams
      readonly seed: Digest
    }
  | { readonly kind: 'setWeights'; readonly block: number; readonly vector: WeightsVector }
  /** The one alarm: replaces the one before. */
  | { readonly kind: 'wake'; readonly at: number }
  /** For people and tests that watch; changes nothing. */
  | { readonly kind: 'notice'; readonly notice: Notice }

export type Relayed =
  | { readonly kind: 'message'; readonly message: Signed }
  | { readonly kind: 'certificate'; readonly certificate: Certificate }
  | { readonly kind: 'decided'; readonly decided: readonly Decided[] }
  /** So many decided heights from this one on, out of the archive: they are older than what the machine remembers; at most SYNC_BATCH_MAX. */
  | { readonly kind: 'archived'; readonly fromHeight: number; readonly count: number }
  | { readonly kind: 'status'; readonly status: Status }
  | { readonly kind: 'evidence'; readonly evidence: Evidence }

export type Notice =
  | { readonly kind: 'decided'; readonly decided: Decided; readonly digest: Digest }
  | { readonly kind: 'view'; readonly height: number; readonly view: number; readonly leader: Key }
  | { readonly kind: 'equivocation'; readonly hotkey: Key; readonly first: Signed; readonly second: Signed }
  /** Evidence is held here now, to be named by a header. */
  | { readonly kind: 'evidence'; readonly id: Digest; readonly hotkey: Key; readonly offence: Offence }
  /** A leader signed what is provably wrong. */
  | { readonly kind: 'refused'; readonly proposal: Signed<'proposal'>; readonly reason: string }
  /** A message of this node's own that it never signed arrived: a clone or a rolled-back disk; it votes no more under this session key. */
  | { readonly kind: 'cloned'; readonly message: Signed }
