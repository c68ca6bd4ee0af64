/** Why a validator will not have a miner's submission, told at once instead of leaving the miner to wait. */
import type { Digest } from '../crypto.ts'
import type { BodyOf } from '../message/message.ts'
import { type AdmissionFault, admissionFault } from './payment.ts'
import { isWithinQuota } from './pump.ts'
import type { RoundState } from './state.ts'

/**
 * `UNREGISTERED`: the hotkey has no uid here; `QUOTA`: its day's number is used up; `WAITING`: too many of its submissions wait already; the
 * others say what is wrong with its size or its payment.
 */
export type SubmissionRefusal = 'UNREGISTERED' | 'QUOTA' | 'WAITING' | AdmissionFault

/** Null when it is a candidate that may get a receipt, or was measured before: the same code under the same hotkey is one submission. */
export const submissionRefusal = (
  state: RoundState,
  id: Digest,
  body: BodyOf<'submission'>,
): SubmissionRefusal | null => {
  const competition = state.competitions.get(body.competition)
  if (competition === undefined || competition.standing.finished.has(id)) return null
  const isRegistered = state.latest?.neurons.some((neuron) => neuron.hotkey === body.hotkey) ?? true
  if (!isRegistered) return 'UNREGISTERED'
  const unpaid = admissionFault(state, competition, { id, body, block: state.head?.number ?? state.logBlock })
  if (unpaid !== null) return unpaid
  if (!competition.candidates.has(id)) return 'WAITING'
  if (competition.ownReceipts.some((own) => own.submission === id)) return null
  const head = state.head?.number ?? 0
  return isWithinQuota(state, competition, { miner: body.hotkey, head }) ? null : 'QUOTA'
}
