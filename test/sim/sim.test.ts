/** Promises of the whole mesh under every fault of the menu, and of the simulator itself: that a seed is one schedule. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { FAULT_NAMES } from './faults.ts'
import { addTally, drawFor, noTally, runOne, runRange, type Tally } from './range.ts'

const describeBroken = ({ broken }: Tally): string =>
  broken.map(({ seed, message, plan }) => `seed ${seed}: ${message} ${JSON.stringify(plan)}`).join('\n')

describe('validators through everything that the menu of faults holds', () => {
  const sum = noTally()

  const holds = (o: { n: number; scene: 'rounds' | 'toy'; seeds: number }): void => {
    const tally = runRange({ ...o, from: 1, stop: true })
    assert.equal(describeBroken(tally), '')
    assert.equal(tally.done, o.seeds, 'everything due is decided after healing')
    addTally(sum, tally)
  }

  test('four validators keep every promise of the protocol over whole rounds', () => {
    holds({ n: 4, scene: 'rounds', seeds: 600 })
  })

  test('four validators agree on the smallest rounds there are, through deeper views', () => {
    holds({ n: 4, scene: 'toy', seeds: 400 })
  })

  test('seven and ten validators, of whom several may lie, agree as four do', () => {
    holds({ n: 7, scene: 'rounds', seeds: 60 })
    holds({ n: 10, scene: 'rounds', seeds: 20 })
  })

  test('the runs reach every corner that the rules speak of, draw every fault and use every checker', () => {
    for (const [corner, count] of Object.entries(sum.coverage)) assert.ok(count > 0, `${corner} was never reached`)
    for (const name of FAULT_NAMES) assert.ok(sum.faults[name] > 0, `${name} was never drawn`)
    for (const [name, count] of Object.entries(sum.checkers)) assert.ok(count > 0, `${name} was never checked`)
  })

  test('a seed is one schedule: run again it does the same', () => {
    const lines = [0, 1].map(() => {
      const seen: string[] = []
      const plan = drawFor(4, 'rounds', 24)
      runOne({ n: 4, scene: 'rounds', plan, trace: (line) => seen.push(line) }, noTally())
      return seen
    })
    assert.deepEqual(lines[0], lines[1])
    assert.ok((lines[0]?.length ?? 0) > 50)
  })
})
