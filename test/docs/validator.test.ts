/** Holds docs/VALIDATOR.md to what a running validator really logs, and to the fields of its configuration. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parseConfig } from '../../node/home/config.ts'

const guide = readFileSync('docs/VALIDATOR.md', 'utf8')

const LEVELS: Readonly<Record<string, string>> = { info: '30', warn: '40', error: '50', fatal: '60' }
const CALL = /\blog\.(info|warn|error|fatal)\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*?'([^']+)',?\s*\)/g

/** What the code of a node logs above `debug`, as "level message". */
const logged = globSync(['node/*.ts', 'node/!(cli|demo)/*.ts', 'node/cli/validator.ts'])
  .flatMap((path) => [...readFileSync(path, 'utf8').matchAll(CALL)])
  .map(([, level = '', message]) => `${LEVELS[level]} ${message}`)

test('a validator finds every line of the log in docs/VALIDATOR.md, with its level', () => {
  assert.ok(logged.length > 20, 'the pattern sees the calls')
  const told = new Set(
    [...guide.matchAll(/^\| (\d0) +\| `(.+?)` +\|/gm)].map(([, level, message]) => `${level} ${message}`),
  )
  const missing = logged.filter((line) => !told.has(line))
  assert.deepEqual(missing, [], 'add a row to "What the log says"')
  assert.deepEqual(
    [...told].filter((line) => !logged.includes(line)),
    [],
  )
})

test('the configuration in docs/VALIDATOR.md is the one that a home without a file has, but for the chain', () => {
  const [, block = ''] = /^## Configuration\n[\s\S]*?```json\n([\s\S]*?)```/m.exec(guide) ?? []
  const written = JSON.parse(block) as { chain: string }
  assert.deepEqual(parseConfig(written, '/home'), parseConfig({ chain: written.chain }, '/home'))
  assert.deepEqual(
    Object.keys(written).toSorted(),
    Object.keys(parseConfig(written, '/home'))
      .filter((field) => field !== 'home')
      .toSorted(),
  )
})
