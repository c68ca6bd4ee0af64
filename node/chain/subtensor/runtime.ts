/** The chain's own types at a block, from the metadata that its node serves: @polkadot/api over our endpoints, asked and never subscribed. */
import { ApiPromise } from '@polkadot/api'
import type { ApiDecoration } from '@polkadot/api/types'
import type { Codec } from '@polkadot/types/types'
import { ChainError } from '../port.ts'
import type { Endpoints } from './endpoints.ts'
import { RpcRefusal } from './socket.ts'

/** Calls, storage and runtime APIs of the runtime that is in force at one block. */
export type At = ApiDecoration<'promise'>

/** Subtensor's extensions without any bytes of their own; naming them keeps the library from warning about each. */
const SIGNED_EXTENSIONS = Object.fromEntries(
  ['SudoTransactionExtension', 'CheckShieldedTxValidity', 'SubtensorTransactionExtension', 'DrandPriority'].map(
    (name) => [name, { extrinsic: {}, payload: {} }],
  ),
)

export type Runtime = {
  /** Of a block, by its 64 hex digits. A runtime upgrade is no event: each block is read with the metadata of its own runtime. */
  at(hash: string): Promise<At>
  api(): Promise<ApiPromise>
  close(): Promise<void>
}

/** Blocks whose view is kept: to make one costs tens of milliseconds, and several waits look at the newest few. */
const KEPT_MAX = 16

const unsupported = (): never => {
  throw new Error('this provider is asked, never subscribed to')
}

export const createRuntime = (endpoints: Endpoints): Runtime => {
  let starting: Promise<ApiPromise> | null = null
  const start = async (): Promise<ApiPromise> => {
    const provider = {
      hasSubscriptions: false,
      isClonable: false,
      isConnected: true,
      clone: unsupported,
      connect: async () => undefined,
      disconnect: async () => undefined,
      on: () => () => undefined,
      send: <T>(method: string, params: unknown[]) => endpoints.call(method, params) as Promise<T>,
      subscribe: unsupported,
      unsubscribe: unsupported,
    }
    // Before the library starts, since it would tell a lost connection on the console.
    await endpoints.call('system_chain', [])
    return ApiPromise.create({
      provider,
      noInitWarn: true,
      initWasm: false,
      throwOnConnect: true,
      signedExtensions: SIGNED_EXTENSIONS,
    })
  }
  const api = (): Promise<ApiPromise> => {
    starting ??= start().catch((error: unknown) => {
      starting = null
      throw error instanceof ChainError
        ? error
        : new ChainError('BAD_RESPONSE', { why: String(error) }, { retryable: true, cause: error })
    })
    return starting
  }
  const kept = new Map<string, Promise<At>>()
  return {
    api,
    at(hash) {
      const known = kept.get(hash)
      if (known !== undefined) return known
      const opening = asChainError(async () => (await api()).at(`0x${hash}`))
      kept.set(hash, opening)
      opening.catch(() => kept.delete(hash))
      const [oldest] = kept.keys()
      if (kept.size > KEPT_MAX && oldest !== undefined) kept.delete(oldest)
      return opening
    },
    async close() {
      const started = await starting?.catch(() => null)
      await started?.disconnect()
    },
  }
}

/** Runs a read; what the node or the library throws becomes BAD_RESPONSE, as nobody's input is at fault. */
export const asChainError = async <T>(read: () => Promise<T>): Promise<T> => {
  try {
    return await read()
  } catch (error) {
    if (error instanceof ChainError) throw error
    const retryable = error instanceof RpcRefusal
    throw new ChainError('BAD_RESPONSE', { why: String(error) }, { retryable, cause: error })
  }
}

const missing = (what: string): ChainError => new ChainError('BAD_RESPONSE', { why: `the runtime has no ${what}` })

/** A storage entry of the Subtensor pallet at a block; the runtime must have it. */
export const stored = async (at: At, entry: string, ...keys: readonly unknown[]): Promise<Codec> => {
  const query = at.query['subtensorModule']?.[entry]
  if (query === undefined) throw missing(`storage ${entry}`)
  return query(...keys)
}

export const hasStorage = (at: At, entry: string): boolean => at.query['subtensorModule']?.[entry] !== undefined

/** Pallet and variant number of a call by the names that the chain gives them; null when this runtime has none of that name. */
export const callIndexOf = (at: At, pallet: string, call: string): Uint8Array | null => {
  const found = at.registry.metadata.pallets.find(({ name }) => name.toString() === pallet)
  if (found === undefined || found.calls.isNone) return null
  const { variants } = at.registry.lookup.getSiType(found.calls.unwrap().type).def.asVariant
  const variant = variants.find(({ name }) => name.toString() === call)
  return variant === undefined ? null : new Uint8Array([found.index.toNumber(), variant.index.toNumber()])
}

/** Values of many keys of one storage entry, in one request. */
export const storedMany = async (at: At, entry: string, keys: readonly unknown[]): Promise<readonly Codec[]> => {
  const query = at.query['subtensorModule']?.[entry]
  if (query === undefined) throw missing(`storage ${entry}`)
  return keys.length === 0 ? [] : query.multi([...keys])
}

/** A whole number that JavaScript holds exactly. */
export const numberOf = (value: Codec | undefined): number => {
  const number = Number(value?.toString())
  if (!Number.isSafeInteger(number)) throw new ChainError('BAD_RESPONSE', { why: `no whole number: ${value}` })
  return number
}

export const bigintOf = (value: Codec): bigint => BigInt(value.toString())

/** 64 hex digits of an account or a hash. */
export const hexOf = (value: Codec): string => value.toHex().slice(2)

export const itemsOf = (value: Codec): readonly Codec[] => [...(value as unknown as Iterable<Codec>)]
