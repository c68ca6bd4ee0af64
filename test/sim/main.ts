/** Simulates many seeds, or shows one: `npm run sim -- --seeds 10000 [--from 1] [--n 4] [--json]`, `npm run sim -- --seed 7 --trace`. */
import { parseArgs } from 'node:util'
import { noCoverage } from './coverage.ts'
import { roundsScene } from './rounds-scene.ts'
import { type Outcome, runSeed } from './run.ts'
import { toyScene } from './toy-scene.ts'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    n: { type: 'string', default: '4' },
    seed: { type: 'string' },
    /** `toy`: the agreement over the smallest rounds; `rounds`: the real ones; `both`: even and odd seeds. */
    scene: { type: 'string', default: 'both' },
    trace: { type: 'boolean', default: false },
    /** Ends at the first violation. */
    stop: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
})

const n = Number(values.n)
const from = Number(values.seed ?? values.from)
const seeds = values.seed === undefined ? Number(values.seeds) : 1
const isScene = ['toy', 'rounds', 'both'].includes(values.scene)
if (![n, from, seeds].every(Number.isSafeInteger) || n < 4 || seeds < 1 || !isScene) {
  console.error('wanted: --seeds ≥ 1, --from, --seed, --n ≥ 4 as whole numbers; --scene toy, rounds or both')
  process.exit(2)
}

const toy = toyScene(n)
const rounds = roundsScene(n)
const coverage = noCoverage()
const trace = values.trace ? { trace: (line: string) => console.log(line) } : {}

const run = (seed: number): Outcome => {
  const isToy = values.scene === 'toy' || (values.scene === 'both' && seed % 2 === 0)
  return isToy
    ? runSeed({ scene: toy, seed, coverage, ...trace })
    : runSeed({ scene: rounds, seed, coverage, ...trace })
}

const started = performance.now()
const total = { ran: 0, violations: 0, done: 0, heights: 0, events: 0 }
for (let seed = from; seed < from + seeds && !(values.stop && total.violations > 0); seed++) {
  const outcome = run(seed)
  total.ran++
  total.done += outcome.isDone ? 1 : 0
  total.heights += outcome.heights
  total.events += outcome.events
  if (outcome.violation !== null) {
    total.violations++
    console.error(`seed ${seed}: ${outcome.violation.message}\n  ${JSON.stringify(outcome.plan)}`)
  }
  if (!values.json && total.ran % 1000 === 0) console.error(`${total.ran} seeds, ${total.violations} violations`)
}
const seconds = (performance.now() - started) / 1000
console.log(
  JSON.stringify({
    n,
    scene: values.scene,
    from,
    seeds: total.ran,
    violations: total.violations,
    decidedShare: total.done / total.ran,
    heights: total.heights,
    events: total.events,
    coverage,
    seconds: Math.round(seconds * 10) / 10,
    schedulesPerHour: Math.round((total.ran / seconds) * 3600),
  }),
)
process.exitCode = total.violations === 0 ? 0 : 1
