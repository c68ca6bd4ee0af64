/** Holds the documents that come from tables of the code to those tables. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { faults } from '../../sandbox/faults.ts'
import { generated } from './generated.ts'

for (const [path, write] of Object.entries(generated)) {
  test(`${path} says what the code does`, () => {
    assert.ok(readFileSync(path, 'utf8') === write(), `${path} is out of date: npm run docs`)
  })
}

test('a miner finds every code with its line, and a submission for each that is the miner’s fault', () => {
  const text = readFileSync('docs/VERDICTS.md', 'utf8')
  for (const [code, { verdict, help }] of Object.entries(faults)) {
    const [, cases] = new RegExp(`^\\| \`${code}\` +\\| ${verdict} +\\| .* \\| (\\d+) +\\|$`, 'm').exec(text) ?? []
    assert.ok(text.includes(help), code)
    if (verdict === 'miner') assert.ok(Number(cases) > 0, `no case in test/submissions gets ${code}`)
  }
})
