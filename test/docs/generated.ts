/** Documents, and parts of some, that are written from the tables which the code itself runs on. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { REFUSALS } from '../../node/peers/serve.ts'
import { INCONCLUSIVE } from '../../protocol/round/derive.ts'
import { faults } from '../../sandbox/faults.ts'
import { type Limit, measurementLimits, policyLimits } from '../../sandbox/limits.ts'
import { trainingHelp } from '../../sandbox/training/job.ts'
import { GAINS, HOSTS, simulateTable, TRIALS } from '../protocol/competition/operating.ts'
import { type Case, readEveryCase } from '../verdicts/case.ts'
import { verdictWords } from '../verdicts/words.ts'
import { walls } from './walls.ts'

const top = join(import.meta.dirname, '../..')

const table = (rows: readonly (readonly string[])[]): string => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => [...(row[column] ?? '')].length)))
  const padded = (row: readonly string[]) =>
    row.map((cell, at) => cell + ' '.repeat((widths[at] ?? 0) - [...cell].length))
  const [head = [], ...body] = rows.map(padded)
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [head, widths.map((width) => '-'.repeat(width)), ...body].map(line).join('\n')
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ')

const sourceOf = ({ submission }: Case): string => {
  try {
    return readFileSync(join(submission, existsSync(join(submission, 'train.py')) ? 'train.py' : 'solution.py'), 'utf8')
  } catch {
    return ''
  }
}

/** What a case's own first lines say of it; Markdown would take names with underscores for bold. */
const aboutOf = (one: Case): string => {
  const text = /"""([\s\S]*?)(?:"""|\n\n)/.exec(sourceOf(one))?.[1] ?? ''
  return text.trim().replaceAll(/[^\s,]*__[^\s,]*/g, '`$&`')
}

const showCase = (one: Case): readonly string[] => {
  const { verdict, reasons, competitions } = one.expectation ?? {
    verdict: one.problem,
    reasons: [],
    competitions: null,
  }
  const codes = reasons.map((reason) => `\`${reason}\``).join(', ')
  return [`\`${one.name}\``, competitions?.join(', ') ?? 'all', verdict, codes, cell(aboutOf(one))]
}

const rowsOf = (lines: Readonly<Record<string, string>>) =>
  Object.entries(lines).map(([code, line]) => [`\`${code}\``, cell(line)])

/** docs/VERDICTS.md. */
const verdicts = (): string => {
  const training = readEveryCase(join(top, 'test/submissions/training-speed'))
  const matrix = readEveryCase(join(top, 'test/submissions'))
  const gpu = readEveryCase(join(top, 'test/submissions/training-speed-gpu'))
  const cases = [...matrix, ...training, ...gpu]
  const must = (code: string) => cases.filter(({ expectation }) => expectation?.reasons.includes(code)).length
  return `<!-- Written by \`npm run docs\`; \`npm run check\` holds it to the code. -->

# Verdicts

A measurement ends in \`pass\`, in \`miner\` (the submission is at fault) or in \`infra\` (this host is; it is run again, and the miner's
fee and daily number stay whole). A round certifies \`pass\`, \`miner\` or \`inconclusive\`: [MINER.md](MINER.md#verdicts) says of how
many validators. The code is stable; the line is what the miner reads, with details in parentheses behind it. The last column
counts the submissions below that must get the code.

## Codes of a measurement

${table([
  ['code', 'fault', 'line', 'cases'],
  ...Object.entries(faults).map(([code, { verdict, help }]) => [`\`${code}\``, verdict, cell(help), `${must(code)}`]),
])}

To a submission of \`training-speed\` some of them say it in its own words:

${table([['code', 'line'], ...rowsOf(trainingHelp)])}

## Codes of a round

${table([['code', 'line'], ...rowsOf(INCONCLUSIVE)])}

## Refused before any round

A validator answers these at once, and gives no receipt.

${table([['code', 'line'], ...rowsOf(REFUSALS)])}

## Submissions with a known verdict

${matrix.length} folders in \`test/submissions\`, of which \`npm test\` judges all on bubblewrap and those that try the engine itself on
Docker too, and ${training.length} in \`test/submissions/training-speed\`, of which it judges some. All of them, on any engine:

\`\`\`
npm run -s submissions -- --competition matrix-lossless --engine docker
npm run -s submissions -- --competition training-speed
npm run -s submissions -- --competition training-speed --preset 150m --dir test/submissions/training-speed-gpu
npm run -s submissions -- --dir ../my-cases --json
\`\`\`

A case from elsewhere may say its verdict in other words:

${table([
  ['verdict', 'words'],
  ...Object.entries(verdictWords).map(([verdict, words]) => [
    `\`${verdict}\``,
    words.map((word) => `\`${word}\``).join(', '),
  ]),
])}

