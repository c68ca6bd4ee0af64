/** Tests of the verifier that nodes run: the same answers as the reference, in order, without holding up the process. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { ed25519 } from '@noble/curves/ed25519.js'
import { getPublicKey, secretFromSeed, sign as signSchnorrkel } from '@scure/sr25519'
import fc from 'fast-check'
import { createVerifier } from '../../../node/peers/verify.ts'
import { bytesToHex, hexToBytes, type SignatureClaim, utf8ToBytes, verifySignature } from '../../../protocol/index.ts'
import type { EdgeVector } from '../../vectors/ed25519-edge.ts'

const vectors = JSON.parse(readFileSync('test/vectors/ed25519-edge.json', 'utf8')) as readonly EdgeVector[]

const toClaim = ({ publicKey, message, signature }: EdgeVector): SignatureClaim => {
  return { scheme: 'ed25519', publicKey, message: hexToBytes(message), signature }
}

const seed = new Uint8Array(32).fill(9)
const session = (text: string): SignatureClaim => {
  const message = utf8ToBytes(text)
  return {
    scheme: 'ed25519',
    publicKey: bytesToHex(ed25519.getPublicKey(seed)),
    message,
    signature: bytesToHex(ed25519.sign(message, seed)),
  }
}
const secret = secretFromSeed(seed)
const hotkey = (text: string): SignatureClaim => {
  const message = utf8ToBytes(text)
  return {
    scheme: 'sr25519',
    publicKey: bytesToHex(getPublicKey(secret)),
    message,
    signature: bytesToHex(signSchnorrkel(secret, message)),
  }
}

test('the verifier of nodes answers the edge cases as the reference does, also when asked again', async () => {
  const verify = createVerifier()
  const claims = vectors.map(toClaim)
  const want = vectors.map((vector) => vector.valid)
  assert.deepEqual(await verify(claims), want)
  assert.deepEqual(await verify(claims), want)
  assert.deepEqual(claims.map(verifySignature), want)
})

test('each claim of a mixed batch gets its own answer', async () => {
  const verify = createVerifier()
  const good = [session('a'), hotkey('a'), session('b')]
  const bad = [
    { ...session('a'), message: utf8ToBytes('b') },
    { ...hotkey('a'), message: utf8ToBytes('b') },
    { ...session('a'), scheme: 'sr25519' as const },
  ]
  const pool = [...good.map((claim) => ({ claim, holds: true })), ...bad.map((claim) => ({ claim, holds: false }))]
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom(...pool), { maxLength: 6 }), async (items) => {
      assert.deepEqual(
        await verify(items.map((item) => item.claim)),
        items.map((item) => item.holds),
      )
    }),
    { numRuns: 30 },
  )
})

test('a signature that was seen to hold vouches for no other message or key', async () => {
  const verify = createVerifier()
  const claim = session('a')
  assert.deepEqual(await verify([claim]), [true])
  const others = [
    { ...claim, message: utf8ToBytes('b') },
    { ...claim, publicKey: hotkey('a').publicKey },
    { ...claim, signature: session('b').signature },
  ]
  assert.deepEqual(await verify([...others, claim]), [false, false, false, true])
})

test('a long batch lets others have their turn', async () => {
  const verify = createVerifier()
  let turns = 0
  let done = false
  const count = (): void => {
    turns += 1
    if (!done) setImmediate(count)
  }
  setImmediate(count)
  const claims = Array.from({ length: 100 }, (_, index) => session(`vote ${index}`))
  const results = await verify([...claims, hotkey('a'), hotkey('b')])
  done = true
  assert.ok(results.every((holds) => holds))
  assert.ok(turns >= 4, `${turns} turns`)
})
