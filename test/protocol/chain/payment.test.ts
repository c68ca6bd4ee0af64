/** The decision table of payments, one row a test: what pays, what does not and what may still come to pay. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  nullifierOf,
  type PaymentClaim,
  type PaymentFacts,
  type PaymentFault,
  type PaymentTerms,
  paymentFault,
  SUBMISSION_FEE_RAO,
} from '../../../protocol/index.ts'

const [hotkey = '', coldkey = '', recipient = '', other = '', blockHash = ''] = ['1', '2', '3', '4', '5'].map((digit) =>
  digit.repeat(64),
)
const claim: PaymentClaim = { ref: { blockNumber: 100, blockHash, extrinsicIndex: 0 }, hotkey }
const terms: PaymentTerms = { recipient, amountRao: SUBMISSION_FEE_RAO, firstBlock: 90 }
const paid = { from: coldkey, to: recipient, amountRao: SUBMISSION_FEE_RAO }
const extrinsic = { signer: coldkey, succeeded: true, transfers: [paid] }
const facts: PaymentFacts = { block: { number: 100, hash: blockHash }, extrinsic, owner: coldkey, subnetOwner: other }

type Change = {
  readonly claim?: Partial<PaymentClaim['ref']>
  readonly facts?: Partial<PaymentFacts>
  readonly extrinsic?: Partial<NonNullable<PaymentFacts['extrinsic']>>
  readonly terms?: Partial<PaymentTerms>
}

const judge = (change: Change): PaymentFault | null =>
  paymentFault({
    claim: { ...claim, ref: { ...claim.ref, ...change.claim } },
    terms: { ...terms, ...change.terms },
    facts: { ...facts, ...(change.extrinsic && { extrinsic: { ...extrinsic, ...change.extrinsic } }), ...change.facts },
  })

const rows: readonly (readonly [what: string, fault: PaymentFault | null, change: Change])[] = [
  ['one transfer of the fee by its signer, as the first extrinsic of its block, pays', null, {}],
  [
    'one at the end of its window pays',
    null,
    { claim: { blockNumber: 90 }, facts: { block: { number: 90, hash: blockHash } } },
  ],
  ['more than the fee pays', null, { extrinsic: { transfers: [{ ...paid, amountRao: SUBMISSION_FEE_RAO + 1n }] } }],
  [
    'a batch with one fee among transfers to others pays',
    null,
    { extrinsic: { transfers: [{ ...paid, to: other }, paid] } },
  ],
  [
    'one that is not final yet may still pay',
    'NOT_FINAL',
    { facts: { block: null, extrinsic: null, owner: null, subnetOwner: null } },
  ],
  ['one that a fork has dropped does not', 'OTHER_BLOCK', { facts: { block: { number: 100, hash: other } } }],
  ['one of a block before the window does not', 'TOO_OLD', { claim: { blockNumber: 89 } }],
  ['an index beyond the block is no extrinsic', 'NO_EXTRINSIC', { facts: { extrinsic: null } }],
  ['what another account signed does not pay', 'OTHER_SIGNER', { extrinsic: { signer: other } }],
  ['what nobody signed does not pay', 'OTHER_SIGNER', { extrinsic: { signer: '' } }],
  ['a failed extrinsic does not pay', 'FAILED', { extrinsic: { succeeded: false, transfers: [] } }],
  ['success without a transfer moved nothing', 'NO_TRANSFER', { extrinsic: { transfers: [] } }],
  ['a transfer to somebody else does not pay', 'NO_TRANSFER', { extrinsic: { transfers: [{ ...paid, to: other }] } }],
  ['nor one out of another account', 'NO_TRANSFER', { extrinsic: { transfers: [{ ...paid, from: other }] } }],
  ['two fees under one index are none', 'SEVERAL', { extrinsic: { transfers: [paid, paid] } }],
  [
    'two halves are no whole',
    'SEVERAL',
    { extrinsic: { transfers: [paid, paid].map((each) => ({ ...each, amountRao: 50_000_000n })) } },
  ],
  [
    'a rao too little does not pay',
    'TOO_LITTLE',
    { extrinsic: { transfers: [{ ...paid, amountRao: SUBMISSION_FEE_RAO - 1n }] } },
  ],
  ['who pays must own the hotkey at that block', 'OTHER_SIGNER', { facts: { owner: other } }],
  ['and the hotkey be registered', 'UNREGISTERED', { facts: { owner: null } }],
  ['where nobody is named the coldkey of the subnet’s owner is paid', 'NO_TRANSFER', { terms: { recipient: null } }],
  ['and by a transfer to it', null, { terms: { recipient: null }, extrinsic: { transfers: [{ ...paid, to: other }] } }],
  [
    'where it has none nobody can be paid',
    'NO_RECIPIENT',
    { terms: { recipient: null }, facts: { subnetOwner: null } },
  ],
]

for (const [what, fault, change] of rows) {
  test(`payment: ${what}`, () => {
    assert.equal(judge(change), fault)
  })
}

test('payment: another index and another block are other payments, and 0 is an index', () => {
  const { ref } = claim
  const all = [ref, { ...ref, extrinsicIndex: 1 }, { ...ref, blockHash: other }, { ...ref, blockNumber: 101 }]
  assert.deepEqual(all.map(nullifierOf), [`${blockHash}/0`, `${blockHash}/1`, `${other}/0`, `${blockHash}/0`])
})
