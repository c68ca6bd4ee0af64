/** Payments on the test chain: what each way to move money, or to look as if, leaves in the events, and what that comes to. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readPayment } from '../../../../node/chain/payment.ts'
import type { HotkeySigner } from '../../../../node/chain/port.ts'
import { createBlocks } from '../../../../node/chain/subtensor/blocks.ts'
import { createEndpoints } from '../../../../node/chain/subtensor/endpoints.ts'
import type { Call } from '../../../../node/chain/subtensor/extrinsic.ts'
import { type At, callIndexOf, createRuntime } from '../../../../node/chain/subtensor/runtime.ts'
import { createSubmitter } from '../../../../node/chain/subtensor/submit.ts'
import { nullifierOf, type PaymentFault, paymentFault, SUBMISSION_FEE_RAO } from '../../../../protocol/index.ts'
import { signerOf } from '../devnet.ts'
import { payee, payer, validators } from '../subnet.ts'
import { type Net, needsMetadata, netFor } from './net.ts'

const delegate = signerOf('delegate')
const coldkey = payer.publicKey
const FEE = SUBMISSION_FEE_RAO

/** The bytes of a transfer, as other calls hold them. */
type Pay = (amountRao: bigint) => string
const payIn = (net: Net): Pay => {
  const { registry } = net.chain.types
  const callIndex = callIndexOf({ registry } as unknown as At, 'Balances', 'transfer_keep_alive')
  return (amountRao) => registry.createType('Call', { callIndex, args: [{ Id: `0x${payee}` }, amountRao] }).toHex()
}
const call = (pallet: string, name: string, ...args: unknown[]): Call => ({ pallet, name, args })
const transfer = (name: string, to = payee): Call => call('Balances', name, { Id: `0x${to}` }, FEE)
const TOO_MUCH = 10n ** 17n

type Row = readonly [what: string, fault: PaymentFault | null, call: Call, signer?: HotkeySigner]

const rowsOf = (pay: Pay): readonly Row[] => [
  ['transfer_keep_alive pays', null, transfer('transfer_keep_alive')],
  ['transfer_allow_death pays', null, transfer('transfer_allow_death')],
  ['more than there is fails', 'FAILED', call('Balances', 'transfer_keep_alive', { Id: `0x${payee}` }, TOO_MUCH)],
  ['a transfer to oneself moves nothing', 'NO_TRANSFER', transfer('transfer_keep_alive', coldkey)],
  ['a remark that holds an encoded transfer moves nothing', 'NO_TRANSFER', call('System', 'remark', '0x0503')],
  ['a batch of one fee pays', null, call('Utility', 'batch', [pay(FEE)])],
  ['a batch of two fees under one index is none', 'SEVERAL', call('Utility', 'batch', [pay(FEE), pay(FEE)])],
  [
    'a batch whose first transfer fails succeeds and moves nothing',
    'NO_TRANSFER',
    call('Utility', 'batch', [pay(TOO_MUCH), pay(FEE)]),
  ],
  ['a batch whose second fails has paid with its first', null, call('Utility', 'batch', [pay(FEE), pay(TOO_MUCH)])],
  [
    'a forced batch pays with what comes after a failure',
    null,
    call('Utility', 'force_batch', [pay(TOO_MUCH), pay(FEE)]),
  ],
  [
    'a batch of all or nothing that fails moves nothing',
    'FAILED',
    call('Utility', 'batch_all', [pay(FEE), pay(TOO_MUCH)]),
  ],
  ['a proxy is not who pays', 'OTHER_SIGNER', call('Proxy', 'proxy', { Id: `0x${coldkey}` }, null, pay(FEE)), delegate],
  [
    'nor is a proxy whose call fails',
    'OTHER_SIGNER',
    call('Proxy', 'proxy', { Id: `0x${coldkey}` }, null, pay(TOO_MUCH)),
    delegate,
  ],
  // The last one: nothing is left after it.
  ['transfer_all pays by what it has moved', null, call('Balances', 'transfer_all', { Id: `0x${payee}` }, true)],
]

