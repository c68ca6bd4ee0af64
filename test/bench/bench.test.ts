/** The benchmarks run and print what they promise; how fast anything is, no test says. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'

const bench = (...args: readonly string[]) =>
  spawnSync(process.execPath, ['test/bench/main.ts', ...args], { encoding: 'utf8' })

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

test('whoever asks for help gets examples, and whoever asks for what there is not is told what there is', () => {
  assert.match(bench('--help').stdout, /Examples\n {2}npm run/)
  const wrong = bench('consensus', '--only', 'nothing')
  assert.equal(wrong.status, 2)
  assert.match(wrong.stderr, /no such row: nothing[\s\S]*certificate/)
})
