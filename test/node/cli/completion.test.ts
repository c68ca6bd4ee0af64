/** Promises of `evalmesh completion`: every command and option is offered where it may stand, by bash itself. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import process from 'node:process'
import { test } from 'node:test'
import type { Command } from 'commander'
import { createProgram } from '../../../node/cli/program.ts'

const entry = join(import.meta.dirname, '../../../node/main.ts')
const script = spawnSync(process.execPath, [entry, 'completion', 'bash'], { encoding: 'utf8' }).stdout

/** What bash offers after each of these lines. */
const offered = (lines: readonly (readonly string[])[]): readonly (readonly string[])[] => {
  const ask = lines.map((words) => {
    const quoted = ['evalmesh', ...words].map((word) => `'${word}'`).join(' ')
    return `COMP_WORDS=(${quoted}); COMP_CWORD=${words.length}; COMPREPLY=(); _evalmesh; echo "\${COMPREPLY[*]}"`
  })
  const { stdout, stderr } = spawnSync('bash', ['-c', [script, ...ask].join('\n')], { encoding: 'utf8' })
  assert.equal(stderr, '')
  return stdout.split('\n').map((line) => line.split(' '))
}

const pathsOf = (command: Command, path: readonly string[]): readonly { path: readonly string[]; command: Command }[] =>
  command.commands.flatMap((child) => {
    const words = [...path, child.name()]
    return [{ path: words, command: child }, ...pathsOf(child, words)]
  })

test('bash offers every command, and each of its options', () => {
  const program = createProgram()
  const all = pathsOf(program, [])
  const [top = [], ...below] = offered([[''], ...all.map(({ path }) => [...path, ''])])
  for (const child of program.commands) assert.ok(top.includes(child.name()), child.name())
  for (const [index, { path, command }] of all.entries()) {
    const wanted = [...command.commands.map((child) => child.name()), ...command.options.map(({ long }) => long ?? '')]
    for (const word of wanted) assert.ok(below[index]?.includes(word), `${path.join(' ')} ${word}`)
  }
})

test('options are offered also after a file, and after an option with its value', () => {
  const lines = [
    ['submit', './solution.py', '--ho'],
    ['submit', '--home', './miner', '--gen'],
    ['audit', 'verify', '--genesis', 'genesis.json', '--ch'],
  ]
  assert.deepEqual(offered(lines).slice(0, 3), [['--home'], ['--genesis'], ['--chain']])
})
