/** What a round's result says of each member of its committee. */
import type { Committee } from '../committee.ts'
import type { Key } from '../crypto.ts'
import type { Mark, RoundMark, SubmissionResult } from './result.ts'
import type { Evaluation } from './statement.ts'

/**
 * every member of a round has one mark, the worst that fits: `missing`, when no reveal of its counts; `noisy`, when its host's noise is
 * above θ; `flagged`, when one of its values is; else `counted`.
 */
export const marksOf = (
  query: {
    readonly committee: Committee
    readonly entry: { readonly thetaPpm: number }
    readonly attestations: readonly { readonly hotkey: Key; readonly evaluation: Evaluation }[]
  },
  submissions: readonly SubmissionResult[],
): readonly RoundMark[] => {
  const evaluations = new Map(query.attestations.map(({ hotkey, evaluation }) => [hotkey, evaluation]))
  const flagged = new Set(
    submissions.flatMap(({ byValidator }) =>
      byValidator.filter(({ use }) => use === 'flagged').map(({ hotkey }) => hotkey),
    ),
  )
  return query.committee.members.map(({ hotkey }) => {
    const evaluation = evaluations.get(hotkey)
    if (evaluation === undefined) return { hotkey, mark: 'missing', hardwareClass: '', noisePpm: 0 }
    const { hardware, hostNoisePpm: noisePpm } = evaluation
    const mark: Mark = noisePpm > query.entry.thetaPpm ? 'noisy' : flagged.has(hotkey) ? 'flagged' : 'counted'
    return { hotkey, mark, hardwareClass: hardware.class, noisePpm }
  })
}
