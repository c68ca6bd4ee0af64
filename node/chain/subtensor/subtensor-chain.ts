/** The adapter that answers the Chain port from Subtensor nodes, through @polkadot/api and the metadata that they serve. */
import { setTimeout as delay } from 'node:timers/promises'
import { type BlockRef, type Chain, ChainError, type ExtrinsicTransfers, type PaymentRef } from '../port.ts'
import { createBlocks } from './blocks.ts'
import { createEndpoints } from './endpoints.ts'
import { unrevealedBy } from './hash-commit.ts'
import { createPendingReveals, FORGETFUL } from './pending.ts'
import { behindBlocks, readMetagraph, readRow, readYumaInput, uidOf } from './reads.ts'
import { type At, asChainError, bigintOf, createRuntime, hexOf } from './runtime.ts'
import { RpcRefusal } from './socket.ts'
import { createSubmitter } from './submit.ts'
import { type Beacon, QUICKNET } from './timelock.ts'
import { createWeights } from './weights.ts'

export type SubtensorOptions = {
  /** ws:// or wss://, the most trusted first: reads go to the first that answers, finality is what most of them say. */
  readonly endpoints: readonly string[]
  /** Default 0. */
  readonly mechanism?: number
  /** How long a read goes on while no endpoint answers. Waits (follow, submit) go on until their signal. Default 30 s. */
  readonly patienceMs?: number
  /** How often the finalised head is asked for. Default 3 s: a block comes every 12 s. */
  readonly pollMs?: number
  /** The beacon that opens timelocked commits. Default drand's quicknet, as on every Subtensor; a devnet may have its own. */
  readonly beacon?: Beacon
  /** Where what opens a hash commit outlives this process; none: a restart loses such weights. */
  readonly pendingDir?: string
  /** How long one answer may take before its endpoint counts as gone. Default 30 s. */
  readonly answerMsMax?: number
}

const DEFAULTS = { mechanism: 0, patienceMs: 30_000, pollMs: 3_000, beacon: QUICKNET }

