/** Judges test/submissions, or cases from elsewhere, on a real engine: `npm run -s submissions -- --help` says more. */
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { table } from '../../node/cli/output.ts'
import { SetupError } from '../../node/setup/system.ts'
import { COMPETITIONS } from '../../protocol/index.ts'
import { type ContractName, contractNames, SandboxError } from '../../sandbox/index.ts'
import { toPlainText } from '../../sandbox/referee/output.ts'
import { type Case, readCases } from './case.ts'
import { type Judged, judge } from './judge.ts'
import { ENGINES, type EngineName, prepare, type Ready } from './prepare.ts'
import { verdictWords } from './words.ts'

const EXIT = { ok: 0, wrong: 1, usage: 2, unavailable: 6, interrupted: 130 } as const
const OWN_CASES = join(import.meta.dirname, '../submissions')
const LINE_SHOWN_MAX = 100

const help = `Runs submissions whose verdict is known, hostile ones above all, and compares.

npm run -s submissions -- [--competition ID] [--engine ${ENGINES.join('|')}] [--dir DIR] [--only NAME,...] [--json]

  --competition ID  ${[...COMPETITIONS.keys()].join(', ')}; the first if not given
  --engine NAME     what isolates them; bubblewrap if not given; what it needs is installed and started by itself
  --dir DIR         other cases than the repository's, or one of them
  --only NAME,...   some of them
  --matrices N      matrices of each measurement, 8 if not given
  --quads N         quads of each training measurement, 1 if not given
  --preset NAME     contract of training runs, ${contractNames.join(' or ')}: tiny if not given, 150m needs a GPU
  --seed N          other data, order and questions, 0 if not given
  --json            the last line is { engine, competition, cases, leftovers }

Training cases run at the same time, one for each core and at most four: no verdict of theirs is about time.

A case is a folder with submission/, the bundle, and expect.json: { "verdict": WORD, "reason": TEXT }. reason may be
left out, and may be several; it is a code of docs/VERDICTS.md or a text in the line that the miner reads. Words:
${Object.entries(verdictWords)
  .map(([verdict, words]) => `  ${verdict.padEnd(6)} ${words.slice(1).join(', ')}`)
  .join('\n')}

Exit code 0: every case got its verdict and nothing was left on this host; 1: not so; 2: wrong usage; 6: this machine
lacks something.

Examples
  npm run -s submissions
  npm run -s submissions -- --engine docker --only fork-bomb,cheat-stash --json
  npm run -s submissions -- --competition matrix-lossless --dir ../my-cases --json
`

const say = (line: string): void => {
  process.stderr.write(`${line}\n`)
}

const fail = (why: string): never => {
  say(`${why}\n\n${help}`)
  process.exit(EXIT.usage)
}

const read = () => {
  try {
    return parseArgs({
      options: {
        competition: { type: 'string', default: [...COMPETITIONS.keys()][0] ?? '' },
        engine: { type: 'string', default: 'bubblewrap' },
        dir: { type: 'string' },
        only: { type: 'string' },
        matrices: { type: 'string', default: '8' },
        quads: { type: 'string', default: '1' },
        preset: { type: 'string', default: 'tiny' },
        seed: { type: 'string', default: '0' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }).values
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error))
  }
}

const chooseCases = (dir: string, competition: string, only: string | undefined): readonly Case[] => {
  let cases: readonly Case[] = []
  try {
    cases = readCases(dir, competition)
  } catch (error) {
    fail(`cannot read ${dir}: ${(error as NodeJS.ErrnoException).code ?? error}`)
  }
  const wanted = only?.split(',')
  const unknown = wanted?.find((name) => !cases.some((one) => one.name === name))
  if (unknown !== undefined) fail(`no such case: ${unknown}`)
  return wanted === undefined ? cases : cases.filter(({ name }) => wanted.includes(name))
}

