/** Lossy compression: what passes, exact against a naive evaluator and at its border; what must not; the score; the host's noise. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { matrixRulesOf } from '../../../protocol/competition/index.ts'
import { printRational } from '../../../protocol/competition/integers.ts'
import { certifyHost } from '../../../protocol/competition/matrix/certify.ts'
import type { CodeRuns } from '../../../protocol/competition/matrix/runs.ts'
import { scoreOf, scoreRuns } from '../../../protocol/competition/matrix-lossy/score.ts'
import { pairVerdict } from '../../../protocol/competition/pair.ts'

const rules = matrixRulesOf('matrix-lossy')
assert.ok(rules)

const bytesOf = (words: readonly number[]): Uint8Array =>
  Uint8Array.from(words.flatMap((word) => [word & 255, word >> 8]))
const check = (x: readonly number[], y: readonly number[]) => rules.check({ raw: bytesOf(x), returned: bytesOf(y) })
const codeOf = (x: readonly number[], y: readonly number[]): string => check(x, y).fault?.code ?? 'PASS'

/** The nearest bfloat16 to a number, by its float32 bits. */
const word = (value: number): number => {
  const view = new DataView(new ArrayBuffer(4))
  view.setFloat32(0, value)
  return (view.getUint32(0) + 0x7fff + (view.getUint16(0) & 1)) >>> 16
}
const words = (...values: number[]): number[] => values.map(word)

/** A finite word's value times 2^133: a whole number, however small the value. */
const scaledValue = (bits: number): bigint => {
  const [exponent, fraction] = [(bits >> 7) & 255, BigInt(bits & 127)]
  const size = exponent === 0 ? fraction : (fraction + 128n) << BigInt(exponent - 1)
  return bits >> 15 === 1 ? -size : size
}

/** Newton from above. */
const sqrtFloor = (value: bigint): bigint => {
  let guess = 1n << BigInt((value.toString(16).length + 1) * 2)
  while (guess * guess > value) guess = (guess + value / guess) >> 1n
  return guess
}

/** So many that two similarities of small matrices which differ at all differ within them. */
const DIGITS = 10n ** 800n
const SLACK = 10n ** 90n

/**
 * Straight from the definition, element by element, with roots to 800 digits: similarity in units of 10^−800, to a few units; null where a factor
 * is not above 0. Only for words that are finite.
 */
const naive = (x: readonly number[], y: readonly number[]): bigint | null => {
  let [xx, yy, xy, error] = [0n, 0n, 0n, 0n]
  for (const [index, bits] of x.entries()) {
    const [a, b] = [scaledValue(bits), scaledValue(y[index] ?? 0)]
    xx += a * a
    yy += b * b
    xy += a * b
    error += (a - b) * (a - b)
  }
  if (xy <= 0n || error >= xx) return null
  const cosine = (xy * DIGITS * DIGITS) / sqrtFloor(xx * yy * DIGITS * DIGITS)
  const kept = DIGITS - sqrtFloor((error * DIGITS * DIGITS) / xx)
  return (cosine * kept) / DIGITS
}

const finite = fc.oneof(
  fc.integer({ min: 0, max: 0xffff }).filter((bits) => ((bits >> 7) & 255) !== 255),
  fc.constantFrom(0, 0x8000, 1, 0x8001, 0x7f, 0x80, 0x7f7f, 0xff7f),
  // Values of one size: else the largest alone decides.
  fc.integer({ min: 0x3f00, max: 0x4080 }),
  fc.integer({ min: 0xbf00, max: 0xc080 }),
)
/** A matrix and what may have come back: near it, or anything. */
const pair = fc.array(
  fc
    .tuple(finite, finite, fc.integer({ min: -3, max: 3 }), fc.integer({ min: 0, max: 40 }))
    .map(([a, b, step, turn]) => {
      const near = a + step
      const isNear = near >= 0 && near <= 0xffff && ((near >> 7) & 255) !== 255
      return [a, turn === 0 ? b : isNear ? near : a] as const
    }),
  { minLength: 1, maxLength: 24 },
)

