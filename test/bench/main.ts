/** Benchmarks: `npm run -s bench -- consensus [--only votes,certificate] [--json] [--strict]`; `--help` says more. */
import { parseArgs } from 'node:util'
import { CONSENSUS } from './consensus.ts'
import { type Group, machine, printRow, progress, type Row } from './harness.ts'
import { SANDBOX } from './sandbox.ts'
import { TRAINING } from './training.ts'

const SUITES: Readonly<Record<string, readonly Group[]>> = {
  consensus: CONSENSUS,
  sandbox: SANDBOX,
  training: TRAINING,
}

const help = (): string => `Measures a suite, each row beside the raw limit or a peer measured in the same run.

npm run -s bench -- SUITE [--only ROW,...] [--json] [--strict] [--tiny]

  --only ROW,...  some rows alone
  --json          the last line is { suite, machine, rows }
  --strict        exit with 1 when a target is missed
  --tiny          sizes that show that it runs, not what it reaches

${Object.entries(SUITES)
  .map(([suite, groups]) => `${suite}\n${groups.map(({ name, about }) => `  ${name.padEnd(14)}${about}`).join('\n')}`)
  .join('\n')}

Examples
  npm run -s bench -- consensus
  npm run -s bench -- consensus --only votes,statements --json
  npm run -s bench -- sandbox --only overhead,spread
  npm run -s bench -- training
`

const fail = (why: string): never => {
  process.stderr.write(`${why}\n\n${help()}`)
  process.exit(2)
}

const read = () => {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        only: { type: 'string' },
        json: { type: 'boolean', default: false },
        strict: { type: 'boolean', default: false },
        tiny: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    })
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error))
  }
}

const { values, positionals } = read()
if (values.help) {
  process.stdout.write(help())
  process.exit(0)
}
const [suite = '', ...more] = positionals
const groups = SUITES[suite]
if (groups === undefined || more.length > 0)
  fail(suite === '' ? 'which suite?' : `no such suite: ${positionals.join(' ')}`)
const wanted = values.only?.split(',') ?? null
const unknown = wanted?.find((name) => !groups?.some((group) => group.name === name))
if (unknown !== undefined) fail(`no such row: ${unknown}`)

const rows: Row[] = []
for (const { name, measure } of groups ?? []) {
  if (wanted !== null && !wanted.includes(name)) continue
  progress(`${name} …`)
  for (const row of await measure({ tiny: values.tiny })) {
    progress(printRow(row))
    rows.push(row)
  }
}
if (values.json) process.stdout.write(`${JSON.stringify({ suite, machine: machine(), rows })}\n`)
else for (const row of rows) process.stdout.write(`${printRow(row)}\n`)
process.exitCode = values.strict && rows.some(({ met }) => met === false) ? 1 : 0