export const createSubtensorChain = (options: SubtensorOptions): Chain => {
  const o = { ...DEFAULTS, ...options }
  const endpoints = createEndpoints({
    urls: o.endpoints,
    patienceMs: o.patienceMs,
    ...(o.answerMsMax && { answerMsMax: o.answerMsMax }),
  })
  const runtime = createRuntime(endpoints)
  const blocks = createBlocks(runtime)
  const closing = new AbortController()
  const { genesisHash, finalizedHead, blockAt, open } = createViews({ endpoints, runtime, patienceMs: o.patienceMs })
  const submit = createSubmitter({ endpoints, runtime, blocks, genesisHash, pollMs: o.pollMs })
  const pending = o.pendingDir === undefined ? FORGETFUL : createPendingReveals(o.pendingDir)
  const parts = { ...o, endpoints, runtime, blocks, submit, pending }
  const weigh = createWeights(parts)
  const within = (signal: AbortSignal | undefined): AbortSignal =>
    signal ? AbortSignal.any([signal, closing.signal]) : closing.signal
  /** A wait that close() ends says CLOSED, whatever it was waiting for. */
  const orClosed = async <T>(wait: () => Promise<T>): Promise<T> => {
    if (closing.signal.aborted) throw new ChainError('CLOSED')
    try {
      return await wait()
    } catch (error) {
      throw closing.signal.aborted ? new ChainError('CLOSED', {}, { cause: error }) : error
    }
  }

  return {
    genesisHash: () => orClosed(genesisHash),
    finalizedHead: () => orClosed(finalizedHead),
    blockAt: (number) => orClosed(() => blockAt(number)),
    followFinalized: (follow) =>
      followFinalized({ endpoints, pollMs: o.pollMs, signal: within(follow.signal) }, follow.after),
    metagraphAt: ({ netuid, block }) =>
      orClosed(async () => {
        const view = await open(block)
        return readMetagraph(view.at, { netuid, block: view.block })
      }),
    yumaInputAt: ({ netuid, block }) =>
      orClosed(async () => {
        const view = await open(block)
        return readYumaInput(view.at, { netuid, block: view.block })
      }),
    setWeights: (order) => orClosed(() => weigh({ ...order, mechanism: o.mechanism, signal: within(order.signal) })),
    unrevealed: async (order) => {
      const left = await unrevealedBy(parts, { ...order, mechanism: o.mechanism })
      return left.map((one) => ({ ...one, reveal: (signal) => orClosed(() => one.reveal(within(signal))) }))
    },
    weightsOf: ({ netuid, hotkey, block }) =>
      orClosed(async () => {
        const { at } = await open(block)
        const uid = await uidOf(at, { netuid, hotkey })
        if (uid === null) throw new ChainError('NOT_REGISTERED', { hotkey })
        const { weights, lastUpdate } = await readRow(at, { netuid, mechanism: o.mechanism, uid })
        const behind = await behindBlocks(at, netuid)
        const setAt = weights.length === 0 ? null : lastUpdate
        return { uid, weights, setAt, ...(behind !== null && { behindBlocks: behind }) }
      }),
    transfer: ({ to, amountRao, signer, signal }) =>
      orClosed(async () => {
        const args = [{ Id: `0x${to}` }, amountRao]
        const call = { pallet: 'Balances', name: 'transfer_keep_alive', args }
        if (!/^[0-9a-f]{64}$/.test(to) || amountRao < 0n) throw new ChainError('BAD_REQUEST', { to })
        const { block, extrinsicIndex } = await submit({ call, signer, signal: within(signal) })
        return { blockHash: block.hash, blockNumber: block.number, extrinsicIndex }
      }),
    transfersAt: (ref) =>
      orClosed(async () => {
        const block = await blockAt(ref.blockNumber)
        if (block === null) throw new ChainError('BLOCK_NOT_FINAL', { number: ref.blockNumber }, { retryable: true })
        if (block.hash !== ref.blockHash) throw new ChainError('BLOCK_UNKNOWN', { number: ref.blockNumber })
        return transfersOf(blocks, block, ref)
      }),
    async close() {
      closing.abort()
      endpoints.close()
      await runtime.close()
    },
  }
}

type Views = {
  genesisHash(): Promise<string>
  finalizedHead(): Promise<BlockRef>
  blockAt(number: number): Promise<BlockRef | null>
  /** The runtime's view of a final block; undefined: of the newest. */
  open(number: number | undefined): Promise<{ readonly block: BlockRef; readonly at: At }>
}

/** Final blocks, as the endpoints agree on them. */
const createViews = (o: {
  readonly endpoints: ReturnType<typeof createEndpoints>
  readonly runtime: ReturnType<typeof createRuntime>
  readonly patienceMs: number
}): Views => {
  const { endpoints, runtime, patienceMs } = o
  let genesis: string | null = null
  const hashAt = (number: number): Promise<string> =>
    insistently(patienceMs, async () => {
      const hash = await endpoints.hashAt(number)
      if (hash === null) throw new ChainError('BLOCK_UNKNOWN', { number })
      return hash
    })
  const finalizedHead = (): Promise<BlockRef> => insistently(patienceMs, () => endpoints.finalizedHead())
  const blockAt = async (number: number): Promise<BlockRef | null> => {
    const head = await finalizedHead()
    if (number > head.number) return null
    return number === head.number ? head : { number, hash: await hashAt(number) }
  }
  return {
    finalizedHead,
    blockAt,
    async genesisHash() {
      genesis ??= await hashAt(0)
      return genesis
    },
    async open(number) {
      const block = number === undefined ? await finalizedHead() : await blockAt(number)
      if (block === null) throw new ChainError('BLOCK_NOT_FINAL', { number: number ?? null }, { retryable: true })
      return { block, at: await runtime.at(block.hash) }
    },
  }
}