test('a matrix passes exactly when the definition says so, whatever its values', () => {
  let [passed, failed] = [0, 0]
  fc.assert(
    fc.property(pair, (elements) => {
      const [x, y] = [elements.map(([a]) => a), elements.map(([, b]) => b)]
      const got = check(x, y)
      const want = naive(x, y)
      const isZero = x.every((bits) => (bits & 0x7fff) === 0)
      if (isZero)
        return assert.equal(
          got.fault === null,
          y.every((bits) => (bits & 0x7fff) === 0),
        )
      // None comes this near to 0.99 without being 0.99.
      const distance = (want ?? 0n) - (DIGITS / 100n) * 99n
      if (distance > SLACK) passed += 1
      else failed += 1
      assert.equal(got.fault === null, distance > SLACK)
      const told = BigInt(got.similarityPpb ?? -1)
      const exact = want ?? 0n
      const unit = DIGITS / 1_000_000_000n
      assert.ok(told * unit <= exact + SLACK && exact < (told + 1n) * unit + SLACK, `${told} of ${exact}`)
    }),
    { numRuns: 3_000 },
  )
  assert.ok(passed > 300 && failed > 300, `${passed} passed and ${failed} failed`)
})

test('0.99 itself does not pass, and the least above it does', () => {
  assert.equal(codeOf(words(100), words(99)), 'NOT_SIMILAR')
  assert.equal(codeOf(words(100), words(101)), 'NOT_SIMILAR')
  assert.equal(codeOf(words(100), words(99.5)), 'PASS')
  assert.equal(check(words(100), words(99)).similarityPpb, 990_000_000)
  // Scaled by any power of two it is the same, down to subnormals.
  assert.equal(codeOf(words(100 * 2 ** -130), words(99 * 2 ** -130)), 'NOT_SIMILAR')
  assert.equal(codeOf(words(100 * 2 ** 120), words(99 * 2 ** 120)), 'NOT_SIMILAR')
})

test('two wrong signs make no right one: both factors must be above 0', () => {
  const x = words(1, -2, 3, 0.5)
  // cos = −1 and 1 − 2 = −1: their product is 1.
  assert.equal(codeOf(x, words(-1, 2, -3, -0.5)), 'NOT_SIMILAR')
  const constant = words(...Array<number>(64).fill(0.25))
  for (const value of [-0.25, -0.5, -1, -100]) {
    assert.equal(codeOf(constant, words(...Array<number>(64).fill(value))), 'NOT_SIMILAR')
  }
  // Far too large, but in the right direction.
  assert.equal(codeOf(x, words(100, -200, 300, 50)), 'NOT_SIMILAR')
  assert.match(check(x, words(-1, 2, -3, -0.5)).fault?.text ?? '', /^similarity 0\.000000: cosine -1\.000000/)
})

test('one sign, one spike and one missing element are seen where they matter', () => {
  const x = words(...Array.from({ length: 100 }, (_, index) => (index % 2 === 0 ? 1 : -1)))
  const flipped = [...x]
  flipped[7] = (flipped[7] ?? 0) ^ 0x8000
  assert.equal(codeOf(x, flipped), 'NOT_SIMILAR')
  const spiked = [...x]
  spiked[3] = word(2 ** 100)
  assert.equal(codeOf(x, spiked), 'NOT_SIMILAR')
  const dropped = [...x]
  dropped[50] = 0
  assert.equal(codeOf(x, dropped), 'NOT_SIMILAR')
})

test('the size is the matrix’s own, in bytes', () => {
  const x = words(1, 2, 3)
  for (const y of [words(1, 2), words(1, 2, 3, 0), []]) assert.equal(codeOf(x, y), 'NOT_SIMILAR')
  const raw = bytesOf(x)
  const odd = rules.check({ raw, returned: raw.slice(0, 5) })
  assert.match(odd.fault?.text ?? '', /^5 of 6 bytes came back/)
  const tail = (last: number) => Uint8Array.from([...raw, last])
  assert.equal(rules.check({ raw: tail(7), returned: tail(7) }).fault, null)
  assert.equal(rules.check({ raw: tail(7), returned: tail(8) }).fault?.code, 'NOT_SIMILAR')
})

