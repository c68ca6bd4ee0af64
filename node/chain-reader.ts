/** Follows the chain for the machine: heads in, blocks and metagraphs on request, weights out; retries until the node stops. */
import type { Input } from '../protocol/index.ts'
import { type Chain, ChainError, type HotkeySigner } from './chain/port.ts'
import type { Log } from './log.ts'
import type { ChainReader } from './ports.ts'

const RETRY_MS = 1_000
/** Weights that keep failing are given up after this long: the next vector is due by then. */
const WEIGHTS_TRIES_MAX = 20

export const createChainReader = (o: {
  readonly chain: Chain
  readonly netuid: number
  /** Null for an observer: then no weights are ever set. */
  readonly hotkey: HotkeySigner | null
  readonly submit: (input: Input) => void
  readonly now: () => number
  readonly signal: AbortSignal
  readonly log: Log
}): ChainReader & { readonly follow: () => Promise<void> } => {
  const { chain, netuid, signal, log } = o

  /** Tries again while the chain says that it may help; null when the node stops or the answer is final. */
  const insist = async <T>(
    what: string,
    call: () => Promise<T>,
    triesMax = Number.POSITIVE_INFINITY,
  ): Promise<T | null> => {
    for (let tries = 1; !signal.aborted && tries <= triesMax; tries++) {
      try {
        return await call()
      } catch (error) {
        if (signal.aborted) return null
        const retryable = error instanceof ChainError && error.retryable
        log[retryable ? 'warn' : 'error']({ what, tries, error: `${error}` }, 'chain call failed')
        if (!retryable) return null
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS).unref())
      }
    }
    return null
  }

  const setWeights: ChainReader['setWeights'] = ({ block, vector }) => {
    const { hotkey } = o
    if (hotkey === null) return
    const call = () => chain.setWeights({ netuid, ...vector, versionKey: 0n, signer: hotkey, signal })
    void insist('setWeights', call, WEIGHTS_TRIES_MAX).then((receipt) => {
      if (receipt === null) return
      log.info({ block, setAt: receipt.block.number }, 'weights set')
    })
  }

  return {
    readBlock: (number) => {
      void insist('blockAt', () => chain.blockAt(number)).then((block) => {
        if (block !== null) o.submit({ kind: 'block', at: o.now(), block })
      })
    },
    readMetagraph: (block) => {
      void insist('metagraphAt', () => chain.metagraphAt({ netuid, block })).then((metagraph) => {
        if (metagraph !== null) o.submit({ kind: 'metagraph', at: o.now(), metagraph })
      })
    },
    setWeights,
    follow: async () => {
      const head = await insist('finalizedHead', () => chain.finalizedHead())
      if (head === null) return
      o.submit({ kind: 'head', at: o.now(), block: head })
      for await (const block of chain.followFinalized({ after: head.number, signal })) {
        o.submit({ kind: 'head', at: o.now(), block })
      }
    },
  }
}
