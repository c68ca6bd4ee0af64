/** Hardware classes: one name for one kind of host, however its maker spells it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { HARDWARE_CLASS_BYTES_MAX, hardwareClassOf } from '../../../protocol/competition/hardware.ts'

const CLASSES: readonly (readonly [string, number, string])[] = [
  ['Intel(R) Xeon(R) Gold 6226R CPU @ 2.90GHz', 6, 'intel-xeon-gold-6226r-x4'],
  ['Intel(R) Xeon(R) Processor @ 2.90GHz', 2, 'intel-xeon-x2'],
  ['AMD EPYC 7763 64-Core Processor', 64, 'amd-epyc-7763-x64'],
  ['12th Gen Intel(R) Core(TM) i7-12700K', 20, '12th-gen-intel-core-i7-12700k-x16'],
  ['Apple M1', 8, 'apple-m1-x8'],
  ['', 1, 'unknown-x1'],
  ['…', 0, 'unknown-x1'],
]
for (const [model, cores, name] of CLASSES) {
  test(`"${model}" with ${cores} cores is ${name}`, () => {
    assert.equal(hardwareClassOf({ model, cores }), name)
  })
}

test('whatever a host calls its processor, its class is a short word of plain letters', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 96 }), fc.integer({ min: 0, max: 65_535 }), (model, cores) => {
      const name = hardwareClassOf({ model, cores })
      assert.match(name, /^[a-z0-9-]+-x[1-9]\d*$/)
      assert.ok(name.length <= HARDWARE_CLASS_BYTES_MAX)
    }),
  )
})
