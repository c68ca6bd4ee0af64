/** When a challenger takes the lead: the one rule of takeover over certified votes. */

import { isQuorum } from '../committee.ts'
import { ONE_PPM, type PairVerdict } from '../competition/pair.ts'

/** A validator's counted value of one submission against the leader. */
export type MetricVote = { readonly weight: bigint; readonly centrePpm: number; readonly pair: PairVerdict }

/**
 * a challenger qualifies when its median is above 1 + θ, more than two thirds of the voting stake is above 1 + θ/2, and hosts that say
 * "better" hold more than half of it.
 */
export const isBetter = (o: {
  readonly votes: readonly MetricVote[]
  readonly metricPpm: number
  readonly thetaPpm: number
}): boolean => {
  const weightWhere = (holds: (vote: MetricVote) => boolean): bigint =>
    o.votes.reduce((sum, vote) => (holds(vote) ? sum + vote.weight : sum), 0n)
  const total = weightWhere(() => true)
  return (
    o.metricPpm > ONE_PPM + o.thetaPpm &&
    isQuorum(
      weightWhere((vote) => 2 * (vote.centrePpm - ONE_PPM) > o.thetaPpm),
      total,
    ) &&
    2n * weightWhere((vote) => vote.pair === 'better') > total
  )
}

/** one round is enough against the baseline, `confirmRounds` in a row against a leader; until then it is provisional. */
export const isConfirmed = (o: {
  readonly hasIncumbent: boolean
  /** Rounds it qualified in before this one, against this leader. */
  readonly confirmations: number
  readonly confirmRounds: number
}): boolean => o.confirmations + 1 >= (o.hasIncumbent ? o.confirmRounds : 1)
