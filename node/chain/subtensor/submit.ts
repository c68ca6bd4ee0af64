/** Sees a call into a final block: nonce, signature, the same bytes again while nobody has included them, and anew only when nobody ever can. */
import { setTimeout as delay } from 'node:timers/promises'
import { encodeSs58 } from '../../../protocol/index.ts'
import { type BlockRef, ChainError, type HotkeySigner } from '../port.ts'
import type { Blocks, ChainEvent } from './blocks.ts'
import { type Endpoints, majority, resultsOf } from './endpoints.ts'
import { type Call, type SignedExtrinsic, signCall } from './extrinsic.ts'
import { isPassing, judgeRefusal } from './names.ts'
import { numberOf, type Runtime } from './runtime.ts'

export type Included = {
  readonly block: BlockRef
  readonly extrinsicIndex: number
  readonly events: readonly ChainEvent[]
}

export type Submission = {
  readonly call: Call
  readonly signer: HotkeySigner
  readonly signal?: AbortSignal | undefined
  /** The chain's name for a rate limit of this call. */
  readonly limit?: string
}

type Parts = {
  readonly endpoints: Endpoints
  readonly runtime: Runtime
  readonly blocks: Blocks
  readonly genesisHash: () => Promise<string>
  readonly pollMs: number
}

/** How often another process with the same key may take our nonce before we give up (EXTRINSIC_REFUSED, retryable). */
const ATTEMPTS_MAX = 8

/** Calls of one account take turns until a pool has them, so that they never race each other for a nonce. */
export const createSubmitter = (o: Parts): ((submission: Submission) => Promise<Included>) => {
  const turns = new Map<string, Promise<void>>()
  const sendInTurn = async (submission: Submission) => {
    const account = submission.signer.publicKey
    const before = turns.get(account) ?? Promise.resolve()
    const done = Promise.withResolvers<void>()
    turns.set(
      account,
      before.then(() => done.promise),
    )
    try {
      await before
      throwIfAborted(submission.signal)
      const head = await o.endpoints.finalizedHead()
      const signed = await sign(o, head, submission)
      return { head, signed, unfit: await send(o.endpoints, signed, submission) }
    } finally {
      done.resolve()
    }
  }
  return async (submission) => {
    for (let attempt = 1; ; attempt += 1) {
      throwIfAborted(submission.signal)
      const { head, signed, unfit } = await insist(submission.signal, o.pollMs, () => sendInTurn(submission))
      const included = unfit === null ? await seeThrough(o, { from: head.number, signed, submission }) : null
      if (included !== null) return included
      if (attempt >= ATTEMPTS_MAX)
        throw new ChainError('EXTRINSIC_REFUSED', { name: unfit ?? 'NonceTaken' }, { retryable: true })
      await pause(o.pollMs, submission.signal)
    }
  }
}

const throwIfAborted = (signal: AbortSignal | undefined): void => {
  if (signal?.aborted) throw new ChainError('ABORTED')
}

export const pause = async (ms: number, signal: AbortSignal | undefined): Promise<void> => {
  await delay(ms, undefined, { ...(signal && { signal }) }).catch(() => undefined)
  throwIfAborted(signal)
}

/** Goes on over lost connections and disagreeing endpoints until the signal. */
export const insist = async <T>(
  signal: AbortSignal | undefined,
  pollMs: number,
  call: () => Promise<T>,
): Promise<T> => {
  for (;;) {
    try {
      return await call()
    } catch (error) {
      const passes = ['CHAIN_UNREACHABLE', 'CHAIN_DISAGREES', 'BAD_RESPONSE']
      if (!(error instanceof ChainError && error.retryable && passes.includes(error.code))) throw error
      await pause(pollMs, signal)
    }
  }
}

const notTold = (method: string): ChainError => new ChainError('BAD_RESPONSE', { method }, { retryable: true })

/** The nonce in the middle of what the endpoints say, of two the lower: one that is too high is in no block before its era is over. */
const nextNonce = async (o: Parts, account: string): Promise<number> => {
  const method = 'system_accountNextIndex'
  const answers = await o.endpoints.all(method, [encodeSs58(account)])
  const told = resultsOf(answers, (result) => (Number.isSafeInteger(result) ? (result as number) : null))
  const nonce = told.toSorted((a, b) => a - b)[Math.floor((told.length - 1) / 2)]
  if (nonce === undefined) throw notTold(method)
  return nonce
}

