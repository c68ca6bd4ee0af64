/** Who owns what an engine holds: told apart also where process numbers do not tell it. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import process from 'node:process'
import { test } from 'node:test'
import { hostTag } from '../../../sandbox/engine/process-owner.ts'
import { mustRun } from './setup.ts'

const MODULE = join(import.meta.dirname, '../../../sandbox/engine/process-owner.ts')
const CODE = `import { hostTag } from ${JSON.stringify(MODULE)}
console.log(hostTag())`

/** The tag as a process of its own sees it, started by these words. */
const tagBy = (...words: readonly string[]): string => {
  const [file = '', ...args] = [...words, process.execPath, '--input-type=module', '-e', CODE]
  return execFileSync(file, args, { encoding: 'utf8' }).trim()
}

test('processes of one host have one tag', () => {
  assert.equal(tagBy(), hostTag())
})

const skip = mustRun ? false : 'needs root on Linux to make a namespace'
test('processes that do not see each other, as in two containers of one host, take each other for dead: they have two tags', {
  skip,
}, () => {
  assert.notEqual(tagBy('unshare', '--pid', '--fork', '--mount-proc'), hostTag())
})
