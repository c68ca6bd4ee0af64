/** Checks that whoever restarted has everything at the end that anyone honest had decided before its return and before healing (L2). */
import type { Key } from '../../../protocol/crypto.ts'
import { type Checker, Violation } from '../watch.ts'

export const catchUp: Checker = {
  name: 'catch-up',
  watch: (sim, checked) => {
    let highest = 0
    let highestBeforeHealing = 0
    /** Per node the highest decided height anywhere when it last came back. */
    const returned = new Map<Key, number>()
    return {
      decided: (_, { header: { height } }) => {
        highest = Math.max(highest, height)
        if (sim.now() <= sim.healAtMs) highestBeforeHealing = highest
      },
      restarted: (node) => {
        returned.set(node, highest)
      },
      ended: ({ logs, isDone }) => {
        for (const [node, known] of returned) {
          const log = logs.get(node)
          if (log === undefined) continue
          checked()
          const least = Math.max(known, highestBeforeHealing)
          if (log.length < least || !isDone(log)) {
            throw new Violation('who restarted catches up', { node, height: log.length, least })
          }
        }
      },
    }
  },
}
