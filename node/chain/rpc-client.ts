/** A client of the local chain's RPC that tells every failure as a ChainError and rides out lost connections with back-off. */
import { setTimeout as delay } from 'node:timers/promises'
import { type Codec, decode } from './local/codec.ts'
import type { PoolRefusal } from './local/errors.ts'
import { ChainError, type ChainErrorCode, type ChainErrorFacts } from './port.ts'

export type RpcCall = {
  readonly method: string
  readonly params: Readonly<Record<string, string | number>>
  readonly signal?: AbortSignal | undefined
  /** How long to go on over failed connections before CHAIN_UNREACHABLE; Infinity: until the signal. Default: the client's. */
  readonly patienceMs?: number
}

export type RpcClient = {
  /** The call's result as it came; the caller checks its shape. */
  call(call: RpcCall): Promise<unknown>
  /** The value of an answer in canonical bytes; BAD_RESPONSE for any other. */
  ask<T>(codec: Codec<T>, call: RpcCall): Promise<T>
  close(): void
}

/** Longer than the longest wait that the chain grants (20 s), so that only a dead server runs into it. */
const answerMsMax = 30_000
/** The first pause is short, as a restart on one machine takes less than a second; the last one spares a dead host. */
const backOffMsMin = 50
const backOffMsMax = 2_000

/** Codes that a chain may answer with; another one is a BAD_RESPONSE. */
const refusals: ReadonlySet<string> = new Set<ChainErrorCode>([
  'BAD_REQUEST',
  'BLOCK_NOT_FINAL',
  'BLOCK_UNKNOWN',
  'EXTRINSIC_UNKNOWN',
  'SUBNET_UNKNOWN',
  'NOT_REGISTERED',
  'EXTRINSIC_REFUSED',
])

/** Refusals of the pool that pass by themselves. */
const passing: ReadonlySet<string> = new Set<PoolRefusal>(['PoolFull', 'StaleNonce', 'FutureNonce'])

/** All calls must be safe to repeat: a lost answer is asked for again. */
export function createRpcClient(o: { readonly endpoint: string; readonly patienceMs: number }): RpcClient {
  const closing = new AbortController()
  const once = async (call: RpcCall, ends: AbortSignal): Promise<unknown> => {
    const signal = AbortSignal.any([ends, AbortSignal.timeout(answerMsMax)])
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: call.method, params: call.params })
    try {
      const headers = { 'content-type': 'application/json' }
      const response = await fetch(o.endpoint, { method: 'POST', headers, body, signal })
      if (!response.ok) throw new ChainError('BAD_RESPONSE', { method: call.method, status: response.status })
      return resultOf(await response.json(), call.method)
    } catch (error) {
      if (error instanceof ChainError) throw error
      if (error instanceof SyntaxError) throw new ChainError('BAD_RESPONSE', { method: call.method }, { cause: error })
      throw new ChainError('CHAIN_UNREACHABLE', { endpoint: o.endpoint }, { retryable: true, cause: error })
    }
  }
  const call = async (call: RpcCall): Promise<unknown> => {
    const ends = call.signal ? AbortSignal.any([closing.signal, call.signal]) : closing.signal
    const untilMs = performance.now() + (call.patienceMs ?? o.patienceMs)
    for (let pauseMs = backOffMsMin; ; pauseMs = Math.min(2 * pauseMs, backOffMsMax)) {
      if (closing.signal.aborted) throw new ChainError('CLOSED')
      if (call.signal?.aborted) throw new ChainError('ABORTED', { method: call.method })
      try {
        return await once(call, ends)
      } catch (error) {
        const isLost = error instanceof ChainError && error.code === 'CHAIN_UNREACHABLE'
        if (!isLost || (!ends.aborted && performance.now() + pauseMs > untilMs)) throw error
        // Rejects on abort only, which the loop's head tells as ABORTED or CLOSED.
        await delay(pauseMs, undefined, { signal: ends }).catch(() => undefined)
      }
    }
  }
  return {
    call,
    ask: async (codec, asked) => read(codec, await call(asked), asked.method),
    close: () => closing.abort(),
  }
}

function resultOf(json: unknown, method: string): unknown {
  if (isRecord(json) && 'result' in json) return json['result']
  const error = isRecord(json) ? json['error'] : undefined
  const data = isRecord(error) ? error['data'] : undefined
  const code = isRecord(data) ? data['code'] : undefined
  if (typeof code !== 'string' || !refusals.has(code)) throw new ChainError('BAD_RESPONSE', { method })
  const facts = isRecord(data) && isRecord(data['facts']) ? plainFacts(data['facts']) : {}
  const retryable = code === 'BLOCK_NOT_FINAL' || passing.has(String(facts['name']))
  throw new ChainError(code as ChainErrorCode, facts, { retryable })
}

function read<T>(codec: Codec<T>, result: unknown, method: string): T {
  try {
    if (typeof result === 'string') return decode(codec, Buffer.from(result, 'hex'))
  } catch (error) {
    throw new ChainError('BAD_RESPONSE', { method }, { cause: error })
  }
  throw new ChainError('BAD_RESPONSE', { method })
}

function plainFacts(facts: Readonly<Record<string, unknown>>): ChainErrorFacts {
  const plain = Object.entries(facts).filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value))
  return Object.fromEntries(plain) as ChainErrorFacts
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
