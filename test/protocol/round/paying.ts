/** Transfers on the chain of the rounds' test mesh. */
import type { PaymentFacts, PaymentRef } from '../../../protocol/chain/payment.ts'
import type { Key } from '../../../protocol/crypto.ts'
import { blockAt, coldkeyOf, OWNER } from './mesh.ts'

export const FEE_RAO = 100_000_000n

/** The extrinsic of this index in a block. */
export const refAt = (blockNumber: number, extrinsicIndex = 0): PaymentRef => ({
  blockNumber,
  blockHash: blockAt(blockNumber).hash,
  extrinsicIndex,
})

/** One transfer to the subnet's owner by who owns the miner's hotkey. */
export const paidAt = (ref: PaymentRef, miner: Key, amountRao = FEE_RAO): PaymentFacts => {
  const [owner, subnetOwner] = [coldkeyOf(miner), coldkeyOf(OWNER)]
  const transfers = [{ from: owner, to: subnetOwner, amountRao }]
  return {
    block: blockAt(ref.blockNumber),
    extrinsic: { signer: owner, succeeded: true, transfers },
    owner,
    subnetOwner,
  }
}
