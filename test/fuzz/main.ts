/** Fuzzes the decoders and the machine: `npm run fuzz -- [--seconds 60] [--target NAME] [--seed N] [--json]`; what reaches new code joins the corpus. */
import { parseArgs } from 'node:util'
import { keepInput, readCorpus } from './corpus.ts'
import { startCoverage } from './coverage.ts'
import { fuzz } from './fuzz.ts'
import { targets } from './targets.ts'

const { values } = parseArgs({
  options: {
    /** For all targets together. */
    seconds: { type: 'string', default: '60' },
    target: { type: 'string' },
    seed: { type: 'string', default: `${Date.now() % 2 ** 31}` },
    json: { type: 'boolean', default: false },
  },
})

const chosen = targets.filter(({ name }) => values.target === undefined || name === values.target)
const [seconds, seed] = [Number(values.seconds), Number(values.seed)]
if (chosen.length === 0 || !(seconds > 0) || !Number.isSafeInteger(seed)) {
  console.error(
    `wanted: --seconds above 0, --seed a whole number, --target one of ${targets.map((t) => t.name).join(', ')}`,
  )
  process.exit(2)
}

const rows = []
for (const target of chosen) {
  const coverage = await startCoverage()
  const started = performance.now()
  const endsAt = started + (seconds * 1000) / chosen.length
  const corpus = readCorpus(target.name)
  const isOver = (): boolean => performance.now() > endsAt
  const { executions, reached, kept, failure } = await fuzz(target, { seed, corpus, coverage, isOver })
  await coverage.stop()
  for (const input of kept) keepInput(target.name, input)
  const failed = failure === null ? null : keepInput(target.name, failure.input)
  const perSecond = Math.round((executions / (performance.now() - started)) * 1000)
  rows.push({ target: target.name, executions, perSecond, reached, corpus: corpus.length + kept.length, failed })
  if (!values.json) console.log(JSON.stringify(rows.at(-1)))
  if (failure !== null)
    console.error(`${target.name}: ${failure.error instanceof Error ? failure.error.stack : failure.error}`)
}
const failures = rows.filter(({ failed }) => failed !== null).length
console.log(JSON.stringify({ seed, seconds, failures, targets: values.json ? rows : rows.length }))
process.exitCode = failures === 0 ? 0 : 1
