/** The adapter that answers the Chain port from a local chain process over its RPC. */
import {
  type ExtrinsicStatus,
  extrinsicStatusCodec,
  headersCodec,
  metagraphCodec,
  waitMsMax,
  weightsRowCodec,
} from './local/answers.ts'
import { type Header, headerHash, type Receipt, receiptCodec } from './local/block.ts'
import { type Codec, decode } from './local/codec.ts'
import { ChainCodecError } from './local/errors.ts'
import { type Call, extrinsicHash, signExtrinsic } from './local/extrinsic.ts'
import { type BlockRef, type Chain, ChainError, type HotkeySigner } from './port.ts'
import { createRpcClient, type RpcCall, type RpcClient } from './rpc-client.ts'

/** A finalised extrinsic. */
export type Finalized = { readonly block: BlockRef; readonly extrinsicIndex: number; readonly receipt: Receipt }

export type Submission = {
  readonly call: Call
  readonly signer: HotkeySigner
  readonly signal?: AbortSignal | undefined
}

/** The Chain port and the calls that only a devnet's owner makes (registration, stake). */
export type LocalChain = Chain & {
  /** Signs a call, sees it into a final block and returns what it did; EXTRINSIC_FAILED when its dispatch failed. */
  submit(o: Submission): Promise<Finalized>
}

/** How often another extrinsic of the same account may take our nonce before we give up. */
const nonceAttemptsMax = 8

/** `patienceMs`: how long a read goes on over a lost connection. Waits (follow, submit) go on until their signal. */
export function createLocalChain(o: { readonly endpoint: string; readonly patienceMs?: number }): LocalChain {
  const rpc = createRpcClient({ endpoint: o.endpoint, patienceMs: o.patienceMs ?? 5_000 })
  const ask = async <T>(codec: Codec<T>, call: RpcCall): Promise<T> => read(codec, await rpc.call(call), call.method)
  let genesis: string | undefined
  const genesisHash = async (): Promise<string> => {
    genesis ??= hashIn(await rpc.call({ method: 'chain_getGenesisHash', params: {} }))
    return genesis
  }
  const submit = (submission: Submission): Promise<Finalized> => submitFinal({ rpc, ask, genesisHash }, submission)
  const blockAt = async (number: number): Promise<BlockRef | null> => {
    try {
      const [header] = await ask(headersCodec, { method: 'chain_getHeader', params: { number } })
      if (header?.number !== number) throw new ChainError('BAD_RESPONSE', { method: 'chain_getHeader' })
      return refOf(header)
    } catch (error) {
      if (error instanceof ChainError && error.code === 'BLOCK_NOT_FINAL') return null
      throw error
    }
  }
  return {
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
    async setWeights({ netuid, uids, values, versionKey, signer, signal }) {
      const call = { kind: 'set_weights', netuid, uids, values, versionKey } as const
      const { block, extrinsicIndex } = await submit({ call, signer, signal })
      return { block, extrinsicIndex }
    },
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
}

type Ask = <T>(codec: Codec<T>, call: RpcCall) => Promise<T>

/** Checks that every header links to the one before: another chain behind the endpoint is CHAIN_CHANGED, not a gap. */
async function* followFinalized(
  ask: Ask,
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
      last = refOf(header)
      after = header.number
      yield last
    }
  }
}

type Sender = { readonly rpc: RpcClient; readonly ask: Ask; readonly genesisHash: () => Promise<string> }

async function submitFinal(sender: Sender, { call, signer, signal }: Submission): Promise<Finalized> {
  const genesisHash = await sender.genesisHash()
  for (let attempt = 1; ; attempt += 1) {
    const nonce = await sender.rpc.call({ method: 'author_nextNonce', params: { account: signer.publicKey }, signal })
    if (typeof nonce !== 'number') throw new ChainError('BAD_RESPONSE', { method: 'author_nextNonce' })
    const bytes = signed({ genesisHash, nonce, call, signer })
    try {
      return finalOf(await seeThrough(sender, bytes, signal))
    } catch (error) {
      // The nonce belongs to another extrinsic of this account, so ours can never be included: sign anew.
      if (!isNonceTaken(error) || attempt >= nonceAttemptsMax) throw error
    }
  }
}

/**
 * Sends the same bytes again for as long as the chain does not know them (a pool dies with its process): they have one
 * nonce, so they are carried out once at most.
 */
async function seeThrough(
  sender: Sender,
  bytes: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<ExtrinsicStatus> {
  const hash = extrinsicHash(bytes)
  const patient = { signal, patienceMs: Number.POSITIVE_INFINITY }
  for (;;) {
    const extrinsic = Buffer.from(bytes).toString('hex')
    await sender.rpc.call({ method: 'author_submit', params: { extrinsic }, ...patient }).catch((error: unknown) => {
      if (!isKnownAlready(error)) throw error
    })
    let status: ExtrinsicStatus
    do {
      const params = { hash, waitMs: waitMsMax }
      status = await sender.ask(extrinsicStatusCodec, { method: 'author_waitFinalized', params, ...patient })
    } while (status.kind === 'pending')
    if (status.kind === 'final') return status
  }
}

function finalOf(status: ExtrinsicStatus): Finalized {
  if (status.kind !== 'final') throw new ChainError('BAD_RESPONSE', { method: 'author_waitFinalized' })
  const { header, index, receipt } = status
  const block = refOf(header)
  if (receipt.error === '') return { block, extrinsicIndex: index, receipt }
  const facts = { name: receipt.error, block: block.number, extrinsicIndex: index }
  throw new ChainError('EXTRINSIC_FAILED', facts, { retryable: receipt.error === 'SettingWeightsTooFast' })
}

function signed(o: Parameters<typeof signExtrinsic>[0]): Uint8Array {
  try {
    return signExtrinsic(o)
  } catch (error) {
    if (error instanceof ChainCodecError) throw new ChainError('BAD_REQUEST', { why: error.message }, { cause: error })
    throw error
  }
}

function refusalName(error: unknown): unknown {
  return error instanceof ChainError && error.code === 'EXTRINSIC_REFUSED' ? error.facts['name'] : undefined
}

function isKnownAlready(error: unknown): boolean {
  const name = refusalName(error)
  return name === 'AlreadyPooled' || name === 'AlreadyIncluded'
}

function isNonceTaken(error: unknown): boolean {
  const name = refusalName(error)
  return name === 'StaleNonce' || name === 'FutureNonce'
}

function refOf(header: Header): BlockRef {
  return { number: header.number, hash: headerHash(header) }
}

function hashIn(result: unknown): string {
  if (typeof result === 'string' && /^[0-9a-f]{64}$/.test(result)) return result
  throw new ChainError('BAD_RESPONSE', { method: 'chain_getGenesisHash' })
}

function read<T>(codec: Codec<T>, result: unknown, method: string): T {
  try {
    if (typeof result === 'string') return decode(codec, Buffer.from(result, 'hex'))
  } catch (error) {
    throw new ChainError('BAD_RESPONSE', { method }, { cause: error })
  }
  throw new ChainError('BAD_RESPONSE', { method })
}
