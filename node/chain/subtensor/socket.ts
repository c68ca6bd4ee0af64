/** One endpoint of a Substrate node: JSON-RPC over a WebSocket that opens when it is needed and again after it was lost. */
import { ChainError } from '../port.ts'

/** What the node answered with instead of a result. */
export class RpcRefusal extends Error {
  readonly code: number
  /** The node's own detail, such as "Custom error: 6". */
  readonly detail: string

  constructor(code: number, message: string, detail: string) {
    super(`${code} ${message}${detail === '' ? '' : `: ${detail}`}`)
    this.name = 'RpcRefusal'
    this.code = code
    this.detail = detail
  }
}

export type Socket = {
  readonly url: string
  /** Rejects with RpcRefusal, CHAIN_UNREACHABLE (retryable), BAD_RESPONSE or CLOSED; never hangs longer than the answer may take. */
  call(method: string, params: readonly unknown[]): Promise<unknown>
  close(): void
}

type Waiting = { readonly resolve: (result: unknown) => void; readonly reject: (error: unknown) => void }

/** The metadata of a runtime is the largest answer, 0.4 MB: minutes of silence mean a dead peer. */
const ANSWER_MS_MAX = 30_000

/**
 * `isLate`: nothing came within the patience, so that the next question may wait as long. `isSent`: the question had left, so that the node
 * may have done what it was asked.
 */
const unreachable = (
  url: string,
  o: { readonly isLate?: boolean; readonly isSent?: boolean; readonly cause?: unknown } = {},
): ChainError => {
  const { isLate = false, isSent = false, cause } = o
  return new ChainError('CHAIN_UNREACHABLE', { endpoint: url, isLate, isSent }, { retryable: true, cause })
}

export const createSocket = (o: { readonly url: string; readonly answerMsMax?: number }): Socket => {
  const { url } = o
  const answerMsMax = o.answerMsMax ?? ANSWER_MS_MAX
  const waiting = new Map<number, Waiting>()
  let opening: Promise<WebSocket> | null = null
  let isClosed = false
  let last = 0

  const lose = (socket: WebSocket | null, isLate = false): void => {
    opening = null
    socket?.close()
    const lost = [...waiting.values()]
    waiting.clear()
    for (const { reject } of lost)
      reject(isClosed ? new ChainError('CLOSED') : unreachable(url, { isLate, isSent: true }))
  }

  const open = (): Promise<WebSocket> => {
    const { promise, resolve, reject } = Promise.withResolvers<WebSocket>()
    const socket = new WebSocket(url)
    const late = setTimeout(() => {
      reject(unreachable(url, { isLate: true }))
      lose(socket, true)
    }, answerMsMax)
    socket.addEventListener('open', () => {
      clearTimeout(late)
      resolve(socket)
    })
    socket.addEventListener('message', ({ data }) => {
      if (!take(waiting, data)) lose(socket)
    })
    const onEnd = (): void => {
      clearTimeout(late)
      reject(unreachable(url))
      if (opening === promise) lose(socket)
    }
    socket.addEventListener('error', onEnd)
    socket.addEventListener('close', onEnd)
    return promise
  }

  return {
    url,
    async call(method, params) {
      if (isClosed) throw new ChainError('CLOSED')
      opening ??= open()
      const socket = await opening.catch((error: unknown) => {
        opening = null
        throw isClosed ? new ChainError('CLOSED') : error
      })
      const id = ++last
      const { promise, resolve, reject } = Promise.withResolvers<unknown>()
      waiting.set(id, { resolve, reject })
      const late = setTimeout(() => lose(socket, true), answerMsMax)
      try {
        socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }))
        return await promise
      } catch (error) {
        throw error instanceof ChainError || error instanceof RpcRefusal ? error : unreachable(url, { cause: error })
      } finally {
        clearTimeout(late)
        waiting.delete(id)
      }
    },
    close() {
      isClosed = true
      const closing = opening
      lose(null)
      closing?.then(
        (socket) => socket.close(),
        () => undefined,
      )
    },
  }
}

/** Gives an answer to who waits for it; false for what is no answer at all. */
const take = (waiting: ReadonlyMap<number, Waiting>, data: unknown): boolean => {
  let answer: unknown
  try {
    answer = JSON.parse(String(data))
  } catch {
    return false
  }
  if (typeof answer !== 'object' || answer === null) return false
  const { id, result, error } = answer as { id?: unknown; result?: unknown; error?: unknown }
  const one = typeof id === 'number' ? waiting.get(id) : undefined
  if (error === undefined) one?.resolve(result)
  else one?.reject(refusalOf(error))
  return true
}

const refusalOf = (error: unknown): RpcRefusal => {
  const { code, message, data } = (error ?? {}) as { code?: unknown; message?: unknown; data?: unknown }
  return new RpcRefusal(Number(code), String(message), data === undefined ? '' : String(data))
}
