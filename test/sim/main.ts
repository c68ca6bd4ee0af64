/** Simulates many seeds, or shows one: `npm run sim -- --seeds 10000 [--from 1] [--n 4] [--json]`, `npm run sim -- --seed 7 --trace`. */
import { parseArgs } from 'node:util'
import { noCoverage } from './coverage.ts'
import { runSeed } from './run.ts'
import { toyScene } from './toy-scene.ts'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    n: { type: 'string', default: '4' },
    seed: { type: 'string' },
    trace: { type: 'boolean', default: false },
    /** Ends at the first violation. */
    stop: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
})

const n = Number(values.n)
const from = Number(values.seed ?? values.from)
const seeds = values.seed === undefined ? Number(values.seeds) : 1
if (![n, from, seeds].every(Number.isSafeInteger) || n < 4 || seeds < 1) {
  console.error('numbers, please: --seeds ≥ 1, --from, --seed, --n ≥ 4')
  process.exit(2)
}

const scene = toyScene(n)
const coverage = noCoverage()
const started = performance.now()
let violations = 0
let decided = 0
let due = 0
for (let seed = from; seed < from + seeds && !(values.stop && violations > 0); seed++) {
  const outcome = runSeed({
    scene,
    seed,
    coverage,
    ...(values.trace ? { trace: (line: string) => console.log(line) } : {}),
  })
  decided += outcome.decided
  due += outcome.heightsDue
  if (outcome.violation !== null) {
    violations++
    console.error(`seed ${seed}: ${outcome.violation.message}\n  ${JSON.stringify(outcome.plan)}`)
  }
  if (!values.json && seeds > 1 && (seed - from + 1) % 1000 === 0)
    console.error(`${seed - from + 1} seeds, ${violations} violations`)
}
const seconds = (performance.now() - started) / 1000
console.log(
  JSON.stringify({
    n,
    from,
    seeds,
    violations,
    decidedShare: due === 0 ? 1 : Math.min(1, decided / due),
    heights: decided,
    coverage,
    seconds: Math.round(seconds * 10) / 10,
    schedulesPerHour: Math.round((seeds / seconds) * 3600),
  }),
)
process.exitCode = violations === 0 ? 0 : 1
