/** Simulates many seeds, or shows one: `npm run sim -- --help`. */
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { tryMutants } from './mutation.ts'
import { runSpread } from './pool.ts'
import { drawFor, noTally, runOne, type SceneName } from './range.ts'

const HELP = `Simulates whole meshes in one process and no time, and checks every promise of the protocol.

  npm run sim -- --seeds 10000                 many schedules of four validators
  npm run sim -- --seeds 1000 --n 7 --json     of seven; the last line is JSON
  npm run sim -- --seed 7 --trace              one schedule, line by line
  npm run sim -- --mutants                     faults planted in the protocol: each must be seen

  --seeds N     schedules to run (1000)          --from N    first seed (1)
  --n N         validators (4)                   --scene S   rounds, toy or mixed (rounds)
  --threads N   threads (all cores)              --stop      end at the first violation
  --json        the last line is JSON            --trace     with --seed: every event
  --mutants     --seeds is then for each (20000) --only T    mutants whose name holds T
`

const { values } = parseArgs({
  options: {
    seeds: { type: 'string' },
    from: { type: 'string', default: '1' },
    n: { type: 'string', default: '4' },
    seed: { type: 'string' },
    scene: { type: 'string', default: 'rounds' },
    threads: { type: 'string', default: `${availableParallelism()}` },
    trace: { type: 'boolean', default: false },
    stop: { type: 'boolean', default: false },
    mutants: { type: 'boolean', default: false },
    only: { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

const n = Number(values.n)
const from = Number(values.seed ?? values.from)
const seeds = values.seed === undefined ? Number(values.seeds ?? 1000) : 1
const threads = Number(values.threads)
const scene = values.scene as SceneName

const runMany = async (): Promise<void> => {
  const started = performance.now()
  let said = started
  const range = { n, from, seeds, scene, stop: values.stop }
  const tally = await runSpread(range, {
    threads,
    progress: (sum) => {
      if (values.json || performance.now() - said < 5000) return
      said = performance.now()
      console.error(`${sum.seeds} of ${seeds} schedules, ${sum.broken.length} violations`)
    },
  })
  const seconds = (performance.now() - started) / 1000
  for (const { seed, message, plan } of tally.broken.slice(0, 20)) {
    console.error(`seed ${seed}: ${message}\n  ${JSON.stringify(plan)}`)
  }
  const { faults, checkers, coverage, heights, events } = tally
  console.log(
    JSON.stringify({
      n,
      scene,
      from,
      seeds: tally.seeds,
      violations: tally.broken.length,
      /** The first broken promise. */
      first: tally.broken[0] ? { seed: tally.broken[0].seed, promise: tally.broken[0].promise } : null,
      decidedShare: tally.done / tally.seeds,
      schedulesPerHour: Math.round((tally.seeds / seconds) * 3600),
      faults,
      checkers,
      coverage,
      heights,
      events,
      seconds: Math.round(seconds * 10) / 10,
    }),
  )
  process.exitCode = tally.broken.length === 0 ? 0 : 1
}

const SEEDS_A_MUTANT = 20_000

const runMutants = async (): Promise<void> => {
  const mutants = await tryMutants({
    n,
    threads,
    seeds: values.seeds === undefined ? SEEDS_A_MUTANT : seeds,
    only: values.only,
    progress: ({ name, killed, by, seeds: ran }) => {
      const what = killed ? `killed in ${ran} schedules: ${by}` : `LIVES after ${ran} schedules ${by ?? ''}`
      console.error(`${name}: ${what}`)
    },
  })
  const killed = mutants.filter((fate) => fate.killed).length
  console.log(values.json ? JSON.stringify({ mutants }) : `${killed} of ${mutants.length} mutants killed`)
  process.exitCode = killed === mutants.length ? 0 : 1
}

if (values.help) console.log(HELP)
else if (![n, from, seeds, threads].every(Number.isSafeInteger) || n < 4 || seeds < 1 || threads < 1) {
  console.error('wanted: whole numbers, --n at least 4; see --help')
  process.exitCode = 2
} else if (!['toy', 'rounds', 'mixed'].includes(scene)) {
  console.error('wanted: --scene rounds, toy or mixed')
  process.exitCode = 2
} else if (values.mutants) await runMutants()
else if (values.trace) {
  const tally = noTally()
  const outcome = runOne({ n, scene, plan: drawFor(n, scene, from), trace: (line) => console.log(line) }, tally)
  console.log(JSON.stringify(outcome.plan))
  console.log(outcome.violation?.message ?? 'no violation')
  process.exitCode = outcome.violation === null ? 0 : 1
} else await runMany()
