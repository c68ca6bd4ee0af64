/** The ledger once more: a competition's standing as questions to the whole list of its results, nothing carried from one to the next. */
import type { Standing } from '../../../protocol/ledger/fold.ts'
import type { RoundResult } from '../../../protocol/round/result.ts'

/** A decided result and the block of its header. */
export type Past = { readonly result: RoundResult; readonly block: number }

type Row = RoundResult['submissions'][number]

/** Of each submission that a manifest has named, how many results were decided before the first that did. */
export type FirstNamed = ReadonlyMap<string, number>

/** Where every manifest has its result: by the first row. */
const byRows = (past: readonly Past[]): FirstNamed =>
  new Map(past.flatMap(({ result }, place) => result.submissions.map(({ id }) => [id, place] as const)).toReversed())

/** One submission's row in each result since a manifest first named it, oldest first; null in a round that it was not measured in. */
const rowsOf = (
  past: readonly Past[],
  o: { readonly id: string; readonly named: FirstNamed },
): readonly (Row | null)[] =>
  past
    .slice(o.named.get(o.id) ?? past.length)
    .map(({ result }) => result.submissions.find((row) => row.id === o.id) ?? null)

/** it will be measured again, and not because it is ahead. */
const isOpen = (row: Row | null): boolean =>
  row === null || row.board === 'quarantined' || row.verdict === 'inconclusive' || row.verdict === 'infra'
const isDone = (row: Row | null): boolean => !isOpen(row) && row?.board !== 'provisional'

/** Rounds at the end of its list that left it open. */
const openAtEnd = (rows: readonly (Row | null)[]): number => {
  const last = rows.findLastIndex((row) => !isOpen(row))
  return rows.length - 1 - last
}

/** */
const isFinished = (rows: readonly (Row | null)[]): boolean =>
  rows.some(isDone) || rows.some((_, place) => openAtEnd(rows.slice(0, place + 1)) >= 5)

/** rounds in which it was ahead of the present leader, unless one since then took that away; null when it is not ahead. */
const confirmationsOf = (
  past: readonly Past[],
  o: { readonly id: string; readonly named: FirstNamed },
): number | null => {
  const { id } = o
  if (isFinished(rowsOf(past, o))) return null
  const rowIn = ({ result }: Past): Row | undefined => result.submissions.find((row) => row.id === id)
  const breaks = past.findLastIndex((one) => rowIn(one)?.board === 'quarantined')
  const ahead = past.slice(breaks + 1).filter((one) => rowIn(one)?.board === 'provisional')
  if (ahead.length === 0) return null
  const lead = past.findLastIndex(({ result }) => result.submissions.some(({ board }) => board === 'record'))
  return ahead.filter((one) => past.indexOf(one) > lead).length
}

/** `named` tells also what was named by a manifest whose round was void. */
export const naiveStanding = (past: readonly Past[], named: FirstNamed = byRows(past)): Standing => {
  const rows = past.flatMap(({ result, block }) =>
    result.submissions.map((row) => ({ row, round: result.round, block })),
  )
  const ids = [...named.keys()]
  const marks = past.flatMap(({ result }) => result.validators)
  const countOf = (hotkey: string, mark: string): number =>
    marks.filter((one) => one.hotkey === hotkey && one.mark === mark).length
  return {
    records: rows
      .filter(({ row }) => row.board === 'record')
      .map(({ row: { id: submission, hotkey, bundle, metricPpm, scorePpb, values }, round, block }) => {
        return { submission, hotkey, bundle, round, block, metricPpm, scorePpb, values }
      }),
    provisional: new Map(
      ids.flatMap((id) => {
        const rounds = confirmationsOf(past, { id, named })
        return rounds === null ? [] : [[id, rounds] as const]
      }),
    ),
    underWay: new Set(ids.filter((id) => !isFinished(rowsOf(past, { id, named })))),
    finished: new Set(ids.filter((id) => isFinished(rowsOf(past, { id, named })))),
    inconclusive: new Map(
      ids
        .map((id) => [id, rowsOf(past, { id, named })] as const)
        .filter(([, own]) => !isFinished(own) && openAtEnd(own) > 0)
        .map(([id, own]) => [id, openAtEnd(own)]),
    ),
    tallies: new Map(
      marks.map(({ hotkey }) => [
        hotkey,
        {
          counted: countOf(hotkey, 'counted'),
          flagged: countOf(hotkey, 'flagged'),
          noisy: countOf(hotkey, 'noisy'),
          missing: countOf(hotkey, 'missing'),
        },
      ]),
    ),
  }
}
