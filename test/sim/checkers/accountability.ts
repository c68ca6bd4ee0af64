/** Checks that whoever broke agreement left proof of it: offenders of more than a third of the weight, none of them honest (6). */
import type { Digest, Key } from '../../../protocol/crypto.ts'
import { headerDigest } from '../../../protocol/message/entry.ts'
import type { Signed } from '../../../protocol/message/message.ts'
import { type Checker, Violation } from '../watch.ts'
import { createWitness } from './contradictions.ts'
import { domainOf, logOf } from './log.ts'

/** Who contradicted itself in these messages, votes and proposals included. `domain`: the mesh's. */
export const offenders = (messages: Iterable<Signed>, domain: Digest): ReadonlySet<Key> => {
  const hear = createWitness(domain)
  const found = new Set<Key>()
  for (const message of messages) {
    const contradiction = hear(message)
    if (contradiction !== null) found.add(contradiction.hotkey)
  }
  return found
}

export const accountability: Checker = {
  name: 'accountability',
  watch: (sim, checked) => {
    const log = logOf(sim)
    const hear = createWitness(domainOf(sim))
    const guilty = new Set<Key>()
    const values = new Map<number, Digest>()
    /** Heights that two honest nodes decided differently. */
    const broken = new Set<number>()
    return {
      sent: (message) => {
        const contradiction = hear(message)
        if (contradiction !== null) guilty.add(contradiction.hotkey)
      },
      decided: (_, decided) => {
        log.note(decided)
        const { height } = decided.header
        const value = headerDigest(decided.header)
        const known = values.get(height)
        if (known === undefined) values.set(height, value)
        else if (known !== value) broken.add(height)
      },
      ended: () => {
        checked()
        for (const hotkey of guilty) {
          if (sim.isHonest(hotkey)) throw new Violation('offenders are never honest', { hotkey })
        }
        const [height] = broken
        const seats = height === undefined ? null : log.seatsAt(height)
        if (seats === null) return
        let weight = 0n
        for (const hotkey of guilty) weight += seats.weights.get(hotkey) ?? 0n
        if (3n * weight <= seats.total) {
          throw new Violation('who breaks agreement is named', { height, weight, guilty: [...guilty] })
        }
      },
    }
  },
}
