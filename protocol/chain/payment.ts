/** Whether a transfer on chain pays for a submission: decided from its events alone, since calls that succeed may have moved nothing. */
import type { BlockRef } from '../chain-view.ts'
import type { Digest, Key } from '../crypto.ts'

/** One extrinsic of a block; its index counts from 0, and 0 is as good as any. */
export type PaymentRef = { readonly blockNumber: number; readonly blockHash: Digest; readonly extrinsicIndex: number }

/** What a miner says: this extrinsic of my coldkey pays for a submission of my hotkey. */
export type PaymentClaim = { readonly ref: PaymentRef; readonly hotkey: Key; readonly coldkey: Key }

/** What is asked for: blocks are inclusive. */
export type PaymentTerms = {
  readonly recipient: Key
  readonly amountRao: bigint
  readonly firstBlock: number
  readonly lastBlock: number
}

/** 0.1 TAO. */
export const SUBMISSION_FEE_RAO = 100_000_000n

/** What the chain shows of the claim; every part is read from final blocks. */
export type PaymentFacts = {
  /** The final block of that height; null while there is none. */
  readonly block: BlockRef | null
  /** Null: the block has no such extrinsic. */
  readonly extrinsic: {
    /** Empty for what nobody signed. */
    readonly signer: Key
    readonly succeeded: boolean
    /** Transfer events under its index, in order. */
    readonly transfers: readonly { readonly from: Key; readonly to: Key; readonly amountRao: bigint }[]
  } | null
  /** The coldkey that owned the hotkey at that block; null when it was not registered. */
  readonly owner: Key | null
}

/**
 * NOT_FINAL may still become a payment; all others never will. OTHER_BLOCK: a fork has dropped it. OTHER_SIGNER: also proxies and
 * multisigs, whose signer is not who pays. SEVERAL: two payments under one index cannot be told apart. SPENT: it has paid already.
 */
export type PaymentFault =
  | 'NOT_FINAL'
  | 'OTHER_BLOCK'
  | 'TOO_OLD'
  | 'TOO_LATE'
  | 'NO_EXTRINSIC'
  | 'OTHER_SIGNER'
  | 'FAILED'
  | 'NO_TRANSFER'
  | 'SEVERAL'
  | 'TOO_LITTLE'
  | 'OTHER_OWNER'
  | 'SPENT'

/** Under this a payment counts once in the whole network: the block's hash binds the chain, the index the extrinsic. */
export const nullifierOf = ({ blockHash, extrinsicIndex }: PaymentRef): string => `${blockHash}/${extrinsicIndex}`

/** Null: it pays. The first fault in the order in which facts become known. */
export const paymentFault = (o: {
  readonly claim: PaymentClaim
  readonly terms: PaymentTerms
  readonly facts: PaymentFacts
  /** Nullifiers of all that has paid before. */
  readonly spent: ReadonlySet<string>
}): PaymentFault | null => {
  const { claim, terms, facts } = o
  const { ref, coldkey } = claim
  if (ref.blockNumber < terms.firstBlock) return 'TOO_OLD'
  if (ref.blockNumber > terms.lastBlock) return 'TOO_LATE'
  if (facts.block === null) return 'NOT_FINAL'
  if (facts.block.number !== ref.blockNumber || facts.block.hash !== ref.blockHash) return 'OTHER_BLOCK'
  if (facts.extrinsic === null) return 'NO_EXTRINSIC'
  if (facts.extrinsic.signer !== coldkey) return 'OTHER_SIGNER'
  if (!facts.extrinsic.succeeded) return 'FAILED'
  const paid = facts.extrinsic.transfers.filter(({ from, to }) => from === coldkey && to === terms.recipient)
  const [transfer] = paid
  if (transfer === undefined) return 'NO_TRANSFER'
  if (paid.length > 1) return 'SEVERAL'
  if (transfer.amountRao < terms.amountRao) return 'TOO_LITTLE'
  if (facts.owner !== coldkey) return 'OTHER_OWNER'
  return o.spent.has(nullifierOf(ref)) ? 'SPENT' : null
}
