/** The compliance suite through @polkadot/api: against the test chain, and against any node whose subnet holds the suite's keys. */
import { after, before, test } from 'node:test'
import { createSubtensorChain } from '../../../../node/chain/subtensor/subtensor-chain.ts'
import { type ChainFixture, chainPromises } from '../compliance.ts'
import { signerOf } from '../devnet.ts'
import { outranked, owner, payee, payer, poor, spec, validators } from '../subnet.ts'
import { type Net, needsMetadata, startNet } from './net.ts'

const { netuid, versionKey = 0 } = spec.subnet
const who = { owner, validators, outranked, poor, unregistered: signerOf('stranger'), payer, payee }

/** Of a node that nobody prepared real-node.test.ts asks what needs no key. */
const named = process.env['EVALMESH_SUBTENSOR_ENDPOINT']
const subnet = process.env['EVALMESH_SUBTENSOR_SUITE_NETUID']
const isPrepared = named !== undefined && subnet !== undefined
const HOW =
  'name a node in EVALMESH_SUBTENSOR_ENDPOINT and, in EVALMESH_SUBTENSOR_SUITE_NETUID, its subnet that is set up as test/node/chain/subnet.ts says'
const needsPrepared = { skip: isPrepared ? false : HOW }

let net: Net
let fixture: ChainFixture

before(async () => {
  if (needsMetadata.skip !== false) return
  net = await startNet()
  net.run(40)
  fixture = {
    chain: net.client,
    netuid,
    versionKey: BigInt(versionKey),
    ...who,
    // The process of the node ends: its pool is gone, and so is what was not final; it comes back under the same address.
    async crash() {
      net.run(0)
      await net.servers[0]?.stop()
      net.chain.dropPool()
      net.chain.fork(100)
      net.chain.dropPool()
      await net.servers[0]?.start()
      net.run(40)
    },
  }
})

after(() => net?.stop())

for (const { name, check } of chainPromises) test(`subtensor: ${name}`, needsMetadata, () => check(fixture))

for (const { name, check } of chainPromises.filter(({ needsCrash }) => needsCrash === undefined)) {
  test(`real node: ${name}`, needsPrepared, async () => {
    const chain = createSubtensorChain({ endpoints: (named ?? '').split(','), pollMs: 250 })
    try {
      await check({ chain, netuid: Number(subnet), versionKey: BigInt(versionKey), ...who, crash: null })
    } finally {
      await chain.close()
    }
  })
}
