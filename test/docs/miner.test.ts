/** Holds docs/MINER.md to the table of faults that the referee really uses. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { faults } from '../../sandbox/faults.ts'

const rows = new Map(
  [...readFileSync('docs/MINER.md', 'utf8').matchAll(/^\| `([A-Z_]+)` +\| (\w+) +\| (.+?) +\|$/gm)].map(
    ([, code, verdict, help]) => [code, { verdict, help }],
  ),
)

test('a miner finds every code of a verdict in docs/MINER.md, with the fault and the line that the referee says', () => {
  for (const [code, fault] of Object.entries(faults)) assert.deepEqual(rows.get(code), fault, code)
})

test('docs/MINER.md names no code but those of the referee and the two that a round itself gives', () => {
  const known = [...Object.keys(faults), 'NO_QUORUM', 'NOISY_HOSTS']
  assert.deepEqual([...rows.keys()].toSorted(), known.toSorted())
})
