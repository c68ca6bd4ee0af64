/** Reads what a chain shows of a claimed payment; what it comes to is decided in protocol/. */
import {
  type PaymentClaim,
  type PaymentFacts,
  type PaymentFault,
  paymentFault,
  type RoundState,
  type Signed,
  termsOfPayment,
} from '../../protocol/index.ts'
import { type Chain, ChainError } from './port.ts'

type Reads = Pick<Chain, 'blockAt' | 'transfersAt' | 'metagraphAt'>

/** Facts of final blocks only. A chain that does not answer is an error, never a fact: a payment is not refused for our own trouble. */
export const readPayment = async (
  chain: Reads,
  { claim, netuid }: { readonly claim: PaymentClaim; readonly netuid: number },
): Promise<PaymentFacts> => {
  const { ref, hotkey } = claim
  const block = await chain.blockAt(ref.blockNumber)
  if (block === null || block.hash !== ref.blockHash) return { block, extrinsic: null, owner: null, subnetOwner: null }
  const extrinsic = await chain.transfersAt(ref).catch((error: unknown) => {
    if (error instanceof ChainError && error.code === 'EXTRINSIC_UNKNOWN') return null
    throw error
  })
  const { neurons, ownerColdkey } = await chain.metagraphAt({ netuid, block: block.number })
  const owner = neurons.find((neuron) => neuron.hotkey === hotkey)?.coldkey ?? null
  return { block, extrinsic, owner, subnetOwner: ownerColdkey }
}

/** A fault, or CHAIN_AWAY: this validator cannot look at the moment. */
export type PaymentRefusal = PaymentFault | 'CHAIN_AWAY'

/** What a miner can do about it. */
export const PAYMENT_REFUSALS: Readonly<Record<PaymentRefusal, string>> = {
  CHAIN_AWAY: 'this validator’s chain does not answer: try again, or another validator',
  NOT_FINAL: 'the payment’s block is not final here yet: try again in a minute',
  OTHER_BLOCK: 'the final block of that number has another hash: name the block that the transfer ended in',
  TOO_OLD: 'the payment is older than a payment may be: pay anew',
  NO_EXTRINSIC: 'the block has no extrinsic of this index: indices count from 0',
  UNREGISTERED: 'this hotkey had no uid on the subnet at that block: register it, then pay',
  OTHER_SIGNER: 'the coldkey that owns the hotkey must sign the transfer itself: no proxy, no multisig',
  FAILED: 'the extrinsic failed and has moved nothing: pay anew',
  NO_RECIPIENT: 'the chain does not say who owns the subnet: tell its owner',
  NO_TRANSFER: 'the extrinsic has moved nothing to the fee’s recipient: see `evalmesh params show`',
  SEVERAL: 'the extrinsic pays the recipient more than once: pay by a transfer of its own',
  TOO_LITTLE: 'the transfer is less than the fee: see `evalmesh params show`',
}

/** Longest look at the chain while a miner waits for its answer. */
const LOOK_MS_MAX = 20_000

/**
 * Tells a miner at once what is wrong with its payment, since a receipt that never comes tells nothing. The machine looks for itself.
 * @returns null for what pays, and where nothing is named.
 */
export const createPaymentCheck =
  (o: { readonly chain: Reads; readonly netuid: number; readonly rounds: () => RoundState }) =>
  async ({ competition: id, hotkey, payment: ref }: Signed<'submission'>['body']): Promise<PaymentRefusal | null> => {
    const competition = o.rounds().competitions.get(id)
    if (ref === null || competition === undefined) return null
    const claim = { ref, hotkey }
    const { promise: late, resolve } = Promise.withResolvers<null>()
    const timer = setTimeout(() => resolve(null), LOOK_MS_MAX)
    try {
      const facts = await Promise.race([readPayment(o.chain, { claim, netuid: o.netuid }), late])
      return facts === null
        ? 'CHAIN_AWAY'
        : paymentFault({ claim, terms: termsOfPayment(o.rounds(), competition), facts })
    } catch (error) {
      if (error instanceof ChainError) return 'CHAIN_AWAY'
      throw error
    } finally {
      clearTimeout(timer)
    }
  }
