/** A miner's fee on a real local chain: paid once, whatever crashes, found again, and what becomes of it at a validator. */
import assert from 'node:assert/strict'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { createLocalChain } from '../../../node/chain/local-chain.ts'
import { createPaymentCheck, readPayment } from '../../../node/chain/payment.ts'
import { type Chain, ChainError } from '../../../node/chain/port.ts'
import { PaymentError, pay, paymentFor } from '../../../node/miner/payments.ts'
import { hash, type PaymentRef, utf8ToBytes } from '../../../protocol/index.ts'
import { createRounds } from '../../../protocol/round/state.ts'
import { genesisOf, params } from '../../protocol/round/mesh.ts'
import { signerOf, startDevnet } from '../chain/devnet.ts'
import { newFolder } from '../store/folder.ts'

const [owner, ownerPurse, miner, purse, other] = ['owner', 'owner purse', 'miner', 'purse', 'other'].map((name) =>
  signerOf(name),
)
assert.ok(owner && ownerPurse && miner && purse && other)
const NETUID = 7
const FEE = 100_000_000n

const neuron = (hotkey: string, coldkey: string) => ({ hotkey, coldkey, stakeRao: '0', permit: false })
const SPEC = {
  name: 'payments',
  accounts: [purse, other].map(({ publicKey }) => ({ key: publicKey, freeRao: '5000000000' })),
  subnet: { netuid: NETUID, tempo: 50, ownerHotkey: owner.publicKey },
  neurons: [neuron(owner.publicKey, ownerPurse.publicKey), neuron(miner.publicKey, purse.publicKey)],
}

const SOLUTION = { competition: 'matrix-lossless', bundle: hash(utf8ToBytes('solution')) }
const ANOTHER = { ...SOLUTION, bundle: hash(utf8ToBytes('another')) }

const open = async (t: TestContext) => {
  const devnet = await startDevnet(SPEC, ['--block-ms', '20'])
  const chain = createLocalChain({ endpoint: devnet.endpoint })
  t.after(async () => {
    await chain.close()
    await devnet.destroy()
  })
  const home = newFolder(t)
  const said: string[] = []
  const { signal } = new AbortController()
  const base = { home, payer: purse, to: ownerPurse.publicKey, amountRao: FEE, signal, pollMs: 20 }
  const payOn = (over: Partial<Parameters<typeof pay>[0]> = {}) =>
    pay({ ...base, chain, subject: SOLUTION, say: (line) => said.push(line), ...over })
  /** Fees that the recipient got, by all final blocks. */
  const fees = async (): Promise<number> => {
    const head = await chain.finalizedHead()
    let count = 0
    for (let blockNumber = 1; blockNumber <= head.number; blockNumber += 1) {
      const block = await chain.blockAt(blockNumber)
      for (let extrinsicIndex = 0; block !== null; extrinsicIndex += 1) {
        const ref = { blockNumber, blockHash: block.hash, extrinsicIndex }
        const found = await chain.transfersAt(ref).catch(() => null)
        if (found === null) break
        count += found.transfers.filter(({ to }) => to === ownerPurse.publicKey).length
      }
    }
    return count
  }
  return { chain, home, said, payOn, fees }
}

/** The chain as it is, but for one call. */
const but = (chain: Chain, over: Partial<Chain>): Chain => ({ ...chain, ...over })

const crash = (_sent?: PaymentRef): never => {
  throw new Error('the power is gone')
}

test('a fee is paid once for a solution, and once more for another', async (t) => {
  const { home, payOn, fees } = await open(t)
  assert.equal(await paymentFor(home, SOLUTION), null)
  const first = await payOn()
  assert.deepEqual(await payOn(), first)
  assert.deepEqual(await paymentFor(home, SOLUTION), first)
  const second = await payOn({ subject: ANOTHER })
  assert.notDeepEqual(second, first)
  assert.equal(await fees(), 2)
})

test('two commands at once pay once, also after a crash', async (t) => {
  const { chain, payOn, fees } = await open(t)
  const [one, two] = await Promise.all([payOn(), payOn()])
  assert.deepEqual(one, two)
  assert.equal(await fees(), 1)
  const subject = ANOTHER
  await assert.rejects(payOn({ subject, chain: but(chain, { transfer: async () => crash() }) }), /the power is gone/)
  const [three, four] = await Promise.all([payOn({ subject }), payOn({ subject })])
  assert.deepEqual(three, four)
  assert.equal(await fees(), 2)
})

