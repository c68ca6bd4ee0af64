/** Tests of the adapter against servers that lie, stammer or are another chain: each ends in a typed error. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { headersCodec } from '../../../node/chain/local/answers.ts'
import { type Header, headerHash } from '../../../node/chain/local/block.ts'
import { encode } from '../../../node/chain/local/codec.ts'
import { createLocalChain, type LocalChain } from '../../../node/chain/local-chain.ts'
import { chainError, follow } from './compliance.ts'

/** A client of a server that gives these bodies in turn, the last one for ever; null hangs up. */
async function clientOf(t: TestContext, bodies: readonly (string | null)[]): Promise<LocalChain> {
  const left = [...bodies]
  const server = createServer((_, response) => {
    const body = left.length > 1 ? left.shift() : left[0]
    if (typeof body === 'string') response.end(body)
    else response.destroy()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  // No test waits for its end; a machine may stand still for seconds.
  const client = createLocalChain({ endpoint: `http://127.0.0.1:${port}`, patienceMs: 60_000 })
  t.after(async () => {
    await client.close()
    server.close().closeAllConnections()
  })
  return client
}

function chainOf(count: number, timeMs: number): Header[] {
  const headers: Header[] = []
  for (let number = 0; number < count; number += 1) {
    const last = headers.at(-1)
    const parent = last ? headerHash(last) : '00'.repeat(32)
    headers.push({ parent, number, timeMs, stateRoot: '11'.repeat(32), extrinsicsRoot: '22'.repeat(32) })
  }
  return headers
}

const result = (value: unknown): string => JSON.stringify({ jsonrpc: '2.0', id: 1, result: value })
const headersIn = (headers: readonly Header[]): string =>
  result(Buffer.from(encode(headersCodec, headers)).toString('hex'))

test('adapter: blocks that leave a gap or do not link to those before are CHAIN_CHANGED', async (t) => {
  const [ours, other] = [chainOf(6, 1), chainOf(6, 2)]
  const gap = await clientOf(t, [headersIn(ours.slice(1, 3)), headersIn(ours.slice(4))])
  await assert.rejects(follow(gap, { after: 0, count: 5 }), chainError('CHAIN_CHANGED'))
  const late = await clientOf(t, [headersIn(ours.slice(2))])
  await assert.rejects(follow(late, { after: 0, count: 4 }), chainError('CHAIN_CHANGED'))
  const fork = await clientOf(t, [headersIn(ours.slice(1, 3)), headersIn(other.slice(3))])
  await assert.rejects(follow(fork, { after: 0, count: 5 }), chainError('CHAIN_CHANGED'))
  const whole = await clientOf(t, [headersIn(ours.slice(1, 3)), headersIn([]), headersIn(ours.slice(3))])
  const seen = await follow(whole, { after: 0, count: 5 })
  assert.deepEqual(
    seen.map(({ hash }) => hash),
    ours.slice(1).map(headerHash),
  )
})

test('adapter: connections that break are tried again, and the answer comes through', async (t) => {
  const chain = await clientOf(t, [null, null, result('ab'.repeat(32))])
  assert.equal(await chain.genesisHash(), 'ab'.repeat(32))
})

test('adapter: an answer that makes no sense is BAD_RESPONSE', async (t) => {
  const refusal = (code: unknown): string => JSON.stringify({ error: { code: -32_000, data: { code, facts: [null] } } })
  const bodies = ['', 'x', '[]', 'null', '{}', result(7), result('xyz'), result('00'), refusal('CLOSED'), refusal(7)]
  for (const body of bodies) {
    const chain = await clientOf(t, [body])
    const isBad = chainError('BAD_RESPONSE')
    await assert.rejects(chain.genesisHash(), isBad, body)
    await assert.rejects(chain.finalizedHead(), isBad, body)
    await assert.rejects(chain.blockAt(1), isBad, body)
    await assert.rejects(chain.metagraphAt({ netuid: 7, block: 1 }), isBad, body)
    await assert.rejects(chain.weightsOf({ netuid: 7, hotkey: 'ab'.repeat(32) }), isBad, body)
  }
  const other = await clientOf(t, [headersIn(chainOf(3, 1))])
  await assert.rejects(other.blockAt(2), chainError('BAD_RESPONSE'))
})