test('zeros are like zeros of either sign and like nothing else', () => {
  const zeros = [0, 0x8000, 0]
  assert.equal(codeOf(zeros, [0x8000, 0, 0]), 'PASS')
  assert.equal(codeOf(zeros, [0, 0, 1]), 'NOT_SIMILAR')
  assert.equal(codeOf(words(1, 2, 3), [0, 0x8000, 0]), 'NOT_SIMILAR')
  // −0 beside real values is worth what 0 is.
  assert.equal(codeOf([...words(1), 0x8000], [...words(1), 0]), 'PASS')
})

test('what is no finite number comes back as the same word, and stands nowhere else', () => {
  const [inf, nan, payload] = [0x7f80, 0x7fc0, 0x7fc1]
  const x = [...words(1, 2), inf, nan]
  assert.equal(codeOf(x, x), 'PASS')
  // They are in no sum: the others alone decide.
  assert.equal(codeOf(x, [...words(1, 2.015_625), inf, nan]), 'PASS')
  assert.equal(codeOf(x, [...words(1, 3), inf, nan]), 'NOT_SIMILAR')
  for (const y of [
    [...words(1, 2), 0xff80, nan],
    [...words(1, 2), inf, payload],
    [...words(1, 2), inf, 0],
    [...words(1, 2), word(3e38), nan],
    [inf, ...words(2), inf, nan],
    [nan, ...words(2), inf, nan],
  ])
    assert.equal(codeOf(x, y), 'NOT_FINITE')
  assert.match(check(words(1, 2), [word(1), nan]).fault?.text ?? '', /^element 1 was 0x4000 and came back as 0x7fc0$/)
  assert.equal(codeOf([inf, nan], [inf, nan]), 'PASS')
})

test('a hostile answer of any bytes is judged, never a crash', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ maxLength: 40 }), (raw, returned) => {
      const { fault, similarityPpb } = rules.check({ raw, returned })
      assert.ok(fault === null || fault.text.length < 200)
      assert.ok(similarityPpb !== null && similarityPpb >= 0 && similarityPpb <= 1_000_000_000)
    }),
  )
})

test('the score is the share of the bytes that are saved, to the last of 14 decimals', () => {
  const vectors = [
    [280n, '0.72000000000000'],
    [416n, '0.58400000000000'],
    [650n, '0.35000000000000'],
    [1_000n, '0.00000000000000'],
    [1_500n, '0.00000000000000'],
  ] as const
  for (const [num, want] of vectors) assert.equal(printRational(scoreOf({ num, den: 1_000n })), want)
})

const runs = (bytes: number, nanos: bigint): CodeRuns => ({
  compressedBytes: [bytes, bytes],
  compressNs: [nanos, nanos],
  decompressNs: [nanos, nanos],
})
const host = { referenceNanos: 1_000n, hereNanos: 1_000n }

test('time moves no quad: what is smaller by more than θ is better on every host, what is not is not', () => {
  const round = (candidate: number, nanos: bigint) =>
    scoreRuns(
      Array.from({ length: 30 }, () => ({
        rawBytes: 1_000,
        candidate: runs(candidate, nanos),
        partner: runs(500, 1_000n),
      })),
      host,
    )
  const [slow, quick] = [round(490, 9_000_000_000n), round(490, 1n)]
  assert.deepEqual(slow.quadsPpm, Array<number>(30).fill(1_020_000))
  assert.deepEqual([slow.quadsPpm, slow.scorePpb], [quick.quadsPpm, quick.scorePpb])
  assert.equal(pairVerdict(slow.quadsPpm, 10_000), 'better')
  // 0.505 / 0.5 is 1 % better, and not more.
  assert.equal(pairVerdict(round(495, 1n).quadsPpm, 10_000), 'inconclusive')
  assert.equal(pairVerdict(round(500, 1n).quadsPpm, 10_000), 'not better')
  assert.deepEqual(Object.keys(slow.values), rules.values)
  assert.ok((slow.values['linkPpm'] ?? 0n) < (quick.values['linkPpm'] ?? 0n), 'the link board sees the time')
})

test('a host’s noise is 0 however its clock strays', () => {
  const matrices = [1n, 1_000n, 77n].map((nanos) => ({
    rawBytes: 1_000,
    candidate: runs(500, nanos),
    partner: runs(500, 500n),
  }))
  assert.equal(certifyHost(matrices, { referenceNanos: 1_000n, score: scoreRuns }).noisePpm, 0)
})
