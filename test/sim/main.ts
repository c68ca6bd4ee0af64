/** Simulates many seeds, or shows, shrinks or replays one: `npm run sim -- --help`. */
import { readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { tryMutants } from './mutation.ts'
import type { Plan } from './plan.ts'
import { runSpread } from './pool.ts'
import { drawFor, noTally, runOne, type SceneName, type Tally } from './range.ts'
import { parseScenario, printScenario } from './scenario.ts'
import { shrink } from './shrink.ts'
import { TWIN_SCENARIOS } from './twins.ts'

const HELP = `Simulates whole meshes in one process and no time, and checks every promise of the protocol.

  npm run sim -- --seeds 10000                 many schedules of four validators
  npm run sim -- --seeds 1000 --n 7 --json     of seven; the last line is JSON
  npm run sim -- --seed 7 --trace              one schedule, line by line
  npm run sim -- --seed 7 --shrink             the least that still breaks the promise that seed 7 breaks
  npm run sim -- --scenario FILE [--trace]     a scenario as it stands in test/scenario
  npm run sim -- --twins                       two copies of one identity, every partition of three views
  npm run sim -- --mutants                     faults planted in the protocol: each must be seen

  --seeds N     schedules to run (1000); for each mutant at most (20000)
  --from N      first seed (1)                   --n N       validators (4)
  --scene S     rounds, toy (the agreement over the smallest rounds) or mixed: one in ten whole rounds (mixed)
  --threads N   threads (all cores)
  --stop        end at the first violation       --only T    mutants whose name holds T
  --out FILE    where --shrink writes            --json      the last line is JSON

Ends with 0 when every promise held, 1 when one was broken, 2 when the question makes no sense.
`

const SEEDS_A_MUTANT = 20_000
const SAID_EVERY_MS = 5_000

const { values } = parseArgs({
  options: {
    seeds: { type: 'string' },
    from: { type: 'string', default: '1' },
    n: { type: 'string', default: '4' },
    seed: { type: 'string' },
    scene: { type: 'string', default: 'mixed' },
    scenario: { type: 'string' },
    threads: { type: 'string', default: `${availableParallelism()}` },
    trace: { type: 'boolean', default: false },
    shrink: { type: 'boolean', default: false },
    out: { type: 'string' },
    twins: { type: 'boolean', default: false },
    mutants: { type: 'boolean', default: false },
    only: { type: 'string' },
    stop: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

type Question = {
  readonly n: number
  readonly scene: SceneName
  readonly from: number
  readonly seeds: number
  readonly threads: number
}

const fail = (want: string): null => {
  console.error(`${want}; see --help`)
  process.exitCode = 2
  return null
}

const readQuestion = (): Question | null => {
  const [n, from, threads] = [Number(values.n), Number(values.seed ?? values.from), Number(values.threads)]
  const seeds = values.seed === undefined ? Number(values.seeds ?? 1000) : 1
  const { scene } = values
  if (![n, from, seeds, threads].every(Number.isSafeInteger) || n < 4 || from < 0 || seeds < 1 || threads < 1) {
    return fail('wanted: whole numbers, --n at least 4')
  }
  if (scene !== 'toy' && scene !== 'rounds' && scene !== 'mixed') return fail('wanted: --scene rounds, toy or mixed')
  if (values.shrink && values.seed === undefined) return fail('--shrink wants a --seed')
  return { n, from, seeds, threads, scene }
}

const tellBroken = ({ broken }: Tally): void => {
  for (const { seed, message, plan } of broken.slice(0, 20)) {
    console.error(`seed ${seed}: ${message}\n  ${JSON.stringify(plan)}`)
  }
}

const runMany = async (o: Question): Promise<void> => {
  const { n, from, seeds, scene, threads } = o
  const total = values.twins ? TWIN_SCENARIOS : seeds
  const started = performance.now()
  let said = started
  const range = values.twins
    ? { kind: 'twins' as const, n, scene, from: 0, seeds: total, stop: values.stop }
    : { kind: 'seeds' as const, n, scene, from, seeds, stop: values.stop }
  const tally = await runSpread(range, {
    threads,
    progress: (sum) => {
      if (values.json || performance.now() - said < SAID_EVERY_MS) return
      said = performance.now()
      console.error(`${sum.seeds} of ${total} schedules, ${sum.broken.length} violations`)
    },
  })
  const seconds = (performance.now() - started) / 1000
  tellBroken(tally)
  const { faults, checkers, coverage, heights, events } = tally
  const [first] = tally.broken
  console.log(
    JSON.stringify({
      n,
      scene: values.twins ? 'twins' : scene,
      from: range.from,
      seeds: tally.seeds,
      violations: tally.broken.length,
      first: first === undefined ? null : { seed: first.seed, promise: first.promise },
      decidedShare: tally.done / tally.seeds,
      schedulesPerHour: Math.round((tally.seeds / seconds) * 3600),
      faults,
      checkers,
      coverage,
      heights,
      events,
      threads,
      seconds: Math.round(seconds * 10) / 10,
    }),
  )
  process.exitCode = tally.broken.length === 0 ? 0 : 1
}

const runMutants = async ({ n, threads, seeds }: Question): Promise<void> => {
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

/** One plan, line by line if asked, and what it breaks. */
const show = (o: { n: number; scene: SceneName; plan: Plan }): void => {
  const tracing = values.trace ? { trace: (line: string) => console.log(line) } : {}
  const { violation, plan } = runOne({ ...o, ...tracing }, noTally())
  console.log(JSON.stringify(plan))
  console.log(violation?.message ?? 'every promise held')
  process.exitCode = violation === null ? 0 : 1
}

const runShrink = ({ n, scene, from }: Question): void => {
  const plan = drawFor(n, scene, from)
  const attempt = (candidate: Plan) => {
    const { violation, strikes } = runOne({ n, scene, plan: candidate }, noTally())
    return { promise: violation?.promise ?? null, strikes }
  }
  const { promise } = attempt(plan)
  if (promise === null) {
    console.log('every promise held: there is nothing to shrink')
    return
  }
  const shrunk = shrink(
    plan,
    (candidate) => {
      const { promise: broken, strikes } = attempt(candidate)
      return { breaks: broken === promise, strikes }
    },
    ({ faults }) => console.error(`still breaks with: ${Object.keys(faults).join(', ') || 'no fault at all'}`),
  )
  const mutant = process.env['SIM_MUTANT']
  const sees = mutant === undefined ? null : { mutant, promise }
  const scenario = printScenario({ about: `Broke: ${promise}.`, n, scene, plan: shrunk, known: null, sees })
  if (values.out === undefined) console.log(scenario)
  else writeFileSync(values.out, scenario)
}

const question = readQuestion()
if (values.help) console.log(HELP)
else if (question !== null) {
  if (values.mutants) await runMutants(question)
  else if (values.scenario !== undefined) show(parseScenario(readFileSync(values.scenario, 'utf8')))
  else if (values.shrink) runShrink(question)
  else if (values.trace) show({ ...question, plan: drawFor(question.n, question.scene, question.from) })
  else await runMany(question)
}
