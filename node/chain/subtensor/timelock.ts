/** Timelock encryption to a future round of drand quicknet, byte for byte as Subtensor's commit version 4 opens it. */
import { createCipheriv, createDecipheriv, hash, randomBytes } from 'node:crypto'
import { bls12_381 } from '@noble/curves/bls12-381.js'

/** A beacon that signs each round's number with one key; the signature (on G1, the key on G2) is what opens. */
export type Beacon = { readonly genesisSeconds: number; readonly periodSeconds: number; readonly publicKey: string }

/** drand's quicknet, which Subtensor listens to. */
export const QUICKNET: Beacon = {
  genesisSeconds: 1_692_803_367,
  periodSeconds: 3,
  publicKey:
    '83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d1064510d1fec758c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a',
}

const DST = 'BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_'
const SUITE = Buffer.from('AES_GCM_', 'ascii')
const KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16
const POINT_BYTES = 96
const FIELD_BYTES = 48

/** The wire was cut short, is longer than it says, or does not open with this signature. */
export class TimelockError extends Error {
  readonly code: 'MALFORMED' | 'WRONG_SIGNATURE'

  constructor(code: TimelockError['code'], options?: ErrorOptions) {
    super(code, options)
    this.name = 'TimelockError'
    this.code = code
  }
}

type Target = Parameters<typeof bls12_381.fields.Fp12.eql>[0]

const sha256 = (...parts: readonly Uint8Array[]): Buffer => hash('sha256', Buffer.concat(parts), 'buffer')

const xor = (a: Uint8Array, b: Uint8Array): Buffer => Buffer.from(a.map((byte, index) => byte ^ (b[index] ?? 0)))

const u64 = (value: number | bigint): Buffer => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(value))
  return bytes
}

/** The point that the beacon signs for a round. */
export const identityOf = (round: bigint) => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(round)
  return bls12_381.G1.hashToCurve(sha256(bytes), { DST })
}

/** Twelve base field elements, each little-endian, the innermost first. */
const targetBytes = ({ c0, c1 }: Target): Buffer => {
  const elements = [c0, c1].flatMap((six) => [six.c0, six.c1, six.c2]).flatMap((two) => [two.c0, two.c1])
  return Buffer.concat(
    elements.map((element) => Buffer.from(element.toString(16).padStart(2 * FIELD_BYTES, '0'), 'hex').reverse()),
  )
}

/** Fresh for each ciphertext; a test gives its own to get the same bytes twice. */
export type TimelockRandom = { readonly key: Uint8Array; readonly sigma: Uint8Array; readonly nonce: Uint8Array }

const drawRandom = (): TimelockRandom => ({
  key: randomBytes(KEY_BYTES),
  sigma: randomBytes(KEY_BYTES),
  nonce: randomBytes(NONCE_BYTES),
})

/** A message that nobody can read before drand has published the signature of `round` (from 1). */
export const encryptUntil = (
  round: bigint,
  message: Uint8Array,
  o: { readonly beacon?: Beacon; readonly random?: TimelockRandom } = {},
): Uint8Array => {
  const { key, sigma, nonce } = o.random ?? drawRandom()
  const scalar = bls12_381.fields.Fr.create(BigInt(`0x${sha256(sigma, key).toString('hex')}`))
  const publicKey = bls12_381.G2.Point.fromHex((o.beacon ?? QUICKNET).publicKey)
  const target = bls12_381.pairing(identityOf(round), publicKey.multiply(scalar))
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  const sealed = Buffer.concat([cipher.update(message), cipher.final(), cipher.getAuthTag()])
  const body = Buffer.concat([u64(sealed.length), sealed, u64(NONCE_BYTES), nonce])
  return Buffer.concat([
    bls12_381.G2.Point.BASE.multiply(scalar).toBytes(true),
    u64(KEY_BYTES),
    xor(sigma, sha256(targetBytes(target))),
    u64(KEY_BYTES),
    xor(key, sha256(sigma)),
    u64(body.length),
    body,
    u64(SUITE.length),
    SUITE,
  ])
}

/** Fields of the wire in order; each but the point carries its length. */
const parse = (wire: Uint8Array) => {
  const bytes = Buffer.from(wire)
  let at = 0
  const take = (length: number): Buffer => {
    if (at + length > bytes.length) throw new TimelockError('MALFORMED')
    at += length
    return bytes.subarray(at - length, at)
  }
  const field = (): Buffer => take(Number(take(8).readBigUInt64LE()))
  const point = take(POINT_BYTES)
  const [v, w, body, suite] = [field(), field(), field(), field()]
  const isWhole = at === bytes.length && suite.equals(SUITE) && v.length === KEY_BYTES && w.length === KEY_BYTES
  const sealedBytes = body.length - 16 - NONCE_BYTES
  if (!isWhole || sealedBytes < TAG_BYTES) throw new TimelockError('MALFORMED')
  return { point, v, w, sealed: body.subarray(8, 8 + sealedBytes), nonce: body.subarray(-NONCE_BYTES) }
}

/** Opens it with drand's signature of the round (48 bytes, compressed), as the chain does and any auditor can. @throws TimelockError */
export const decryptWith = (signature: Uint8Array, wire: Uint8Array): Uint8Array => {
  const { point, v, w, sealed, nonce } = parse(wire)
  try {
    const u = bls12_381.G2.Point.fromBytes(point)
    const target = bls12_381.pairing(bls12_381.G1.Point.fromBytes(signature), u)
    const sigma = xor(v, sha256(targetBytes(target)))
    const decipher = createDecipheriv('aes-256-gcm', xor(w, sha256(sigma)), nonce)
    decipher.setAuthTag(sealed.subarray(-TAG_BYTES))
    return Buffer.concat([decipher.update(sealed.subarray(0, -TAG_BYTES)), decipher.final()])
  } catch (error) {
    throw new TimelockError('WRONG_SIGNATURE', { cause: error })
  }
}

/** The round that Subtensor's own clients name for a moment: published three to six seconds before it; 1 for all before the beacon began. */
export const roundAt = (unixSeconds: number, beacon = QUICKNET): bigint => {
  const { genesisSeconds, periodSeconds } = beacon
  return BigInt(Math.max(1, Math.floor((unixSeconds - genesisSeconds) / periodSeconds)))
}
