/** What can be asked of a real Subtensor node without a key: EVALMESH_SUBTENSOR_ENDPOINT=wss://… runs it, EVALMESH_SUBTENSOR_NETUID names the subnet. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Chain } from '../../../../node/chain/port.ts'
import { createSubtensorChain } from '../../../../node/chain/subtensor/subtensor-chain.ts'
import { predictYuma } from '../../../../protocol/index.ts'
import { chainError } from '../compliance.ts'

const endpoint = process.env['EVALMESH_SUBTENSOR_ENDPOINT']
const netuid = Number(process.env['EVALMESH_SUBTENSOR_NETUID'] ?? 1)
const needsNode = { skip: endpoint === undefined ? 'no node named: set EVALMESH_SUBTENSOR_ENDPOINT=wss://…' : false }

let chain: Chain
before(() => {
  if (endpoint !== undefined) chain = createSubtensorChain({ endpoints: endpoint.split(',') })
})
after(() => chain?.close())

test('real node: its genesis is its block 0, and its finalised blocks link', needsNode, async () => {
  assert.deepEqual(await chain.blockAt(0), { number: 0, hash: await chain.genesisHash() })
  const head = await chain.finalizedHead()
  const enough = new AbortController()
  const seen: number[] = []
  for await (const block of chain.followFinalized({ after: head.number - 5, signal: enough.signal })) {
    if (seen.push(block.number) === 5) enough.abort()
  }
  assert.deepEqual(
    seen,
    [4, 3, 2, 1, 0].map((back) => head.number - back),
  )
})

test('real node: a subnet’s metagraph and what its next epoch is made of agree', needsNode, async () => {
  const { number: block } = await chain.finalizedHead()
  const graph = await chain.metagraphAt({ netuid, block })
  assert.ok(graph.epochStart <= block && block <= graph.epochStart + graph.tempo + 1)
  assert.ok(graph.neurons.some(({ permit }) => permit))
  const input = await chain.yumaInputAt({ netuid, block })
  assert.deepEqual(
    input.neurons.map(({ stake }) => stake),
    graph.neurons.map(({ stakeRao }) => stakeRao),
  )
  const { incentive } = predictYuma(input)
  const total = incentive.reduce((sum, each) => sum + each, 0)
  assert.ok(total === 0 || Math.abs(total - 65_535) <= incentive.length, `incentives add up to one: ${total}`)
  const validator = graph.neurons.find(({ permit }) => permit)
  const row = await chain.weightsOf({ netuid, hotkey: validator?.hotkey ?? '', block })
  assert.deepEqual(row.weights, input.neurons[row.uid]?.weights)
  await assert.rejects(chain.metagraphAt({ netuid: 65_000, block }), chainError('SUBNET_UNKNOWN'))
})
