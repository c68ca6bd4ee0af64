/** Checks that certificates hold real votes of a quorum of their height's committee, and that stages of a round weigh by its manifest's (14). */
import type { Digest, Key } from '../../../protocol/crypto.ts'
import type { Certificate } from '../../../protocol/message/vote.ts'
import { type Checker, type Sim, Violation } from '../watch.ts'
import { type Decision, firstDecisions, logOf, type Seats } from './log.ts'

/** Strictly more than two thirds; the protocol's own word for it is under test. */
const isQuorum = (weight: bigint, total: bigint): boolean => 3n * weight > 2n * total

const checkCertificate = (sim: Sim, certificate: Certificate, seats: Seats): void => {
  const { phase: kind, height, view, value, signatures } = certificate
  const signers = new Set<Key>()
  let weight = 0n
  for (const { member, signature } of signatures) {
    const signer = seats.members[member]
    if (signer === undefined || !sim.isVoteSigned({ kind, height, view, value, hotkey: signer.hotkey, signature })) {
      throw new Violation('certificates hold real votes', { kind, height, view, member })
    }
    if (!signers.has(signer.hotkey)) weight += signer.weight
    signers.add(signer.hotkey)
  }
  if (!isQuorum(weight, seats.total)) throw new Violation('certificates hold a quorum', { kind, height, view, weight })
  if (signers.size !== signatures.length) {
    throw new Violation('certificates name a signer once', { kind, height, view, signers: signers.size })
  }
}

/** Members of the round's own committee among who sent these, each counted once; null where one is no member's. */
const weightOf = (sim: Sim, ids: readonly Digest[], seats: Seats): bigint | null => {
  const senders = new Set<Key>()
  let sum = 0n
  for (const id of ids) {
    const hotkey = sim.messageOf(id)?.body.hotkey
    const weight = hotkey === undefined ? undefined : seats.weights.get(hotkey)
    if (hotkey === undefined || weight === undefined) return null
    if (!senders.has(hotkey)) sum += weight
    senders.add(hotkey)
  }
  return sum
}

/** nobody above its stake, all that are below it equal and the largest, and none of them above the cap's part of the sum. */
const areCapped = (o: { stakes: readonly bigint[]; weights: readonly bigint[]; capPpm: number }): boolean => {
  const { stakes, weights } = o
  const largest = [...weights].sort((a, b) => (a < b ? -1 : 1)).at(-1) ?? 0n
  const sum = weights.reduce((total, weight) => total + weight, 0n)
  const isEach = weights.every(
    (weight, place) => weight === (stakes[place] ?? 0n) || (weight < (stakes[place] ?? 0n) && weight === largest),
  )
  // Where too few members leave no such weights all are equal.
  return isEach && (largest * 1_000_000n <= BigInt(o.capPpm) * sum || weights.every((weight) => weight === largest))
}

/**
 * EPOCH is what the chain says at its block, the first of an epoch and later than the one before: permitted validators, each once, with the
 * weights that their stakes give; its number is the chain's where that has risen, else the next.
 */
const checkEpoch = (sim: Sim, { header: { entry, height }, seats }: Decision, capPpm: number): void => {
  const metagraph = entry.kind === 'epoch' ? sim.metagraphAt(entry.block) : null
  if (entry.kind !== 'epoch' || metagraph === null) return
  const { epoch, epochStart, block } = metagraph
  const stakeOf = new Map(metagraph.neurons.flatMap((one) => (one.permit ? [[one.hotkey, one.stakeRao] as const] : [])))
  const stakes = entry.members.map(({ hotkey }) => stakeOf.get(hotkey) ?? 0n)
  const weights = entry.members.map(({ weight }) => weight)
  const number = epoch > seats.epoch ? epoch : seats.epoch + 1
  const isStart = entry.block === epochStart && entry.block > seats.block
  const isOfChain = isStart && entry.epoch === number && entry.blockHash === block.hash
  const areSeats =
    stakes.every((stake) => stake > 0n) && new Set(entry.members.map(({ hotkey }) => hotkey)).size === stakes.length
  if (!isOfChain || !areSeats || !areCapped({ stakes, weights, capPpm })) {
    throw new Violation('an epoch is what the chain says', { height, epoch: entry.epoch, weights, stakes })
  }
}

/** a submission is in a manifest by the receipts of a quorum, at blocks up to the close. */
const checkReceipts = (sim: Sim, { header: { entry, height }, seats }: Decision): void => {
  if (entry.kind !== 'manifest') return
  for (const { id, receipts } of entry.submissions) {
    const isFit = receipts.every((receipt) => {
      const message = sim.messageOf(receipt)
      return message?.kind === 'receipt' && message.body.submission === id && message.body.block <= entry.closeBlock
    })
    const weight = weightOf(sim, receipts, seats)
    if (!isFit || weight === null || !isQuorum(weight, seats.total)) {
      throw new Violation('a submission has receipts of a quorum', { height, id, weight })
    }
  }
}

const checkStage = (sim: Sim, { header: { entry, height }, round }: Decision): void => {
  if (round === null || (entry.kind !== 'commits' && entry.kind !== 'result')) return
  const weight = weightOf(sim, entry.kind === 'commits' ? entry.commits : entry.reveals, round.seats)
  if (weight === null || !isQuorum(weight, round.seats.total)) {
    throw new Violation("a stage holds a quorum of its manifest's committee", { height, kind: entry.kind, weight })
  }
}

export const committees: Checker = {
  name: 'committees',
  watch: (sim, checked) => {
    const log = logOf(sim)
    const decisionOf = firstDecisions(sim)
    let early: Certificate[] = []
    const look = (certificate: Certificate): void => {
      const seats = log.seatsAt(certificate.height)
      if (seats === null) early.push(certificate)
      else {
        checked()
        checkCertificate(sim, certificate, seats)
      }
    }
    const lookAgain = (): void => {
      const waiting = early
      early = []
      for (const certificate of waiting) look(certificate)
    }
    return {
      certified: look,
      decided: (_, decided) => {
        const decision = decisionOf(decided)
        if (decision === null) return
        checked()
        const { header, seats } = decision
        if (header.epoch !== seats.epoch) {
          throw new Violation("a header names its committee's epoch", { height: header.height, epoch: header.epoch })
        }
        checkReceipts(sim, decision)
        checkEpoch(sim, decision, log.paramsAt(header.height).mesh.weightCapPpm)
        checkStage(sim, decision)
        if (early.length > 0) lookAgain()
      },
      ended: () => {
        // A quorum of a height that nobody honest could have reached.
        const [first] = early
        if (first !== undefined)
          throw new Violation('certificates hold a quorum', { height: first.height, why: 'nobody is there' })
      },
    }
  },
}
