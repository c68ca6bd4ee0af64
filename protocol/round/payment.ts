/** Payments in the rounds: which submission each transfer has paid for, by the log alone, and what this node's chain shows of one. */
import { assert } from '../assert.ts'
import { nullifierOf, type PaymentRef, paymentFault } from '../chain/payment.ts'
import type { Digest } from '../crypto.ts'
import { PAYMENT_BLOCKS_MAX } from '../limits.ts'
import type { Effect, Input } from '../machine-types.ts'
import type { ManifestEntry } from '../message/entry.ts'
import type { BodyOf } from '../message/message.ts'
import { ask, type Candidate, type CompetitionState, heldOf, type RoundState } from './state.ts'

const RETRY_MS = 2_000

/** A submission beside the block of the header that names it, or would. */
type Named = { readonly id: Digest; readonly body: BodyOf<'submission'>; readonly block: number }

/**
 * Why no manifest may name it. TOO_LARGE: for the limit in force; UNPAID: a fee is asked for and it names no payment; SPENT: that has paid for
 * another; TOO_OLD: it may have paid before.
 */
export type AdmissionFault = 'TOO_LARGE' | 'UNPAID' | 'SPENT' | 'TOO_OLD'

/**
 * a payment pays for the one submission that the first manifest with it names, whatever the competition. R-116: it may be new to a
 * manifest up to `PAYMENT_BLOCKS_MAX` after its block. R-117: what a manifest has named goes on to its end under the terms that it came by.
 */
export const admissionFault = (
  state: RoundState,
  competition: CompetitionState,
  { id, body, block }: Named,
): AdmissionFault | null => {
  const { payment, sizeBytes } = body
  if (competition.standing.underWay.has(id)) return null
  if (sizeBytes > competition.params.bundleBytesMax) return 'TOO_LARGE'
  if (payment === null) return competition.params.feeRao === 0n ? null : 'UNPAID'
  const spent = state.spent.get(nullifierOf(payment))
  if (spent !== undefined) return spent.submission === id ? null : 'SPENT'
  return payment.blockNumber > block - PAYMENT_BLOCKS_MAX ? null : 'TOO_OLD'
}

/** those before which none has the same payment; `paymentOf` is null for what names none. */
export const eachPaidOnce = <T>(items: readonly T[], paymentOf: (item: T) => PaymentRef | null): readonly T[] => {
  const taken = new Set<string>()
  return items.filter((item) => {
    const payment = paymentOf(item)
    if (payment === null) return true
    const isFirst = !taken.has(nullifierOf(payment))
    taken.add(nullifierOf(payment))
    return isFirst
  })
}

/** what has its verdict and could be new to no manifest any more needs no remembering. */
const forgetOld = (state: RoundState, block: number): void => {
  for (const [nullifier, spent] of state.spent) {
    const isDone = state.competitions.get(spent.competition)?.standing.finished.has(spent.submission) ?? false
    if (isDone && spent.block <= block - PAYMENT_BLOCKS_MAX) state.spent.delete(nullifier)
  }
}

/** binds the payments of what this manifest names; before the round is open. */
export const spendNamed = (
  state: RoundState,
  competition: CompetitionState,
  { entry, block }: { readonly entry: ManifestEntry; readonly block: number },
): void => {
  forgetOld(state, block)
  for (const { id } of entry.submissions) {
    const body = heldOf(state, 'submission', id)?.message.body
    assert(body !== undefined, 'a manifest is folded when its submissions are here')
    const fault = admissionFault(state, competition, { id, body, block })
    assert(fault === null, `a certified manifest names what is paid for, but for ${fault}`)
    if (body.payment === null) continue
    const { blockNumber } = body.payment
    state.spent.set(nullifierOf(body.payment), { submission: id, competition: entry.competition, block: blockNumber })
  }
}

/**
 * What is given up without a verdict costs nothing. R-117: its payment may pay for another submission. R-77: its place of the day is another's.
 */
export const refund = (state: RoundState, competition: CompetitionState, givenUp: readonly Digest[]): void => {
  competition.ownReceipts = competition.ownReceipts.filter(({ submission }) => !givenUp.includes(submission))
  for (const id of givenUp) {
    const payment = heldOf(state, 'submission', id)?.message.body.payment ?? null
    if (payment !== null) state.spent.delete(nullifierOf(payment))
  }
}

/** True when nothing need be paid, or this node's chain has shown the payment. */
export const isPaid = ({ held, found }: Candidate): boolean => held.message.body.payment === null || found === 'PAID'

/** Has the chain looked at, once the payment's block is final here; asks again while no answer comes. */
export const readPayment = (
  state: RoundState,
  { held, found }: Candidate,
  o: { readonly head: number; readonly at: number },
): readonly Effect[] => {
  const { payment, hotkey } = held.message.body
  if (payment === null || found !== null || payment.blockNumber > o.head) return []
  if (!ask(state, { key: `payment ${held.id}`, at: o.at, everyMs: RETRY_MS })) return []
  return [{ kind: 'readPayment', submission: held.id, payment, hotkey }]
}

/** What the competition asks for now. */
export const termsOfPayment = (state: RoundState, { params }: CompetitionState) => ({
  recipient: params.feeRecipient,
  amountRao: params.feeRao,
  firstBlock: Math.max(state.genesis.block, (state.head?.number ?? 0) - PAYMENT_BLOCKS_MAX + 1),
})

/** what the chain shows is final, so it is looked at once. @returns false where nothing has changed. */
export const notePayment = (state: RoundState, input: Extract<Input, { kind: 'payment' }>): boolean => {
  for (const competition of state.competitions.values()) {
    const candidate = competition.candidates.get(input.submission)
    const { payment, hotkey } = candidate?.held.message.body ?? { payment: null, hotkey: '' }
    if (candidate === undefined || payment === null || candidate.found !== null) continue
    const terms = termsOfPayment(state, competition)
    const fault = paymentFault({ claim: { ref: payment, hotkey }, terms, facts: input.facts })
    if (fault === 'NOT_FINAL') return false
    candidate.found = fault ?? 'PAID'
    return true
  }
  return false
}
