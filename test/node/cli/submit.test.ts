/** Promises of `evalmesh submit --wait`: a validator that is away for a while costs no verdict, and only a pass ends with 0. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { EXIT } from '../../../node/cli/output.ts'
import { exitCodeOf, waitForVerdict } from '../../../node/cli/submit.ts'

/** Gives each of these answers once, then the last one for ever. */
const serve = async (t: TestContext, answers: readonly (readonly [status: number, body: string])[]) => {
  const left = [...answers]
  const server = createServer((_, response) => {
    const [status, body] = (left.length > 1 ? left.shift() : left[0]) ?? [500, '']
    response.writeHead(status).end(body)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('who waits is told once that the validator is away, and gets the verdict when it is back', async (t) => {
  const passed = { verdict: 'pass', board: 'record' }
  const api = await serve(t, [
    [404, '{"detail":"not here"}'],
    [502, '<html>away</html>'],
    [500, '{"detail":"an error of this node"}'],
    [200, '{"verdict":null}'],
    [200, JSON.stringify(passed)],
  ])
  const told: string[] = []
  t.mock.method(process.stderr, 'write', (chunk: unknown) => told.push(`${chunk}`))
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const found = waitForVerdict('a', api)
  let isOver = false
  const ended = found.finally(() => {
    isOver = true
  })
  while (!isOver) {
    await new Promise((resolve) => setImmediate(resolve))
    t.mock.timers.tick(2_000)
  }
  t.mock.restoreAll()
  assert.deepEqual(await ended, passed)
  assert.equal(told.length, 1)
  assert.match(told[0] ?? '', /is no validator.*; it is asked again: what was submitted is not lost/)
})

test('only a pass ends with 0: a fault is the miner’s, and without a verdict nothing is decided', () => {
  const ends = ['pass', 'miner', 'inconclusive', null].map(exitCodeOf)
  assert.deepEqual(ends, [EXIT.ok, EXIT.rejected, EXIT.pending, EXIT.pending])
})
