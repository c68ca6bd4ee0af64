/** Tests of the signer: what it signs verifies, and nothing it signs contradicts what it signed before. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ed25519 } from '@noble/curves/ed25519.js'
import { getPublicKey, secretFromSeed, sign as signSchnorrkel } from '@scure/sr25519'
import fc from 'fast-check'
import type { ValidatorKeys } from '../../../node/home/keys.ts'
import { createSigner, SignerError, signWithHotkey } from '../../../node/machine/signer.ts'
import {
  bytesToHex,
  type Digest,
  type Domains,
  hash,
  headerDigest,
  type JournalRecord,
  signatureClaim,
  type Unsigned,
  utf8ToBytes,
  verifySignature,
} from '../../../protocol/index.ts'
import { kinds, unsigned } from '../../protocol/arbitrary.ts'

const seed = new Uint8Array(32).fill(5)
const secret = secretFromSeed(seed)
const keys: ValidatorKeys = {
  hotkey: {
    publicKey: bytesToHex(getPublicKey(secret)),
    scheme: 'sr25519',
    sign: (bytes) => signSchnorrkel(secret, bytes),
  },
  session: { publicKey: bytesToHex(ed25519.getPublicKey(seed)), sign: (bytes) => ed25519.sign(bytes, seed) },
  sealing: { publicKey: '00'.repeat(32) },
  peerSeed: seed,
}
const domains: Domains = { chain: hash(utf8ToBytes('chain')), mesh: hash(utf8ToBytes('mesh')) }
const fresh = (guards: readonly Extract<JournalRecord, { kind: 'guard' }>[] = []) =>
  createSigner({ keys, domains, guards })

const hotkey = keys.hotkey.publicKey
const [one, two]: readonly [Digest, Digest] = ['01'.repeat(32), '02'.repeat(32)]
const none = '00'.repeat(32)

const vote = (kind: 'notarize' | 'nullify' | 'finalize', value: Digest, view = 0): Unsigned => {
  return { kind, body: { height: 5, view, value, hotkey } }
}
const proposal = (blockHash: Digest, parentView: number | null = null): Extract<Unsigned, { kind: 'proposal' }> => {
  const entry = { kind: 'epoch', epoch: 1, block: 9, blockHash, members: [], owner: blockHash, released: [] } as const
  const header = { height: 5, previous: none, logRoot: none, block: 9, epoch: 0, entry, evidence: [] }
  return { kind: 'proposal', body: { height: 5, view: 0, hotkey, parentView, header } }
}
const commit = (commitment: Digest, round = 1): Unsigned => {
  return { kind: 'commit', body: { competition: 'c', round, manifest: none, hotkey, commitment } }
}
const delegation = (counter: number, toBlock: number): Extract<Unsigned, { kind: 'delegation' }> => {
  const to = { sessionKey: one, sealingKey: two, peerId: 'peer', fromBlock: 0, toBlock, counter }
  return { kind: 'delegation', body: { netuid: 1, hotkey, scheme: 'sr25519', ...to } }
}

const conflicts = (signer: ReturnType<typeof fresh>, message: Unsigned): void =>
  assert.throws(
    () => signer.sign(message),
    (error) => error instanceof SignerError && error.code === 'CONFLICT',
  )

test('what is signed verifies under the key that its kind asks for', () => {
  const byOther = kinds.filter((kind) => kind !== 'delegation' && kind !== 'submission' && kind !== 'params')
  fc.assert(
    fc.property(unsigned(byOther), (message) => {
      const claim = signatureClaim(fresh().sign(message), { domains, sessionKeyOf: () => keys.session.publicKey })
      assert.ok(claim !== null && verifySignature(claim))
    }),
    { numRuns: 40 },
  )
  const submission = {
    kind: 'submission',
    body: { competition: 'c', hotkey, scheme: 'sr25519', bundle: one, sizeBytes: 7, payment: null },
  } as const
  const mesh = {
    kind: 'mesh',
    deltaMs: 1_000,
    weightCapPpm: 330_000,
    weightsEveryBlocks: 10,
    evidenceEpochs: 3,
  } as const
  const change = {
    kind: 'params',
    body: { hotkey, scheme: 'sr25519', counter: 1, activationHeight: 9, change: mesh },
  } as const
  const signed = [
    signWithHotkey(change, { hotkey: keys.hotkey, domains }),
    fresh().sign(change),
    fresh().sign(delegation(1, 10)),
    fresh().sign(submission),
    signWithHotkey(submission, { hotkey: keys.hotkey, domains }),
  ]
  for (const message of signed) {
    const claim = signatureClaim(message, { domains, sessionKeyOf: () => null })
    assert.ok(claim?.scheme === 'sr25519' && verifySignature(claim))
  }
})

test('a second value of one phase and view is refused, the same again gives the same signature', () => {
  for (const kind of ['notarize', 'finalize'] as const) {
    const signer = fresh()
    const first = signer.sign(vote(kind, one))
    assert.deepEqual(signer.sign(vote(kind, one)), first)
    conflicts(signer, vote(kind, two))
    signer.sign(vote(kind, two, 1))
  }
  const signer = fresh()
  signer.sign(proposal(one))
  signer.sign(proposal(one))
  conflicts(signer, proposal(two))
  conflicts(signer, proposal(one, 0))
})

test('nullify and finalize of one view exclude each other, in either order; notarize excludes neither', () => {
  const nullified = fresh()
  nullified.sign(vote('nullify', none))
  conflicts(nullified, vote('finalize', one))
  nullified.sign(vote('notarize', one))
  nullified.sign(vote('finalize', one, 1))
  const finalized = fresh()
  finalized.sign(vote('notarize', one))
  finalized.sign(vote('finalize', one))
  conflicts(finalized, vote('nullify', none))
  finalized.sign(vote('nullify', none, 1))
})

test('one commit a round and one delegation a counter', () => {
  const signer = fresh()
  signer.sign(commit(one))
  signer.sign(commit(one))
  conflicts(signer, commit(two))
  signer.sign(commit(two, 2))
  signer.sign(delegation(1, 10))
  conflicts(signer, delegation(1, 11))
  signer.sign(delegation(2, 11))
})

test('after a restart the journal still binds', () => {
  const guard = { kind: 'guard', height: 5, view: 0 } as const
  const restarted = fresh([
    { ...guard, phase: 'notarize', value: one },
    { ...guard, phase: 'nullify', value: none },
    { ...guard, phase: 'proposal', value: headerDigest(proposal(one).body.header) },
  ])
  conflicts(restarted, vote('notarize', two))
  conflicts(restarted, vote('finalize', one))
  conflicts(restarted, proposal(two))
  restarted.sign(vote('notarize', one))
  restarted.sign(vote('nullify', none))
  restarted.sign(proposal(one))
})

test('a refused message binds nothing', () => {
  const signer = fresh()
  signer.sign(vote('nullify', none))
  conflicts(signer, vote('finalize', one))
  signer.sign(vote('nullify', none))
  signer.sign(vote('finalize', two, 1))
})
