/** The fee on the command line: what is asked, paid and refused, on a real local chain and without any validator. */
import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { createLocalChain } from '../../../node/chain/local-chain.ts'
import { type Fee, type FeeFlags, paymentName, settleFee } from '../../../node/cli/fee.ts'
import { CliError, EXIT } from '../../../node/cli/output.ts'
import { createHotkey } from '../../../node/home/keys.ts'
import { encodeSs58, hash, utf8ToBytes } from '../../../protocol/index.ts'
import { signerOf, startDevnet } from '../chain/devnet.ts'
import { newFolder } from '../store/folder.ts'

const NETUID = 7
const FEE = { feeRao: 100_000_000n, feeRecipient: null }
const SUBJECT = { competition: 'matrix-lossless', bundle: hash(utf8ToBytes('solution')) }

const open = async (t: TestContext) => {
  const home = newFolder(t)
  const [coldkey, foreign] = [join(home, 'coldkey'), join(home, 'foreign')]
  const [hotkey, purse, other] = [await createHotkey(home), await createHotkey(coldkey), await createHotkey(foreign)]
  const [owner, ownerPurse] = [signerOf('owner'), signerOf('owner purse')]
  const neuron = (key: string, cold: string) => ({ hotkey: key, coldkey: cold, stakeRao: '0', permit: false })
  const devnet = await startDevnet(
    {
      name: 'fee',
      accounts: [purse, other].map(({ publicKey }) => ({ key: publicKey, freeRao: '5000000000' })),
      subnet: { netuid: NETUID, tempo: 50, ownerHotkey: owner.publicKey },
      neurons: [neuron(owner.publicKey, ownerPurse.publicKey), neuron(hotkey.publicKey, purse.publicKey)],
    },
    ['--block-ms', '20'],
  )
  t.after(() => devnet.destroy())
  const settle = (
    flags: Partial<FeeFlags>,
    key = hotkey.publicKey,
    fee: Fee = FEE,
    checkDay: () => Promise<void> = async () => undefined,
  ) => settleFee({ home, ...flags }, { subject: SUBJECT, fee, founded: FEE, hotkey: key, netuid: NETUID, checkDay })
  const receipts = (): Promise<readonly string[]> => readdir(join(home, 'payments')).catch(() => [])
  return { coldkey, foreign, other, chain: devnet.endpoint, settle, receipts }
}

const isUsage = (reason: RegExp) => (error: unknown) =>
  error instanceof CliError && error.exitCode === EXIT.usage && reason.test(`${error.message} ${error.hint}`)

test('no fee, no payment; a fee that nobody pays is told with what to do', async (t) => {
  const { settle } = await open(t)
  assert.equal(await settle({}, undefined, { ...FEE, feeRao: 0n }), null)
  await assert.rejects(settle({}), isUsage(/costs 0\.1 TAO.*--pay --coldkey DIR/))
  await assert.rejects(settle({ pay: true }), isUsage(/--coldkey DIR/))
})

test('only the coldkey that owns the hotkey pays: another one’s money would buy nothing, so none moves', async (t) => {
  const { settle, coldkey, foreign, other, chain, receipts } = await open(t)
  await assert.rejects(settle({ pay: true, coldkey: foreign, chain }), isUsage(/does not own.*nothing was paid/))
  await assert.rejects(settle({ pay: true, coldkey, chain }, other.publicKey), isUsage(/no uid.*nothing was paid/))
  await assert.rejects(settle({ pay: true, coldkey }), isUsage(/--chain/))
  assert.deepEqual(await receipts(), [])
})

test('a validator’s word alone makes nobody pay more than the genesis document says, or anybody else', async (t) => {
  const { settle, coldkey, other, chain: url, receipts } = await open(t)
  const pay = { pay: true, coldkey, chain: url }
  const dear = { ...FEE, feeRao: 4_000_000_000n }
  const elsewhere = { ...FEE, feeRecipient: other.publicKey }
  await assert.rejects(settle(pay, undefined, dear), isUsage(/asks for 4 TAO.*0\.1 TAO.*--fee-max 4/))
  await assert.rejects(settle({ ...pay, feeMax: '3.9' }, undefined, dear), isUsage(/--fee-max 4/))
  await assert.rejects(settle({ ...pay, feeMax: 'all' }, undefined, dear), isUsage(/--fee-max all is no amount/))
  await assert.rejects(settle(pay, undefined, elsewhere), isUsage(/--fee-to 5/))
  await assert.rejects(settle({ ...pay, feeTo: 'owner' }, undefined, elsewhere), isUsage(/--fee-to 5/))
  await assert.rejects(
    settle({ ...pay, feeTo: 'nobody' }, undefined, elsewhere),
    isUsage(/--fee-to nobody is no address/),
  )
  assert.deepEqual(await receipts(), [])
  const agreed = { ...pay, feeMax: '4.0', feeTo: encodeSs58(other.publicKey) }
  const paid = await settle(agreed, undefined, { ...dear, ...{ feeRecipient: other.publicKey } })
  assert.ok(paid !== null)
  const chain = createLocalChain({ endpoint: url })
  t.after(() => chain.close())
  const [transfer] = (await chain.transfersAt(paid)).transfers
  assert.deepEqual([transfer?.amountRao, transfer?.to], [dear.feeRao, other.publicKey])
})

test('who has used up the day pays nothing for what nobody would take', async (t) => {
  const { settle, coldkey, chain, receipts } = await open(t)
  const used = async () => {
    throw new CliError({ exitCode: EXIT.quota, message: '4 of 4 are used' })
  }
  await assert.rejects(settle({ pay: true, coldkey, chain }, undefined, undefined, used), /4 of 4 are used/)
  assert.deepEqual(await receipts(), [])
})

test('a fee is paid once, and the same command finds it, also without its flags', async (t) => {
  const { settle, coldkey, chain: url, receipts } = await open(t)
  const paid = await settle({ pay: true, coldkey, chain: url })
  assert.ok(paid !== null)
  assert.equal((await receipts()).length, 1)
  assert.deepEqual(await settle({ pay: true, coldkey, chain: url }), paid)
  assert.deepEqual(await settle({}), paid)
  const chain = createLocalChain({ endpoint: url })
  t.after(() => chain.close())
  const [transfer, ...more] = (await chain.transfersAt(paid)).transfers
  assert.ok(transfer !== undefined && more.length === 0)
  assert.deepEqual([transfer.amountRao, transfer.to], [FEE.feeRao, signerOf('owner purse').publicKey])
})

test('an extrinsic that was paid elsewhere is named as explorers do, by a final block', async (t) => {
  const { settle, chain: endpoint } = await open(t)
  const chain = createLocalChain({ endpoint })
  t.after(() => chain.close())
  for await (const block of chain.followFinalized({ after: 0, signal: AbortSignal.timeout(10_000) })) {
    if (block.number >= 2) break
  }
  const named = await settle({ payment: '2-0', chain: endpoint })
  assert.ok(named !== null)
  assert.equal(named.blockHash, (await chain.blockAt(2))?.hash)
  assert.equal(paymentName(named), '2-0')
  for (const text of ['2', '2-', '-1', 'a-b', '2-0-0']) {
    await assert.rejects(settle({ payment: text, chain: endpoint }), isUsage(/is no extrinsic/), text)
  }
  await assert.rejects(settle({ payment: '900000-0', chain: endpoint }), isUsage(/not final yet/))
})
