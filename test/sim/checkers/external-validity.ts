/** Checks that every decided value was found valid as a fresh proposal by someone honest (17). */
import type { Digest, Key } from '../../../protocol/crypto.ts'
import { headerDigest } from '../../../protocol/message/entry.ts'
import { type Checker, Violation } from '../watch.ts'
import { entryOf, firstDecisions, placeOf } from './log.ts'

export const externalValidity: Checker = {
  name: 'external-validity',
  watch: (sim, checked) => {
    /** Per node the fresh proposals on its disk: a header is durable with the vote for it. */
    const fresh = new Map<Key, Map<number, Digest>>()
    const valid = new Set<Digest>()
    const decisionOf = firstDecisions(sim)
    return {
      persisted: (node, records) => {
        for (const record of records) {
          if (record.kind !== 'message' || record.message.kind !== 'proposal') continue
          const { body } = record.message
          if (body.parentView === null)
            entryOf(fresh, node, () => new Map()).set(placeOf(body), headerDigest(body.header))
        }
      },
      signed: (node, { kind, body }) => {
        if (kind === 'notarize' && fresh.get(node)?.get(placeOf(body)) === body.value) valid.add(body.value)
      },
      decided: (_, decided) => {
        const decision = decisionOf(decided)
        if (decision === null) return
        const { digest, header } = decision
        checked()
        if (!valid.has(digest))
          throw new Violation('what is decided was fresh and valid to someone honest', {
            height: header.height,
            digest,
          })
      },
    }
  },
}
