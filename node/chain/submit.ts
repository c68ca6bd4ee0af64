/** Sees a call into a final block: nonce, signature, and the same bytes again for as long as the chain has lost them. */
import { type ExtrinsicStatus, extrinsicStatusCodec, waitMsMax } from './local/answers.ts'
import { headerRef, type Receipt } from './local/block.ts'
import { ChainCodecError } from './local/errors.ts'
import { type Call, extrinsicHash, signExtrinsic } from './local/extrinsic.ts'
import { type BlockRef, ChainError, type HotkeySigner } from './port.ts'
import type { RpcClient } from './rpc-client.ts'

/** A finalised extrinsic that succeeded. */
export type Finalized = { readonly block: BlockRef; readonly extrinsicIndex: number; readonly receipt: Receipt }

export type Submission = {
  readonly call: Call
  readonly signer: HotkeySigner
  readonly signal?: AbortSignal | undefined
}

type FinalStatus = Extract<ExtrinsicStatus, { readonly kind: 'final' }>

/** How often another process with the same key may take our nonce before we give up (EXTRINSIC_REFUSED, retryable). */
const nonceAttemptsMax = 8

/** Calls of one account take turns until the pool has them, so that they never race each other for a nonce. */
export function createSubmitter(o: {
  readonly rpc: RpcClient
  readonly genesisHash: () => Promise<string>
}): (submission: Submission) => Promise<Finalized> {
  const { rpc } = o
  const turns = new Map<string, Promise<void>>()
  const sendInTurn = async (submission: Submission): Promise<Uint8Array> => {
    const account = submission.signer.publicKey
    const before = turns.get(account) ?? Promise.resolve()
    const done = Promise.withResolvers<void>()
    turns.set(
      account,
      before.then(() => done.promise),
    )
    try {
      await orAbort(before, submission.signal)
      const bytes = await signNext(rpc, await o.genesisHash(), submission)
      await send(rpc, bytes, submission.signal)
      return bytes
    } finally {
      done.resolve()
    }
  }
  return async (submission) => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return finalOf(await seeThrough(rpc, await sendInTurn(submission), submission.signal))
      } catch (error) {
        // The nonce belongs to another extrinsic of this account, so ours can never be included: sign anew.
        if (!isNonceTaken(error) || attempt >= nonceAttemptsMax) throw error
      }
    }
  }
}

async function signNext(
  rpc: RpcClient,
  genesisHash: string,
  { call, signer, signal }: Submission,
): Promise<Uint8Array> {
  const nonce = await rpc.call({ method: 'author_nextNonce', params: { account: signer.publicKey }, signal })
  if (typeof nonce !== 'number') throw new ChainError('BAD_RESPONSE', { method: 'author_nextNonce' })
  return signed({ genesisHash, nonce, call, signer })
}

/** Returns when the chain knows these bytes; goes on over lost connections, as they may have arrived. */
async function send(rpc: RpcClient, bytes: Uint8Array, signal: AbortSignal | undefined): Promise<void> {
  const params = { extrinsic: Buffer.from(bytes).toString('hex') }
  try {
    await rpc.call({ method: 'author_submit', params, signal, patienceMs: Number.POSITIVE_INFINITY })
  } catch (error) {
    if (!isKnownAlready(error)) throw error
  }
}

/**
 * Sends the same bytes again for as long as the chain does not know them (a pool dies with its process): they have one
 * nonce, so they are carried out once at most.
 */
async function seeThrough(rpc: RpcClient, bytes: Uint8Array, signal: AbortSignal | undefined): Promise<FinalStatus> {
  const params = { hash: extrinsicHash(bytes), waitMs: waitMsMax }
  const wait = { method: 'author_waitFinalized', params, signal, patienceMs: Number.POSITIVE_INFINITY }
  for (;;) {
    const status = await rpc.ask(extrinsicStatusCodec, wait)
    if (status.kind === 'final') return status
    if (status.kind === 'unknown') await send(rpc, bytes, signal)
  }
}

/** The wait, or ABORTED as soon as the signal says so. */
async function orAbort(wait: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (!signal) return wait
  if (signal.aborted) throw new ChainError('ABORTED')
  const aborted = Promise.withResolvers<never>()
  const onAbort = (): void => aborted.reject(new ChainError('ABORTED'))
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    await Promise.race([wait, aborted.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

function finalOf({ header, index, receipt }: FinalStatus): Finalized {
  const block = headerRef(header)
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
