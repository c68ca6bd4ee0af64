/** The adapter that answers the Chain port from a local chain process over its RPC. */
import type { YumaInput } from '../../protocol/index.ts'
import { headersCodec, metagraphCodec, waitMsMax, weightsRowCodec } from './local/answers.ts'
import { headerRef, receiptCodec } from './local/block.ts'
import { type BlockRef, type Chain, ChainError } from './port.ts'
import { createRpcClient, type RpcClient } from './rpc-client.ts'
import { createSubmitter, type Finalized, type Submission } from './submit.ts'

/** The Chain port and the calls that only a devnet's owner makes (registration, stake). */
export type LocalChain = Chain & {
  /** Signs a call, sees it into a final block and returns what it did; EXTRINSIC_FAILED when its dispatch failed. */
  submit(o: Submission): Promise<Finalized>
}

/** `patienceMs`: how long a read goes on over a lost connection. Waits (follow, submit) go on until their signal. */
export function createLocalChain(o: { readonly endpoint: string; readonly patienceMs?: number }): LocalChain {
  const rpc = createRpcClient({ endpoint: o.endpoint, patienceMs: o.patienceMs ?? 5_000 })
  const { ask } = rpc
  let genesis: string | undefined
  const genesisHash = async (): Promise<string> => {
    genesis ??= hashIn(await rpc.call({ method: 'chain_getGenesisHash', params: {} }))
    return genesis
  }
  const submit = createSubmitter({ rpc, genesisHash })
  const blockAt = async (number: number): Promise<BlockRef | null> => {
    try {
      const [header] = await ask(headersCodec, { method: 'chain_getHeader', params: { number } })
      if (header?.number !== number) throw new ChainError('BAD_RESPONSE', { method: 'chain_getHeader' })
      return headerRef(header)
    } catch (error) {
      if (error instanceof ChainError && error.code === 'BLOCK_NOT_FINAL') return null
      throw error
    }
  }
  const chain: LocalChain = {
    genesisHash,
    blockAt,
    submit,
    async finalizedHead() {
      const head = await rpc.call({ method: 'chain_getHead', params: {} })
      const final = typeof head === 'object' && head !== null && 'final' in head ? head.final : undefined
      const ref = typeof final === 'number' ? await blockAt(final) : null
      if (!ref) throw new ChainError('BAD_RESPONSE', { method: 'chain_getHead' })
      return ref
    },
    followFinalized: (follow) => followFinalized(ask, follow),
    metagraphAt: ({ netuid, block }) =>
      ask(metagraphCodec, { method: 'state_getMetagraph', params: { netuid, number: block } }),
    yumaInputAt: (at) => yumaInputOf(chain, at),
    async setWeights({ netuid, uids, values, versionKey, signer, signal }) {
      const call = { kind: 'set_weights', netuid, uids, values, versionKey } as const
      const { block, extrinsicIndex } = await submit({ call, signer, signal })
      return { block, extrinsicIndex, path: 'plain', reveal: null }
    },
    // Nothing is hidden here.
    unrevealed: async () => [],
    weightsOf({ netuid, hotkey, block }) {
      const params = block === undefined ? { netuid, hotkey } : { netuid, hotkey, number: block }
      return ask(weightsRowCodec, { method: 'state_getWeights', params })
    },
    async transfer({ to, amountRao, signer, signal }) {
      const { block, extrinsicIndex } = await submit({ call: { kind: 'transfer', to, amountRao }, signer, signal })
      return { blockHash: block.hash, blockNumber: block.number, extrinsicIndex }
    },
    async transfersAt(ref) {
      const params = { number: ref.blockNumber, hash: ref.blockHash, index: ref.extrinsicIndex }
      const receipt = await ask(receiptCodec, { method: 'chain_getReceipt', params })
      const transfers = receipt.events.flatMap((event) =>
        event.kind === 'Transfer' ? [{ from: event.from, to: event.to, amountRao: event.amountRao }] : [],
      )
      return { signer: receipt.signer, succeeded: receipt.error === '', transfers }
    },
    close: async () => rpc.close(),
  }
  return chain
}

/** Subtensor's defaults: the local chain pays nobody, so it has neither number. */
const kappa = 32_767
const activityCutoff = 5_000

/** Rows of those who hold a permit. Nobody leaves a slot here, so what is registered stays what it was. */
async function yumaInputOf(chain: Chain, at: { readonly netuid: number; readonly block: number }): Promise<YumaInput> {
  const { neurons, ownerHotkey } = await chain.metagraphAt(at)
  const rows = neurons.map(async ({ hotkey, permit }) => (permit ? chain.weightsOf({ ...at, hotkey }) : null))
  const weights = await Promise.all(rows)
  const ownerUid = neurons.findIndex(({ hotkey }) => hotkey === ownerHotkey)
  return {
    block: at.block,
    activityCutoff,
    kappa,
    stakeThreshold: 0n,
    ownerUid: ownerUid < 0 ? null : ownerUid,
    neurons: neurons.map(({ stakeRao, permit, lastUpdate }, uid) => ({
      stake: stakeRao,
      permit,
      lastUpdate,
      registeredAt: -1,
      commitBlock: null,
      weights: weights[uid]?.weights ?? [],
    })),
  }
}

/** Checks that every header links to the one before: another chain behind the endpoint is CHAIN_CHANGED, not a gap. */
async function* followFinalized(
  ask: RpcClient['ask'],
  o: { readonly after: number; readonly signal: AbortSignal },
): AsyncGenerator<BlockRef> {
  let last: BlockRef | null = null
  let after = o.after
  while (!o.signal.aborted) {
    const params = { after, waitMs: waitMsMax }
    const call = { method: 'chain_waitFinalized', params, signal: o.signal, patienceMs: Number.POSITIVE_INFINITY }
    const headers = await ask(headersCodec, call).catch((error: unknown) => {
      if (error instanceof ChainError && (error.code === 'ABORTED' || error.code === 'CLOSED')) return null
      throw error
    })
    if (!headers) return
    for (const header of headers) {
      if (o.signal.aborted) return
      if (header.number !== after + 1 || (last && header.parent !== last.hash)) {
        throw new ChainError('CHAIN_CHANGED', { expected: after + 1, got: header.number })
      }
      last = headerRef(header)
      after = header.number
      yield last
    }
  }
}

function hashIn(result: unknown): string {
  if (typeof result === 'string' && /^[0-9a-f]{64}$/.test(result)) return result
  throw new ChainError('BAD_RESPONSE', { method: 'chain_getGenesisHash' })
}
