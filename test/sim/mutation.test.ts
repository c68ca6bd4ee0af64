/** Promises of the checkers: that they see the faults that are planted in the protocol. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { HEALTHY, MUTANTS, RARE } from './mutants.ts'
import { tryMutant } from './mutation.ts'

/** Several times what each of these took. */
const SEEDS = 1_500

test('the source as it is passes by the path that mutants fail on', async () => {
  assert.deepEqual(await tryMutant(HEALTHY, { n: 4, seeds: 200 }), {
    name: 'none',
    killed: false,
    by: null,
    seeds: 200,
  })
})

test('every mutant that is called rare is one', () => {
  const names = new Set(MUTANTS.map(({ name }) => name))
  for (const name of RARE) assert.ok(names.has(name), `${name} is no mutant`)
  assert.ok(MUTANTS.length >= 40)
})

describe('a fault that is planted in the protocol is seen', () => {
  for (const mutant of MUTANTS.filter(({ name }) => !RARE.has(name))) {
    test(mutant.name, async () => {
      const { killed, by } = await tryMutant(mutant, { n: 4, seeds: SEEDS })
      assert.ok(killed, by ?? `${SEEDS} schedules showed nothing`)
    })
  }
})
