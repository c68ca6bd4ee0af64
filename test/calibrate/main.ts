/** Derives a training contract's tolerances: honest variants over seeds through the real harness; `npm run -s calibrate -- --help`. */
import { createHash, hash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { openSandbox } from '../../node/demo/prepare.ts'
import { gatesOf, planTraining, type Tolerances, type TrainingContract } from '../../protocol/index.ts'
import { type ContractName, contractNames, RunFault, readContract } from '../../sandbox/index.ts'
import { createDraw } from '../../sandbox/referee/draw.ts'
import { openRunner } from '../../sandbox/training/channel.ts'
import { trainingData } from '../../sandbox/training/data.ts'
import { toTrainingPolicy } from '../../sandbox/training/job.ts'
import { drawQuestions } from '../../sandbox/training/questions.ts'
import { runSegment } from '../../sandbox/training/segment.ts'
import { openVerifier } from '../../sandbox/training/verifier.ts'

const ENGINES = ['auto', 'docker', 'podman', 'bubblewrap'] as const

const HELP = `Derives a training contract's tolerances and writes them and their log beside it.

npm run -s calibrate -- [--preset ${contractNames.join('|')}] [--seeds N] [--engine ${ENGINES.join('|')}] [--only NAME,...] [--dry]

Each honest submission below test/submissions/training-speed (its name begins with "honest-") is trained N times, each
with other data and other first weights; a tolerance is three times the worst value that any of them was found with.
Some cheats are trained beside them without any tolerance: what they are found with must lie above.

  --engine  what isolates them; if not given auto for a GPU, bubblewrap else
  --dry     print, write nothing
`

const CASES = join(import.meta.dirname, '../submissions/training-speed')
const CONTRACTS = join(import.meta.dirname, '../../sandbox/training/contracts')
const FACTOR = 3
const ANYTHING = 10 ** 15
/** The smallest cheats there are: one step, one sequence. */
const CHEATS = [
  'skips-last-1',
  'skips-middle',
  'stale-gradient',
  'half-batch-last',
  'drops-a-sequence',
  'drops-small-gradients',
  'drains-ahead',
]

const { values } = parseArgs({
  options: {
    preset: { type: 'string', default: 'tiny' },
    seeds: { type: 'string', default: '5' },
    only: { type: 'string' },
    engine: { type: 'string' },
    dry: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) {
  process.stdout.write(HELP)
  process.exit(0)
}
const name = contractNames.find((known): known is ContractName => known === values.preset)
if (name === undefined) throw new Error(`--preset is one of ${contractNames.join(', ')}`)
const seeds = Number(values.seeds)
const say = (line: string): void => {
  process.stderr.write(`${line}\n`)
}

const { contract } = readContract(name)
const names = Object.keys(contract.tolerances) as (keyof Tolerances)[]
const open: TrainingContract = {
  ...contract,
  tolerances: Object.fromEntries(names.map((gate) => [gate, ANYTHING])) as Tolerances,
}
const sourceOf = (one: string): string => readFileSync(join(CASES, one, 'submission/train.py'), 'utf8')
const wanted = values.only?.split(',')
const honest = readdirSync(CASES).filter(
  (one) => one.startsWith('honest-') && existsSync(join(CASES, one, 'submission/train.py')),
)

const onGpu = contract.device === 'cuda'
const prefer = ENGINES.find((known) => known === (values.engine ?? (onGpu ? 'auto' : 'bubblewrap')))
if (prefer === undefined) throw new Error(`--engine is one of ${ENGINES.join(', ')}`)
const { engine } = await openSandbox({
  ...(onGpu ? ({ image: 'cuda', gpus: ['0'] } as const) : ({ image: 'torch' } as const)),
  ...{ engine: prefer, hostPython: false, yes: false, say, signal: new AbortController().signal },
})
// The verifier lives through all of them.
const policy = toTrainingPolicy({ contract, quads: seeds * (honest.length + CHEATS.length) })
const plan = planTraining({ seed: hash('sha256', `calibrate ${name}`), contract, quads: seeds })
const [, ...runs] = plan.seeds

type Row = {
  readonly name: string
  readonly code: string
  readonly worst: Record<string, number>
}

const all = [...honest, ...CHEATS].filter((one) => wanted?.includes(one) ?? true)
const rows = new Map(all.map((one): [string, Row] => [one, { name: one, code: 'PASS', worst: {} }]))
const opening = (one: string | undefined) =>
  one === undefined ? undefined : openRunner({ engine, name: 'runner', contract, policy, source: sourceOf(one) })

const verifier = await openVerifier({ engine, contract, policy })
for (const [index, seed] of runs.entries()) {
  const questions = drawQuestions(createDraw(`calibrate ${index}`), contract, plan.steps)
  const batches = trainingData(contract, seed.data, plan.steps)
  await verifier.train({ weightsSeed: seed.weights, batches, checkpoints: [questions.checkpoint] })
  // The next one starts while this one runs: nothing here is a time that decides.
  let next = opening(all[0])
  for (const [at, one] of all.entries()) {
    const row = rows.get(one)
    const runner = next
    next = opening(all[at + 1])
    void next?.catch(() => undefined)
    if (row === undefined || runner === undefined) continue
    try {
      const channel = await runner
      const { limits } = contract
      try {
        const what = { contract, weightsSeed: seed.weights, batches, questions, runMsMax: limits.warmupMs }
        const run = await runSegment(channel, what)
        const found = await verifier.check(run, questions)
        if (!found.finite) throw new RunFault('WEIGHTS_NOT_FINITE')
        for (const gate of gatesOf(found, open.tolerances)) {
          row.worst[gate.name] = Math.max(row.worst[gate.name] ?? 0, gate.foundPpb)
        }
      } finally {
        await channel.close()
      }
    } catch (thrown) {
      if (!(thrown instanceof RunFault)) throw thrown
      rows.set(one, { ...row, code: thrown.code })
      say(`${one}: ${JSON.stringify(thrown.facts)}`)
    }
    say(`seed ${index + 1}/${runs.length} ${one}: ${JSON.stringify(rows.get(one))}`)
  }
}
await verifier.close()
await engine.close()

const rowsOf = (names: readonly string[]): readonly Row[] => names.flatMap((one) => rows.get(one) ?? [])
const variants = rowsOf(honest)
const failed = variants.find(({ code }) => code !== 'PASS')
if (failed !== undefined) throw new Error(`${failed.name} does not run: ${failed.code}`)
const tolerances = Object.fromEntries(
  names.map((gate) => [gate, FACTOR * Math.max(...variants.map(({ worst }) => worst[gate] ?? 0))]),
) as Tolerances
const cheats = rowsOf(CHEATS)

const caughtBy = ({ worst }: Row) => names.filter((gate) => (worst[gate] ?? 0) > tolerances[gate])
const log = {
  preset: name,
  seeds,
  factor: FACTOR,
  image: engine.imageDigest,
  cpu: cpus()[0]?.model,
  harness: createHash('sha256')
    .update(readFileSync(join(CONTRACTS, '../../harness/training/model.py')))
    .update(readFileSync(join(CONTRACTS, '../../harness/training/verifier.py')))
    .digest('hex'),
  worstPpbOverRuns: seeds,
  honest: Object.fromEntries(variants.map((row) => [row.name, row.worst])),
  cheats: Object.fromEntries(cheats.map((row) => [row.name, { ...row.worst, caughtBy: caughtBy(row) }])),
  tolerances,
}
process.stdout.write(`${JSON.stringify(log, null, 2)}\n`)
const missed = cheats.find((row) => row.code === 'PASS' && caughtBy(row).length === 0)
if (missed !== undefined) {
  say(`the tolerances let ${missed.name} pass: this contract cannot be refereed`)
  process.exitCode = 1
} else if (!values.dry && wanted === undefined) {
  writeFileSync(join(CONTRACTS, `${name}-calibration.json`), `${JSON.stringify(log, null, 2)}\n`)
  writeFileSync(join(CONTRACTS, `${name}.json`), `${JSON.stringify({ ...contract, tolerances }, null, 2)}\n`)
}
