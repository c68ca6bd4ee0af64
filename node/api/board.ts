/** A competition's boards: the staircase of records out of the ledger, what the lead pays now, and the link board. */
import { type CompetitionState, encodeSs58, type LeadRecord, type RoundResult } from '../../protocol/index.ts'

/** Rows of the link board. */
const LINK_ROWS_MAX = 50

/** One step of the staircase; `metricPpm` is by how much it beat the one before, or the baseline. */
export type RecordView = Omit<LeadRecord, 'hotkey'> & { readonly hotkey: string }

/** How much sooner a matrix is across a link by this submission, as its newest result here certifies it. */
export type LinkRow = {
  readonly submission: string
  readonly miner: string
  readonly round: number
  readonly linkPpm: bigint
}

export type BoardView = {
  readonly competition: string
  readonly leader: RecordView | null
  /** Oldest first. */
  readonly records: readonly RecordView[]
  /** The part of the competition's share that the lead pays at the newest block: what is not burned, less the decay since its record. */
  readonly leadPaysPpm: number
  /** Derived from the newest 64 results, best first; empty where the competition has no link value. It pays nothing. */
  readonly link: readonly LinkRow[]
}

const linkRows = (results: readonly RoundResult[]): readonly LinkRow[] => {
  const newest = new Map<string, LinkRow>()
  for (const { round, submissions } of results) {
    for (const { id, hotkey, verdict, values } of submissions) {
      const linkPpm = values['linkPpm']
      if (verdict === 'pass' && linkPpm !== undefined)
        newest.set(id, { submission: id, miner: encodeSs58(hotkey), round, linkPpm })
    }
  }
  const isBefore = (a: LinkRow, b: LinkRow): boolean =>
    a.linkPpm > b.linkPpm || (a.linkPpm === b.linkPpm && a.submission < b.submission)
  return [...newest.values()].sort((a, b) => (isBefore(a, b) ? -1 : 1)).slice(0, LINK_ROWS_MAX)
}

const leadPaysPpm = ({ params, standing }: CompetitionState, head: number): number => {
  const leader = standing.records.at(-1)
  if (leader === undefined || params.decayBlocks === 0) return 0
  const left = BigInt(Math.max(0, params.decayBlocks - Math.max(0, head - leader.block)))
  return Number((BigInt(1_000_000 - params.burnPpm) * left) / BigInt(params.decayBlocks))
}

/** `head`: the newest finalised block seen here. */
export const boardView = (competition: CompetitionState, head: number): BoardView => {
  const records = competition.standing.records.map((one) => ({ ...one, hotkey: encodeSs58(one.hotkey) }))
  return {
    competition: competition.params.id,
    leader: records.at(-1) ?? null,
    records,
    leadPaysPpm: leadPaysPpm(competition, head),
    link: linkRows(competition.results),
  }
}
