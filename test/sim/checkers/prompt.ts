/** Checks that after healing every height is decided within three views for each dishonest leader in a row, and three more (L1). */
import type { Committee } from '../../../protocol/committee.ts'
import { leaderOrder } from '../../../protocol/consensus/leader.ts'
import { type Checker, type Sim, Violation } from '../watch.ts'
import { firstDecisions, type Seats } from './log.ts'

/** A height that anyone honest voted on earlier may carry views from before healing. */
const HEALED_MS = 10_000
const VIEWS_A_LEADER = 3

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

export const prompt: Checker = {
  name: 'prompt',
  watch: (sim, checked) => {
    /** When anyone honest first signed a vote of this height. */
    const begun = new Map<number, number>()
    const decisionOf = firstDecisions(sim)
    return {
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
        const viewsMax = VIEWS_A_LEADER * (dishonestRun(sim, decision.seats, height) + 1)
        if (view >= viewsMax) throw new Violation('a height is decided soon after healing', { height, view, viewsMax })
      },
    }
  },
}
