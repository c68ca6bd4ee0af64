/** What every Chain promises, one check a promise: the same list runs against the local chain and against Subtensor's own types. */
import assert from 'node:assert/strict'
import {
  type BlockRef,
  type Chain,
  ChainError,
  type ChainErrorCode,
  type HotkeySigner,
} from '../../../node/chain/port.ts'

/**
 * A running chain and who is who on its subnet. The subnet asks for version key 3, at least 2 weights a row and a stake;
 * its rate limit is some dozens of blocks. The three validators hold permits; each check uses one of its own, as a row starts a rate limit.
 */
export type ChainFixture = {
  readonly chain: Chain
  readonly netuid: number
  readonly versionKey: bigint
  readonly owner: HotkeySigner
  readonly validators: readonly [HotkeySigner, HotkeySigner, HotkeySigner]
  /** Enough stake, no permit: others have more. */
  readonly outranked: HotkeySigner
  /** A permit is out of reach: stake below the threshold. */
  readonly poor: HotkeySigner
  readonly unregistered: HotkeySigner
  /** A coldkey that holds at least 1 TAO. */
  readonly payer: HotkeySigner
  readonly payee: string
  /** Ends the chain's process as a crash does, and starts it again; null where the fixture cannot do that. */
  readonly crash: (() => Promise<void>) | null
}

export type ChainPromise = {
  readonly name: string
  /** Only for a fixture that can crash its chain. */
  readonly needsCrash?: true
  readonly check: (fixture: ChainFixture) => Promise<void>
}

/** Matches a ChainError by its code and, where given, the chain's own error name. */
export function chainError(code: ChainErrorCode, name?: string): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof ChainError, `a ChainError, not ${error}`)
    assert.equal(error.code, code, error.message)
    if (name !== undefined) assert.equal(error.facts['name'], name)
    return true
  }
}

/** A call that broke a rule: some chains say so before inclusion, some after, and Subtensor both. */
function brokenRule(name: string): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof ChainError, `a ChainError, not ${error}`)
    assert.ok(error.code === 'EXTRINSIC_FAILED' || error.code === 'EXTRINSIC_REFUSED', error.message)
    assert.equal(error.facts['name'], name)
    return true
  }
}

/** The finalised blocks after `after`, as many as asked for; a minute at most. */
export async function follow(chain: Chain, o: { readonly after: number; readonly count: number }): Promise<BlockRef[]> {
  const enough = new AbortController()
  const signal = AbortSignal.any([enough.signal, AbortSignal.timeout(60_000)])
  const seen: BlockRef[] = []
  for await (const block of chain.followFinalized({ after: o.after, signal })) {
    if (seen.push(block) === o.count) enough.abort()
  }
  assert.equal(seen.length, o.count, 'blocks went on within a minute')
  return seen
}

/** A complete, legal call to set_weights for the fixture's subnet. */
export function weightsCall(fixture: ChainFixture, signer: HotkeySigner): Parameters<Chain['setWeights']>[0] {
  const { netuid, versionKey } = fixture
  return { netuid, versionKey, signer, uids: [0, 1], values: [65_535, 100], signal: AbortSignal.timeout(60_000) }
}

const genesisIsBlockZero: ChainPromise = {
  name: 'the genesis hash is the hash of block 0',
  async check({ chain }) {
    const genesisHash = await chain.genesisHash()
    assert.match(genesisHash, /^[0-9a-f]{64}$/)
    assert.deepEqual(await chain.blockAt(0), { number: 0, hash: genesisHash })
  },
}

const blocksInOrder: ChainPromise = {
  name: 'finalised blocks come in order, without a gap, and do not change afterwards',
  async check({ chain }) {
    const blocks = await follow(chain, { after: 0, count: 6 })
    assert.deepEqual(
      blocks.map(({ number }) => number),
      [1, 2, 3, 4, 5, 6],
    )
    for (const block of blocks) assert.deepEqual(await chain.blockAt(block.number), block)
    const head = await chain.finalizedHead()
    assert.ok(head.number >= 6)
    assert.deepEqual(await chain.blockAt(head.number), head)
  },
}

