/** The compliance suite through @polkadot/api: against the test chain, and against any real node where one is named. */
import { after, before, test } from 'node:test'
import { type ChainFixture, chainPromises } from '../compliance.ts'
import { signerOf } from '../devnet.ts'
import { outranked, owner, payee, payer, poor, validators } from '../subnet.ts'
import { type Net, needsMetadata, startNet } from './net.ts'

let net: Net
let fixture: ChainFixture

before(async () => {
  if (needsMetadata.skip !== false) return
  net = await startNet()
  net.run(40)
  fixture = {
    chain: net.client,
    netuid: 7,
    versionKey: 3n,
    owner,
    validators,
    outranked,
    poor,
    unregistered: signerOf('stranger'),
    payer,
    payee,
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
