/** Tests of the chain's scaling of weights to u16. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { maxUpscale } from '../../../node/chain/local/upscale.ts'

const rows = fc.array(fc.integer({ min: 0, max: 65_535 }), { minLength: 1, maxLength: 64 })

test('upscale: rows worked out by hand from the fixed-point rule', () => {
  assert.deepEqual(maxUpscale([]), [])
  assert.deepEqual(maxUpscale([0, 0]), [0, 0])
  assert.deepEqual(maxUpscale([1, 2]), [32_768, 65_535]) // 32767.5 rounds up
  assert.deepEqual(maxUpscale([7]), [65_535])
  assert.deepEqual(maxUpscale([32_768, 16_384]), [65_535, 32_768]) // multiplies first: exact, 32767.5 rounds up
  assert.deepEqual(maxUpscale([39_322, 19_661]), [65_535, 32_767]) // ratio cut to 2^-32: 32767.499… rounds down
  assert.deepEqual(maxUpscale([65_535, 1, 0, 65_534]), [65_535, 1, 0, 65_534])
})

test('upscale: the greatest becomes 65535, zeros stay, and the order is kept', () => {
  fc.assert(
    fc.property(rows, (row) => {
      const scaled = maxUpscale(row)
      assert.equal(Math.max(...scaled), Math.max(...row) === 0 ? 0 : 65_535)
      for (const [i, a] of row.entries()) {
        if (a === 0) assert.equal(scaled[i], 0)
        for (const [j, b] of row.entries()) if (a <= b) assert.ok((scaled[i] ?? 0) <= (scaled[j] ?? 0))
      }
    }),
  )
})

test('upscale: a row that a client already scaled to 65535 is stored as it was sent', () => {
  fc.assert(fc.property(rows, (row) => assert.deepEqual(maxUpscale([...row, 65_535]), [...row, 65_535])))
})

test('upscale: every value is the exact quotient, rounded half up, or one cut of 2^-32 below it', () => {
  fc.assert(
    fc.property(rows, (row) => {
      const greatest = BigInt(Math.max(...row))
      if (greatest === 0n) return
      for (const [index, value] of maxUpscale(row).entries()) {
        const twice = 2n * BigInt(row[index] ?? 0) * 65_535n
        const exact = (twice + greatest) / (2n * greatest)
        const isTie = (twice + greatest) % (2n * greatest) === 0n
        if (BigInt(value) !== exact) assert.ok(isTie && greatest > 32_768n && BigInt(value) === exact - 1n)
      }
    }),
  )
})
