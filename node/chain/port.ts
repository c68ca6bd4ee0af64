/** The Chain port: all that a validator asks of a Bittensor chain, answered by finalised blocks only. */
import type { YumaInput } from '../../protocol/index.ts'

/** A finalised block; `hash` is 64 lower-case hex digits without 0x. */
export type BlockRef = { readonly number: number; readonly hash: string }

/** One slot of a subnet at a block. `uid` is a slot, never an identity: slots are recycled; keys are 64 hex digits. */
export type Neuron = {
  readonly uid: number
  readonly hotkey: string
  readonly coldkey: string
  readonly stakeRao: bigint
  /** May set weights: as stored at the last epoch boundary, not as the stake of this block would give it. */
  readonly permit: boolean
  /** Block of the last weights (or of the registration), 0 for a neuron of the genesis that has set none. */
  readonly lastUpdate: number
}

/** A subnet as it stands after `block`; `neurons[uid].uid === uid`. */
export type Metagraph = {
  readonly netuid: number
  readonly block: BlockRef
  readonly epoch: number
  /** First block of the epoch. */
  readonly epochStart: number
  /** Blocks in an epoch. */
  readonly tempo: number
  readonly ownerHotkey: string
  /** Null where the chain does not say: on the local chain, while the owner's hotkey has no uid. */
  readonly ownerColdkey: string | null
  /** Blocks that must pass between two weights of one hotkey. */
  readonly weightsRateLimit: number
  readonly neurons: readonly Neuron[]
}

/** (uid, u16 weight), as stored: the greatest weight of a row is 65535 unless all are 0. */
export type Weight = readonly [uid: number, weight: number]

/** The stored row of one hotkey; `setAt` is null (and `weights` empty) when it has set none. */
export type WeightsRow = {
  readonly uid: number
  readonly weights: readonly Weight[]
  readonly setAt: number | null
  /** Where weights are hidden at first `setAt` is the newest commit's: by so many blocks an older one the row may be of. None if missing. */
  readonly behindBlocks?: number
}

/**
 * Where an extrinsic stands in the finalised chain, and how the weights went there: `plain` ones stand at once, hidden ones are a
 * commit until `reveal` has resolved.
 */
export type WeightsReceipt = {
  readonly block: BlockRef
  readonly extrinsicIndex: number
  readonly path: 'plain' | 'hash' | 'timelocked'
  /**
   * Resolves with the final block at which the row stands: sends the reveal where the chain wants one, else watches for it.
   * WEIGHTS_LOST when the window is over without it, WEIGHTS_OVERTAKEN when a later commit's row stands instead. Null for plain weights.
   */
  readonly reveal: ((signal: AbortSignal) => Promise<BlockRef>) | null
}

/** Weights that an earlier process has committed behind a hash, or meant to; `afterBlock`: the finalised head before it did. */
export type Unrevealed = {
  readonly afterBlock: number
  /** As a receipt's. */
  readonly reveal: (signal: AbortSignal) => Promise<BlockRef>
}

/** Names one extrinsic of a finalised block: the key under which a payment counts once. */
export type PaymentRef = { readonly blockHash: string; readonly blockNumber: number; readonly extrinsicIndex: number }

/** A Transfer event: money that has moved. Never read from call arguments (a failed or wrapped call moves nothing). */
export type Transfer = { readonly from: string; readonly to: string; readonly amountRao: bigint }

/** What one extrinsic did: who signed it and which transfers happened under its index. */
export type ExtrinsicTransfers = {
  readonly signer: string
  readonly succeeded: boolean
  readonly transfers: readonly Transfer[]
}

/** Signs for one account; `publicKey` is 64 hex digits, signatures are 64 bytes, those of sr25519 under the context "substrate". */
export type HotkeySigner = {
  readonly publicKey: string
  readonly scheme: 'sr25519' | 'ed25519'
  sign(bytes: Uint8Array): Uint8Array
}

