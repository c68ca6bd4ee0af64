/** Several endpoints of one chain: who answers is asked, and what is final is what most of them call final. */
import { setTimeout as delay } from 'node:timers/promises'
import { type BlockRef, ChainError } from '../port.ts'
import { createSocket, RpcRefusal, type Socket } from './socket.ts'

export type Endpoints = {
  /**
   * Asks one endpoint after the other until one answers; a refusal is an answer, unless it says that this node lacks the block. Where all
   * that answer lack it: STATE_DISCARDED when one of them had it, else BAD_RESPONSE, as it may still come; both retryable.
   */
  call(method: string, params: readonly unknown[], signal?: AbortSignal): Promise<unknown>
  /** What each endpoint answers, refusals included, in the order of the configuration; those that the question never reached are left out. */
  all(method: string, params: readonly unknown[]): Promise<readonly Answer[]>
  /**
   * The newest block that more than half of those that answer call final. CHAIN_DISAGREES (retryable) when they name different
   * blocks of one height: then nobody here can say which is the chain.
   */
  finalizedHead(): Promise<BlockRef>
  /** The hash that more than half of those that answer have at a height; null when they have none. */
  hashAt(number: number): Promise<string | null>
  close(): void
}

/** `isLost`: the question had left, and no answer came. */
export type Answer = { readonly result: unknown } | { readonly refusal: RpcRefusal } | { readonly isLost: true }

/** An answer that came. */
type Heard = Exclude<Answer, { readonly isLost: true }>

/** A pause between two rounds over all endpoints, as a node needs seconds to start again. */
const BACK_OFF_MS_MIN = 50
const BACK_OFF_MS_MAX = 2_000

/** A node keeps the state of its newest blocks alone, 256 of them by default: it never comes back. */
const HAS_DISCARDED = /state already discarded/i
/** A node that is behind, or has thrown the state away: another one may have it. */
const LACKS_BLOCK = /unknown ?block|header was not found|state already discarded|block .*not found/i

/** Of a block that it lacks a node says null to these, and refuses all other questions. */
const NULL_LACKS_BLOCK: ReadonlySet<string> = new Set(['chain_getHeader', 'chain_getBlock'])

const isLost = (error: unknown): error is ChainError =>
  error instanceof ChainError && error.code === 'CHAIN_UNREACHABLE'
const lacksBlock = (refusal: RpcRefusal): boolean => LACKS_BLOCK.test(refusal.message)
const hasDiscarded = (answer: Heard): boolean => 'refusal' in answer && HAS_DISCARDED.test(answer.refusal.message)

const hexOf = (value: unknown): string | null =>
  typeof value === 'string' && /^0x[0-9a-f]{64}$/.test(value) ? value.slice(2) : null

/** The value that more than half name; null when there is none. */
export const majority = <T extends string | null>(values: readonly T[]): T | null =>
  values.find((value) => 2 * values.filter((other) => other === value).length > values.length) ?? null

/** One that let a question wait until the patience was over is not asked for this long, then for twice as long, up to the longest. */
const REST_MS_MIN = 60_000
const REST_MS_MAX = 960_000

type Rest = { readonly untilMs: number; readonly ms: number }

/** Who rests; all may rest only one after the other: where nobody is left, each is asked again. */
const createRests = (sockets: readonly Socket[]) => {
  const rests = new Map<Socket, Rest>()
  const isResting = (socket: Socket): boolean => performance.now() < (rests.get(socket)?.untilMs ?? 0)
  return {
    mayAsk: (socket: Socket): boolean => !isResting(socket) || sockets.every(isResting),
    answered: (socket: Socket): void => void rests.delete(socket),
    late(socket: Socket): void {
      const ms = Math.min(REST_MS_MAX, 2 * (rests.get(socket)?.ms ?? REST_MS_MIN / 2))
      rests.set(socket, { untilMs: performance.now() + ms, ms })
    },
  }
}

