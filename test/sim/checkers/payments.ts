/** Payments by the decided log, for all checkers of a run: which submission each pays for, told by another code than the protocol's. */
import type { PaymentRef } from '../../../protocol/chain/payment.ts'
import type { Digest } from '../../../protocol/crypto.ts'
import type { Header } from '../../../protocol/message/entry.ts'
import { type Sim, shared } from '../watch.ts'
import { entryOf } from './log.ts'

/** A payment as a word: block and index, since one chain has one block of a hash. */
const wordOf = ({ blockHash, extrinsicIndex }: PaymentRef): string => `${extrinsicIndex} of ${blockHash}`

export type Payments = {
  /** Of a submission; undefined where the run has none of this id. */
  readonly paymentOf: (id: Digest) => PaymentRef | null | undefined
  /** Notes what a decided manifest names. @returns the submissions that named its payment before this one, itself left out. */
  readonly name: (id: Digest) => readonly Digest[]
  /** The submission is finished without a verdict: its payment is free again. */
  readonly refund: (id: Digest) => void
  /** Whether this manifest may leave it out for its payment's sake: it names none, or another submission has named it, here or before. */
  readonly isExcused: (header: Header, id: Digest) => boolean
}

const createPayments = ({ messageOf, genesis }: Sim): Payments => {
  const named = new Map<string, Set<Digest>>()
  const refunded = new Set<Digest>()
  const paymentOf = (id: Digest): PaymentRef | null | undefined => {
    const message = messageOf(id)
    return message?.kind === 'submission' ? message.body.payment : undefined
  }
  const hasFees = genesis.competitions.some(({ feeRao }) => feeRao > 0n)
  return {
    paymentOf,
    name: (id) => {
      const payment = paymentOf(id)
      if (payment === null || payment === undefined) return []
      const all = entryOf(named, wordOf(payment), () => new Set())
      all.add(id)
      return [...all].filter((other) => other !== id && !refunded.has(other))
    },
    refund: (id) => void refunded.add(id),
    isExcused: ({ entry }, id) => {
      const payment = paymentOf(id)
      if (payment === null || payment === undefined) return hasFees
      const rivals = entry.kind === 'manifest' ? entry.submissions.map((ref) => ref.id) : []
      const isSame = (other: Digest): boolean => {
        const theirs = paymentOf(other)
        return theirs !== null && theirs !== undefined && wordOf(theirs) === wordOf(payment)
      }
      const before = [...(named.get(wordOf(payment)) ?? [])]
      return [...before, ...rivals.filter(isSame)].some((other) => other !== id)
    },
  }
}

/** One for all checkers of a run. */
export const paymentsOf = (sim: Sim): Payments => shared(sim, createPayments)
