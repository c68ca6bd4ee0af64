/** What `npm test` runs when it is given files. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'

const runTests = join(import.meta.dirname, '..', '..', 'node', 'setup', 'run-tests.ts')

/** A folder with one passing and one failing test. */
function createTests(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'evalmesh-run-tests-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'good.test.ts'), "import { test } from 'node:test'\ntest('good', () => {})\n")
  writeFileSync(
    join(folder, 'bad.test.ts'),
    "import { test } from 'node:test'\ntest('bad', () => {\n  throw new Error('bad')\n})\n",
  )
  return folder
}

function run(...args: string[]): { status: number | null; output: string } {
  // An inner `node --test` would otherwise report to the outer runner instead of to us.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const { status, stdout, stderr } = spawnSync(process.execPath, [runTests, ...args], { encoding: 'utf8', env })
  return { status, output: `${stdout}${stderr}` }
}

test('a passing file passes, and the closing lines count it', (t) => {
  const { status, output } = run(join(createTests(t), 'good.test.ts'))
  assert.equal(status, 0, output)
  assert.match(output, /pass 1\n/)
})

test('a folder stands for the tests in it, and one failure fails the run', (t) => {
  const { status, output } = run(createTests(t))
  assert.equal(status, 1, output)
  assert.match(output, /tests 2\n/)
  assert.match(output, /fail 1\n/)
})

test('a pattern that matches nothing is no success', (t) => {
  const { status, output } = run(join(createTests(t), '*.none.ts'))
  assert.equal(status, 2)
  assert.match(output, /no test file matches/)
})
