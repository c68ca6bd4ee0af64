/** When the demo's submissions are of one round, and when its weights are what its rounds ask for. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { waitForWindow } from '../../node/demo/mesh.ts'
import { isSettled } from '../../node/demo/run.ts'

const set = (row: readonly (readonly [number, number])[]) => ({ row, setAt: 9 })

test('weights are settled when all are the same and pay every winner, also when the winner takes all', () => {
  assert.ok(isSettled([set([[6, 65_535]]), set([[6, 65_535]])], [6]))
  const shared = set([
    [0, 65_535],
    [6, 7_281],
  ])
  assert.ok(isSettled([shared, shared], [6]))
  assert.ok(isSettled([set([[0, 65_535]])], []))
})

test('weights are not settled before all have set them, while they differ, or while a winner is not paid', () => {
  const paid = set([[6, 65_535]])
  assert.ok(!isSettled([paid, { row: [], setAt: null }], [6]))
  assert.ok(!isSettled([paid, set([[0, 65_535]])], [6]))
  assert.ok(!isSettled([paid, paid], [6, 7]))
  assert.ok(!isSettled([set([[0, 65_535]]), set([[0, 65_535]])], [6]))
  assert.ok(!isSettled([set([]), set([])], []))
})

test('a window for submissions is open only when the validator furthest behind is in it', async (t) => {
  const heads = [41, 40]
  const members = await Promise.all(
    heads.map(async (_, index) => {
      const server = createServer((_request, response) => {
        response.end(JSON.stringify({ ready: true, block: heads[index] }))
      }).listen(0, '127.0.0.1')
      t.after(() => server.close())
      await once(server, 'listening')
      return { host: '127.0.0.1', ports: { api: (server.address() as AddressInfo).port } }
    }),
  )
  const mesh = {
    devnet: { members },
    genesis: { block: 10, competitions: [{ roundBlocks: 30 }] },
    chain: { finalizedHead: async () => ({ number: 41 }) },
  } as unknown as Parameters<typeof waitForWindow>[0]
  let isOpen = false
  const opened = waitForWindow(mesh, t.signal).then(() => {
    isOpen = true
  })
  // Three looks at all of them.
  await delay(700)
  assert.ok(!isOpen, 'a receipt at block 40 is of the round that closes with it')
  heads[1] = 41
  await opened
})