/** Goes on while the endpoints disagree or are away; throws what is final, or what was last when the patience is over. */
const insistently = async <T>(patienceMs: number, read: () => Promise<T>): Promise<T> => {
  const untilMs = performance.now() + patienceMs
  for (let pauseMs = 50; ; pauseMs = Math.min(2 * pauseMs, 2_000)) {
    try {
      return await read()
    } catch (error) {
      if (error instanceof RpcRefusal) throw new ChainError('BAD_RESPONSE', { why: error.message }, { cause: error })
      const passes = error instanceof ChainError && error.retryable
      if (!passes || performance.now() + pauseMs > untilMs) throw error
      await delay(pauseMs)
    }
  }
}

type Follow = {
  readonly endpoints: ReturnType<typeof createEndpoints>
  readonly pollMs: number
  readonly signal: AbortSignal
}

/** Often enough for blocks of a quarter of a second. */
const WAIT_MS_MIN = 100

/** A devnet's blocks come faster than finney's: several at one look say to look sooner, none to look later, up to `most`. */
const nextWaitMs = (waitMs: number, blocks: number, most: number): number => {
  if (blocks > 1) return Math.max(Math.min(WAIT_MS_MIN, most), waitMs / blocks)
  return blocks === 0 ? Math.min(most, waitMs * 1.25) : waitMs
}

/** Checks that the last block told is still the chain's: one that has changed behind the endpoints is CHAIN_CHANGED, not a gap. */
async function* followFinalized(o: Follow, after: number): AsyncGenerator<BlockRef> {
  let last: BlockRef | null = null
  let waitMs = o.pollMs
  while (!o.signal.aborted) {
    const blocks: readonly BlockRef[] = await nextBlocks(o, { last, after }).catch((error: unknown) => {
      if (o.signal.aborted || (error instanceof ChainError && (error.retryable || error.code === 'CLOSED'))) return []
      throw error
    })
    for (const block of blocks) {
      if (o.signal.aborted) return
      last = block
      yield block
    }
    waitMs = nextWaitMs(waitMs, blocks.length, o.pollMs)
    if (blocks.length === 0) await delay(waitMs, undefined, { signal: o.signal }).catch(() => undefined)
  }
}

/** Blocks read in one go by a follower that is far behind. */
const BATCH_MAX = 64

/** By number, as most endpoints have them: no single one's word for what links to what counts. */
const nextBlocks = async (
  { endpoints }: Follow,
  { last, after }: { readonly last: BlockRef | null; readonly after: number },
): Promise<readonly BlockRef[]> => {
  const hashAt = async (number: number): Promise<string> => {
    const hash = await endpoints.hashAt(number)
    if (hash === null) throw new ChainError('BAD_RESPONSE', { number }, { retryable: true })
    return hash
  }
  const head = await endpoints.finalizedHead()
  const next = (last?.number ?? after) + 1
  const count = Math.max(0, Math.min(BATCH_MAX, head.number - next + 1))
  if (count > 0 && last !== null && (await hashAt(last.number)) !== last.hash)
    throw new ChainError('CHAIN_CHANGED', { expected: last.number })
  return Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const number = next + index
      return { number, hash: number === head.number ? head.hash : await hashAt(number) }
    }),
  )
}

const transfersOf = (
  blocks: ReturnType<typeof createBlocks>,
  block: BlockRef,
  ref: PaymentRef,
): Promise<ExtrinsicTransfers> =>
  asChainError(async () => {
    const index = ref.extrinsicIndex
    const extrinsic = (await blocks.extrinsics(block))[index]
    if (extrinsic === undefined) throw new ChainError('EXTRINSIC_UNKNOWN', { number: block.number, index })
    const { error, events } = await blocks.outcome({ block, index })
    const transfers = events.flatMap(({ pallet, name, data: [from, to, amount] }) =>
      pallet === 'balances' && name === 'Transfer' && from !== undefined && to !== undefined && amount !== undefined
        ? [{ from: hexOf(from), to: hexOf(to), amountRao: bigintOf(amount) }]
        : [],
    )
    return { signer: extrinsic.signer ?? '', succeeded: error === null, transfers }
  })
