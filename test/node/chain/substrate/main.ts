/** The test chain as a process, for the demo: real metadata, several endpoints, one of which may lie about finality, and a log that survives SIGKILL. */
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { parseGenesis } from '../../../../node/chain/local/genesis.ts'
import { createTestChain, type PastBlock, pastOf, type TestChain } from './chain.ts'
import { startServer, type View } from './server.ts'
import { loadTypes, METADATA_HINT, metadataPath } from './types.ts'
import { createWorld } from './world.ts'

const { values } = parseArgs({
  options: {
    dir: { type: 'string' },
    // One endpoint each; 0 is any that is free.
    ports: { type: 'string', default: '0' },
    'block-ms': { type: 'string', default: '500' },
    'finality-lag': { type: 'string', default: '3' },
    // The place of the endpoint that calls its newest block final.
    liar: { type: 'string' },
    // The newest two blocks are left for others at every block of a multiple of it; 0: never.
    'fork-every': { type: 'string', default: '0' },
    lifeline: { type: 'boolean', default: false },
  },
})

const say = (line: object): unknown => process.stdout.write(`${JSON.stringify(line)}\n`)

const onFatal = (error: unknown): never => {
  process.stderr.write(`${JSON.stringify({ event: 'fatal', message: `${error}` })}\n`)
  process.exit(1)
}

/** As far as it was written: a line that a crash cut short was never told to anybody. */
const readPast = (path: string): readonly PastBlock[] => {
  if (!existsSync(path)) return []
  const lines = readFileSync(path, 'utf8').split('\n')
  return lines.slice(0, -1).map((line) => JSON.parse(line) as PastBlock)
}

const FORK_DEPTH = 2

const runBlocks = (chain: TestChain, o: { path: string; blockMs: number; forkEvery: number }): void => {
  /** A branch is left once at a height. */
  let forkedAt = 0
  setInterval(() => {
    try {
      const { number } = chain.best()
      if (o.forkEvery > 0 && number > forkedAt && number % o.forkEvery === 0) {
        forkedAt = number
        chain.fork(FORK_DEPTH)
      }
      appendFileSync(o.path, `${JSON.stringify(pastOf(chain.produce()))}\n`)
    } catch (error) {
      onFatal(error)
    }
  }, o.blockMs)
}

const main = async (): Promise<void> => {
  const { dir } = values
  if (dir === undefined) throw new Error('--dir is needed: the folder that holds the chain')
  const metadata = metadataPath()
  if (metadata === null) {
    say({ event: 'skip', hint: METADATA_HINT })
    return
  }
  const path = join(dir, 'blocks.jsonl')
  const { state } = parseGenesis(JSON.parse(readFileSync(join(dir, 'genesis.json'), 'utf8')))
  const chain = createTestChain({
    types: loadTypes(metadata),
    world: createWorld(state, { isHidden: false }),
    finalityLag: Number(values['finality-lag']),
    past: readPast(path),
  })
  const early: View = { finalized: () => chain.best() }
  const servers = []
  for (const [index, port] of values.ports.split(',').entries()) {
    const view = values.liar !== undefined && index === Number(values.liar) ? early : {}
    servers.push(await startServer(chain, view, { port: Number(port) }))
  }
  runBlocks(chain, { path, blockMs: Number(values['block-ms']), forkEvery: Number(values['fork-every']) })
  const stop = (): never => process.exit(0)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop)
  if (values.lifeline) process.stdin.once('end', stop).resume()
  say({ event: 'ready', endpoint: servers.map(({ url }) => url).join(), head: chain.best().number })
}

await main().catch(onFatal)