const crashLosesNothing: ChainPromise = {
  name: 'a crash of the chain loses no final block, and who follows sees no gap',
  needsCrash: true,
  async check({ chain, crash }) {
    assert.ok(crash)
    const before = await chain.finalizedHead()
    const enough = new AbortController()
    const signal = AbortSignal.any([enough.signal, AbortSignal.timeout(60_000)])
    const seen: BlockRef[] = []
    let crashed: Promise<void> | null = null
    for await (const block of chain.followFinalized({ after: before.number, signal })) {
      seen.push(block)
      if (seen.length === 2) crashed = crash()
      if (seen.length === 12) enough.abort()
    }
    await crashed
    assert.deepEqual(
      seen.map(({ number }) => number - before.number),
      [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
    )
    for (const block of [before, ...seen]) assert.deepEqual(await chain.blockAt(block.number), block)
  },
}

const nothingUnfinal: ChainPromise = {
  name: 'a block that is not final is not shown',
  async check({ chain, netuid, payer }) {
    const far = (await chain.finalizedHead()).number + 100_000
    assert.equal(await chain.blockAt(far), null)
    await assert.rejects(chain.metagraphAt({ netuid, block: far }), (error) => {
      return chainError('BLOCK_NOT_FINAL')(error) && error instanceof ChainError && error.retryable
    })
    await assert.rejects(
      chain.weightsOf({ netuid, hotkey: payer.publicKey, block: far }),
      chainError('BLOCK_NOT_FINAL'),
    )
    const ref = { blockNumber: far, blockHash: 'ab'.repeat(32), extrinsicIndex: 0 }
    await assert.rejects(chain.transfersAt(ref), chainError('BLOCK_NOT_FINAL'))
  },
}

const metagraphAtBlock: ChainPromise = {
  name: 'the metagraph is that of the block asked for, with its epoch, stakes and permits',
  async check(fixture) {
    const { chain, netuid, validators, outranked, poor, owner } = fixture
    const head = await chain.finalizedHead()
    const graph = await chain.metagraphAt({ netuid, block: head.number })
    assert.deepEqual(graph.block, head)
    assert.equal(graph.netuid, netuid)
    assert.equal(graph.ownerHotkey, owner.publicKey)
    assert.ok(graph.epochStart <= head.number && head.number < graph.epochStart + graph.tempo)
    const before = await chain.metagraphAt({ netuid, block: Math.max(0, graph.epochStart - 1) })
    if (graph.epochStart > 0) assert.equal(before.epoch, graph.epoch - 1)
    assert.deepEqual(
      graph.neurons.map(({ uid }) => uid),
      graph.neurons.map((_, index) => index),
    )
    const permitOf = new Map(graph.neurons.map(({ hotkey, permit }) => [hotkey, permit]))
    for (const { publicKey } of [...validators, owner]) assert.equal(permitOf.get(publicKey), true)
    for (const { publicKey } of [outranked, poor]) assert.equal(permitOf.get(publicKey), false)
    await assert.rejects(chain.metagraphAt({ netuid: netuid + 1, block: 0 }), chainError('SUBNET_UNKNOWN'))
  },
}

const refusals: ChainPromise = {
  name: "weights that break a rule are refused under the chain's name, in the chain's order",
  async check(fixture) {
    const { chain, netuid, validators, outranked, poor, unregistered } = fixture
    const [signer] = validators
    const neurons = (await chain.metagraphAt({ netuid, block: 0 })).neurons.length
    const many = Array.from({ length: neurons + 1 }, (_, uid) => uid)
    const cases: [string, Partial<Parameters<Chain['setWeights']>[0]>][] = [
      ['CanNotSetRootNetworkWeights', { netuid: 0, uids: [0] }],
      ['WeightVecNotEqualSize', { uids: [0], signer: unregistered }],
      ['MechanismDoesNotExist', { netuid: netuid + 1, signer: unregistered }],
      ['UidsLengthExceedUidsInSubNet', { uids: many, values: many, signer: unregistered }],
      ['HotKeyNotRegisteredInSubNet', { signer: unregistered, versionKey: 0n }],
      ['NotEnoughStakeToSetWeights', { signer: poor, versionKey: 0n }],
      ['IncorrectWeightVersionKey', { signer: outranked, versionKey: fixture.versionKey - 1n }],
      ['NeuronNoValidatorPermit', { signer: outranked, uids: [1, 1] }],
      ['DuplicateUids', { uids: [1, 1] }],
      ['UidVecContainInvalidOne', { uids: [0, neurons] }],
      ['WeightVecLengthIsLow', { uids: [2], values: [1] }],
    ]
    for (const [name, change] of cases) {
      const call = { ...weightsCall(fixture, signer), ...change }
      await assert.rejects(chain.setWeights(call), brokenRule(name), name)
    }
    const row = await chain.weightsOf({ netuid, hotkey: signer.publicKey })
    assert.equal(row.setAt, null, 'a refused call stores nothing')
  },
}

const rowsReadBack: ChainPromise = {
  name: 'weights are stored with 65535 as their greatest, and are read back also as they were at a past block',
  async check(fixture) {
    const { chain, netuid, validators } = fixture
    const [, signer] = validators
    const hotkey = signer.publicKey
    assert.deepEqual((await chain.weightsOf({ netuid, hotkey })).weights, [])
    const receipt = await chain.setWeights({ ...weightsCall(fixture, signer), uids: [1, 0, 2], values: [100, 50, 0] })
    assert.deepEqual(await chain.blockAt(receipt.block.number), receipt.block)
    const row = await chain.weightsOf({ netuid, hotkey, block: receipt.block.number })
    assert.deepEqual(row.weights, [
      [1, 65_535],
      [0, 32_768],
      [2, 0],
    ]) // 32767.5 rounds up
    assert.equal(row.setAt, receipt.block.number)
    const before = await chain.weightsOf({ netuid, hotkey, block: receipt.block.number - 1 })
    assert.deepEqual(before, { uid: row.uid, weights: [], setAt: null })
    const graph = await chain.metagraphAt({ netuid, block: receipt.block.number })
    assert.equal(graph.neurons[row.uid]?.lastUpdate, receipt.block.number)
    const unknown = fixture.unregistered.publicKey
    await assert.rejects(chain.weightsOf({ netuid, hotkey: unknown }), chainError('NOT_REGISTERED'))
  },
}

const rateLimit: ChainPromise = {
  name: 'a second row within the rate limit is refused as retryable, and one after it is taken',
  async check(fixture) {
    const { chain, netuid, validators } = fixture
    const call = weightsCall(fixture, validators[2])
    const first = await chain.setWeights(call)
    await assert.rejects(chain.setWeights(call), (error) => {
      brokenRule('SettingWeightsTooFast')(error)
      return error instanceof ChainError && error.retryable
    })
    const { weightsRateLimit } = await chain.metagraphAt({ netuid, block: first.block.number })
    await follow(chain, { after: first.block.number, count: weightsRateLimit })
    const second = await chain.setWeights({ ...call, uids: [0, 2], values: [1, 1] })
    assert.ok(second.block.number - first.block.number >= weightsRateLimit)
    const row = await chain.weightsOf({ netuid, hotkey: validators[2].publicKey })
    assert.deepEqual(row.weights, [
      [0, 65_535],
      [2, 65_535],
    ])
  },
}

const ownersException: ChainPromise = {
  name: 'the owner sets weights without stake, and anyone registered may weight himself alone',
  async check(fixture) {
    const { chain, netuid, owner, outranked } = fixture
    await chain.setWeights(weightsCall(fixture, owner))
    const { uid } = await chain.weightsOf({ netuid, hotkey: outranked.publicKey })
    await chain.setWeights({ ...weightsCall(fixture, outranked), uids: [uid], values: [1] })
    const row = await chain.weightsOf({ netuid, hotkey: outranked.publicKey })
    assert.deepEqual(row.weights, [[uid, 65_535]])
  },
}

const yumaInputs: ChainPromise = {
  name: 'what the next epoch is made of agrees with the metagraph and the rows of that block',
  async check(fixture) {
    const { chain, netuid, validators, owner } = fixture
    const { number: block } = await chain.finalizedHead()
    const graph = await chain.metagraphAt({ netuid, block })
    const input = await chain.yumaInputAt({ netuid, block })
    assert.equal(input.block, block)
    assert.deepEqual(
      input.neurons.map(({ stake, permit, lastUpdate }) => ({ stake, permit, lastUpdate })),
      graph.neurons.map(({ stakeRao, permit, lastUpdate }) => ({ stake: stakeRao, permit, lastUpdate })),
    )
    assert.equal(graph.neurons[input.ownerUid ?? -1]?.hotkey, owner.publicKey)
    const rows = await Promise.all(validators.map((key) => chain.weightsOf({ netuid, hotkey: key.publicKey, block })))
    assert.ok(rows.some(({ weights }) => weights.length > 0))
    for (const { uid, weights } of rows) assert.deepEqual(input.neurons[uid]?.weights, weights)
    await assert.rejects(chain.yumaInputAt({ netuid: netuid + 1, block }), chainError('SUBNET_UNKNOWN'))
  },
}

const payments: ChainPromise = {
  name: 'a payment is told by its transfer event: payer, payee, amount, and none where no money moved',
  async check({ chain, payer, payee }) {
    const from = payer.publicKey
    const paid = await chain.transfer({ to: payee, amountRao: 100_000_000n, signer: payer })
    const transfers = [{ from, to: payee, amountRao: 100_000_000n }]
    assert.deepEqual(await chain.transfersAt(paid), { signer: from, succeeded: true, transfers })
    assert.equal((await chain.blockAt(paid.blockNumber))?.hash, paid.blockHash)

    const toSelf = await chain.transfer({ to: from, amountRao: 1000n, signer: payer })
    assert.deepEqual(await chain.transfersAt(toSelf), { signer: from, succeeded: true, transfers: [] })

    const tooMuch = chain.transfer({ to: payee, amountRao: 10n ** 17n, signer: payer })
    const failure: unknown = await tooMuch.catch((error: unknown) => error)
    chainError('EXTRINSIC_FAILED', 'FundsUnavailable')(failure)

    await assert.rejects(chain.transfersAt({ ...paid, extrinsicIndex: 99 }), chainError('EXTRINSIC_UNKNOWN'))
    await assert.rejects(chain.transfersAt({ ...paid, blockHash: 'ab'.repeat(32) }), chainError('BLOCK_UNKNOWN'))
  },
}

const concurrentCalls: ChainPromise = {
  name: 'many payments of one account at once are all carried out, each once',
  async check({ chain, payer, payee }) {
    const amounts = Array.from({ length: 20 }, (_, index) => 1001n + BigInt(index))
    const refs = await Promise.all(amounts.map((amountRao) => chain.transfer({ to: payee, amountRao, signer: payer })))
    const found = await Promise.all(refs.map((ref) => chain.transfersAt(ref)))
    assert.deepEqual(
      found.map(({ transfers }) => transfers.map(({ amountRao }) => amountRao)),
      amounts.map((amount) => [amount]),
    )
    assert.equal(new Set(refs.map((ref) => `${ref.blockHash}/${ref.extrinsicIndex}`)).size, amounts.length)
  },
}

const crashInFlight: ChainPromise = {
  name: 'a payment in flight through a crash of the chain is carried out once',
  needsCrash: true,
  async check({ chain, payer, payee, crash }) {
    assert.ok(crash)
    const { number: after } = await chain.finalizedHead()
    const amountRao = 777_777n
    const [ref] = await Promise.all([chain.transfer({ to: payee, amountRao, signer: payer }), crash()])
    const { number: until } = await chain.finalizedHead()
    let found = 0
    for (let blockNumber = after + 1; blockNumber <= until; blockNumber += 1) {
      const block = await chain.blockAt(blockNumber)
      const here = { blockNumber, blockHash: block?.hash ?? '', extrinsicIndex: 0 }
      const did = await chain.transfersAt(here).catch(() => null)
      found += did?.transfers.filter((transfer) => transfer.amountRao === amountRao).length ?? 0
    }
    assert.equal(found, 1)
    assert.equal((await chain.transfersAt(ref)).transfers.length, 1)
  },
}

const aborts: ChainPromise = {
  name: 'an abort ends a follow quietly and a submission with ABORTED',
  async check(fixture) {
    const { chain, validators } = fixture
    const signal = AbortSignal.abort()
    for await (const block of chain.followFinalized({ after: 0, signal })) assert.fail(`block ${block.number}`)
    const waiting = new AbortController()
    const late = (async (): Promise<number> => {
      let count = 0
      for await (const _ of chain.followFinalized({ after: 10_000_000, signal: waiting.signal })) count += 1
      return count
    })()
    waiting.abort()
    assert.equal(await late, 0)
    const call = { ...weightsCall(fixture, validators[0]), signal }
    await assert.rejects(chain.setWeights(call), chainError('ABORTED'))
  },
}

/** In an order in which none spoils another's start. */
export const chainPromises: readonly ChainPromise[] = [
  genesisIsBlockZero,
  blocksInOrder,
  nothingUnfinal,
  metagraphAtBlock,
  refusals,
  rowsReadBack,
  rateLimit,
  yumaInputs,
  ownersException,
  payments,
  concurrentCalls,
  aborts,
  crashLosesNothing,
  crashInFlight,
]
