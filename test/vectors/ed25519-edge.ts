/** Makes the edge cases of ed25519 on which libraries differ; `ed25519-edge.json` beside this file is what it makes. */
import { ed25519 } from '@noble/curves/ed25519.js'
import { sha512 } from '@noble/hashes/sha2.js'
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js'

const { Point } = ed25519
type Point = typeof Point.BASE
const ORDER = Point.Fn.ORDER
const FIELD = Point.Fp.ORDER

/** `valid` is the mesh's rule R-2. */
export type EdgeVector = {
  readonly name: string
  readonly publicKey: string
  readonly message: string
  readonly signature: string
  readonly valid: boolean
}

const toNumber = (raw: Uint8Array): bigint => raw.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
const toBytes = (value: bigint): Uint8Array => hexToBytes(value.toString(16).padStart(64, '0')).reverse()

const times = (point: Point, factor: bigint): Point => {
  let [sum, power] = [Point.ZERO, point]
  for (let rest = factor; rest > 0n; rest >>= 1n) {
    if (rest & 1n) sum = sum.add(power)
    power = power.double()
  }
  return sum
}

/** The eight points of small order, as multiples of one of order 8 (y = 3 lies on the curve and has a part of order 8). */
const torsion = (() => {
  const generator = times(Point.fromBytes(toBytes(3n)), ORDER)
  if (times(generator, 4n).is0()) throw new Error('not of order 8')
  return Array.from({ length: 8 }, (_, index) => times(generator, BigInt(index)))
})()

const part = (index: number): Point => torsion[index % 8] ?? Point.ZERO

const challenge = (r: Uint8Array, key: Uint8Array, message: Uint8Array): bigint =>
  toNumber(sha512(concatBytes(r, key, message))) % ORDER

/**
 * Signs with key a·B + T[i] and R = r·B + T[j]: times the cofactor it always holds; exactly only when k·T[i] + T[j] vanishes.
 * The message is the first one for which that is as `exact` says.
 */
export const signMixed = (o: { a: bigint; i: number; r: bigint; j: number; exact: boolean }) => {
  const publicKey = times(Point.BASE, o.a).add(part(o.i)).toBytes()
  const r = times(Point.BASE, o.r).add(part(o.j)).toBytes()
  for (let number = 0; number < 4096; number++) {
    const message = utf8ToBytes(`edge ${number}`)
    const k = challenge(r, publicKey, message)
    if (((Number(k % 8n) * o.i + o.j) % 8 === 0) !== o.exact) continue
    return { publicKey, message, signature: concatBytes(r, toBytes((o.r + k * o.a) % ORDER)) }
  }
  return null
}

type Made = { readonly publicKey: Uint8Array; readonly message: Uint8Array; readonly signature: Uint8Array }

const vector = (name: string, valid: boolean, made: Made | null): EdgeVector => {
  if (made === null) throw new Error(`${name}: no such message`)
  const { publicKey, message, signature } = made
  return {
    name,
    publicKey: bytesToHex(publicKey),
    message: bytesToHex(message),
    signature: bytesToHex(signature),
    valid,
  }
}

const withS = (made: Made | null, change: (s: bigint) => bigint): Made | null =>
  made && {
    ...made,
    signature: concatBytes(made.signature.subarray(0, 32), toBytes(change(toNumber(made.signature.subarray(32))))),
  }

const [a, r] = [0x1234567890abcdefn, 0xfedcba0987654321n]
const plain = signMixed({ a, i: 0, r, j: 0, exact: true })

/** Encodings that are not canonical: y ≥ p, and x = 0 with a sign. */
const crooked: readonly (readonly [string, Uint8Array])[] = [
  ['y = p, order 4', toBytes(FIELD)],
  ['y = p with a sign, order 4', toBytes(FIELD | (1n << 255n))],
  ['y = p + 1, the identity', toBytes(FIELD + 1n)],
  ['the identity with a sign', toBytes(1n | (1n << 255n))],
  ['y = p - 1 with a sign, order 2', toBytes((FIELD - 1n) | (1n << 255n))],
  ['y = p + 3, large order', toBytes(FIELD + 3n)],
  ['no point at all', toBytes(2n)],
]

/** Every case by name, in a fixed order. */
export const makeEdgeVectors = (): readonly EdgeVector[] => [
  vector('an ordinary signature', true, plain),
  vector('another message', false, plain && { ...plain, message: utf8ToBytes('other') }),
  ...[1, 2, 4].map((i) =>
    vector(`key of order ${8 / i}, R of large order`, false, signMixed({ a: 0n, i, r, j: 0, exact: true })),
  ),
  ...[0, 1, 2, 4].map((j) =>
    vector(`R of order ${j && 8 / j}`, false, signMixed({ a, i: 0, r: 0n, j, exact: j === 0 })),
  ),
  vector('key and R of small order, S = 0', false, signMixed({ a: 0n, i: 1, r: 0n, j: 3, exact: true })),
  vector('key of mixed order, equation holds exactly', true, signMixed({ a, i: 1, r, j: 0, exact: true })),
  vector('key and R of mixed order, equation holds exactly', true, signMixed({ a, i: 3, r, j: 2, exact: true })),
  vector('key of mixed order, equation holds only times 8', false, signMixed({ a, i: 1, r, j: 0, exact: false })),
  vector('R of mixed order, equation holds only times 8', false, signMixed({ a, i: 0, r, j: 5, exact: false })),
  vector('both of mixed order, equation holds only times 8', false, signMixed({ a, i: 6, r, j: 1, exact: false })),
  vector(
    'S + L',
    false,
    withS(plain, (s) => s + ORDER),
  ),
  vector(
    'S + 8 L',
    false,
    withS(plain, (s) => s + 8n * ORDER),
  ),
  vector(
    'S with its highest bit set',
    false,
    withS(plain, (s) => s | (1n << 255n)),
  ),
  vector(
    'S = L',
    false,
    withS(plain, () => ORDER),
  ),
  ...crooked.flatMap(([name, raw]) => [
    vector(`key: ${name}`, false, plain && { ...plain, publicKey: raw }),
    vector(
      `key: ${name}, R the same, S = 0`,
      false,
      plain && { ...plain, publicKey: raw, signature: concatBytes(raw, toBytes(0n)) },
    ),
    vector(`R: ${name}`, false, plain && { ...plain, signature: concatBytes(raw, plain.signature.subarray(32)) }),
  ]),
]
