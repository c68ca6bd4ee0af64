/** The commands `evalmesh leaderboard` and `evalmesh records`: who stands where, and how the lead came to where it is. */
import type { Command } from 'commander'
import type { BoardView, RecordView } from '../api/board.ts'
import type { RoundView } from '../api/views.ts'
import { askApi } from './api-client.ts'
import { print, printJson, table } from './output.ts'

type Flags = { readonly api: string; readonly competition: string; readonly json?: boolean }
type Answer = BoardView & { readonly round: RoundView | null }
/** Numbers above 2^53 come as text. */
type Shown = bigint | number | string

const API = 'http://127.0.0.1:8080'

const UNITS: readonly (readonly [suffix: string, per: number, digits: number])[] = [
  ['Ppb', 1e9, 9],
  ['Ppm', 1e6, 4],
  ['Nanos', 1e9, 6],
]

/** `ratioPpb` 614230856 is `ratio` 0.614230856; nanoseconds are shown as seconds. */
const unitOf = (name: string) => {
  const [suffix, per, digits] = UNITS.find(([end]) => name.endsWith(end)) ?? ['', 1, 0]
  return {
    label: name.slice(0, name.length - suffix.length),
    show: (value: Shown | undefined): string => (value === undefined ? '-' : (Number(value) / per).toFixed(digits)),
  }
}

const showValues = (names: readonly string[], values: Readonly<Record<string, Shown>>): readonly string[] =>
  names.map((name) => unitOf(name).show(values[name]))

const namesOf = (rows: readonly { readonly values: Readonly<Record<string, Shown>> }[]): readonly string[] => [
  ...new Set(rows.flatMap(({ values }) => Object.keys(values))),
]

const short = (id: string): string => id.slice(0, 16)

const ask = (flags: Flags): Promise<Answer> =>
  askApi<Answer>(flags.api, `/leaderboard?competition=${flags.competition}`, 'records')

const showRecords = ({ competition, records, leadPaysPpm }: Answer): string => {
  if (records.length === 0) return `${competition}: nobody has beaten the baseline yet`
  const names = namesOf(records)
  const row = (record: RecordView, index: number): readonly string[] => [
    String(index + 1),
    String(record.round),
    String(record.block),
    short(record.submission),
    record.hotkey,
    unitOf('metricPpm').show(record.metricPpm),
    unitOf('scorePpb').show(record.scorePpb),
    ...showValues(names, record.values),
  ]
  const head = ['#', 'round', 'block', 'submission', 'miner', 'beat by', 'score', ...names.map((n) => unitOf(n).label)]
  const pays = `the lead pays ${(leadPaysPpm / 10_000).toFixed(2)} % of the competition’s share now`
  return [table([head, ...records.map(row)]), '', pays].join('\n')
}

const showRound = ({ round, winner, submissions }: RoundView): string => {
  const head = `round ${round}, leader from here on: ${winner ?? 'the baseline'}`
  if (submissions.length === 0) return `${head}\nnobody had handed anything in`
  const rows = [...submissions].sort((a, b) => (a.rank || Infinity) - (b.rank || Infinity))
  const names = namesOf(rows.filter(({ verdict }) => verdict === 'pass'))
  const shown = rows.map((s) => [
    s.rank === 0 ? '-' : String(s.rank),
    short(s.id),
    s.miner,
    s.verdict === 'pass' ? s.board : `${s.verdict} ${s.reason}`,
    s.verdict === 'pass' ? unitOf('metricPpm').show(s.metricPpm) : '-',
    ...(s.verdict === 'pass' ? [unitOf('scorePpb').show(s.scorePpb), ...showValues(names, s.values)] : []),
  ])
  const columns = ['rank', 'submission', 'miner', 'board', 'metric', 'score', ...names.map((n) => unitOf(n).label)]
  return [head, table([columns, ...shown])].join('\n')
}

const showLink = ({ link }: Answer): string =>
  [
    'Link board: how much sooner a matrix is across 1 to 100 MB/s, of the newest results here; it pays nothing',
    table([
      ['#', 'submission', 'miner', 'round', 'link'],
      ...link.map((row, index) => [
        String(index + 1),
        short(row.submission),
        row.miner,
        String(row.round),
        unitOf('linkPpm').show(row.linkPpm),
      ]),
    ]),
  ].join('\n')

const leaderboard = async (flags: Flags): Promise<void> => {
  const answer = await ask(flags)
  if (flags.json) return printJson(answer)
  const round = answer.round === null ? `${answer.competition}: no round was decided yet` : showRound(answer.round)
  print(answer.link.length === 0 ? round : [round, '', showLink(answer)].join('\n'))
}

const records = async (flags: Flags): Promise<void> => {
  const answer = await ask(flags)
  if (!flags.json) return print(showRecords(answer))
  const { competition, leadPaysPpm } = answer
  printJson({ competition, leadPaysPpm, records: answer.records })
}

const add = (
  program: Command,
  o: { name: string; description: string; action: (flags: Flags) => Promise<void> },
): void => {
  program
    .command(o.name)
    .description(o.description)
    .option('--competition <id>', 'whose', 'matrix-lossless')
    .option('--api <url>', 'a validator’s HTTP interface', API)
    .option('--json', 'print one JSON object')
    .addHelpText('after', `\nExample:\n  evalmesh ${o.name} --competition matrix-lossy --api ${API} --json\n`)
    .action(o.action)
}

export const addLeaderboard = (program: Command): void =>
  add(program, { name: 'leaderboard', description: 'the newest round, and the link board', action: leaderboard })

export const addRecords = (program: Command): void =>
  add(program, { name: 'records', description: 'every taking of the lead, as the ledger has it', action: records })