test('a receipt is durable before money moves, and nobody else may read it', async (t) => {
  const { chain, home, payOn } = await open(t)
  let seen: unknown = null
  const watched = but(chain, {
    transfer: async (o) => {
      const [name = ''] = await readdir(join(home, 'payments'))
      assert.equal((await stat(join(home, 'payments', name))).mode & 0o777, 0o600)
      seen = JSON.parse(await readFile(join(home, 'payments', name), 'utf8'))
      return chain.transfer(o)
    },
  })
  await payOn({ chain: watched })
  assert.equal((seen as { payment: unknown }).payment, null)
})

test('a crash after the transfer costs nothing: the next run finds it', async (t) => {
  const { chain, payOn, fees, said } = await open(t)
  const cut = but(chain, { transfer: async (o) => crash(await chain.transfer(o)) })
  await assert.rejects(payOn({ chain: cut }), /the power is gone/)
  const found = await payOn()
  assert.equal(await fees(), 1)
  assert.match(said.join(), /may have paid/)
  const facts = await readPayment(chain, { claim: { ref: found, hotkey: miner.publicKey }, netuid: NETUID })
  assert.equal(facts.extrinsic?.transfers[0]?.amountRao, FEE)
})

test('a crash before the transfer: the next run waits until it can no longer come, then pays', async (t) => {
  const { chain, payOn, fees, said } = await open(t)
  await assert.rejects(payOn({ chain: but(chain, { transfer: async () => crash() }) }), /the power is gone/)
  const head = await chain.finalizedHead()
  const paid = await payOn()
  assert.ok(paid.blockNumber > head.number + 64)
  assert.equal(await fees(), 1)
  assert.match(said.join(), /no longer can/)
})

test('what has paid for another solution is not taken for this one’s', async (t) => {
  const { chain, payOn, fees } = await open(t)
  await assert.rejects(payOn({ chain: but(chain, { transfer: async () => crash() }) }), /the power is gone/)
  const another = await payOn({ subject: ANOTHER })
  const mine = await payOn()
  assert.notDeepEqual(mine, another)
  assert.equal(await fees(), 2)
})

test('a transfer that the chain refuses leaves nothing to wait for', async (t) => {
  const { home, payOn } = await open(t)
  await assert.rejects(
    payOn({ amountRao: 10n ** 15n }),
    (error) => error instanceof ChainError && error.code === 'EXTRINSIC_FAILED',
  )
  assert.deepEqual(await readdir(join(home, 'payments')), [])
})

test('a receipt that cannot be read stops everything before money moves', async (t) => {
  const { home, payOn, fees } = await open(t)
  await payOn()
  const [name = ''] = await readdir(join(home, 'payments'))
  await writeFile(join(home, 'payments', name), '{"competition":"matrix-lossless"')
  await assert.rejects(payOn(), PaymentError)
  assert.equal(await fees(), 1)
})

test('a validator tells a miner what is wrong with its payment, and when it cannot look', async (t) => {
  const { chain, payOn } = await open(t)
  const genesis = { ...genesisOf({ params: { feeRao: FEE } }), block: 0, netuid: NETUID }
  const rounds = createRounds({ genesis, self: null })
  const check = createPaymentCheck({ chain, netuid: NETUID, rounds: () => rounds })
  const ref = await payOn()
  const judge = (payment: PaymentRef | null, hotkey = miner.publicKey, by = check) =>
    by({ competition: params.id, hotkey, scheme: 'sr25519', bundle: SOLUTION.bundle, sizeBytes: 1, payment })
  assert.equal(await judge(null), null)
  assert.equal(await judge(ref), null)
  assert.equal(await judge({ ...ref, blockHash: SOLUTION.bundle }), 'OTHER_BLOCK')
  assert.equal(await judge({ ...ref, extrinsicIndex: 7 }), 'NO_EXTRINSIC')
  assert.equal(await judge({ ...ref, blockNumber: 1_000_000 }), 'NOT_FINAL')
  assert.equal(await judge(ref, owner.publicKey), 'OTHER_SIGNER')
  assert.equal(await judge(ref, other.publicKey), 'UNREGISTERED')
  const little = await payOn({ subject: ANOTHER, amountRao: FEE - 1n })
  assert.equal(await judge(little), 'TOO_LITTLE')
  const elsewhere = await chain.transfer({ to: other.publicKey, amountRao: FEE, signer: purse })
  assert.equal(await judge(elsewhere), 'NO_TRANSFER')
  const away = but(chain, { blockAt: async () => Promise.reject(new ChainError('CHAIN_UNREACHABLE')) })
  const blind = createPaymentCheck({ chain: away, netuid: NETUID, rounds: () => rounds })
  assert.equal(await judge(ref, miner.publicKey, blind), 'CHAIN_AWAY')
})
