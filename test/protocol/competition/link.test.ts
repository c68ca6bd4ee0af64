/** The link value: the published table, the formula in floats, and its ends. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { linkPpm } from '../../../protocol/competition/matrix/link.ts'

const of = (o: { ratioPpm: number; micros: number; rawBytes: number }): number =>
  Number(
    linkPpm({
      ratio: { num: BigInt(o.ratioPpm), den: 1_000_000n },
      nanos: { num: BigInt(o.micros) * 1_000n, den: 1n },
      rawBytes: { num: BigInt(o.rawBytes), den: 1n },
    }),
  )

const naive = (o: { ratioPpm: number; micros: number; rawBytes: number }): number => {
  const gains = [1, 2, 5, 10, 20, 50, 100].map((megabytes) => {
    const link = megabytes * 1e6
    return o.rawBytes / link / (o.micros / 1e6 + (o.rawBytes * o.ratioPpm) / 1e6 / link)
  })
  return gains.reduce((product, gain) => product * gain, 1) ** (1 / gains.length) * 1e6
}

test('codecs of 1.5 MiB have the published link values', () => {
  const rawBytes = 1.5 * 2 ** 20
  const codecs = [
    [796_000, 5_000, 1.142],
    [695_000, 13_000, 1.134],
    [683_000, 72_000, 0.681],
    [280_000, 100_000, 0.866],
    [280_000, 20_000, 1.945],
  ] as const
  // C and t are printed to three digits: one unit of the third digit of the value is theirs.
  for (const [ratioPpm, micros, want] of codecs) {
    assert.ok(Math.abs(of({ ratioPpm, micros, rawBytes }) / 1e6 - want) < 0.006, `${ratioPpm} ${micros}: ${want}`)
  }
})

test('the exact value is the formula’s, rounded down', () => {
  const codec = fc.record({
    ratioPpm: fc.integer({ min: 1_000, max: 1_500_000 }),
    micros: fc.integer({ min: 0, max: 20_000_000 }),
    rawBytes: fc.integer({ min: 2, max: 8 << 20 }),
  })
  fc.assert(
    fc.property(codec, (o) => {
      const [exact, want] = [of(o), naive(o)]
      assert.ok(exact <= want * (1 + 1e-12) + 1e-6 && exact > want * (1 - 1e-12) - 1.000_001, `${exact} ${want}`)
    }),
  )
})

test('no time is worth 1 / C on every link, and no compression in no time is worth nothing', () => {
  assert.equal(of({ ratioPpm: 500_000, micros: 0, rawBytes: 65_536 }), 2_000_000)
  assert.equal(of({ ratioPpm: 1_000_000, micros: 0, rawBytes: 65_536 }), 1_000_000)
})
