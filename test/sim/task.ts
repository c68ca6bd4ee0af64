/** What a thread does with a range: seeds of a swarm, or the enumerated scenarios of twins. */
import { type Range, runRange, type Tally } from './range.ts'
import { runTwins } from './twins.ts'

export const runTask = (range: Range): Tally =>
  range.kind === 'twins' ? runTwins({ from: range.from, count: range.seeds }) : runRange(range)
