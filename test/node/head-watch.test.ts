/** Promises of what a node looks after at each block: it stops where it was told to, once, and signs nothing any more from there on. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createHeadWatch } from '../../node/head-watch.ts'
import { createFakeLog } from './fakes.ts'

const watch = (stopAtBlock: number | null) => {
  const looked: number[] = []
  const log = createFakeLog()
  const head = createHeadWatch({
    delegator: { look: async (block) => void looked.push(block) },
    stopAtBlock,
    now: () => 42,
    onFatal: (error) => assert.fail(String(error)),
    log,
  })
  return { ...head, looked, log }
}
const isPending = Symbol('pending')
const state = (stop: Promise<unknown>) => Promise.race([stop, Promise.resolve(isPending)])

test('it goes on for ever where no block is named', async () => {
  const { atHead, stop, looked, seenAt } = watch(null)
  assert.equal(seenAt(), null)
  for (const block of [1, 2, 3]) atHead(block)
  assert.deepEqual([looked, seenAt()], [[1, 2, 3], 42])
  assert.equal(await state(stop), isPending)
})

test('at its block it stops, once, and looks after nothing any more', async () => {
  const { atHead, stop, looked, log } = watch(12)
  for (const block of [10, 11]) atHead(block)
  assert.equal(await state(stop), isPending)
  for (const block of [12, 13]) atHead(block)
  assert.equal(await stop, 'reached')
  assert.deepEqual(looked, [10, 11])
  assert.equal(log.calls.length, 1)
})

test('a block that had passed before the start is a mistake that someone must mend', async () => {
  const { atHead, stop, log } = watch(12)
  atHead(15)
  assert.equal(await stop, 'passed')
  assert.equal(log.calls[0]?.[0], 'error')
})
