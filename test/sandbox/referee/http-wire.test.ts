/** The bridge's reader of HTTP against a peer that says anything: it takes what is right and names what is not. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'

const harness = join(import.meta.dirname, '../../../sandbox/harness')
const program = join(import.meta.dirname, '../programs/http-fuzz.py')

test('whatever a server answers, its reader ends with a body or a named fault, and keeps within its bounds', async (t) => {
  const seed = Math.floor(Math.random() * 1e9)
  t.diagnostic(`seed ${seed}`)
  const { stdout } = await promisify(execFile)('python3', ['-B', program, harness, String(seed), '1500'])
  const { outcomes, first, bounded } = JSON.parse(stdout) as {
    readonly outcomes: Readonly<Record<string, number>>
    readonly first: readonly (readonly [string, string | null])[]
    readonly bounded: boolean
  }
  assert.deepEqual(first, [
    ...Array.from({ length: 3 }, () => ['body', 'some body']),
    ...Array.from({ length: 2 }, () => ['HTTP_STATUS', null]),
    ['OUTPUT_TOO_LARGE', null],
  ])
  assert.ok(bounded)
  // Every way out was seen, and there is no other.
  const known = ['HTTP_ANSWER', 'HTTP_STATUS', 'OUTPUT_TOO_LARGE', 'body', 'malformed']
  assert.deepEqual(Object.keys(outcomes).sort(), known)
})
