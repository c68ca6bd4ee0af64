/** What a stranger reports of itself is read field by field and can only ever harm itself. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { faults, RunFault, reportableCodes } from '../../../sandbox/faults.ts'
import { SOLUTION_BYTES_MAX } from '../../../sandbox/limits.ts'
import { checkBundle, faulted } from '../../../sandbox/referee/job.ts'
import { parseError, toPlainLog, toPlainText } from '../../../sandbox/referee/output.ts'

const parse = (value: unknown) => parseError(Buffer.from(JSON.stringify(value)))

test('output: an error of the harness keeps its code, line and text', () => {
  const fault = parse({ code: 'EXCEPTION', text: 'ValueError: odd', line: 12 })
  assert.equal(fault.code, 'EXCEPTION')
  const { line } = faulted(fault, { stderr: '', engine: null, elapsedMs: 0 })
  assert.match(line, /ValueError: odd, line 12/)
})

test('output: nothing from inside a sandbox can blame the machine', () => {
  for (const code of reportableCodes) assert.equal(faults[code].verdict, 'miner')
  for (const code of ['SANDBOX_START', 'PARTNER_FAILED', 'ENGINE_FAILED', 'PASS', 'toString', '__proto__']) {
    assert.equal(parse({ code, text: '', line: null }).code, 'BAD_FRAME')
  }
})

test('output: any bytes and any JSON are read as a fault of the miner', () => {
  const isMiner = (fault: RunFault) => assert.equal(faults[fault.code].verdict, 'miner')
  fc.assert(fc.property(fc.uint8Array(), (bytes) => isMiner(parseError(Buffer.from(bytes)))))
  fc.assert(fc.property(fc.jsonValue(), (value) => isMiner(parse(value))))
})

test('output: no control character reaches a terminal', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.doesNotMatch(toPlainText(text, 50), /\p{Cc}|\p{Cf}/u)
      assert.doesNotMatch(toPlainLog(text, 50).replaceAll('\n', ''), /\p{Cc}|\p{Cf}/u)
    }),
  )
  assert.equal(toPlainText('a\u001b[2Jb', 50), 'a [2Jb')
})

test('output: a bundle is solution.py alone, 20,000 bytes at most, inclusive', () => {
  const file = (sizeBytes: number, path = 'solution.py') => ({ path, content: new Uint8Array(sizeBytes).fill(35) })
  const isFault = (code: string) => (thrown: unknown) => thrown instanceof RunFault && thrown.code === code
  assert.equal(checkBundle([file(SOLUTION_BYTES_MAX)]).length, 20_000)
  assert.throws(() => checkBundle([file(SOLUTION_BYTES_MAX + 1)]), isFault('OVERSIZE'))
  assert.throws(() => checkBundle([]), isFault('BAD_BUNDLE'))
  assert.throws(() => checkBundle([file(1, 'other.py')]), isFault('BAD_BUNDLE'))
  assert.throws(() => checkBundle([file(1), file(1, 'weights.bin')]), isFault('BAD_BUNDLE'))
})
