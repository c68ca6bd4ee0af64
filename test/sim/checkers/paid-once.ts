/** Checks that a payment pays for one submission in the whole log, and that what a manifest names under a fee is paid for, as an honest receipt says. */
import type { Digest } from '../../../protocol/crypto.ts'
import type { SubmissionRef } from '../../../protocol/message/entry.ts'
import type { BodyOf } from '../../../protocol/message/message.ts'
import { transferAt } from '../payments.ts'
import { type Checker, type Sim, Violation } from '../watch.ts'
import { type Decision, firstDecisions, logOf } from './log.ts'
import { naiveOf } from './naive.ts'
import { paymentsOf } from './payments.ts'

/** results in a row without a verdict, of rounds that did not name it too, after which a submission is given up. */
const ROUNDS_MAX = 5

/** What manifests have named and no result has ended: results in a row without a verdict. */
type Open = Map<Digest, { readonly competition: string; readonly rounds: number }>

/** Whether the chain moved money for it: by who owns the hotkey, in a final block, once, by its own hand. */
const isMoved = (sim: Sim, { hotkey, payment }: BodyOf<'submission'>): boolean => {
  const metagraph = sim.metagraphAt(payment?.blockNumber ?? 0)
  if (payment === null || metagraph === null) return false
  const coldkeys = new Map(metagraph.neurons.map((neuron) => [neuron.hotkey, neuron.coldkey]))
  const validators = new Set(sim.keys)
  // The owner has the first uid, the miners have the last.
  const miners = metagraph.neurons.slice(1).filter((neuron) => !validators.has(neuron.hotkey))
  const found = transferAt(
    payment,
    miners.map(({ coldkey }) => coldkey),
  )
  const isWhole = found?.kind === 'pays' || found?.kind === 'pays too little'
  return isWhole && found.hash === payment.blockHash && found.purse === coldkeys.get(hotkey)
}

const faultOf = (sim: Sim, decision: Decision, ref: SubmissionRef): string | null => {
  const { height, entry } = decision.header
  const message = sim.messageOf(ref.id)
  if (message?.kind !== 'submission' || entry.kind !== 'manifest') return null
  const { competitions } = logOf(sim).paramsAt(height)
  const feeRao = competitions.find(({ id }) => id === entry.competition)?.feeRao ?? 0n
  if (message.body.payment === null) return feeRao > 0n ? 'it names no payment' : null
  // One honest receipt is enough: whoever signed it has looked.
  const isVouched = ref.receipts.some((id) => sim.isHonest(sim.messageOf(id)?.body.hotkey ?? ''))
  return isVouched && !isMoved(sim, message.body) ? 'no money was moved' : null
}

export const paidOnce: Checker = {
  name: 'paid-once',
  watch: (sim, checked) => {
    const payments = paymentsOf(sim)
    const naive = naiveOf(sim)
    const decisionOf = firstDecisions(sim)
    const open: Open = new Map()
    const note = (decision: Decision): void => {
      const { entry, height } = decision.header
      if (entry.kind === 'manifest') {
        for (const ref of entry.submissions) {
          checked()
          const [other] = payments.name(ref.id)
          if (other !== undefined)
            throw new Violation('a payment pays for one submission', { height, id: ref.id, other })
          const why = open.has(ref.id) ? null : faultOf(sim, decision, ref)
          if (why !== null) throw new Violation('what a manifest names is paid for', { height, id: ref.id, why })
          if (!open.has(ref.id)) open.set(ref.id, { competition: entry.competition, rounds: 0 })
        }
      } else if (entry.kind === 'result') {
        const rows = naive.resultOf(entry.manifest)?.submissions ?? []
        for (const [id, { competition, rounds: before }] of open) {
          if (competition !== entry.competition) continue
          const { verdict, board } = rows.find((row) => row.id === id) ?? {}
          const isJudged = verdict === 'pass' || verdict === 'miner'
          const rounds = isJudged && board !== 'quarantined' ? 0 : before + 1
          if (rounds === ROUNDS_MAX || (rounds === 0 && board !== 'provisional')) open.delete(id)
          else open.set(id, { competition, rounds })
          if (rounds === ROUNDS_MAX && !isJudged) payments.refund(id)
        }
      }
    }
    return {
      decided: (_, decided) => {
        const decision = decisionOf(decided)
        if (decision !== null && decision.round !== null) note(decision)
      },
    }
  },
}
