/** A running test chain for one test file: blocks by a timer or by hand, servers with their own views, and a client of them. */
import type { TestContext } from 'node:test'
import { parseGenesis } from '../../../../node/chain/local/genesis.ts'
import type { Chain } from '../../../../node/chain/port.ts'
import { createSubtensorChain, type SubtensorOptions } from '../../../../node/chain/subtensor/subtensor-chain.ts'
import { spec } from '../subnet.ts'
import { TEST_BEACON } from '../substrate/begin-block.ts'
import { createTestChain, type TestChain } from '../substrate/chain.ts'
import { startServer, type TestServer, type View } from '../substrate/server.ts'
import { loadTypes, METADATA_HINT, metadataPath, type Types } from '../substrate/types.ts'
import { createWorld, type World } from '../substrate/world.ts'

const path = metadataPath()

/** For `test`: runs where there is metadata, and else says how to get it. */
export const needsMetadata = { skip: path === null ? METADATA_HINT : false }

let loaded: Types | null = null
/** Decoding takes half a second: once a process. */
export const typesOfTests = (): Types => {
  if (path === null) throw new Error(METADATA_HINT)
  loaded ??= loadTypes(path)
  return loaded
}

export type Net = {
  readonly chain: TestChain
  readonly servers: readonly TestServer[]
  readonly client: Chain
  /** Another client of the same servers, or of others. */
  connect(o?: Partial<SubtensorOptions>): Chain
  /** Blocks by hand. */
  produce(count: number): void
  /** From now on blocks come by themselves, every so many milliseconds, but none before clients have looked twice; 0 stops them. */
  run(everyMs: number): void
  stop(): Promise<void>
}

/** Looks at the final head, at every server, from one block to the next: where a machine is slow, epochs and rate limits are as long. */
const LOOKS = 2

type NetOptions = {
  readonly isHidden?: boolean
  readonly commitVersion?: number
  readonly finalityLag?: number
  readonly views?: readonly View[]
  readonly edit?: (world: World) => World
  readonly client?: Partial<SubtensorOptions>
}

export const startNet = async (o: NetOptions = {}): Promise<Net> => {
  const { isHidden = false, commitVersion = 4, finalityLag = 1, views = [{}] } = o
  const world = createWorld(parseGenesis(spec).state, { isHidden, commitVersion })
  const chain = createTestChain({ types: typesOfTests(), world: o.edit?.(world) ?? world, finalityLag })
  let looks = 0
  const counted = (view: View): View => ({
    ...view,
    answer: (method, params) => {
      if (method === 'chain_getFinalizedHead') looks += 1
      return view.answer?.(method, params)
    },
  })
  const servers = await Promise.all(views.map((view) => startServer(chain, counted(view))))
  const clients: Chain[] = []
  const connect = (given: Partial<SubtensorOptions> = {}): Chain => {
    const made = createSubtensorChain({
      endpoints: servers.map(({ url }) => url),
      pollMs: 10,
      patienceMs: 5_000,
      beacon: TEST_BEACON,
      ...o.client,
      ...given,
    })
    clients.push(made)
    return made
  }
  let due = 0
  const produceWhenDue = (): void => {
    if (looks < due) return
    due = looks + LOOKS * servers.length
    chain.produce()
  }
  let timer: NodeJS.Timeout | undefined
  const client = connect()
  return {
    chain,
    servers,
    client,
    connect,
    produce(count) {
      for (let made = 0; made < count; made += 1) chain.produce()
    },
    run(everyMs) {
      clearInterval(timer)
      timer = everyMs === 0 ? undefined : setInterval(produceWhenDue, everyMs)
    },
    async stop() {
      clearInterval(timer)
      await Promise.all(clients.map((each) => each.close()))
      await Promise.all(servers.map((server) => server.stop()))
    },
  }
}

/** A net that ends with the test. */
export const netFor = async (t: TestContext, o: NetOptions = {}): Promise<Net> => {
  const net = await startNet(o)
  t.after(() => net.stop())
  return net
}
