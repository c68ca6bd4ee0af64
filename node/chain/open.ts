/** From the text of `--chain` to a chain: http for the local chain, ws for Subtensor nodes. */
import { createLocalChain } from './local-chain.ts'
import { type Chain, ChainError } from './port.ts'

/**
 * Endpoints stand one after the other with commas; `mechanism` is that of the subnet (0 where there is one); `pendingDir`: where a process
 * that sets weights keeps what it has to reveal. @throws ChainError BAD_REQUEST
 */
export const openChain = async (
  text: string,
  o: { readonly mechanism?: number; readonly pendingDir?: string } = {},
): Promise<Chain> => {
  const endpoints = text.split(',').map((each) => each.trim())
  const isAll = (scheme: RegExp): boolean => endpoints.every((each) => URL.canParse(each) && scheme.test(each))
  if (isAll(/^wss?:/)) {
    // Loaded when it is needed: @polkadot/api costs every other command half a second.
    const { createSubtensorChain } = await import('./subtensor/subtensor-chain.ts')
    return createSubtensorChain({ endpoints, ...o })
  }
  const [endpoint = ''] = endpoints
  if (endpoints.length === 1 && isAll(/^https?:/)) return createLocalChain({ endpoint })
  const why =
    'a chain is one http address of a local chain, or ws and wss addresses of Subtensor nodes with commas between'
  throw new ChainError('BAD_REQUEST', { endpoint: text, why })
}
