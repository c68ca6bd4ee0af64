/** The benchmarks run and print what they promise; how fast anything is, no test says. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { mustRun } from '../sandbox/engine/setup.ts'

const skip = mustRun ? false : 'needs root on Debian to be sure that the engines run'

/** A /tmp of its own: the lock of the host's timed runs lies there, and whether it runs needs no turn. */
const temporary = mkdtempSync(join(tmpdir(), 'evalmesh-bench-'))
after(() => rmSync(temporary, { recursive: true, force: true }))

const bench = (...args: readonly string[]) =>
  spawnSync(process.execPath, ['test/bench/main.ts', ...args], {
    encoding: 'utf8',
    env: { ...process.env, TMPDIR: temporary },
  })

const FIELDS = ['name', 'value', 'unit', 'beside', 'besideName', 'ratio', 'target', 'met']

test('a suite ends with one line of JSON whose rows have a figure, what stands beside it and a verdict', () => {
  const { stdout, stderr, status } = bench(
    'consensus',
    '--tiny',
    '--json',
    '--only',
    'votes,statements,certificate,replay,joiner',
  )
  assert.equal(status, 0, stderr)
  const { suite, machine, rows } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '')
  assert.equal(suite, 'consensus')
  assert.equal(typeof machine.cores, 'number')
  assert.equal(rows.length, 7)
  for (const row of rows) {
    for (const field of FIELDS) assert.ok(field in row, `${row.name} has ${field}`)
    assert.equal(typeof row.value, 'number')
    assert.equal(typeof row.met, 'boolean')
  }
})

test('the suite of the sandbox measures on real engines, and says of each row what was reached or why not', {
  skip,
}, () => {
  const only = 'throughput,overhead,scoring,spread,takeover,verdicts'
  const { stdout, stderr, status } = bench('sandbox', '--tiny', '--json', '--only', only)
  assert.equal(status, 0, stderr)
  const { suite, rows } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '')
  assert.equal(suite, 'sandbox')
  assert.ok(rows.length >= 11)
  for (const row of rows) {
    for (const field of FIELDS) assert.ok(field in row, `${row.name} has ${field}`)
    assert.ok(typeof row.value === 'number' || typeof row.why === 'string', row.name)
  }
  const verdicts = rows.filter(({ name }: { readonly name: string }) =>
    /submissions on|look-alikes|left over/.test(name),
  )
  assert.ok(
    verdicts.every(({ met }: { readonly met: boolean }) => met),
    stderr,
  )
})

test('whoever asks for help gets examples, and whoever asks for what there is not is told what there is', () => {
  assert.match(bench('--help').stdout, /Examples\n {2}npm run/)
  const wrong = bench('consensus', '--only', 'nothing')
  assert.equal(wrong.status, 2)
  assert.match(wrong.stderr, /no such row: nothing[\s\S]*certificate/)
})