/** The runtime that most endpoints name at this block: a signature over another one is no signature. */
const versionAt = async (o: Parts, head: BlockRef) => {
  const method = 'state_getRuntimeVersion'
  const answers = await o.endpoints.all(method, [`0x${head.hash}`])
  const told = resultsOf(answers, (result) => {
    const { specVersion, transactionVersion } = (result ?? {}) as Record<string, unknown>
    return typeof specVersion === 'number' && typeof transactionVersion === 'number'
      ? `${specVersion}/${transactionVersion}`
      : null
  })
  const [specVersion, transactionVersion] = (majority(told) ?? '').split('/').map(Number)
  if (specVersion === undefined || transactionVersion === undefined) throw notTold(method)
  return { specVersion, transactionVersion }
}

const sign = async (o: Parts, head: BlockRef, { call, signer }: Submission): Promise<SignedExtrinsic> => {
  const [at, genesisHash, nonce, version] = await Promise.all([
    o.runtime.at(head.hash),
    o.genesisHash(),
    nextNonce(o, signer.publicKey),
    versionAt(o, head),
  ])
  return signCall({ at, head, genesisHash, version, nonce, call, signer })
}

/**
 * Hands the bytes to every endpoint. Null: one has them, or may have them, as its answer was lost. Else why they must be signed anew:
 * a nonce that is taken, or a runtime that has changed. @throws EXTRINSIC_REFUSED when all refuse.
 */
const send = async (endpoints: Endpoints, signed: SignedExtrinsic, submission: Submission): Promise<string | null> => {
  const answers = await endpoints.all('author_submitExtrinsic', [signed.hex])
  if (answers.length === 0) return null
  // One that took it without a word may have it in a block, whatever the others say.
  const verdicts = answers.map((answer) =>
    'refusal' in answer
      ? judgeRefusal(answer.refusal, submission.limit ?? 'RateLimitExceeded')
      : ({ kind: 'known' } as const),
  )
  if (verdicts.some(({ kind }) => kind === 'known')) return null
  const refused = verdicts.find((verdict) => verdict.kind === 'refused')
  if (refused !== undefined) throw refused.error
  return verdicts.find((verdict) => verdict.kind === 'sign again')?.name ?? null
}

/** Reads every final block that may hold it. Null: none does, and none can any more. */
const seeThrough = async (
  o: Parts,
  watch: { readonly from: number; readonly signed: SignedExtrinsic; readonly submission: Submission },
): Promise<Included | null> => {
  const { signed, submission } = watch
  const { signal } = submission
  for (let next = watch.from + 1; next <= signed.lastBlock; ) {
    throwIfAborted(signal)
    const head = await insist(signal, o.pollMs, () => o.endpoints.finalizedHead())
    for (; next <= Math.min(head.number, signed.lastBlock); next += 1) {
      const number = next
      const found = await insist(signal, o.pollMs, () => findIn(o, number, signed.hash))
      if (found !== null) return insist(signal, o.pollMs, () => outcomeOf(o, found))
    }
    if (await insist(signal, o.pollMs, () => isOvertaken(o, head, watch))) return null
    // A pool dies with its process; whoever has the bytes already says so.
    await send(o.endpoints, signed, submission).catch(() => undefined)
    await pause(o.pollMs, signal)
  }
  return null
}

/** Another extrinsic of the account has spent this nonce in the final chain, all of whose blocks up to `head` have been searched. */
const isOvertaken = async (
  o: Parts,
  head: BlockRef,
  { signed, submission }: { readonly signed: SignedExtrinsic; readonly submission: Submission },
): Promise<boolean> => {
  const account = (await o.runtime.at(head.hash)).query['system']?.['account']
  const found = (await account?.(`0x${submission.signer.publicKey}`)) as unknown as
    | { readonly nonce: never }
    | undefined
  return found !== undefined && numberOf(found.nonce) > signed.nonce
}

const findIn = async (o: Parts, number: number, hash: string) => {
  const block = { number, hash: (await o.endpoints.hashAt(number)) ?? '' }
  if (block.hash === '') throw new ChainError('BAD_RESPONSE', { number }, { retryable: true })
  const index = (await o.blocks.extrinsics(block)).findIndex((extrinsic) => extrinsic.hash === hash)
  return index < 0 ? null : { block, index }
}

const outcomeOf = async (o: Parts, at: { readonly block: BlockRef; readonly index: number }): Promise<Included> => {
  const { error, events } = await o.blocks.outcome(at)
  if (error === null) return { block: at.block, extrinsicIndex: at.index, events }
  const facts = { name: error, block: at.block.number, extrinsicIndex: at.index }
  throw new ChainError('EXTRINSIC_FAILED', facts, { retryable: isPassing(error) })
}
