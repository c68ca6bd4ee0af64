/** Derives a training contract's tolerances: honest variants over seeds through the real referee; `npm run -s calibrate -- --help`. */
import { createHash, hash } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { openSandbox } from '../../node/demo/prepare.ts'
import type { Gate, Tolerances, TrainingContract } from '../../protocol/index.ts'
import {
  type ContractName,
  contractNames,
  createTrainingEvaluator,
  readContract,
  readReference,
} from '../../sandbox/index.ts'

const HELP = `Derives a training contract's tolerances and writes them and their log beside it.

npm run -s calibrate -- [--preset ${contractNames.join('|')}] [--seeds N] [--only NAME,...] [--dry]

Each honest submission below test/submissions/training-speed (its name begins with "honest-") is trained N times, each
with other data and other first weights; a tolerance is three times the worst value that any of them was found with.
Then some cheats are measured without any tolerance: what they are found with must lie above.

  --dry   print, write nothing
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
const isWanted = (one: string): boolean => wanted?.includes(one) ?? true

const { engine, options } = await openSandbox({
  ...(contract.device === 'cuda'
    ? ({ engine: 'docker', image: 'cuda' } as const)
    : ({ engine: 'bubblewrap', image: 'torch' } as const)),
  ...{ hostPython: false, yes: false, say },
  signal: new AbortController().signal,
})
// Nothing here is a time: whoever measures one need not wait for us.
const lockPath = join(mkdtempSync(join(tmpdir(), 'evalmesh-calibrate-')), 'lock')
const evaluator = createTrainingEvaluator({
  engine: contract.device === 'cuda' ? { ...options, gpus: ['0'] } : options,
  lockPath,
})

type Row = { readonly name: string; readonly code: string; readonly worst: Record<string, number> }

const measure = async (one: string): Promise<Row> => {
  const measured = await evaluator.evaluate({
    ...{ competition: 'training-speed', candidate: sourceOf(one), partner: readReference(), contract: open },
    ...{
      roundSeed: hash('sha256', `calibrate ${name}`),
      quads: seeds,
      thetaPpm: null,
      driftMaxPpm: null,
      seed: 'calibrate',
    },
  })
  const worst = Object.fromEntries(measured.gates.map((gate: Gate) => [gate.name, gate.foundPpb]))
  say(`${one}: ${measured.code} ${measured.code === 'PASS' ? '' : measured.line} ${JSON.stringify(worst)}`)
  return { name: one, code: measured.code, worst }
}

const measureAll = async (all: readonly string[]): Promise<readonly Row[]> => {
  const rows: Row[] = []
  for (const one of all.filter(isWanted)) rows.push(await measure(one))
  return rows
}

const variants = await measureAll(honest)
const failed = variants.find(({ code }) => code !== 'PASS')
if (failed !== undefined) throw new Error(`${failed.name} does not run: ${failed.code}`)
const tolerances = Object.fromEntries(
  names.map((gate) => [gate, FACTOR * Math.max(...variants.map(({ worst }) => worst[gate] ?? 0))]),
) as Tolerances
const cheats = await measureAll(CHEATS)
await engine.close()
rmSync(dirname(lockPath), { recursive: true, force: true })

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
  worstPpbOverRuns: 2 * seeds,
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