/** One endpoint whose chain is the one that most of them show; another one counts as away. */
type Ask = (socket: Socket, method: string, params: readonly unknown[]) => Promise<unknown>

const createAsk = (sockets: readonly Socket[]): Ask => {
  let genesis: string | null = null
  const checked = new WeakSet<Socket>()
  const rests = createRests(sockets)
  const genesisOf = async (socket: Socket): Promise<string | null> =>
    hexOf(await socket.call('chain_getBlockHash', [0]))
  const agree = async (): Promise<string> => {
    const seen = await Promise.all(sockets.map((one) => genesisOf(one).catch(() => null)))
    const known = majority(seen.filter((hash) => hash !== null))
    if (known !== null) return known
    if (seen.every((hash) => hash === null)) throw new ChainError('CHAIN_UNREACHABLE', {}, { retryable: true })
    throw new ChainError('CHAIN_DISAGREES', { about: 'genesis' })
  }
  const askNow: Ask = async (socket, method, params) => {
    if (!checked.has(socket)) {
      genesis ??= await agree()
      const own = await genesisOf(socket)
      if (own !== genesis) throw new ChainError('CHAIN_UNREACHABLE', { endpoint: socket.url, why: 'another chain' })
      checked.add(socket)
    }
    return socket.call(method, params)
  }
  return async (socket, method, params) => {
    if (!rests.mayAsk(socket)) throw new ChainError('CHAIN_UNREACHABLE', { endpoint: socket.url, why: 'rests' })
    try {
      const answer = await askNow(socket, method, params)
      rests.answered(socket)
      return answer
    } catch (error) {
      if (error instanceof ChainError && error.facts['isLate'] === true) rests.late(socket)
      throw error
    }
  }
}

/** The results among answers, as far as `read` makes something of them. */
export const resultsOf = <T>(answers: readonly Answer[], read: (result: unknown) => T | null): readonly T[] =>
  answers.flatMap((answer) => ('result' in answer ? (read(answer.result) ?? []) : []))

/** The answer, undefined for an endpoint that is away, or went while it was asked. */
const answerOf = async (asked: Promise<unknown>): Promise<Heard | undefined> => {
  const answer = await answerOrLoss(asked)
  return answer === undefined || 'isLost' in answer ? undefined : answer
}

/** The same, with the loss of an answer told. */
const answerOrLoss = async (asked: Promise<unknown>): Promise<Answer | undefined> => {
  try {
    return { result: await asked }
  } catch (error) {
    if (error instanceof RpcRefusal) return { refusal: error }
    if (isLost(error)) return error.facts['isSent'] === true ? { isLost: true } : undefined
    throw error
  }
}

/**
 * The first answer in the configured order that is not for lack of the block, else one that is, of them one that had it; null when there
 * is none.
 */
const firstAnswer = async (
  sockets: readonly Socket[],
  ask: (socket: Socket) => Promise<unknown>,
  isLacking: (answer: Heard) => boolean,
): Promise<Heard | null> => {
  let lacking: Heard | null = null
  for (const socket of sockets) {
    const answer = await answerOf(ask(socket))
    if (answer === undefined) continue
    if (!isLacking(answer)) return answer
    if (lacking === null || hasDiscarded(answer)) lacking = answer
  }
  return lacking
}

type Head = { readonly socket: Socket; readonly number: number }

/** The newest block that one endpoint calls final; null when it is away or refuses. */
const headOf = async (ask: Ask, socket: Socket): Promise<Head | null> => {
  const head = await answerOf(ask(socket, 'chain_getFinalizedHead', []))
  if (head === undefined || 'refusal' in head) return null
  const header = await answerOf(ask(socket, 'chain_getHeader', [head.result]))
  if (header === undefined || 'refusal' in header) return null
  const number = Number((header.result as { number?: unknown } | null)?.number)
  return Number.isSafeInteger(number) ? { socket, number } : null
}

