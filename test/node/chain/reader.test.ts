/** Promises of the chain reader: it asks until it knows, gives weights up in time, and never stops following by itself. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type BlockRef, ChainError, type Metagraph } from '../../../node/chain/port.ts'
import { block, create, hotkey, lost, receipt, refused, vector } from './reading.ts'

test('a block is asked for again until the chain is back', async (t) => {
  let tries = 0
  const { reader, inputs, until } = create(t, {
    blockAt: async (number) => {
      tries += 1
      if (tries < 4) throw lost()
      return block(number)
    },
  })
  reader.readBlock(5)
  await until(() => inputs.length === 1)
  assert.deepEqual(inputs, [{ kind: 'block', at: 7, block: block(5) }])
  assert.equal(tries, 4)
})

test('however often the machine asks during an outage, one question is under way, and later ones are asked again', async (t) => {
  let asked = 0
  const answer = Promise.withResolvers<BlockRef | null>()
  const { reader, inputs, until } = create(t, {
    blockAt: () => {
      asked += 1
      return asked === 1 ? answer.promise : Promise.resolve(block(5))
    },
  })
  for (let i = 0; i < 100; i++) reader.readBlock(5)
  assert.equal(asked, 1)
  // Null is "not final yet": no input, and the machine's next question goes out.
  answer.resolve(null)
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(inputs, [])
  reader.readBlock(5)
  await until(() => inputs.length === 1)
  assert.equal(asked, 2)
})

test('an outage is told ever less often, and again from the start after the next block', async (t) => {
  let tries = 0
  const { reader, log, until } = create(t, {
    blockAt: async (number) => {
      tries += 1
      if (tries < 20) throw lost()
      return block(number)
    },
    finalizedHead: async () => {
      throw lost()
    },
  })
  reader.readBlock(3)
  void reader.follow()
  await until(() => tries === 20 && log.filter(([level]) => level === 'error').length >= 4)
  const triesOf = (level: string) => log.flatMap(([at, facts]) => (at === level ? [facts['tries']] : []))
  assert.deepEqual(triesOf('warn'), [1, 2, 4, 8, 16])
  assert.deepEqual(triesOf('error').slice(0, 4), [1, 2, 4, 8])
})

test('a refused read is told, and the machine’s next question is asked afresh', async (t) => {
  let tries = 0
  const metagraph = { block: block(9) } as Metagraph
  const { reader, inputs, log, until } = create(t, {
    metagraphAt: async () => {
      tries += 1
      if (tries === 1) throw new ChainError('BAD_RESPONSE')
      return metagraph
    },
  })
  reader.readMetagraph(9)
  await until(() => log.some(([level]) => level === 'error'))
  await new Promise((resolve) => setImmediate(resolve))
  reader.readMetagraph(9)
  await until(() => inputs.length === 1)
  assert.deepEqual(inputs, [{ kind: 'metagraph', at: 7, metagraph }])
})

test('a node that stops asks no more and tells nothing', async (t) => {
  let tries = 0
  const { reader, inputs, log, until, stop } = create(t, {
    blockAt: async () => {
      tries += 1
      throw lost()
    },
  })
  reader.readBlock(5)
  await until(() => log.length >= 2)
  stop()
  const before = tries
  await new Promise((resolve) => setTimeout(resolve, 20))
  assert.ok(tries <= before + 1)
  assert.deepEqual(inputs, [])
})

test('weights are handed in as they were derived, and their block is told', async (t) => {
  const given: unknown[] = []
  const { reader, log, until } = create(t, {
    setWeights: async ({ netuid, uids, values, versionKey, signer }) => {
      given.push({ netuid, uids, values, versionKey, signer })
      return receipt(12)
    },
  })
  reader.setWeights({ kind: 'setWeights', block: 10, vector })
  await until(() => log.length === 1)
  assert.deepEqual(given, [{ netuid: 1, ...vector, versionKey: 0n, signer: hotkey }])
  assert.deepEqual(log, [['info', { block: 10, setAt: 12 }, 'weights set']])
})

test('hidden weights are told as committed, and as set once they stand', async (t) => {
  const { reader, log, until } = create(t, {
    setWeights: async () => ({ ...receipt(12), path: 'timelocked', reveal: async () => block(30) }),
  })
  reader.setWeights({ kind: 'setWeights', block: 10, vector })
  await until(() => log.length === 2)
  assert.deepEqual(log, [
    ['info', { block: 10, committedAt: 12, path: 'timelocked' }, 'weights committed'],
    ['info', { block: 10, setAt: 30 }, 'weights set'],
  ])
})

test('hidden weights that an earlier run has left are revealed at the start, once, and told', async (t) => {
  let asked = 0
  const { reader, log, until } = create(t, {
    finalizedHead: async () => block(30),
    followFinalized: async function* () {},
    unrevealed: async () => {
      asked += 1
      return [{ afterBlock: 12, reveal: async () => block(31) }]
    },
  })
  void reader.follow()
  await until(() => log.some(([, , event]) => event === 'weights set'))
  assert.deepEqual(log, [
    ['info', { afterBlock: 12 }, 'weights of an earlier run are to be revealed'],
    ['info', { afterBlock: 12, setAt: 31 }, 'weights set'],
  ])
  assert.equal(asked, 1)
})

test('hidden weights that never appear are an error, and the next vector has not waited for them', async (t) => {
  const lostReveal = Promise.withResolvers<never>()
  const { reader, log, until } = create(t, {
    setWeights: async ({ values: [value = 0] }) =>
      value === 1 ? { ...receipt(12), path: 'timelocked', reveal: () => lostReveal.promise } : receipt(22),
  })
  reader.setWeights({ kind: 'setWeights', block: 10, vector: { uids: [1], values: [1] } })
  await until(() => log.length === 1)
  reader.setWeights({ kind: 'setWeights', block: 20, vector: { uids: [1], values: [2] } })
  await until(() => log.some(([, , event]) => event === 'weights set'))
  lostReveal.reject(new ChainError('WEIGHTS_LOST', { committedAt: 12 }))
  await until(() => log.some(([level]) => level === 'error'))
  assert.equal(log.at(-1)?.[2], 'weights lost')
  assert.match(String(log.at(-1)?.[1]['todo']), /never revealed/)
})

test('weights that the chain refuses for good are not tried again, and the operator is told what to do', async (t) => {
  let tries = 0
  const { reader, log, until } = create(t, {
    setWeights: async () => {
      tries += 1
      throw refused('NeuronNoValidatorPermit')
    },
  })
  reader.setWeights({ kind: 'setWeights', block: 10, vector })
  await until(() => log.length === 1)
  assert.equal(tries, 1)
  assert.equal(log[0]?.[0], 'error')
  assert.match(String(log[0]?.[1]['todo']), /permit/)
})

test('weights that keep failing are given up before the next are due, with the reason told', async (t) => {
  let tries = 0
  const { reader, log, until } = create(t, {
    finalizedHead: async () => block(12),
    setWeights: async () => {
      tries += 1
      throw new ChainError('EXTRINSIC_FAILED', { name: 'SettingWeightsTooFast' }, { retryable: true })
    },
  })
  reader.setWeights({ kind: 'setWeights', block: 10, vector })
  await until(() => log.some(([level]) => level === 'error'))
  assert.equal(tries, 120)
  assert.match(String(log.at(-1)?.[1]['todo']), /another program/)
})

test('weights are tried for as long as they are not late, through an outage of a minute', async (t) => {
  let tries = 0
  const away = (): void => {
    if (tries < 60) throw lost()
  }
  const { reader, log, until } = create(t, {
    finalizedHead: async () => {
      tries += 1
      away()
      return block(15)
    },
    setWeights: async () => {
      away()
      return receipt(16)
    },
  })
  reader.setWeights({ kind: 'setWeights', block: 10, vector })
  await until(() => log.some(([level]) => level !== 'warn'))
  assert.deepEqual(log.at(-1), ['info', { block: 10, setAt: 16 }, 'weights set'])
})

test('a commit that a later one stands for is no loss', async (t) => {
  const overtaken = async () => {
    throw new ChainError('WEIGHTS_OVERTAKEN', { committedAt: 12 })
  }
  const { reader, log, until } = create(t, {
    setWeights: async () => ({ ...receipt(12), path: 'timelocked', reveal: overtaken }),
  })
  reader.setWeights({ kind: 'setWeights', block: 10, vector })
  await until(() => log.length === 2)
  assert.deepEqual(log.at(-1), ['info', { block: 10 }, 'weights overtaken'])
})

test('weights that were overtaken by newer ones are never set after them', async (t) => {
  const given: number[] = []
  const first = Promise.withResolvers<never>()
  const { reader, log, until } = create(t, {
    setWeights: async ({ values: [value = 0] }) => {
      given.push(value)
      if (given.length === 1) return first.promise
      return receipt(40 + given.length)
    },
  })
  const of = (value: number) => ({ uids: [1], values: [value] })
  reader.setWeights({ kind: 'setWeights', block: 10, vector: of(1) })
  await new Promise((resolve) => setImmediate(resolve))
  // A node that was frozen in its call wakes up, and has the next two to set at once.
  reader.setWeights({ kind: 'setWeights', block: 20, vector: of(2) })
  reader.setWeights({ kind: 'setWeights', block: 30, vector: of(3) })
  first.reject(new ChainError('EXTRINSIC_FAILED', { name: 'SettingWeightsTooFast' }, { retryable: true }))
  await until(() => log.some(([, , event]) => event === 'weights set'))
  assert.deepEqual(given, [1, 3])
  assert.deepEqual(
    log.filter(([level]) => level === 'error'),
    [],
    'a vector that a newer one stands for is no trouble',
  )
})

test('weights are not tried again once their block lies so far back that newer ones are due', async (t) => {
  let tries = 0
  let head = 15
  const { reader, log, until } = create(t, {
    finalizedHead: async () => block(head),
    setWeights: async () => {
      tries += 1
      // Frozen before the second try: the chain has moved on, and nobody has told this node yet.
      if (tries === 2) head = 60
      throw new ChainError('EXTRINSIC_FAILED', { name: 'SettingWeightsTooFast' }, { retryable: true })
    },
  })
  reader.setWeights({ kind: 'setWeights', block: 10, vector })
  await until(() => log.some(([, , event]) => event === 'weights not set'))
  assert.equal(tries, 2)
  assert.match(String(log.at(-1)?.[1]['error']), /SettingWeightsTooFast/)
})

test('an observer sets no weights', (t) => {
  const { reader } = create(t, {}, { observer: true })
  reader.setWeights({ kind: 'setWeights', block: 10, vector })
})

test('heads come in order through a chain that is lost and answers nonsense, none twice', async (t) => {
  const script: (() => BlockRef | ChainError)[] = [
    () => block(4),
    () => lost(),
    () => block(5),
    () => new ChainError('BAD_RESPONSE'),
    () => block(6),
  ]
  const from: number[] = []
  let heads = 0
  const { reader, inputs, until, stop } = create(t, {
    finalizedHead: async () => {
      heads += 1
      if (heads === 1) throw new ChainError('BAD_RESPONSE')
      return block(3)
    },
    followFinalized: async function* ({ after }) {
      from.push(after)
      for (let next = script.shift(); next !== undefined; next = script.shift()) {
        const answer = next()
        if (answer instanceof ChainError) throw answer
        yield answer
      }
    },
  })
  const followed = reader.follow()
  await until(() => inputs.length === 4)
  stop()
  await followed
  assert.deepEqual(
    inputs.map((input) => input.kind === 'head' && input.block.number),
    [3, 4, 5, 6],
  )
  assert.deepEqual(from.slice(0, 3), [3, 4, 5])
})

test('another chain behind the endpoint ends the node: following it would be believing it', async (t) => {
  const { reader } = create(t, {
    finalizedHead: async () => block(3),
    // biome-ignore lint/correctness/useYield: it throws before it has anything.
    followFinalized: async function* () {
      throw new ChainError('CHAIN_CHANGED')
    },
  })
  await assert.rejects(reader.follow(), (error) => error instanceof ChainError && error.code === 'CHAIN_CHANGED')
})
