/** Checks that nobody honest signs a vote or a proposal at or below a height whose finalization is on its disk (18). */
import type { Key } from '../../../protocol/crypto.ts'
import { type Checker, Violation } from '../watch.ts'

export const noLateVotes: Checker = {
  name: 'no-late-votes',
  watch: (_, checked) => {
    const finalized = new Map<Key, number>()
    return {
      persisted: (node, records) => {
        for (const record of records) {
          const certificate =
            record.kind === 'certificate' || record.kind === 'decided'
              ? ('decided' in record ? record.decided : record).certificate
              : null
          if (certificate?.phase !== 'finalize') continue
          finalized.set(node, Math.max(certificate.height, finalized.get(node) ?? 0))
        }
      },
      signed: (node, { kind, body }) => {
        if (kind !== 'proposal' && kind !== 'notarize' && kind !== 'nullify' && kind !== 'finalize') return
        const { height, view } = body
        checked()
        if (height <= (finalized.get(node) ?? 0))
          throw new Violation('no vote on a finalized height', { node, kind, height, view })
      },
    }
  },
}
