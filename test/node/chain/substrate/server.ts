/** The JSON-RPC of a Substrate node over a WebSocket, answered from the test chain; a server may have its own view of what is final. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { decodeAddress } from '@polkadot/util-crypto'
import { WebSocketServer } from 'ws'
import { accountOf } from '../../../../node/chain/local/state.ts'
import type { TestBlock, TestChain } from './chain.ts'
import { createStorage, encodeMetagraph } from './storage.ts'

/** What a server answers that answers nothing. */
export const SILENCE = Symbol('silence')
/** What a server answers that ends the connection instead. */
export const HANG_UP = Symbol('hang up')

/** How a server differs from an honest one. */
export type View = {
  /** What it calls the newest final block. */
  readonly finalized?: (chain: TestChain) => TestBlock
  /** The newest block that it has: of later ones it knows nothing, as a node that is behind. Default: all. */
  readonly newest?: (chain: TestChain) => number
  /** The oldest block whose state it still has: of earlier ones it has the blocks alone, as a node that prunes. Default: all. */
  readonly oldestState?: (chain: TestChain) => number
  /** What it answers instead; undefined: as an honest one. */
  readonly answer?: (method: string, params: readonly unknown[]) => unknown
}

export type TestServer = {
  readonly url: string
  /** Ends every connection and hears no more. */
  stop(): Promise<void>
  /** Listens again under the same address. */
  start(): Promise<void>
  /** Methods that were called, in order. */
  readonly calls: string[]
}

class Refused extends Error {
  readonly error: object
  constructor(code: number, message: string, data?: string) {
    super(message)
    this.error = { code, message, ...(data !== undefined && { data }) }
  }
}

type Method = (params: readonly unknown[]) => unknown

export const createMethods = (chain: TestChain, view: View): Readonly<Record<string, Method>> => {
  const { types } = chain
  const storage = createStorage(types)
  const has = (block: TestBlock): boolean => view.newest === undefined || block.number <= view.newest(chain)
  const finalized = (): TestBlock => view.finalized?.(chain) ?? chain.finalized()
  const find = (hash: unknown): TestBlock | undefined => {
    const block = hash === undefined || hash === null ? chain.best() : chain.byHash(String(hash))
    return block !== undefined && has(block) ? block : undefined
  }
  const at = (hash: unknown): TestBlock => {
    const block = find(hash)
    if (block === undefined) throw new Refused(4003, 'Client error: UnknownBlock: Header was not found in the database')
    if (block.number < (view.oldestState?.(chain) ?? 0))
      throw new Refused(4003, `Client error: UnknownBlock: State already discarded for ${block.hash}`)
    return block
  }
  const header = ({ header: { number, ...rest } }: TestBlock): object => ({
    ...rest,
    number: `0x${Number(number).toString(16)}`,
  })
  /** Before a block its parent's runtime is in force: version and metadata are of the state after it. */
  const version = (block: TestBlock): object => ({ ...types.version, specVersion: block.specVersion })
  const call = (name: string, bytes: string, block: TestBlock): unknown => {
    if (name === 'Metadata_metadata_versions') return '0x0410000000'
    if (name === 'Metadata_metadata_at_version') return types.opaque
    if (name === 'SubnetInfoRuntimeApi_get_metagraph') {
      return encodeMetagraph(types, block, Buffer.from(bytes.slice(2), 'hex').readUInt16LE())
    }
    throw new Refused(-32_000, `Execution failed: Exported method ${name} is not found`)
  }
  const nextIndex = (address: unknown): number => {
    const account = Buffer.from(decodeAddress(String(address))).toString('hex')
    const waiting = new Set(chain.pool().flatMap(({ signer, nonce }) => (signer === account ? [nonce] : [])))
    let { nonce } = accountOf(chain.best().world.local, account)
    while (waiting.has(nonce)) nonce += 1
    return nonce
  }
  const methods: Record<string, Method> = {
    rpc_methods: () => ({ methods: Object.keys(methods) }),
    system_chain: () => 'evalmesh test chain',
    system_properties: () => ({ ss58Format: 42, tokenDecimals: 9, tokenSymbol: 'TAO' }),
    system_accountNextIndex: ([address]) => nextIndex(address),
    state_getRuntimeVersion: ([hash]) => version(at(hash)),
    state_getMetadata: () => {
      throw new Refused(-32_601, 'Method not found')
    },
    state_call: ([name, bytes, hash]) => call(String(name), String(bytes), at(hash)),
    state_getStorage: ([key, hash]) => storage(at(hash), String(key)),
    state_queryStorageAt: ([keys, hash]) => {
      const block = at(hash)
      return [{ block: block.hash, changes: (keys as string[]).map((key) => [key, storage(block, key)]) }]
    },
    chain_getBlockHash: ([number]) => {
      // Hashes of blocks above what this server calls final are told too, as a node does.
      const block = chain.byNumber(Number(number ?? chain.best().number))
      return block !== null && has(block) ? block.hash : null
    },
    chain_getFinalizedHead: () => finalized().hash,
    // Of a block that it does not have a node says null here, and an error everywhere else.
    chain_getHeader: ([hash]) => {
      const block = find(hash)
      return block === undefined ? null : header(block)
    },
    chain_getBlock: ([hash]) => {
      const block = find(hash)
      if (block === undefined) return null
      return {
        block: { header: header(block), extrinsics: block.extrinsics.map(({ bytes }) => bytes) },
        justifications: null,
      }
    },
    author_submitExtrinsic: ([bytes]) => {
      const taken = chain.submit(String(bytes))
      if ('code' in taken) throw new Refused(taken.code, taken.message, taken.data)
      return taken.hash
    },
  }
  return methods
}

/** `port` 0: any that is free. */
export const startServer = async (
  chain: TestChain,
  view: View = {},
  o: { readonly port: number } = { port: 0 },
): Promise<TestServer> => {
  const methods = createMethods(chain, view)
  const calls: string[] = []
  const answer = (text: string): object | typeof SILENCE | typeof HANG_UP => {
    const { id, method, params } = JSON.parse(text) as { id: number; method: string; params: readonly unknown[] }
    calls.push(method)
    try {
      const told = view.answer?.(method, params)
      if (told === SILENCE || told === HANG_UP) return told
      if (told !== undefined) return { jsonrpc: '2.0', id, result: told }
      const known = methods[method]
      if (known === undefined) throw new Refused(-32_601, 'Method not found')
      return { jsonrpc: '2.0', id, result: known(params) }
    } catch (error) {
      if (error instanceof Refused) return { jsonrpc: '2.0', id, error: error.error }
      return { jsonrpc: '2.0', id, error: { code: -32_603, message: `Internal error: ${error}` } }
    }
  }
  let { port } = o
  let server: WebSocketServer | null = null
  const start = async (): Promise<void> => {
    server = new WebSocketServer({ host: '127.0.0.1', port })
    server.on('connection', (socket) => {
      socket.on('message', (data) => {
        const told = answer(String(data))
        if (told === HANG_UP) socket.terminate()
        else if (told !== SILENCE) socket.send(JSON.stringify(told))
      })
    })
    await once(server, 'listening')
    port = (server.address() as AddressInfo).port
  }
  await start()
  return {
    url: `ws://127.0.0.1:${port}`,
    calls,
    start,
    async stop() {
      const closing = server
      server = null
      for (const socket of closing?.clients ?? []) socket.terminate()
      if (closing !== null) await new Promise((resolve) => closing.close(resolve))
    },
  }
}
