/** The operating characteristics of PAIR-1, simulated anew by the rule itself and held to the published table. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { simulated } from '../../docs/generated.ts'
import { GAINS, HOSTS, simulateTable, TRIALS } from './operating.ts'

/** Probability of "better" and mean quads in 20,000 trials of each cell: hosts as in `HOSTS`, gains as in `GAINS`. */
// biome-ignore format: a table
const PUBLISHED: readonly (readonly (readonly [better: number, quads: number])[])[] = [
  [[0, 8], [0, 8], [0.71, 18], [1, 8], [1, 8], [1, 8]],
  [[0, 9], [0.005, 18], [0.69, 19], [1, 8], [1, 8], [1, 8]],
  [[0.0005, 18], [0.052, 27], [0.63, 23], [0.99, 13], [1, 9], [1, 8]],
  [[0.011, 28], [0.11, 30], [0.46, 28], [0.85, 24], [0.99, 18], [1, 12]],
  [[0.016, 29], [0.11, 30], [0.41, 29], [0.77, 25], [0.95, 21], [1, 14]],
  [[0.029, 31], [0.09, 31], [0.21, 31], [0.4, 29], [0.6, 28], [0.91, 23]],
]
const PUBLISHED_TRIALS = 20_000
const THETA = 0.01

/** Four deviations of the difference of two shares, and what the published digits round away. */
const tolerance = (share: number): number => {
  const p = Math.min(0.999, Math.max(0.001, share))
  return 4 * Math.sqrt(p * (1 - p) * (1 / TRIALS + 1 / PUBLISHED_TRIALS)) + 0.005
}

/** How much less often at most the lower median says better than a median between two values, above the margin and at it. */
const CAREFUL = { above: 0.03, at: 0.12 }

const table = simulateTable(TRIALS)

for (const [row, host] of HOSTS.entries()) {
  test(`a host whose runs stray by ${100 * host.cv} %, ${100 * host.outliers} % of them delayed, is as often right as published`, () => {
    for (const [column, gain] of GAINS.entries()) {
      const { better = Number.NaN, quads = Number.NaN } = table[row]?.[column] ?? {}
      const [published = Number.NaN, publishedQuads = Number.NaN] = PUBLISHED[row]?.[column] ?? []
      const told = `gain ${gain}: ${better} of trials, published ${published}`
      // Who gains nothing worth a record is never more often called better; who does is, but for the more careful centre.
      if (gain <= THETA) assert.ok(better <= published + tolerance(published), told)
      const careful = gain > THETA ? CAREFUL.above : CAREFUL.at
      if (gain >= THETA) assert.ok(better >= published - tolerance(published) - careful, told)
      assert.ok(
        Math.abs(quads - publishedQuads) <= 0.16 * publishedQuads,
        `gain ${gain}: ${quads} quads, published ${publishedQuads}`,
      )
    }
  })
}

test('the table in docs/COMPETITION.md is what the rule does', () => {
  for (const [path, write] of Object.entries(simulated)) {
    assert.ok(readFileSync(path, 'utf8') === write(), `${path} is out of date: npm run docs`)
  }
})