/**
 * CHAIN_UNREACHABLE: no answer within the adapter's patience. BAD_RESPONSE: an answer that makes no sense.
 * STATE_DISCARDED: whoever answers has thrown the state of that block away, as a node does that is no archive.
 * CHAIN_CHANGED: the chain behind the endpoint is not a continuation of what it said before. CHAIN_DISAGREES: several endpoints
 * name different blocks as final, so that none is believed. WEIGHTS_LOST: a commit was included, and its weights never appeared.
 * WEIGHTS_OVERTAKEN: they appeared, and those of a later commit of the same hotkey stand in their place.
 * BLOCK_NOT_FINAL, BLOCK_UNKNOWN, EXTRINSIC_UNKNOWN, SUBNET_UNKNOWN, NOT_REGISTERED: the thing asked for is not there.
 * EXTRINSIC_REFUSED: refused before inclusion; EXTRINSIC_FAILED: included, and its dispatch failed. Both carry `facts.name`,
 * the chain's own error name. ABORTED: the caller's signal (a sent extrinsic may still be included). CLOSED: after close().
 */
export type ChainErrorCode =
  | 'CHAIN_UNREACHABLE'
  | 'BAD_RESPONSE'
  | 'STATE_DISCARDED'
  | 'CHAIN_CHANGED'
  | 'CHAIN_DISAGREES'
  | 'BLOCK_NOT_FINAL'
  | 'BLOCK_UNKNOWN'
  | 'EXTRINSIC_UNKNOWN'
  | 'SUBNET_UNKNOWN'
  | 'NOT_REGISTERED'
  | 'BAD_REQUEST'
  | 'EXTRINSIC_REFUSED'
  | 'EXTRINSIC_FAILED'
  | 'WEIGHTS_LOST'
  | 'WEIGHTS_OVERTAKEN'
  | 'ABORTED'
  | 'CLOSED'

/** Plain values that say what the error is about. */
export type ChainErrorFacts = Readonly<Record<string, string | number | boolean | null>>

/** The only error a Chain throws; `retryable` says that the same call may succeed later with nobody changing anything. */
export class ChainError extends Error {
  readonly code: ChainErrorCode
  readonly facts: ChainErrorFacts
  readonly retryable: boolean

  constructor(
    code: ChainErrorCode,
    facts: ChainErrorFacts = {},
    options: { retryable?: boolean; cause?: unknown } = {},
  ) {
    super(`${code} ${JSON.stringify(facts)}`, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'ChainError'
    this.code = code
    this.facts = facts
    this.retryable = options.retryable ?? false
  }
}

/** Every method rejects with ChainError only (or with what a signer throws), and never shows a block that is not final. */
export type Chain = {
  genesisHash(): Promise<string>
  finalizedHead(): Promise<BlockRef>
  /** Every finalised block in order, from `after + 1`; lives through lost connections; ends on abort. */
  followFinalized(o: { readonly after: number; readonly signal: AbortSignal }): AsyncIterable<BlockRef>
  /** Null: not final yet. */
  blockAt(number: number): Promise<BlockRef | null>
  /** BLOCK_NOT_FINAL (retryable) above the finalised head, SUBNET_UNKNOWN for another netuid. */
  metagraphAt(o: { readonly netuid: number; readonly block: number }): Promise<Metagraph>
  /** Resolves when the block that includes it is final; EXTRINSIC_FAILED with the chain's error name when refused. */
  setWeights(o: {
    readonly netuid: number
    readonly uids: readonly number[]
    readonly values: readonly number[]
    readonly versionKey: bigint
    readonly signer: HotkeySigner
    readonly signal: AbortSignal
  }): Promise<WeightsReceipt>
  /** What this hotkey's earlier processes have left to reveal; to be asked once, at the start. */
  unrevealed(o: { readonly netuid: number; readonly signer: HotkeySigner }): Promise<readonly Unrevealed[]>
  /** All that the chain's next epoch would make its consensus of, as it stands after `block`; errors as those of metagraphAt. */
  yumaInputAt(o: { readonly netuid: number; readonly block: number }): Promise<YumaInput>
  /** The row as it stands after `block` (default: the finalised head); NOT_REGISTERED when the hotkey has no uid there. */
  weightsOf(o: { readonly netuid: number; readonly hotkey: string; readonly block?: number }): Promise<WeightsRow>
  /** Resolves when final; the payer keeps the chain's existential deposit. */
  transfer(o: {
    readonly to: string
    readonly amountRao: bigint
    readonly signer: HotkeySigner
    readonly signal?: AbortSignal
  }): Promise<PaymentRef>
  /** BLOCK_UNKNOWN when number and hash disagree, BLOCK_NOT_FINAL, EXTRINSIC_UNKNOWN beyond the block's last index. */
  transfersAt(ref: PaymentRef): Promise<ExtrinsicTransfers>
  /** Ends every wait with CLOSED and every follow; safe to call twice. */
  close(): Promise<void>
}
