/** Whether a transfer on chain pays for a submission: decided from its events alone, since calls that succeed may have moved nothing. */
import { count, digest, type Infer, struct, u32 } from '../canonical.ts'
import type { BlockRef } from '../chain-view.ts'
import type { Key } from '../crypto.ts'

/** One extrinsic of a block; its index counts from 0, and 0 is as good as any. */
export const paymentRef = struct({ blockNumber: count, blockHash: digest, extrinsicIndex: u32 })
export type PaymentRef = Infer<typeof paymentRef>

/** What a miner says: this extrinsic pays for a submission of my hotkey. */
export type PaymentClaim = { readonly ref: PaymentRef; readonly hotkey: Key }

/** What is asked for. */
export type PaymentTerms = {
  /** Null: the coldkey of the subnet's owner, whoever that was at the payment's block. */
  readonly recipient: Key | null
  readonly amountRao: bigint
  /** The oldest block that may hold it. */
  readonly firstBlock: number
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
  /** The coldkey that owned the hotkey at that block; null when the hotkey was not registered. */
  readonly owner: Key | null
  /** The coldkey of the subnet's owner at that block; null when its hotkey has no uid. */
  readonly subnetOwner: Key | null
}

/**
 * NOT_FINAL may still become a payment; all others never will. OTHER_BLOCK: a fork has dropped it. OTHER_SIGNER: who signed does not own the
 * hotkey; also proxies and multisigs, whose signer is not who pays. SEVERAL: two payments under one index cannot be told apart. NO_RECIPIENT:
 * the subnet's owner has no coldkey there that could be paid. What has paid for another submission is the log's to say.
 */
export type PaymentFault =
  | 'NOT_FINAL'
  | 'OTHER_BLOCK'
  | 'TOO_OLD'
  | 'NO_EXTRINSIC'
  | 'UNREGISTERED'
  | 'OTHER_SIGNER'
  | 'FAILED'
  | 'NO_RECIPIENT'
  | 'NO_TRANSFER'
  | 'SEVERAL'
  | 'TOO_LITTLE'

/** Under this a payment counts once in the whole network: the block's hash binds the chain, the index the extrinsic. */
export const nullifierOf = ({ blockHash, extrinsicIndex }: PaymentRef): string => `${blockHash}/${extrinsicIndex}`

/**
 * a payment is one Transfer event of at least the fee to the recipient, in a final block, out of the account that signed the extrinsic,
 * and that account owned the submission's hotkey at that block.
 * @returns the first fault in the order in which facts become known; null: it pays.
 */
export const paymentFault = (o: {
  readonly claim: PaymentClaim
  readonly terms: PaymentTerms
  readonly facts: PaymentFacts
}): PaymentFault | null => {
  const { terms, facts } = o
  const { ref } = o.claim
  const { block, extrinsic, owner } = facts
  if (ref.blockNumber < terms.firstBlock) return 'TOO_OLD'
  if (block === null) return 'NOT_FINAL'
  if (block.number !== ref.blockNumber || block.hash !== ref.blockHash) return 'OTHER_BLOCK'
  if (extrinsic === null) return 'NO_EXTRINSIC'
  if (owner === null) return 'UNREGISTERED'
  if (extrinsic.signer !== owner) return 'OTHER_SIGNER'
  if (!extrinsic.succeeded) return 'FAILED'
  const recipient = terms.recipient ?? facts.subnetOwner
  if (recipient === null) return 'NO_RECIPIENT'
  const paid = extrinsic.transfers.filter(({ from, to }) => from === owner && to === recipient)
  const [transfer] = paid
  if (transfer === undefined) return 'NO_TRANSFER'
  if (paid.length > 1) return 'SEVERAL'
  return transfer.amountRao < terms.amountRao ? 'TOO_LITTLE' : null
}
