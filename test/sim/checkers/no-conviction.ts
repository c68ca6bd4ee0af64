/** Checks that nothing an honest node ever signs, across all its crashes, is evidence against it, and that nobody calls it an offender (5). */
import type { Key } from '../../../protocol/crypto.ts'
import type { Notice } from '../../../protocol/machine-types.ts'
import { type Checker, Violation } from '../watch.ts'
import { createWitness } from './contradictions.ts'
import { domainOf } from './log.ts'

/** Whom a notice accuses; a node that takes itself for a clone accuses itself. */
const accused = (notice: Notice): Key | null => {
  if (notice.kind === 'refused') return notice.proposal.body.hotkey
  if (notice.kind === 'cloned') return notice.message.body.hotkey
  return 'hotkey' in notice ? notice.hotkey : null
}

export const noConviction: Checker = {
  name: 'no-conviction',
  watch: (sim, checked) => {
    const hear = createWitness(domainOf(sim))
    return {
      signed: (node, message) => {
        checked()
        const contradiction = hear(message)
        if (contradiction === null) return
        throw new Violation(`no honest node ${contradiction.what}`, { node, kind: message.kind, body: message.body })
      },
      noticed: (node, notice) => {
        const hotkey = accused(notice)
        if (hotkey === null) return
        checked()
        if (sim.isHonest(hotkey)) throw new Violation('nobody honest is accused', { node, hotkey, kind: notice.kind })
      },
    }
  },
}
