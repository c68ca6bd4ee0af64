/** Whether a reveal opens its commitment and says what its round allows. */

import { COMPETITIONS } from '../competition/index.ts'
import { type RoundId, roundSeed } from '../competition/seed.ts'
import { ProtocolError } from '../errors.ts'
import { commitmentOf } from '../message/commitment.ts'
import type { Domains } from '../message/message.ts'
import type { Committed, Held, OpenRound } from './state.ts'
import { type Evaluation, parseStatement, type StatementTerms, statementFault } from './statement.ts'

/** The round's name in hashes. */
export const roundIdOf = (round: OpenRound, domains: Domains): RoundId => ({
  domain: domains.mesh,
  competition: round.entry.competition,
  round: round.entry.round,
  manifest: round.manifest,
})

/** Once the beacon is final a round's terms never change, and every reveal is held against them. */
const terms = new WeakMap<OpenRound, StatementTerms>()

/** What every statement about the round must say; null until the beacon block is final here. */
export const termsOf = (round: OpenRound, domains: Domains): StatementTerms | null => {
  if (round.beacon === null) return null
  const known = terms.get(round)
  if (known !== undefined) return known
  const id = roundIdOf(round, domains)
  const { paramsHash, image, thetaPpm, submissions } = round.entry
  const seed = roundSeed({ ...id, beacon: round.beacon })
  // Who does not know the rules cannot measure, and takes nothing of what others say they did.
  const values = COMPETITIONS.get(id.competition)?.values ?? []
  const made = { id, paramsHash, image, thetaPpm, seed, values, submissions: submissions.map((one) => one.id) }
  terms.set(round, made)
  return made
}

/** True when the reveal is the preimage of its hotkey's decided commitment. */
const opens = (committed: Committed, reveal: Held<'reveal'>, id: RoundId): boolean => {
  const { hotkey, nonce, statement } = reveal.message.body
  const commitment = committed.commits.get(hotkey)?.message.body.commitment
  return commitment === commitmentOf({ ...id, hotkey, nonce, statement })
}

/**
 * a reveal counts when it opens the commitment that COMMITS names for its hotkey and its statement fits the round.
 * @returns the evaluation, what is wrong with it, or null while the beacon is not known here.
 */
export const evaluationOf = (
  round: OpenRound,
  reveal: Held<'reveal'>,
  domains: Domains,
): { readonly evaluation: Evaluation } | { readonly fault: string } | null => {
  const known = round.checked.get(reveal.id)
  if (known !== undefined) return typeof known === 'string' ? { fault: known } : { evaluation: known }
  const wanted = termsOf(round, domains)
  if (wanted === null || round.committed === null) return null
  const found = check(round.committed, reveal, wanted)
  round.checked.set(reveal.id, found)
  return typeof found === 'string' ? { fault: found } : { evaluation: found }
}

const check = (committed: Committed, reveal: Held<'reveal'>, wanted: StatementTerms): Evaluation | string => {
  if (!opens(committed, reveal, wanted.id)) return 'commitment'
  const { hotkey, nonce, statement } = reveal.message.body
  try {
    const evaluation = parseStatement(statement)
    return statementFault(evaluation, wanted, { hotkey, nonce }) ?? evaluation
  } catch (error) {
    if (error instanceof ProtocolError) return error.code
    throw error
  }
}
