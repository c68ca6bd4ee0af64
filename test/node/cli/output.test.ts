/** Promises of what the command line prints. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { CliError, EXIT, EXIT_HELP, printJson, table } from '../../../node/cli/output.ts'

test('a table’s columns are as wide as their widest cell, and no line ends in blanks', () => {
  const rows = [
    ['MINER', 'METRIC', 'WHY'],
    ['5Gw3', '1.25', ''],
    ['5DAAnr', '0.9', 'STASHED'],
  ]
  assert.equal(table(rows), ['MINER   METRIC  WHY', '5Gw3    1.25', '5DAAnr  0.9     STASHED'].join('\n'))
})

test('a table of nothing is nothing, and a short row does not break it', () => {
  assert.equal(table([]), '')
  assert.equal(table([['A', 'B'], ['longer']]), ['A       B', 'longer'].join('\n'))
})

test('every exit code is told in the help, each once', () => {
  const told = [...EXIT_HELP.matchAll(/^\s*(\d+)\s/gm)].map(([, code]) => Number(code))
  assert.deepEqual(
    told,
    Object.values(EXIT).sort((a, b) => a - b),
  )
})

test('an error for the user carries its exit code, and a hint or none', () => {
  const error = new CliError({ exitCode: EXIT.notFound, message: 'no such file', hint: 'give another' })
  assert.deepEqual([error.exitCode, error.message, error.hint], [3, 'no such file', 'give another'])
  assert.equal(new CliError({ exitCode: EXIT.bug, message: 'm' }).hint, '')
})

test('JSON is one line, with amounts in rao as decimal strings', (t) => {
  const written: unknown[] = []
  t.mock.method(process.stdout, 'write', (chunk: unknown) => written.push(chunk))
  printJson({ stake: 2n ** 60n, lines: ['a\nb'] })
  t.mock.restoreAll()
  assert.deepEqual(written, ['{"stake":"1152921504606846976","lines":["a\\nb"]}\n'])
})

test('who asks for JSON gets an error as JSON, and people a sentence and what to do', () => {
  const run = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['node/main.ts', ...args], { encoding: 'utf8' })
    return { status, stdout, stderr }
  }
  const ask = ['status', '--api', 'http://127.0.0.1:1']
  const people = run(...ask)
  assert.deepEqual([people.status, people.stdout], [EXIT.unavailable, ''])
  assert.match(people.stderr, /^error: no validator answers at .*\nstart one with/)
  const { status, stdout, stderr } = run(...ask, '--json')
  const { error } = JSON.parse(stdout) as { error: { exitCode: number; message: string; hint: string } }
  assert.deepEqual([status, error.exitCode, stderr], [EXIT.unavailable, EXIT.unavailable, people.stderr])
  assert.match(error.message, /^no validator answers/)
  assert.match(error.hint, /^start one with/)
  const wrong = run('status', '--jsno', '--json')
  assert.equal(wrong.status, EXIT.usage)
  assert.deepEqual(JSON.parse(wrong.stdout), {
    error: { exitCode: EXIT.usage, message: "unknown option '--jsno'\n(Did you mean --json?)" },
  })
})
