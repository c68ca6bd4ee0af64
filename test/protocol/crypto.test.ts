/** Tests that one signature means one thing: the reference verifier and libsodium accept exactly the same. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { getPublicKey, secretFromSeed, sign as signSchnorrkel } from '@scure/sr25519'
import fc from 'fast-check'
import sodium from 'sodium-native'
import {
  bytesToHex,
  concatBytes,
  hash,
  hexToBytes,
  signedHead,
  utf8ToBytes,
  verifySignature,
  wrappedBytes,
} from '../../protocol/crypto.ts'
import { type EdgeVector, makeEdgeVectors, signMixed } from '../vectors/ed25519-edge.ts'

const vectors = JSON.parse(readFileSync('test/vectors/ed25519-edge.json', 'utf8')) as readonly EdgeVector[]

const byReference = (o: { publicKey: Uint8Array; message: Uint8Array; signature: Uint8Array }): boolean =>
  verifySignature({
    scheme: 'ed25519',
    publicKey: bytesToHex(o.publicKey),
    message: o.message,
    signature: bytesToHex(o.signature),
  })

const bySodium = (o: { publicKey: Uint8Array; message: Uint8Array; signature: Uint8Array }): boolean =>
  sodium.crypto_sign_verify_detached(Buffer.from(o.signature), Buffer.from(o.message), Buffer.from(o.publicKey))

test('the edge cases of ed25519 are as the file says, in both libraries', () => {
  assert.deepEqual(vectors, makeEdgeVectors())
  for (const { name, valid, ...vector } of vectors) {
    const made = {
      publicKey: hexToBytes(vector.publicKey),
      message: hexToBytes(vector.message),
      signature: hexToBytes(vector.signature),
    }
    assert.equal(byReference(made), valid, `reference: ${name}`)
    assert.equal(bySodium(made), valid, `libsodium: ${name}`)
  }
})

test('whatever the parts of small order, the two libraries agree, and only the exact equation holds', () => {
  const small = fc.nat({ max: 7 })
  const large = fc.bigInt({ min: 1n, max: 1n << 250n })
  fc.assert(
    fc.property(large, small, large, small, fc.boolean(), (a, i, r, j, exact) => {
      const made = signMixed({ a, i, r, j, exact })
      fc.pre(made !== null)
      assert.equal(byReference(made), exact)
      assert.equal(bySodium(made), exact)
    }),
    { numRuns: 40 },
  )
})

test('a changed byte anywhere is refused by both libraries', () => {
  const made = signMixed({ a: 5n, i: 0, r: 7n, j: 0, exact: true })
  assert.ok(made !== null && byReference(made) && bySodium(made))
  fc.assert(
    fc.property(fc.constantFrom('publicKey', 'message', 'signature'), fc.nat(), fc.nat({ max: 7 }), (name, at, bit) => {
      const changed = Uint8Array.from(made[name])
      const place = at % changed.length
      changed[place] = (changed[place] ?? 0) ^ (1 << bit)
      assert.equal(byReference({ ...made, [name]: changed }), false)
      assert.equal(bySodium({ ...made, [name]: changed }), false)
    }),
    { numRuns: 40 },
  )
})

test('a hotkey signs in the context of its chain, and a changed message, key or signature is refused', () => {
  const secret = secretFromSeed(new Uint8Array(32).fill(3))
  const message = wrappedBytes(utf8ToBytes('delegation'))
  const claim = {
    scheme: 'sr25519',
    publicKey: bytesToHex(getPublicKey(secret)),
    message,
    signature: bytesToHex(signSchnorrkel(secret, message)),
  } as const
  assert.ok(verifySignature(claim))
  assert.equal(verifySignature({ ...claim, message: utf8ToBytes('delegation') }), false)
  assert.equal(verifySignature({ ...claim, publicKey: hash(message) }), false)
  const other = (Number.parseInt(claim.signature.slice(0, 2), 16) ^ 1).toString(16).padStart(2, '0')
  assert.equal(verifySignature({ ...claim, signature: `${other}${claim.signature.slice(2)}` }), false)
  // schnorrkel marks its signatures in the highest bit: without it these are the bytes of an ed25519 signature.
  const unmarked = (Number.parseInt(claim.signature.slice(-2), 16) & 127).toString(16).padStart(2, '0')
  assert.equal(verifySignature({ ...claim, signature: claim.signature.slice(0, -2) + unmarked }), false)
  assert.equal(verifySignature({ ...claim, scheme: 'ed25519' }), false)
})

test('bytes that are no key and no signature are refused, never thrown', () => {
  for (const scheme of ['ed25519', 'sr25519'] as const) {
    for (const fill of ['00', 'ff', '80']) {
      const claim = { scheme, publicKey: fill.repeat(32), message: new Uint8Array(), signature: fill.repeat(64) }
      assert.equal(verifySignature(claim), false)
    }
    assert.equal(verifySignature({ scheme, publicKey: '00', message: new Uint8Array(), signature: '' }), false)
  }
})

test('no kind can be taken for the end of another', () => {
  const of = (kind: string, body: string) =>
    bytesToHex(concatBytes(signedHead({ kind, domain: hash(utf8ToBytes('mesh')) }), utf8ToBytes(body)))
  fc.assert(
    fc.property(fc.string({ maxLength: 20 }), fc.string(), fc.string({ maxLength: 20 }), fc.string(), (k, b, l, c) => {
      assert.equal(of(k, b) === of(l, c), k === l && b === c)
    }),
  )
})
