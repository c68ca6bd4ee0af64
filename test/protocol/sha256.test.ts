/** Tests that it is all one which SHA-256 the import map chooses: both give the very same digests. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { sha256Hex as native } from '../../node/sha256.ts'
import { hash, utf8ToBytes } from '../../protocol/crypto.ts'
import { sha256Hex as pure } from '../../protocol/sha256.ts'

/** FIPS 180-4: nothing, one block, two blocks, and a million letters. */
const KNOWN: readonly (readonly [text: string, digest: string])[] = [
  ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  [
    'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
    '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
  ],
  ['a'.repeat(1_000_000), 'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0'],
]

test('both hashes know the digests of the standard', () => {
  for (const [text, digest] of KNOWN) {
    const bytes = utf8ToBytes(text)
    assert.equal(pure(bytes), digest)
    assert.equal(native(bytes), digest)
    assert.equal(hash(bytes), digest)
  }
})

test('both hashes agree at every length around the blocks', () => {
  for (let size = 0; size <= 260; size++) {
    const bytes = Uint8Array.from({ length: size }, (_, index) => (index * 7 + size) % 256)
    assert.equal(native(bytes), pure(bytes), `${size} bytes`)
  }
})

test('both hashes agree on any bytes, in a view of more of them and cut anywhere into parts', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 5_000 }), fc.nat(), fc.nat(), (all, a, b) => {
      const [from, to] = [a % (all.length + 1), b % (all.length + 1)].toSorted((x, y) => x - y) as [number, number]
      const view = all.subarray(from, to)
      assert.equal(native(view), pure(view))
      assert.equal(native(Buffer.from(view)), pure(view))
      assert.equal(hash(all.subarray(0, from), view, all.subarray(to)), pure(all))
    }),
  )
})

test('under Node the protocol hashes natively, and anywhere else by itself', () => {
  const { imports } = JSON.parse(readFileSync('package.json', 'utf8'))
  assert.deepEqual(imports['#sha256'], { node: './node/sha256.ts', default: './protocol/sha256.ts' })
})
