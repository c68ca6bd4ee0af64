/** Promises of the driver: one input at a time, effects in order, durable before anything leaves, nothing after a failed write. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Effect, Input } from '../../../protocol/index.ts'
import { createFakeDriver, DIGEST, evidenceIn, gate, receipt, wake } from '../fakes.ts'

const persist: Effect = { kind: 'persist', records: [{ kind: 'weights', block: 1 }] }
const sign: Effect = { kind: 'sign', message: receipt(1) }
const peer = (sender: string, sizeBytes = 1) => ({ sender, sizeBytes, isMember: true })

/** Effects for the first wake only. */
const onWake =
  (...effects: readonly Effect[]) =>
  (input: Input): readonly Effect[] =>
    input.kind === 'wake' ? effects : []

test('effects are carried out one after the other, in the order the machine gave them', async () => {
  const effects: readonly Effect[] = [
    { kind: 'readBlock', number: 1 },
    persist,
    sign,
    { kind: 'relay', what: { kind: 'archived', fromHeight: 1, count: 64 }, to: 'committee' },
    { kind: 'fetch', what: 'blob', digest: DIGEST },
    { kind: 'accuse', evidence: evidenceIn({ chain: DIGEST, mesh: DIGEST }) },
    { kind: 'readMetagraph', block: 1 },
    { kind: 'setWeights', block: 1, vector: { uids: [], values: [] } },
    { kind: 'wake', at: 9 },
  ]
  const { driver, done } = createFakeDriver({ effectsOf: onWake(...effects) })
  driver.submit(wake(1))
  await driver.idle()
  assert.deepEqual(done, [
    'readBlock',
    'persisted',
    'signed',
    'broadcast',
    'relay',
    'fetch',
    'accuse',
    'readMetagraph',
    'setWeights',
    'alarm 9',
  ])
})

test('nothing is signed or sent before what precedes it is durable, and no other input is taken meanwhile', async () => {
  const disk = gate()
  const reached = gate()
  const { driver, done, seen } = createFakeDriver({
    effectsOf: onWake(persist, sign),
    append: () => {
      reached.resolve()
      return disk.promise
    },
  })
  driver.submit(wake(1))
  driver.submit({ kind: 'stored', at: 2, digest: DIGEST })
  await reached.promise
  assert.deepEqual(done, [])
  assert.equal(seen().length, 1)
  disk.resolve()
  await driver.idle()
  assert.deepEqual(done, ['persisted', 'signed', 'broadcast'])
})

test('the next input is taken while a write runs on, and the writes that meet are each done once', async () => {
  const disk = gate()
  const { driver, done, seen } = createFakeDriver({ effectsOf: onWake(persist), append: () => disk.promise })
  for (let at = 1; at <= 3; at++) driver.submit(wake(at))
  driver.offer(() => {
    disk.resolve()
    return null
  }, null)
  await driver.idle()
  assert.equal(seen().length, 3, 'all were taken, though none was durable')
  assert.deepEqual(done, ['persisted', 'persisted', 'persisted'])
})

test('what leaves waits for the writes of earlier inputs too, and so does what is told of them', async () => {
  const disk = gate()
  const { driver, done } = createFakeDriver({
    effectsOf: (input, before) => {
      if (input.kind !== 'wake') return []
      const notice: Effect = { kind: 'notice', notice: { kind: 'view', height: 1, view: 0, leader: DIGEST } }
      return before.length === 0 ? [persist, notice] : [sign]
    },
    append: () => disk.promise,
  })
  driver.submit(wake(1))
  driver.submit(wake(2))
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(done, [])
  disk.resolve()
  await driver.idle()
  assert.deepEqual(done, ['persisted', 'notice', 'signed', 'broadcast'])
})

test('a write that fails while other inputs are taken lets nothing out after it', async () => {
  const failure = new Error('disk full')
  const { driver, done, fatal } = createFakeDriver({
    effectsOf: (input, before) => (input.kind !== 'wake' ? [] : before.length === 0 ? [persist] : [sign]),
    append: () => Promise.reject(failure),
  })
  driver.submit(wake(1))
  driver.submit(wake(2))
  await driver.idle()
  assert.deepEqual(done, [])
  assert.deepEqual(fatal, [failure])
})

test('the machine hears its own signed message before anything that waits, in the order of signing', async () => {
  const { driver, seen } = createFakeDriver({ effectsOf: onWake(sign, { kind: 'sign', message: receipt(2) }) })
  driver.submit(wake(1))
  driver.offer(() => ({ kind: 'stored', at: 1, digest: DIGEST }), peer('a'))
  await driver.idle()
  const what = seen().map((input) =>
    input.kind === 'message' && input.message.kind === 'receipt' ? input.message.body.block : input.kind,
  )
  assert.deepEqual(what, ['wake', 1, 2, 'stored'])
})