const hashAmong = async (ask: Ask, asked: readonly Socket[], number: number): Promise<string | null> => {
  const answers = await Promise.all(asked.map((socket) => answerOf(ask(socket, 'chain_getBlockHash', [number]))))
  const hashes = answers.flatMap((answer) => (answer !== undefined && 'result' in answer ? [hexOf(answer.result)] : []))
  if (hashes.length === 0) throw new ChainError('CHAIN_UNREACHABLE', {}, { retryable: true })
  const agreed = majority(hashes)
  if (agreed === null && hashes.some((hash) => hash !== null)) {
    throw new ChainError('CHAIN_DISAGREES', { number }, { retryable: true })
  }
  return agreed
}

/** `patienceMs`: how long `call` goes on while nobody answers. */
export const createEndpoints = (o: {
  readonly urls: readonly string[]
  readonly patienceMs: number
  readonly answerMsMax?: number
}): Endpoints => {
  const sockets = o.urls.map((url) => createSocket({ url, ...(o.answerMsMax && { answerMsMax: o.answerMsMax }) }))
  if (sockets.length === 0) throw new ChainError('BAD_REQUEST', { why: 'no endpoint' })
  const closing = new AbortController()
  const ask = createAsk(sockets)
  return {
    async all(method, params) {
      const answers = await Promise.all(sockets.map((socket) => answerOrLoss(ask(socket, method, params))))
      return answers.filter((answer) => answer !== undefined)
    },
    async call(method, params, signal) {
      const ends = signal ? AbortSignal.any([signal, closing.signal]) : closing.signal
      const untilMs = performance.now() + o.patienceMs
      for (let pauseMs = BACK_OFF_MS_MIN; ; pauseMs = Math.min(2 * pauseMs, BACK_OFF_MS_MAX)) {
        if (closing.signal.aborted) throw new ChainError('CLOSED')
        if (signal?.aborted) throw new ChainError('ABORTED', { method })
        const isLacking = (one: Heard): boolean =>
          'refusal' in one ? lacksBlock(one.refusal) : one.result === null && NULL_LACKS_BLOCK.has(method)
        const answer = await firstAnswer(sockets, (socket) => ask(socket, method, params), isLacking)
        if (answer !== null && hasDiscarded(answer))
          throw new ChainError('STATE_DISCARDED', { method }, { retryable: true })
        if (answer !== null && 'refusal' in answer) throw answer.refusal
        if (answer !== null && isLacking(answer))
          throw new ChainError('BAD_RESPONSE', { method, why: 'no endpoint has the block' }, { retryable: true })
        if (answer !== null) return answer.result
        if (performance.now() + pauseMs > untilMs) {
          throw new ChainError('CHAIN_UNREACHABLE', { method }, { retryable: true })
        }
        // Rejects on abort only, which the loop's head tells.
        await delay(pauseMs, undefined, { signal: ends }).catch(() => undefined)
      }
    },
    async finalizedHead() {
      const heads = (await Promise.all(sockets.map((socket) => headOf(ask, socket)))).filter((head) => head !== null)
      if (closing.signal.aborted) throw new ChainError('CLOSED')
      // More than half of them see the head that stands in the middle, or a later one.
      const number = heads.map((head) => head.number).sort((a, b) => b - a)[Math.floor(heads.length / 2)]
      if (number === undefined) throw new ChainError('CHAIN_UNREACHABLE', {}, { retryable: true })
      const there = heads.filter((head) => head.number >= number).map(({ socket }) => socket)
      const hash = await hashAmong(ask, there, number)
      if (hash === null) throw new ChainError('BAD_RESPONSE', { method: 'chain_getBlockHash' }, { retryable: true })
      return { number, hash }
    },
    hashAt: (number) => hashAmong(ask, sockets, number),
    close() {
      closing.abort()
      for (const socket of sockets) socket.close()
    },
  }
}
