/** The competitions a mesh can run: a folder each, and one line here. */
import { matrixLossless } from './matrix-lossless/rules.ts'
import { matrixLossy } from './matrix-lossy/rules.ts'
import type { CompetitionRules } from './rules.ts'

/** By a competition's id, as the genesis document and submissions name it. */
export const COMPETITIONS: ReadonlyMap<string, CompetitionRules> = new Map([
  ['matrix-lossless', matrixLossless],
  ['matrix-lossy', matrixLossy],
])
