/** The score of lossless compression: published vectors, exactness against a naive twin, host certificates. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { matrixRulesOf } from '../../../protocol/competition/index.ts'
import { printRational } from '../../../protocol/competition/integers.ts'
import { certifyHost } from '../../../protocol/competition/matrix/certify.ts'
import type { CodeRuns, MatrixRuns } from '../../../protocol/competition/matrix/runs.ts'
import { scoreOf, scoreRuns } from '../../../protocol/competition/matrix-lossless/score.ts'
import { digestOf } from '../round/mesh.ts'

const rules = matrixRulesOf('matrix-lossless')
assert.ok(rules)

const FACTS = {
  image: digestOf('image'),
  poolManifest: digestOf('pool manifest'),
  poolRoot: digestOf('root'),
  referenceNanos: 1_000_000n,
}

test('the published vectors come out to the last of 14 decimals', () => {
  const vectors = [
    [500n, 100n, '0.45059288537549'],
    [650n, 0n, '0.35000000000000'],
    [800n, 50n, '0.19011857707510'],
    [750n, 253n, '0.18750000000000'],
    [700n, 1_012n, '0.00000000000000'],
    [1_200n, 100n, '0.00000000000000'],
    [2_000n, 3_036n, '0.00000000000000'],
  ] as const
  for (const [ratioPpt, millis, want] of vectors) {
    const score = scoreOf({ ratio: { num: ratioPpt, den: 1_000n }, nanos: { num: millis * 1_000_000n, den: 1n } })
    assert.equal(printRational(score), want)
  }
})

const runs = fc.record({
  compressedBytes: fc.tuple(fc.integer({ min: 1, max: 70_000 }), fc.integer({ min: 1, max: 70_000 })),
  compressNs: fc.tuple(fc.bigInt({ min: 1_000n, max: 10n ** 9n }), fc.bigInt({ min: 1_000n, max: 10n ** 9n })),
  decompressNs: fc.tuple(fc.bigInt({ min: 1_000n, max: 10n ** 9n }), fc.bigInt({ min: 1_000n, max: 10n ** 9n })),
})
const matrices = fc.array(fc.record({ rawBytes: fc.constant(65_536), candidate: runs, partner: runs }), {
  minLength: 1,
  maxLength: 30,
})

/** The same in floats, straight from the formula. */
const naive = (all: readonly MatrixRuns[], speed: number): { ratio: number; seconds: number; score: number } => {
  const sizes = all.map(
    ({
      candidate: {
        compressedBytes: [a, b],
      },
      rawBytes,
    }) => [(a + b) / 2, rawBytes] as const,
  )
  const ratio = sizes.reduce((sum, [size]) => sum + size, 0) / sizes.reduce((sum, [, raw]) => sum + raw, 0)
  const nanos = all.map(({ candidate: { compressNs, decompressNs } }) =>
    [...compressNs, ...decompressNs].reduce((sum, ns) => sum + Number(ns) / 2, 0),
  )
  const seconds = ((nanos.reduce((sum, ns) => sum + ns, 0) / all.length) * speed) / 1e9
  return { ratio, seconds, score: Math.max(0, 1 - ratio) * Math.max(0, 1 - seconds / 1.012) }
}

test('the exact score agrees with the formula in floats, and its parts are rounded against the miner', () => {
  fc.assert(
    fc.property(matrices, fc.bigInt({ min: 1_000n, max: 10n ** 8n }), (all, hereNanos) => {
      const scored = scoreRuns(all, { referenceNanos: 1_000_000n, hereNanos })
      const want = naive(all, 1_000_000 / Number(hereNanos))
      assert.ok(Math.abs(Number(scored.scorePpb) - want.score * 1e9) <= 2)
      assert.ok(Math.abs(Number(scored.values['ratioPpb']) - want.ratio * 1e9) <= 2)
      assert.ok(Math.abs(Number(scored.values['timeNanos']) / 1e9 - want.seconds) <= 1e-8 + want.seconds * 1e-9)
    }),
  )
})

const still: CodeRuns = {
  compressedBytes: [40_000, 40_000],
  compressNs: [2_000_000n, 2_000_000n],
  decompressNs: [1_000_000n, 1_000_000n],
}

test('equal codes have quads of exactly one, and a partner without a score is beaten a thousandfold at most', () => {
  const host = { referenceNanos: 3_000_000n, hereNanos: 3_000_000n }
  const equal = scoreRuns([{ rawBytes: 65_536, candidate: still, partner: still }], host)
  assert.deepEqual(equal.quadsPpm, [1_000_000])
  const expanding = { ...still, compressedBytes: [70_000, 70_000] } as const
  assert.deepEqual(
    scoreRuns([{ rawBytes: 65_536, candidate: still, partner: expanding }], host).quadsPpm,
    [1_000_000_000],
  )
  assert.deepEqual(
    scoreRuns([{ rawBytes: 65_536, candidate: expanding, partner: expanding }], host).quadsPpm,
    [1_000_000],
  )
  assert.deepEqual(scoreRuns([{ rawBytes: 65_536, candidate: expanding, partner: still }], host).quadsPpm, [0])
})

test('a slower host gives the same score: its time is told in the reference host’s', () => {
  const slow = (runs: CodeRuns): CodeRuns => ({
    ...runs,
    compressNs: [runs.compressNs[0] * 3n, runs.compressNs[1] * 3n],
    decompressNs: [runs.decompressNs[0] * 3n, runs.decompressNs[1] * 3n],
  })
  const here = scoreRuns([{ rawBytes: 65_536, candidate: still, partner: still }], {
    referenceNanos: 5_000_000n,
    hereNanos: 5_000_000n,
  })
  const there = scoreRuns([{ rawBytes: 65_536, candidate: slow(still), partner: slow(still) }], {
    referenceNanos: 5_000_000n,
    hereNanos: 15_000_000n,
  })
  assert.equal(there.scorePpb, here.scorePpb)
})

test('a host’s noise is 0 for a clock without noise and grows with it', () => {
  const scoring = { referenceNanos: 3_000_000n, score: scoreRuns }
  const quad = (ns: bigint): MatrixRuns => ({
    rawBytes: 65_536,
    candidate: { ...still, compressNs: [ns, ns] },
    partner: still,
  })
  assert.deepEqual(certifyHost([quad(2_000_000n), quad(2_000_000n)], scoring), {
    noisePpm: 0,
    hereNanos: 3_000_000n,
  })
  const [little, much] = [2_100_000n, 100_000_000n].map(
    (ns) => certifyHost([quad(ns), quad(2_000_000n)], scoring).noisePpm,
  )
  assert.ok(little !== undefined && much !== undefined && 0 < little && little < much)
})

test('the presets keep the published rules', () => {
  const { bundleBytesMax, burnPpm, dailySubmissionsMax, decayBlocks, roundBlocks, thetaPpm, matrixCount } =
    rules.presets.real(FACTS)
  assert.deepEqual(
    { bundleBytesMax, burnPpm, dailySubmissionsMax, decayBlocks, roundBlocks, thetaPpm, matrixCount },
    {
      bundleBytesMax: 20_000,
      burnPpm: 900_000,
      dailySubmissionsMax: 4,
      decayBlocks: 72_000,
      roundBlocks: 14_400,
      thetaPpm: 10_000,
      matrixCount: 30,
    },
  )
  assert.equal(rules.presets.demo(FACTS).thetaPpm, 50_000)
})
