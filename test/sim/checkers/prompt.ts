/** Checks that after healing every height is decided within three views for each dishonest leader in a row and three more, and eleven more where items differ by who looks (L1). */
import type { Committee } from '../../../protocol/committee.ts'
import { leaderOrder } from '../../../protocol/consensus/leader.ts'
import type { Signed } from '../../../protocol/message/message.ts'
import { type Checker, type Sim, Violation } from '../watch.ts'
import { firstDecisions, type Seats } from './log.ts'

/** A height that anyone honest voted on earlier may carry views from before healing. */
const HEALED_MS = 10_000
const VIEWS_A_LEADER = 3
/** As many as fit into the 120Δ in which voters demand what proposals leave out, by clocks that may be a tenth slow. */
const DEMANDING_VIEWS = 11

/** The longest run of dishonest leaders; after the last place the order begins again. */
const dishonestRun = (sim: Sim, seats: Seats, height: number): number => {
  if (seats.members.every(({ hotkey }) => sim.isHonest(hotkey))) return 0
  const order = leaderOrder(seats as unknown as Committee, height)
  let [longest, run] = [0, 0]
  for (const leader of [...order, ...order]) {
    run = sim.isHonest(leader) ? 0 : run + 1
    longest = Math.max(longest, run)
  }
  return Math.min(longest, order.length)
}

/** What a sender says once of each subject; null for what it may say anew. */
const subjectOf = ({ kind, body }: Signed): string | null => {
  if (kind === 'receipt') return `${kind} ${body.submission} ${body.hotkey}`
  return kind === 'reveal' ? `${kind} ${body.manifest} ${body.hotkey}` : null
}

/** Whether anyone has said two things of one subject: then two honest nodes may hold what neither takes from the other. */
const createSplits = () => {
  const first = new Map<string, string>()
  let isSplit = false
  return {
    isAny: (): boolean => isSplit,
    note: (message: Signed): void => {
      const subject = isSplit ? null : subjectOf(message)
      if (subject === null) return
      const said = JSON.stringify(message.body)
      isSplit = (first.get(subject) ?? said) !== said
      first.set(subject, said)
    },
  }
}

export const prompt: Checker = {
  name: 'prompt',
  watch: (sim, checked) => {
    /** When anyone honest first signed a vote of this height. */
    const begun = new Map<number, number>()
    const decisionOf = firstDecisions(sim)
    const splits = createSplits()
    return {
      sent: splits.note,
      signed: (_, { kind, body }) => {
        if (kind !== 'proposal' && kind !== 'notarize' && kind !== 'nullify' && kind !== 'finalize') return
        if (!begun.has(body.height)) begun.set(body.height, sim.now())
      },
      decided: (_, decided) => {
        const decision = decisionOf(decided)
        if (decision === null) return
        const { height } = decision.header
        const { view } = decision.certificate
        if ((begun.get(height) ?? 0) < sim.healAtMs + HEALED_MS) return
        checked()
        // Most heights take a single view: the order of leaders is drawn for the others only.
        if (view < VIEWS_A_LEADER) return
        const demanded = splits.isAny() ? DEMANDING_VIEWS : 0
        const viewsMax = demanded + VIEWS_A_LEADER * (dishonestRun(sim, decision.seats, height) + 1)
        if (view >= viewsMax) throw new Violation('a height is decided soon after healing', { height, view, viewsMax })
      },
    }
  },
}
