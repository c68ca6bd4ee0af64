/** The RPC methods of the local chain: what is asked, checked field by field, and answered from final blocks. */
import {
  type ExtrinsicStatus,
  extrinsicStatusCodec,
  headersCodec,
  headersPerAnswerMax,
  metagraphCodec,
  waitMsMax,
  weightsRowCodec,
} from './answers.ts'
import { type Block, type Header, headerHash, headerRef, receiptCodec } from './block.ts'
import { type Codec, encode } from './codec.ts'
import { RequestError } from './errors.ts'
import type { Producer } from './producer.ts'
import { metagraphOf, type State, uidOf } from './state.ts'
import type { ChainStore } from './store.ts'

type Params = Readonly<Record<string, unknown>>

/** Answers with a JSON value, throws RequestError for a refusal; `signal` aborts when the caller has hung up. */
export type Method = (params: Params, signal: AbortSignal) => unknown

/** All methods by name. Blocks above the finalised head answer BLOCK_NOT_FINAL, except for `chain_getHead`. */
export function createMethods(o: {
  readonly store: ChainStore
  readonly producer: Producer
}): ReadonlyMap<string, Method> {
  const { store, producer } = o
  const chain = createReads(store, producer)
  return new Map<string, Method>([
    ['chain_getGenesisHash', () => producer.genesisHash],
    ['chain_getHead', () => ({ head: producer.head(), final: producer.final() })],
    ['chain_getHeader', (params) => hex(headersCodec, [chain.finalBlock(integer(params, 'number')).header])],
    ['chain_waitFinalized', (params, signal) => waitFinalized(o, params, signal)],
    ['chain_getReceipt', (params) => receiptAt(chain, params)],
    [
      'state_getMetagraph',
      (params) => {
        const { header, state } = chain.subnetAt(params)
        return hex(metagraphCodec, metagraphOf(state, headerRef(header)))
      },
    ],
    ['state_getWeights', (params) => weightsOf(chain, params)],
    ['author_nextNonce', (params) => producer.pool.nextNonce(key(params, 'account'))],
    [
      'author_submit',
      (params) => {
        producer.pool.submit(Buffer.from(text(params, 'extrinsic'), 'hex'))
        return true
      },
    ],
    ['author_waitFinalized', (params, signal) => waitExtrinsic(o, params, signal)],
  ])
}

type Reads = {
  finalBlock(number: number): Block
  subnetAt(params: Params): { readonly header: Header; readonly state: State }
}

function createReads(store: ChainStore, producer: Producer): Reads {
  const finalBlock = (number: number): Block => {
    if (number > producer.final()) throw new RequestError('BLOCK_NOT_FINAL', { number, final: producer.final() })
    const block = store.blockAt(number)
    if (!block) throw new RequestError('BLOCK_UNKNOWN', { number })
    return block
  }
  return {
    finalBlock,
    subnetAt(params) {
      const number = params['number'] === undefined ? producer.final() : integer(params, 'number')
      const { header } = finalBlock(number)
      const state = store.stateAt(header)
      const netuid = integer(params, 'netuid')
      if (netuid !== state.subnet.netuid) throw new RequestError('SUBNET_UNKNOWN', { netuid })
      return { header, state }
    },
  }
}

function receiptAt(chain: Reads, params: Params): string {
  const number = integer(params, 'number')
  const index = integer(params, 'index')
  const block = chain.finalBlock(number)
  if (headerHash(block.header) !== key(params, 'hash')) throw new RequestError('BLOCK_UNKNOWN', { number })
  const receipt = block.receipts[index]
  if (!receipt) throw new RequestError('EXTRINSIC_UNKNOWN', { number, index })
  return hex(receiptCodec, receipt)
}

function weightsOf(chain: Reads, params: Params): string {
  const { state } = chain.subnetAt(params)
  const hotkey = key(params, 'hotkey')
  const uid = uidOf(state, hotkey)
  if (uid < 0) throw new RequestError('NOT_REGISTERED', { hotkey })
  const row = state.weights.get(uid)
  return hex(weightsRowCodec, row ? { uid, ...row } : { uid, weights: [], setAt: null })
}

type Waiting = { readonly store: ChainStore; readonly producer: Producer }

/** The finalised headers above `after`; none when the time is over first. */
async function waitFinalized({ store, producer }: Waiting, params: Params, signal: AbortSignal): Promise<string> {
  const after = integer(params, 'after')
  await until(producer, { signal, waitMs: integer(params, 'waitMs') }, () => producer.final() > after)
  const headers: Header[] = []
  for (let number = after + 1; number <= producer.final() && headers.length < headersPerAnswerMax; number += 1) {
    const block = store.blockAt(number)
    if (block) headers.push(block.header)
  }
  return hex(headersCodec, headers)
}

async function waitExtrinsic({ store, producer }: Waiting, params: Params, signal: AbortSignal): Promise<string> {
  const hash = key(params, 'hash')
  const status = (): ExtrinsicStatus => {
    const place = store.placeOf(hash)
    if (!place) return { kind: producer.pool.has(hash) ? 'pending' : 'unknown' }
    const block = store.blockAt(place.block)
    const receipt = block?.receipts[place.index]
    if (!block || !receipt || place.block > producer.final()) return { kind: 'pending' }
    return { kind: 'final', header: block.header, index: place.index, receipt }
  }
  await until(producer, { signal, waitMs: integer(params, 'waitMs') }, () => status().kind !== 'pending')
  return hex(extrinsicStatusCodec, status())
}

/** Returns when `isDone`, or when the time is over or the caller has gone: the answer says which. */
async function until(
  producer: Producer,
  wait: { readonly signal: AbortSignal; readonly waitMs: number },
  isDone: () => boolean,
): Promise<void> {
  const ends = AbortSignal.any([wait.signal, AbortSignal.timeout(Math.min(wait.waitMs, waitMsMax))])
  while (!isDone() && !ends.aborted) await producer.nextFinality(ends)
}

function hex<T>(codec: Codec<T>, value: T): string {
  return Buffer.from(encode(codec, value)).toString('hex')
}

function integer(params: Params, field: string): number {
  const value = params[field]
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 2 ** 32) return value
  throw new RequestError('BAD_REQUEST', { field })
}

function text(params: Params, field: string): string {
  const value = params[field]
  if (typeof value === 'string') return value
  throw new RequestError('BAD_REQUEST', { field })
}

function key(params: Params, field: string): string {
  const value = text(params, field)
  if (/^[0-9a-f]{64}$/.test(value)) return value
  throw new RequestError('BAD_REQUEST', { field })
}