${table([['case', 'competition', 'verdict', 'code', 'what it does'], ...matrix.map(showCase)])}

Of \`training-speed\`:

${table([['case', 'verdict', 'code', 'what it does'], ...training.map((one) => showCase(one).toSpliced(1, 1))])}

Of the same on a GPU, in \`test/submissions/training-speed-gpu\`; \`npm test\` runs none of them:

${table([['case', 'verdict', 'code', 'what it does'], ...gpu.map((one) => showCase(one).toSpliced(1, 1))])}
`
}

const UNITS: readonly (readonly [ending: RegExp, unit: string])[] = [
  [/Bytes(Max)?$/, 'bytes'],
  [/Ms(Max)?$/, 'ms'],
  [/^cpus$/, 'core'],
  [/^pidsMax$/, 'processes and threads'],
  [/^openFilesMax$/, 'descriptors'],
]

const showValue = (name: string, value: number): string => {
  const unit = UNITS.find(([ending]) => ending.test(name))?.[1] ?? ''
  const isMebibytes = unit === 'bytes' && value % 2 ** 20 === 0
  return isMebibytes ? `${(value / 2 ** 20).toLocaleString('en')} MiB` : `${value.toLocaleString('en')} ${unit}`
}

const showLimits = (limits: Readonly<Record<string, Limit>>): string =>
  table([
    ['limit', 'value', 'why', 'what a submission sees'],
    ...Object.entries(limits).map(([name, { value, reason, seen }]) => [
      `\`${name}\``,
      showValue(name, value),
      cell(reason),
      cell(seen),
    ]),
  ])

/** The part of docs/SANDBOX.md between its marks. */
const limitsPart = (): string => `One sandbox:

${showLimits(policyLimits)}

One measurement, over those:

${showLimits(measurementLimits)}
`

type Part = { readonly name: string; readonly text: string }

/** The document with each part between the marks of its name. @throws Error when it has lost them. */
const replaceParts = (path: string, parts: readonly Part[]): string =>
  parts.reduce(
    (document, { name, text }) => {
      const [before, after] = [`<!-- ${name}: written by \`npm run docs\` -->\n\n`, `\n<!-- ${name} end -->`]
      const [start, end] = [document.indexOf(before), document.indexOf(after)]
      if (start < 0 || end < start) throw new Error(`${path} has no marks ${name}`)
      return document.slice(0, start + before.length) + text + document.slice(end)
    },
    readFileSync(join(top, path), 'utf8'),
  )

/** What was simulated with this many trials a cell. */
const oddsPart = (): string =>
  `${table([
    ['one run strays by', ...GAINS.map((gain) => `gain ${(100 * gain).toFixed(1)} %`)],
    ...simulateTable(TRIALS).map((row, at) => {
      const { cv, outliers } = HOSTS[at] ?? { cv: 0, outliers: 0 }
      const delayed = outliers > 0 ? `, ${100 * outliers} % of runs delayed` : ''
      return [
        `${(100 * cv).toFixed(1)} %${delayed}`,
        ...row.map(({ better, quads }) => `${better.toFixed(3)} (${Math.round(quads)})`),
      ]
    }),
  ])}
`

const wallsPart = (): string =>
  `${table([
    ['wall', 'Docker, Podman', 'bubblewrap', 'what a submission sees', 'tried by'],
    ...walls.map(({ what, docker: [how], bubblewrap, seen, triedBy }) => [
      what,
      how,
      `\`${bubblewrap}\``,
      cell(seen),
      triedBy.map((name) => `\`${name}\``).join(', '),
    ]),
  ])}
`

/** What each document must be, by its path from the top. */
export const generated: Readonly<Record<string, () => string>> = {
  'docs/VERDICTS.md': verdicts,
  'docs/SANDBOX.md': () =>
    replaceParts('docs/SANDBOX.md', [
      { name: 'walls', text: wallsPart() },
      { name: 'limits', text: limitsPart() },
    ]),
}

/** The same, of documents that take seconds of simulation. */
export const simulated: Readonly<Record<string, () => string>> = {
  'docs/COMPETITION.md': () => replaceParts('docs/COMPETITION.md', [{ name: 'odds', text: oddsPart() }]),
}