const tell = (judged: Judged): string => {
  const { name, expected, got, reason, line, ok, elapsedMs } = judged
  const told = toPlainText(line, LINE_SHOWN_MAX)
  return `${ok ? 'ok   ' : 'WRONG'} ${name}: ${got} ${reason}${ok ? '' : `, not ${expected}: ${told}`} (${elapsedMs} ms)`
}

/** All cases in their order; what is left behind is looked for while none runs, and named beside those that could have left it. */
const judgeAll = async (cases: readonly Case[], ready: Ready) => {
  const judged: Judged[] = []
  const leftovers = new Set<string>()
  while (judged.length < cases.length) {
    const some = cases.slice(judged.length, judged.length + ready.atOnce)
    const giveBack = await ready.takeTurn()
    const rows = await Promise.all(some.map((one) => judge(one, ready.bench))).finally(giveBack)
    for (const left of await ready.leftSinceLastCase()) {
      if (leftovers.has(left)) continue
      leftovers.add(left)
      say(`LEFT  ${some.map(({ name }) => name).join(' or ')}: ${left}`)
    }
    for (const row of rows) {
      judged.push(row)
      say(`${String(judged.length).padStart(3)}/${cases.length} ${tell(row)}`)
    }
  }
  return { judged, leftovers }
}

const values = read()
if (values.help) {
  process.stdout.write(help)
  process.exit(EXIT.ok)
}
const { competition } = values
if (!COMPETITIONS.has(competition))
  fail(`no competition ${competition}; there is ${[...COMPETITIONS.keys()].join(', ')}`)
const engineName: EngineName =
  ENGINES.find((name) => name === values.engine) ?? fail(`--engine is one of ${ENGINES.join(', ')}`)
const matrixCount = /^[1-9]\d?$/.test(values.matrices) ? Number(values.matrices) : fail('--matrices is 1 to 99')
const quads = /^[1-9]\d?$/.test(values.quads) ? Number(values.quads) : fail('--quads is 1 to 99')
const seed = /^\d{1,9}$/.test(values.seed) ? Number(values.seed) : fail('--seed is a whole number')
const preset: ContractName =
  contractNames.find((name) => name === values.preset) ?? fail(`--preset is one of ${contractNames.join(', ')}`)
const isTraining = COMPETITIONS.get(competition)?.kind === 'training'
const cases = chooseCases(
  values.dir ?? (isTraining ? join(OWN_CASES, competition) : OWN_CASES),
  competition,
  values.only,
)

const stopping = new AbortController()
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stopping.abort(new Error('interrupted')))

try {
  const ready = await prepare({
    competition,
    engine: engineName,
    matrixCount,
    quads,
    preset,
    seed,
    say,
    signal: stopping.signal,
  })
  say(`${cases.length} cases of ${competition} on ${ready.engine}`)
  const { judged, leftovers } = await judgeAll(cases, ready).catch(async (error: unknown) => {
    await ready.close()
    throw error
  })
  for (const left of await ready.close()) leftovers.add(left)
  const rows = judged.map(({ elapsedMs: _, ...row }) => row)
  const wrong = rows.filter(({ ok }) => !ok).length
  if (values.json) {
    process.stdout.write(
      `${JSON.stringify({ engine: engineName, competition, seed, cases: rows, leftovers: [...leftovers] })}\n`,
    )
  } else {
    const shown = rows.map(({ name, expected, got, reason, ok }) => [name, expected, got, reason, ok ? 'ok' : 'WRONG'])
    process.stdout.write(`${table([['case', 'expected', 'got', 'reason', ''], ...shown])}\n`)
  }
  say(`${rows.length - wrong} of ${rows.length} ok; left over on this host: ${[...leftovers].join('; ') || 'nothing'}`)
  process.exitCode = wrong === 0 && leftovers.size === 0 ? EXIT.ok : EXIT.wrong
} catch (error) {
  if (stopping.signal.aborted) {
    say('interrupted')
    process.exitCode = EXIT.interrupted
  } else if (error instanceof SetupError || error instanceof SandboxError) {
    say(error.message)
    process.exitCode = EXIT.unavailable
  } else throw error
}