test('a failed write ends everything: no effect after it, no input, and it is told once', async () => {
  const failure = new Error('disk full')
  const { driver, done, fatal, seen } = createFakeDriver({
    effectsOf: onWake(persist, sign),
    append: () => Promise.reject(failure),
  })
  driver.submit(wake(1))
  driver.submit(wake(2))
  await driver.idle()
  driver.submit(wake(3))
  assert.equal(
    driver.offer(() => wake(4), peer('a')),
    false,
  )
  await driver.idle()
  assert.deepEqual(done, [])
  assert.deepEqual(fatal, [failure])
  assert.equal(seen().length, 1)
})

test('a node without keys never signs: being asked to is fatal', async () => {
  const { driver, fatal } = createFakeDriver({ effectsOf: onWake(sign), ports: { signer: null } })
  driver.submit(wake(1))
  await driver.idle()
  assert.equal(fatal.length, 1)
})

test('a flood of one sender is dropped at its bound and delays neither another sender nor this node', async () => {
  const hold = gate()
  const order: string[] = []
  const { driver } = createFakeDriver({})
  const arrive = (name: string) => async () => {
    order.push(name)
    return null
  }
  driver.offer(async () => {
    await hold.promise
    return null
  }, peer('first'))
  let taken = 0
  while (driver.offer(arrive('flood'), peer('flooder'))) taken += 1
  assert.ok(taken >= 100 && taken <= 1_000, `${taken}`)
  assert.ok(driver.offer(arrive('honest'), peer('honest')))
  driver.offer(async () => {
    order.push('own')
    return null
  }, null)
  hold.resolve()
  await driver.idle()
  assert.deepEqual(order.slice(0, 3), ['own', 'flood', 'honest'])
  assert.equal(order.length, taken + 2)
  assert.ok(driver.offer(arrive('later'), peer('flooder')), 'worked off, it may send again')
  await driver.idle()
})

test('few large messages fill a sender’s room as many small ones do', async () => {
  const { driver } = createFakeDriver({})
  const large = () => driver.offer(() => null, peer('a', 1 << 20))
  const taken = [large(), large(), large(), large(), large()]
  assert.deepEqual(taken, [true, true, true, true, false])
  await driver.idle()
  assert.ok(large())
  await driver.idle()
})

test('this node’s own inputs are never dropped, however many wait', async () => {
  const { driver, seen } = createFakeDriver({})
  for (let at = 0; at < 2_000; at++) driver.submit(wake(at))
  await driver.idle()
  assert.equal(seen().length, 2_000)
})

test('an arrival sees the state of its turn, and one that comes to nothing changes nothing', async () => {
  const { driver, seen } = createFakeDriver({})
  const states: number[] = []
  driver.submit(wake(1))
  driver.offer((state) => {
    states.push(state.length)
    return null
  }, null)
  driver.submit(wake(2))
  await driver.idle()
  assert.deepEqual(states, [1])
  assert.equal(seen().length, 2)
})

test('what an arrival offers while it runs waits for its own turn', async () => {
  const { driver, seen } = createFakeDriver({})
  driver.offer(() => {
    driver.submit(wake(2))
    return wake(1)
  }, null)
  await driver.idle()
  assert.deepEqual(
    seen().map(({ at }) => at),
    [1, 2],
  )
})

test('close finishes the input at work, drops what waits, and takes the alarm away', async () => {
  const disk = gate()
  const reached = gate()
  const { driver, done, alarms, seen } = createFakeDriver({
    effectsOf: onWake(persist, { kind: 'wake', at: 9 }),
    append: () => {
      reached.resolve()
      return disk.promise
    },
  })
  driver.submit(wake(1))
  driver.submit(wake(2))
  await reached.promise
  const closed = driver.close()
  disk.resolve()
  await closed
  assert.deepEqual(done, ['alarm 9', 'persisted', 'alarm null'])
  assert.equal(alarms.at(-1)?.at, null)
  alarms[0]?.ring()
  await driver.idle()
  assert.equal(seen().length, 1)
})

test('an alarm comes back as a wake', async () => {
  const { driver, alarms, seen } = createFakeDriver({
    effectsOf: (_, state) => (state.length === 0 ? [{ kind: 'wake', at: 9 }] : []),
  })
  driver.submit(wake(1))
  await driver.idle()
  alarms[0]?.ring()
  await driver.idle()
  assert.deepEqual(seen(), [wake(1), wake(7)])
})
