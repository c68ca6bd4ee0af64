/** Tests of docs/model: Spin finds no broken promise in the voting rule, and one in every variant that breaks a rule. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'

const folder = join(import.meta.dirname, '..', '..', 'docs', 'model')
const source = readFileSync(join(folder, 'voting.pml'), 'utf8')

const isThere = (program: string): boolean => spawnSync(program, ['--version']).error === undefined
const tools = isThere('spin') && isThere('cc')
const withSpin = { skip: tools ? false : 'spin or cc is not installed: the model of the voting rule is not checked' }

type Report = { readonly errors: number; readonly states: number; readonly text: string }

const run = (folder: string, program: string, args: readonly string[]): string => {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd: folder, encoding: 'utf8' })
  assert.equal(status, 0, `${program} ${args.join(' ')}: ${error ?? ''}${stdout}${stderr}`)
  return stdout
}

/** Searches every state of the model with these lines before it; the search is exact (no hashing of states away) or fails. */
const search = (t: TestContext, ...defines: readonly string[]): Report => {
  const work = mkdtempSync(join(tmpdir(), 'evalmesh-model-'))
  t.after(() => rmSync(work, { recursive: true, force: true }))
  writeFileSync(join(work, 'voting.pml'), `${defines.map((define) => `#define ${define}\n`).join('')}${source}`)
  run(work, 'spin', ['-a', 'voting.pml'])
  run(work, 'cc', ['-O1', '-w', '-DSAFETY', '-DNOREDUCE', '-o', 'pan', 'pan.c'])
  const text = run(work, './pan', ['-w18'])
  const errors = Number(/errors: (\d+)/.exec(text)?.[1])
  assert.ok(errors > 0 || !/Search not completed|max search depth too small/.test(text), text)
  return { errors, states: Number(/(\d+) states, stored/.exec(text)?.[1]), text }
}

test(
  'no schedule, no crash and no lie of less than a third of the weight breaks a promise of the voting rule',
  withSpin,
  (t) => {
    const { errors, states, text } = search(t)
    assert.equal(errors, 0, text)
    assert.ok(states > 500, `only ${states} states were reached: the model forbids what a mesh does`)
  },
)

const mutants = [...source.matchAll(/^#ifdef (\w+)$/gm)]
  .map(([, name]) => name ?? '')
  .filter((name) => name !== 'WITNESS')

for (const mutant of mutants) {
  test(`the model fails when a rule is broken: ${mutant}`, withSpin, (t) => {
    const { errors, text } = search(t, mutant)
    assert.equal(errors, 1, text)
    assert.match(text, /assertion violated/)
  })
}

const witnesses = {
  'a value becomes final': 'final == 2',
  'a view is both notarized and nullified': 'NOTARIZED && NULLIFIED',
  'a value that had to be proposed again becomes final': 'allowed == 1 && FINALIZED',
  'a value is notarized again once it is final': 'final == 1 && NOTARIZED && !FINALIZED',
}

for (const [what, witness] of Object.entries(witnesses)) {
  test(`the model reaches what a mesh does: ${what}`, withSpin, (t) => {
    assert.equal(search(t, `WITNESS (${witness})`).errors, 1)
  })
}

test('the model tells of every switch, and cites rules that the protocol has', () => {
  const readme = readFileSync(join(folder, 'README.md'), 'utf8')
  const named = [...readme.matchAll(/^\| `(\w+)` +\|/gm)].map(([, name]) => name ?? '')
  const byName = (a: string, b: string): number => (a < b ? -1 : 1)
  assert.deepEqual([...named].sort(byName), [...mutants].sort(byName))
  assert.ok(mutants.length >= 10)
  const rules = new Set(readFileSync(join(folder, '..', 'PROTOCOL.md'), 'utf8').match(/(?<=^- \*\*)R-\d+/gm))
  for (const rule of `${source}${readme}`.match(/\bR-\d+/g) ?? []) assert.ok(rules.has(rule), `${rule} is no rule`)
})
