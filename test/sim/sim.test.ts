/** Promises of the whole mesh under faults, and of the simulator itself: that it would see a broken one. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { type Coverage, noCoverage } from './coverage.ts'
import { HEALTHY, MUTANTS, type Mutant } from './mutants.ts'
import { roundsScene } from './rounds-scene.ts'
import { type Outcome, runSeed } from './run.ts'
import { toyScene } from './toy-scene.ts'

const TOY_SEEDS = 500
const ROUNDS_SEEDS = 120

const described = ({ seed, plan, violation }: Outcome): string =>
  `seed ${seed}: ${violation?.message} ${JSON.stringify(plan)}`

describe('four validators through loss, cuts, crashes, silence and a liar', () => {
  const coverage: Coverage = noCoverage()

  test('no promise of the agreement is broken, and all that is due is decided after healing', () => {
    const scene = toyScene(4)
    for (let seed = 1; seed <= TOY_SEEDS; seed++) {
      const outcome = runSeed({ scene, seed, coverage })
      assert.ok(outcome.violation === null && outcome.isDone, described(outcome))
    }
  })

  test('no promise of the rounds is broken, and a whole round ends after healing', () => {
    const scene = roundsScene(4)
    for (let seed = 1; seed <= ROUNDS_SEEDS; seed++) {
      const outcome = runSeed({ scene, seed, coverage })
      assert.ok(outcome.violation === null && outcome.isDone, described(outcome))
    }
  })

  test('a committee of seven agrees as four do', () => {
    const scene = toyScene(7)
    for (let seed = 1; seed <= 30; seed++) {
      const outcome = runSeed({ scene, seed, coverage: noCoverage() })
      assert.ok(outcome.violation === null && outcome.isDone, described(outcome))
    }
  })

  test('the runs reach every corner that the rules speak of', () => {
    for (const [corner, count] of Object.entries(coverage)) assert.ok(count > 0, `${corner} was never reached`)
  })

  test('a seed is one schedule: run again it does the same', () => {
    const lines = [0, 1].map(() => {
      const seen: string[] = []
      runSeed({ scene: toyScene(4), seed: 24, coverage: noCoverage(), trace: (line) => seen.push(line) })
      return seen
    })
    assert.deepEqual(lines[0], lines[1])
    assert.ok((lines[0]?.length ?? 0) > 50)
  })
})

/** Runs the simulator with a fault planted and gives its exit code and what it said. */
const runMutant = async (mutant: Mutant, seeds: number): Promise<{ code: number; said: string }> => {
  const flags = ['--import', './test/sim/mutate.ts', 'test/sim/main.ts', '--scene', mutant.scene, '--stop', '--json']
  const child = spawn(process.execPath, [...flags, '--seeds', `${seeds}`], {
    env: { ...process.env, SIM_MUTANT: mutant.name },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.on('data', (part: Buffer) => {
    said += part.toString()
  })
  const [code] = await once(child, 'close')
  return { code: Number(code), said }
}

describe('faults that are planted in the source are seen', () => {
  test('the source as it is passes by the same path', async () => {
    assert.deepEqual(await runMutant(HEALTHY, 50), { code: 0, said: '' })
  })

  for (const mutant of MUTANTS) {
    test(mutant.name, async () => {
      const { code, said } = await runMutant(mutant, 3000)
      assert.equal(code, 1, said)
      assert.match(said, new RegExp(`^seed \\d+: ${mutant.promise}`), said)
    })
  }
})
