/** The local chain as a process: reads its genesis, produces blocks, serves RPC, prints one JSON line when ready. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Genesis, parseGenesis } from './genesis.ts'
import { createMethods } from './methods.ts'
import { startProducer } from './producer.ts'
import { startRpcServer } from './rpc-server.ts'
import { openStore } from './store.ts'

const { values } = parseArgs({
  options: {
    dir: { type: 'string' },
    genesis: { type: 'string' },
    // Whoever reaches it may do anything with the chain: another address is for a network of its own.
    host: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string', default: '0' },
    'block-ms': { type: 'string', default: '500' },
    'finality-lag': { type: 'string', default: '1' },
    // End when stdin ends: whoever holds the other side of the pipe takes the chain along, even by SIGKILL.
    lifeline: { type: 'boolean', default: false },
  },
})

/** Prints the reason as one JSON line on stderr and ends the process: whoever started it decides what to do. */
function onFatal(error: unknown): never {
  const facts = error instanceof Error ? { error: error.name, message: error.message } : { error: String(error) }
  process.stderr.write(`${JSON.stringify({ event: 'fatal', ...facts })}\n`)
  process.exit(1)
}

function option(
  name: 'port' | 'block-ms' | 'finality-lag',
  range: { readonly min: number; readonly max: number },
): number {
  const value = Number(values[name])
  if (Number.isInteger(value) && value >= range.min && value <= range.max) return value
  throw new Error(`--${name} is an integer from ${range.min} to ${range.max}`)
}

/** Null when the file is not there: a folder that holds a chain needs none. */
async function readGenesis(path: string): Promise<Genesis | null> {
  let json: string
  try {
    json = await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
  return parseGenesis(JSON.parse(json))
}

async function main(): Promise<void> {
  if (!values.dir) throw new Error('--dir is needed: the folder that holds the chain')
  const port = option('port', { min: 0, max: 65_535 })
  // 20 ms: below it the synced write of a block takes longer than its time.
  const blockMs = option('block-ms', { min: 20, max: 60_000 })
  const finalityLag = option('finality-lag', { min: 1, max: 1000 })
  const genesis = await readGenesis(values.genesis ?? join(values.dir, 'genesis.json'))
  const store = await openStore(join(values.dir, 'blocks'), genesis)
  const producer = startProducer({ store, blockMs, finalityLag, onFatal })
  const server = await startRpcServer({ host: values.host, port, methods: createMethods({ store, producer }), onFatal })
  const stop = async (): Promise<void> => {
    await server.close()
    await producer.stop()
    await store.close()
    process.exit(0)
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop().catch(onFatal))
  if (values.lifeline) process.stdin.once('end', () => stop().catch(onFatal)).resume()
  const ready = { event: 'ready', endpoint: server.endpoint, genesisHash: producer.genesisHash, pid: process.pid }
  process.stdout.write(`${JSON.stringify({ ...ready, head: producer.head(), final: producer.final() })}\n`)
}

await main().catch(onFatal)
