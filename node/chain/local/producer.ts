/** The block producer: builds a block on a beat, stores it, and announces those that have become final. */
import { EventEmitter, once } from 'node:events'
import { extrinsicsPerBlockMax, type Header, headerHash, nextBlock } from './block.ts'
import { LocalChainError } from './errors.ts'
import { createPool, type Pool } from './pool.ts'
import { accountOf, type State } from './state.ts'
import type { ChainStore } from './store.ts'

export type Producer = {
  readonly genesisHash: string
  readonly pool: Pool
  /** The newest block, final or not. */
  head(): number
  /** The number of the newest final block. */
  final(): number
  /** Resolves at the next finality, or when the signal aborts. */
  nextFinality(signal: AbortSignal): Promise<void>
  /** No block begins after it resolves. */
  stop(): Promise<void>
}

/** `finalityLag` is how many blocks must stand on a block before it is final. `onFatal` gets the error that ended it. */
export function startProducer(o: {
  readonly store: ChainStore
  readonly blockMs: number
  readonly finalityLag: number
  readonly onFatal: (error: unknown) => void
}): Producer {
  const { store } = o
  let { header, state } = headOf(store)
  const genesisHash = header.number === 0 ? headerHash(header) : headerHash(storedHeader(store, 0))
  const pool = createPool({
    genesisHash,
    stateNonce: (signer) => accountOf(state, signer).nonce,
    isIncluded: (hash) => store.placeOf(hash) !== undefined,
  })
  const finality = new EventEmitter().setMaxListeners(0)
  const stopped = Promise.withResolvers<void>()
  let stopping = false
  let timer: NodeJS.Timeout | undefined

  const produce = async (): Promise<void> => {
    const extrinsics = pool.oldest(extrinsicsPerBlockMax)
    // Time only goes on, also when the machine's clock is set back.
    const timeMs = Math.max(header.timeMs + 1, Date.now())
    const next = nextBlock({ parent: header, state, extrinsics, timeMs })
    const final = Math.max(store.tip().final, next.block.header.number - o.finalityLag)
    await store.append({ ...next, final })
    header = next.block.header
    state = next.state
    pool.remove(extrinsics)
    finality.emit('final')
  }
  const beat = async (): Promise<void> => {
    const startedMs = performance.now()
    try {
      await produce()
    } catch (error) {
      stopped.resolve()
      o.onFatal(error)
      return
    }
    if (stopping) stopped.resolve()
    else schedule(Math.max(0, o.blockMs - (performance.now() - startedMs)))
  }
  const schedule = (delayMs: number): void => {
    timer = setTimeout(() => {
      timer = undefined
      void beat()
    }, delayMs)
  }
  schedule(o.blockMs)

  return {
    genesisHash,
    pool,
    head: () => header.number,
    final: () => store.tip().final,
    async nextFinality(signal) {
      // once() rejects on abort only: the wait is over either way.
      await once(finality, 'final', { signal }).catch(() => undefined)
    },
    async stop() {
      stopping = true
      if (timer) {
        clearTimeout(timer)
        stopped.resolve()
      }
      await stopped.promise
    },
  }
}

function storedHeader(store: ChainStore, number: number): Header {
  const block = store.blockAt(number)
  if (!block) throw new LocalChainError('CORRUPT', { missing: 'block', block: number })
  return block.header
}

function headOf(store: ChainStore): { header: Header; state: State } {
  const header = storedHeader(store, store.tip().head)
  return { header, state: store.stateAt(header) }
}
