/** How fast a node that joins late gets the whole log, over real libp2p and a real store, beside the time that the log took. */
import { makeLog } from '../node/sync/log.ts'
import { createFakeChain, startNode } from '../node/sync/node.ts'
import { type Row, round } from './harness.ts'

/** Of the chain's blocks, as Bittensor makes them. */
const BLOCK_SECONDS = 12

/** From nothing to the whole log: one server and one joiner in this process, both counted. */
export const measureJoiner = async (o: { readonly members: number; readonly rounds: number }): Promise<Row> => {
  const log = await makeLog({ ...o, roundsPerEpoch: 8 })
  const chain = createFakeChain(log)
  const endings: (() => unknown)[] = []
  const t = { after: (end: () => unknown) => endings.push(end) }
  try {
    const server = await startNode(t, { log, chain, member: 0, records: log.records })
    const joiner = await startNode(t, { log, chain, member: null, bootstrap: [server.address()] })
    const { promise: there, resolve } = Promise.withResolvers<void>()
    const look = setInterval(() => joiner.height() > log.decided.length && resolve(), 5)
    const from = performance.now()
    await there
    clearInterval(look)
    const seconds = (performance.now() - from) / 1_000
    const logSeconds = (log.block - log.genesis.block) * BLOCK_SECONDS
    return {
      name: `late joiner over libp2p and disk, n = ${o.members}, from the start of both`,
      value: round(logSeconds / seconds),
      unit: 'times real time',
      beside: round(log.decided.length / seconds),
      besideName: 'heights a second',
      ratio: round(logSeconds / seconds / 20),
      target: '≥ 20',
      met: logSeconds / seconds >= 20,
    }
  } finally {
    for (const end of endings.reverse()) await end()
  }
}