/** Sends calls of any kind; a failed one is in its block all the same. */
const senderOf = (net: Net) => {
  const endpoints = createEndpoints({ urls: net.servers.map(({ url }) => url), patienceMs: 5_000 })
  const runtime = createRuntime(endpoints)
  const genesisHash = async (): Promise<string> => net.chain.genesis.hash.slice(2)
  const submit = createSubmitter({ endpoints, runtime, blocks: createBlocks(runtime), genesisHash, pollMs: 10 })
  return {
    async send(sent: Call, signer: HotkeySigner) {
      await submit({ call: sent, signer, signal: AbortSignal.timeout(20_000) }).catch(() => undefined)
      const last = net.chain.finalized()
      for (let block = last; block.parent !== null; block = block.parent) {
        const at = block.extrinsics.findLastIndex((each) => each.signer === signer.publicKey)
        if (at >= 0) return { blockNumber: block.number, blockHash: block.hash.slice(2), extrinsicIndex: at }
      }
      return assert.fail('the extrinsic is in no block')
    },
    async close() {
      endpoints.close()
      await runtime.close()
    },
  }
}

test('payments: the events of every way to pay, and of every way that only looks like it', needsMetadata, async (t) => {
  const net = await netFor(t, {
    edit: (world) => ({ ...world, proxies: new Set([`${coldkey}/${delegate.publicKey}`]) }),
  })
  net.run(50)
  const sender = senderOf(net)
  t.after(() => sender.close())
  const hotkey = validators[0].publicKey
  const terms = { recipient: payee, amountRao: FEE, firstBlock: 0 }
  for (const [what, fault, sent, signer = payer] of rowsOf(payIn(net))) {
    const claim = { ref: await sender.send(sent, signer), hotkey }
    const facts = await readPayment(net.client, { claim, netuid: 7 })
    const judged = paymentFault({ claim, terms, facts })
    assert.equal(judged, fault, what)
    const forked = { ...claim, ref: { ...claim.ref, blockHash: 'ab'.repeat(32) } }
    const elsewhere = await readPayment(net.client, { claim: forked, netuid: 7 })
    assert.equal(paymentFault({ claim: forked, terms, facts: elsewhere }), 'OTHER_BLOCK')
  }
  const far = { ref: { blockNumber: 900_000, blockHash: 'ab'.repeat(32), extrinsicIndex: 0 }, hotkey }
  const facts = await readPayment(net.client, { claim: far, netuid: 7 })
  assert.equal(paymentFault({ claim: far, terms, facts }), 'NOT_FINAL')
})

test(
  'payments: the owner of the subnet is paid where nobody is named, and two equal transfers are two payments',
  needsMetadata,
  async (t) => {
    const net = await netFor(t)
    net.run(50)
    const hotkey = validators[0].publicKey
    // One purse owns all hotkeys here, the subnet owner's too.
    const { ownerColdkey } = await net.client.metagraphAt({
      netuid: 7,
      block: (await net.client.finalizedHead()).number,
    })
    assert.equal(ownerColdkey, coldkey)
    const send = () => net.client.transfer({ to: payee, amountRao: FEE, signer: payer })
    const refs = [await send(), await send()]
    assert.equal(new Set(refs.map(nullifierOf)).size, 2)
    for (const ref of refs) {
      const claim = { ref, hotkey }
      const facts = await readPayment(net.client, { claim, netuid: 7 })
      assert.deepEqual([facts.owner, facts.subnetOwner], [coldkey, coldkey])
      const terms = { recipient: null, amountRao: FEE, firstBlock: 0 }
      assert.equal(paymentFault({ claim, terms, facts }), 'NO_TRANSFER', 'it went to somebody else')
      const owned = { ...facts, subnetOwner: payee }
      assert.equal(paymentFault({ claim, terms, facts: owned }), null)
    }
  },
)
