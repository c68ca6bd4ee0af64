/** The competitions a mesh can run: a folder each, and one line here. */
import { matrixLossless } from './matrix-lossless/rules.ts'
import { matrixLossy } from './matrix-lossy/rules.ts'
import type { CompetitionRules, MatrixRules } from './rules.ts'
import { trainingSpeed } from './training-speed/rules.ts'

/** By a competition's id, as the genesis document and submissions name it. */
export const COMPETITIONS: ReadonlyMap<string, CompetitionRules> = new Map<string, CompetitionRules>([
  ['matrix-lossless', matrixLossless],
  ['matrix-lossy', matrixLossy],
  ['training-speed', trainingSpeed],
])

/** Rules of the matrix competition with this id; undefined for another kind, or none. */
export const matrixRulesOf = (competition: string): MatrixRules | undefined => {
  const rules = COMPETITIONS.get(competition)
  return rules?.kind === 'matrix' ? rules : undefined
}
