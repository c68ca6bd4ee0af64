/** Which vectors the log decides: for which blocks, and what each is made of, so that no two nodes ever make two of one. */
import type { Metagraph } from '../chain-view.ts'
import { vectorAt } from '../ledger/weights.ts'
import type { WeightsVector } from '../machine-types.ts'
import type { Header } from '../message/entry.ts'
import type { DecidedVector, RoundState } from './state.ts'

/** Vectors remembered: the newest is handed to the chain, an auditor holds rows on chain against older ones. */
const VECTORS_MAX = 1_024

/**
 * a header decides the vector of its block when that is at least `weightsEveryBlocks` above the last one's and a round has had its
 * result. R-92: it follows from the ledger and the parameters in force below that header. A node that is behind, or cut off, has not
 * decided the header and makes no vector: no clock and no head can tell it that its log is whole.
 */
export const decideVector = (state: RoundState, { block }: Header): void => {
  const competitions = [...state.competitions.values()]
  const last = state.vectors.at(-1)
  const isDue = last === undefined || block >= last.block + state.params.mesh.weightsEveryBlocks
  if (!isDue || !competitions.some(({ results }) => results.length > 0)) return
  const standings = new Map(competitions.map(({ params, standing }) => [params.id, { records: [...standing.records] }]))
  state.vectors.push({ block, standings, competitions: competitions.map(({ params }) => params) })
  if (state.vectors.length > VECTORS_MAX) state.vectors.shift()
}

/** The vectors that the log has decided at blocks up to this one, the newest first. */
export const vectorsUpTo = (state: RoundState, block: number): readonly DecidedVector[] =>
  state.vectors.filter((vector) => vector.block <= block).toReversed()

/** What a decided vector comes to with the metagraph of its block; null when the log has decided none for it. */
export const vectorOf = (state: RoundState, metagraph: Metagraph): WeightsVector | null => {
  const decided = state.vectors.findLast(({ block }) => block === metagraph.block.number)
  return decided === undefined ? null : vectorAt({ ...decided, metagraph })
}
