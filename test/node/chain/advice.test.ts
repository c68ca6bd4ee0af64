/** Tests of what operators are told: a sentence for each error of weights, under names that the chain really has. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ADVISED, adviceFor } from '../../../node/chain/advice.ts'
import { openChain } from '../../../node/chain/open.ts'
import { ChainError } from '../../../node/chain/port.ts'
import { judgeRefusal } from '../../../node/chain/subtensor/names.ts'
import { RpcRefusal } from '../../../node/chain/subtensor/socket.ts'
import { needsMetadata, typesOfTests } from './subtensor/net.ts'

/** Names of the node's own, of none of the chain's modules. */
const OURS = ['RateLimitExceeded', 'InvalidTransaction', 'BadRequest', 'BadSignature', 'NonceTaken', 'PoolFull']

test('advice: every name has a sentence of its own, and an unknown one still gets something to go by', () => {
  const sentences = ADVISED.map((name) => adviceFor(new ChainError('EXTRINSIC_FAILED', { name })))
  for (const sentence of sentences) assert.match(sentence, /^.{10,}$/)
  assert.match(adviceFor(new Error('x')), /next one is tried/)
  assert.match(adviceFor(new ChainError('WEIGHTS_LOST')), /never revealed/)
  assert.match(adviceFor(new ChainError('STATE_DISCARDED')), /archive node/)
})

test('advice: the names are those of the runtime', needsMetadata, () => {
  const known = new Set(typesOfTests().errorNames())
  assert.deepEqual(
    ADVISED.filter((name) => !known.has(name)),
    ['DisabledTemporarily', ...OURS].filter((name) => !known.has(name)),
  )
})

const judged = (code: number, detail: string) => {
  const verdict = judgeRefusal(new RpcRefusal(code, 'Invalid Transaction', detail), 'SettingWeightsTooFast')
  return verdict.kind === 'refused' ? [verdict.error.facts['name'], verdict.error.retryable] : verdict
}

test('advice: what a pool refuses by number gets the name that the chain would give it', () => {
  assert.deepEqual(judged(1010, 'Custom error: 1'), ['NotEnoughStakeToSetWeights', false])
  assert.deepEqual(judged(1010, 'Custom error: 6'), ['SettingWeightsTooFast', true])
  assert.deepEqual(judged(1010, 'Custom error: 15'), ['InvalidRevealRound', false])
  assert.deepEqual(judged(1010, 'Custom error: 16'), ['NoWeightsCommitFound', false])
  assert.deepEqual(judged(1010, 'Custom error: 17'), ['RevealTooEarly', true])
  assert.deepEqual(judged(1010, 'Custom error: 18'), ['InputLengthsUnequal', false])
  assert.deepEqual(judged(1010, 'Custom error: 19'), ['UidVecContainInvalidOne', false])
  assert.deepEqual(judged(1010, 'Custom error: 255'), ['BadRequest', false])
  assert.deepEqual(judged(1010, 'Custom error: 77'), ['InvalidTransaction', false])
  assert.deepEqual(judged(1016, ''), ['PoolFull', true])
})

test('advice: a taken nonce, an old era and another runtime call for a new signature, a known transaction for none', () => {
  assert.deepEqual(judged(1010, 'Transaction is outdated'), { kind: 'sign again', name: 'StaleNonce' })
  assert.deepEqual(judged(1010, 'Transaction has an ancient birth block'), {
    kind: 'sign again',
    name: 'AncientBirthBlock',
  })
  assert.deepEqual(judged(1010, 'Transaction has a bad signature'), { kind: 'sign again', name: 'BadSignature' })
  assert.deepEqual(judged(1014, ''), { kind: 'sign again', name: 'NonceTaken' })
  assert.deepEqual(judged(1013, ''), { kind: 'known' })
})

test('open: ws addresses are Subtensor, one http address is a local chain, and anything else is refused', async () => {
  for (const good of ['http://127.0.0.1:9944', 'ws://127.0.0.1:1', 'wss://one.example, wss://two.example']) {
    await (await openChain(good)).close()
  }
  for (const bad of ['', 'finney', 'http://a,http://b', 'http://a,ws://b', 'ftp://a', 'ws://a,']) {
    await assert.rejects(openChain(bad), (error) => error instanceof ChainError && error.code === 'BAD_REQUEST', bad)
  }
})
