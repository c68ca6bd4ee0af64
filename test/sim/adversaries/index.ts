/** The strategies of liars by the fault that draws them; who is two at once needs none. */
import { certificateToOne } from './certificate-to-one.ts'
import { decoy } from './decoy.ts'
import { doubleVote } from './double-vote.ts'
import { equivocatingLeader } from './equivocating-leader.ts'
import { farViews } from './far-views.ts'
import { forgedEvidence } from './forged-evidence.ts'
import { forgery } from './forgery.ts'
import { invalidProposal } from './invalid-proposal.ts'
import { lateVotes } from './late-votes.ts'
import type { Adversary } from './mask.ts'
import { omission } from './omission.ts'
import { absurdMetric, duplicateIds } from './restated.ts'
import { changedReveal, copiedCommit, splitReceipt, splitReveal, withheldReveal } from './reveals.ts'
import { usurper } from './usurper.ts'

export const ADVERSARIES = {
  equivocatingLeader,
  doubleVote,
  usurper,
  lateVotes,
  certificateToOne,
  omission,
  invalidProposal,
  copiedCommit,
  withheldReveal,
  changedReveal,
  splitReveal,
  splitReceipt,
  decoy,
  absurdMetric,
  duplicateIds,
  forgery,
  forgedEvidence,
  farViews,
} as const satisfies Record<string, Adversary>
