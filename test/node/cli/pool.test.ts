/** Promises of `evalmesh pool`: what it prints of a pool, and which exit code a mistake has. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { after, test } from 'node:test'
import { readPool } from '../../../sandbox/index.ts'

const home = mkdtempSync(join(tmpdir(), 'evalmesh-cli-pool-'))
after(() => rmSync(home, { recursive: true, force: true }))

const pool = (...args: string[]) => {
  const entry = join(import.meta.dirname, '../../../node/main.ts')
  const { status, stdout, stderr } = spawnSync(process.execPath, [entry, 'pool', ...args], { encoding: 'utf8' })
  return { status, stdout, stderr }
}

test('a raw file becomes a pool, whose root and manifest are what a genesis document needs', async () => {
  const [dir, file] = [join(home, 'pool'), join(home, 'step-12-grad.bin')]
  writeFileSync(file, Buffer.alloc(16, 7))
  const added = pool('add', dir, file, '--shape', '2x4', '--layer', '3', '--json')
  assert.equal(added.status, 0, added.stderr)
  const answer = JSON.parse(added.stdout)
  const { root, manifestDigest } = await readPool(dir)
  assert.deepEqual([answer.matrices, answer.root, answer.manifestDigest], [1, root, manifestDigest])
  const { row } = answer.added[0]
  assert.deepEqual([row.rows, row.columns, row.layer, row.step, row.direction], [2, 4, 3, 12, 'backward'])
  assert.match(pool('show', dir).stdout, new RegExp(`poolRoot +${root}`))
  const again = pool('add', dir, file)
  assert.match(again.stdout, /was there/)
})

test('mistakes have their exit codes, and a sentence', () => {
  const [dir, text] = [join(home, 'none'), join(home, 'notes.txt')]
  writeFileSync(text, 'hello')
  const cases: readonly (readonly [number, readonly string[], RegExp])[] = [
    [3, ['add', dir, join(home, 'absent.npy')], /absent\.npy: ENOENT/],
    [5, ['add', dir, text], /neither \.npy nor/],
    [2, ['add', dir, text, '--shape', '2by4'], /--shape 2by4/],
    [2, ['add', dir, text, '--layer', '-1'], /--layer is a whole number/],
    [2, ['add', dir, text, '--direction', 'up'], /--direction is one of/],
    [2, ['build', '--out', dir, '--preset', 'tiny'], /--preset is one of/],
    [3, ['show', dir], /POOL_MISSING/],
  ]
  for (const [status, args, says] of cases) {
    const answer = pool(...args)
    assert.equal(answer.status, status, `${args.join(' ')}: ${answer.stderr}`)
    assert.match(answer.stderr, says)
  }
})
