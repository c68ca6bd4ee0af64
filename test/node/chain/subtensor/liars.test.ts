/** One node of three that lies, hangs or talks nonsense, asked first: weights are set all the same, and at once. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { validators } from '../subnet.ts'
import { SILENCE, type View } from '../substrate/server.ts'
import { needsMetadata, netFor, typesOfTests } from './net.ts'

const [alice] = validators
const only =
  (method: string, told: unknown): NonNullable<View['answer']> =>
  (asked) =>
    asked === method ? told : undefined

const LIARS: readonly (readonly [what: string, view: View])[] = [
  ['calls its newest block final', { finalized: (chain) => chain.best() }],
  ['calls block 1 final for ever', { finalized: (chain) => chain.byNumber(1) ?? chain.genesis }],
  ['calls a block final that nobody knows', { answer: only('chain_getFinalizedHead', `0x${'ab'.repeat(32)}`) }],
  [
    'tells other hashes',
    { answer: (method, [at]) => (method === 'chain_getBlockHash' && at !== 0 ? `0x${'cd'.repeat(32)}` : undefined) },
  ],
  ['tells a nonce far ahead', { answer: only('system_accountNextIndex', 5_000) }],
  ['tells a nonce that is no number', { answer: only('system_accountNextIndex', 'many') }],
  [
    'tells a runtime of another version',
    {
      answer: (method) =>
        method === 'state_getRuntimeVersion' ? { ...typesOfTests().version, specVersion: 1 } : undefined,
    },
  ],
  ['says that it has an extrinsic and drops it', { answer: only('author_submitExtrinsic', `0x${'ef'.repeat(32)}`) }],
  ['is behind', { finalized: (chain) => chain.byNumber(3) ?? chain.genesis, newest: () => 3 }],
  ['never answers', { answer: () => SILENCE }],
  ['never says what is final', { answer: only('chain_getFinalizedHead', SILENCE) }],
]

for (const [what, view] of LIARS) {
  test(`endpoints: one that ${what} does not keep weights from being set`, needsMetadata, async (t) => {
    // An honest answer is never as late, whatever else this machine does; a silent node costs twice as long, some twenty blocks.
    const net = await netFor(t, { views: [view, {}, {}], finalityLag: 3, client: { answerMsMax: 2_000 } })
    net.produce(5)
    net.run(250)
    const begun = net.chain.best().number
    const { block } = await net.client.setWeights({
      ...{ netuid: 7, uids: [0, 2], values: [65_535, 20_000], versionKey: 3n, signer: alice },
      signal: AbortSignal.timeout(30_000),
    })
    const row = await net.client.weightsOf({ netuid: 7, hotkey: alice.publicKey, block: block.number })
    assert.deepEqual(row.weights, [
      [0, 65_535],
      [2, 20_000],
    ])
    assert.equal(net.chain.byNumber(block.number)?.hash, `0x${block.hash}`)
    // Well before an era is over: nothing was signed in vain.
    assert.ok(block.number - begun < 40, `${block.number - begun} blocks`)
  })
}
