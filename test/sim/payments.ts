/** Transfers of a simulated chain: what the extrinsic at each index of any block moves, and how miners name them. */
import type { PaymentFacts, PaymentRef } from '../../protocol/chain/payment.ts'
import type { Digest, Key } from '../../protocol/crypto.ts'
import { blockAt } from './scene.ts'

export const FEE_RAO = 1000n

/** What the extrinsics of one miner do, by their place among its own. */
const KINDS = ['pays', 'pays too little', 'fails', 'pays twice', 'pays for another', 'moves nothing'] as const
export type TransferKind = (typeof KINDS)[number]

/** The extrinsic of this kind that the miner at this place has in every block. */
export const refOf = (o: {
  readonly block: number
  readonly miner: number
  readonly kind: TransferKind
}): PaymentRef => ({
  blockNumber: o.block,
  blockHash: blockAt(o.block).hash,
  extrinsicIndex: o.miner * KINDS.length + KINDS.indexOf(o.kind),
})

/** What final blocks hold at this index; null beyond the last miner's. `forked`: a block of this hash was never final. */
export const transferAt = (
  { blockNumber, extrinsicIndex }: PaymentRef,
  purses: readonly Key[],
): { readonly kind: TransferKind; readonly purse: Key; readonly hash: Digest } | null => {
  const kind = KINDS[extrinsicIndex % KINDS.length]
  const purse = purses[Math.floor(extrinsicIndex / KINDS.length)]
  return kind === undefined || purse === undefined ? null : { kind, purse, hash: blockAt(blockNumber).hash }
}

/** The same as a node's chain tells it. */
export const factsOf = (o: {
  readonly ref: PaymentRef
  readonly purses: readonly Key[]
  /** Coldkey of the submission's hotkey. */
  readonly owner: Key | null
  readonly subnetOwner: Key
}): PaymentFacts => {
  const { ref, owner, subnetOwner } = o
  const found = transferAt(ref, o.purses)
  const block = blockAt(ref.blockNumber)
  if (found === null) return { block, extrinsic: null, owner, subnetOwner }
  const { kind, purse } = found
  const paid = { from: purse, to: subnetOwner, amountRao: kind === 'pays too little' ? FEE_RAO / 2n : FEE_RAO }
  const isNone = kind === 'fails' || kind === 'moves nothing'
  const transfers = isNone ? [] : kind === 'pays twice' ? [paid, paid] : [paid]
  // By proxy: the signer is not who pays.
  const signer = kind === 'pays for another' ? subnetOwner : purse
  return { block, extrinsic: { signer, succeeded: kind !== 'fails', transfers }, owner, subnetOwner }
}
