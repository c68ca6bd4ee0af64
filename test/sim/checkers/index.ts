/** Every promise that the simulator checks, one file each, in the order of their numbers. */
import type { Checker } from '../watch.ts'
import { accountability } from './accountability.ts'
import { agreement } from './agreement.ts'
import { boundedMemory } from './bounded-memory.ts'
import { catchUp } from './catch-up.ts'
import { commitmentsOpened } from './commitments-opened.ts'
import { committees } from './committees.ts'
import { convictions } from './convictions.ts'
import { everythingDue } from './everything-due.ts'
import { externalValidity } from './external-validity.ts'
import { guarded } from './guarded.ts'
import { honestRange } from './honest-range.ts'
import { inclusion } from './inclusion.ts'
import { legalWeights } from './legal-weights.ts'
import { merkle } from './merkle.ts'
import { noConviction } from './no-conviction.ts'
import { noLateVotes } from './no-late-votes.ts'
import { oneEnd } from './one-end.ts'
import { oneMeaning } from './one-meaning.ts'
import { oneNotarization } from './one-notarization.ts'
import { paidOnce } from './paid-once.ts'
import { patience } from './patience.ts'
import { prompt } from './prompt.ts'
import { replay } from './replay.ts'
import { roundsEnd } from './rounds-end.ts'
import { sameResults } from './same-results.ts'
import { sealedUntilCommits } from './sealed-until-commits.ts'
import { vectors } from './vectors.ts'

/** 1 to 21, what evidence costs and payments buy, then that what is due is decided, L1 and L2. */
export const CHECKERS: readonly Checker[] = [
  agreement,
  oneNotarization,
  oneEnd,
  guarded,
  noConviction,
  accountability,
  roundsEnd,
  sealedUntilCommits,
  commitmentsOpened,
  honestRange,
  inclusion,
  patience,
  sameResults,
  legalWeights,
  committees,
  merkle,
  replay,
  externalValidity,
  noLateVotes,
  boundedMemory,
  oneMeaning,
  vectors,
  convictions,
  paidOnce,
  everythingDue,
  prompt,
  catchUp,
]
