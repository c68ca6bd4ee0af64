/** Reads what a chain shows of a claimed payment; what it comes to is decided in protocol/. */
import type { PaymentClaim, PaymentFacts } from '../../protocol/index.ts'
import { type Chain, ChainError } from './port.ts'

/** Facts of final blocks only. A chain that does not answer is an error, never a fact: a payment is not refused for our own trouble. */
export const readPayment = async (
  chain: Pick<Chain, 'blockAt' | 'transfersAt' | 'metagraphAt'>,
  { claim, netuid }: { readonly claim: PaymentClaim; readonly netuid: number },
): Promise<PaymentFacts> => {
  const { ref, hotkey } = claim
  const block = await chain.blockAt(ref.blockNumber)
  if (block === null || block.hash !== ref.blockHash) return { block, extrinsic: null, owner: null }
  const extrinsic = await chain.transfersAt(ref).catch((error: unknown) => {
    if (error instanceof ChainError && error.code === 'EXTRINSIC_UNKNOWN') return null
    throw error
  })
  const { neurons } = await chain.metagraphAt({ netuid, block: block.number })
  return { block, extrinsic, owner: neurons.find((neuron) => neuron.hotkey === hotkey)?.coldkey ?? null }
}
