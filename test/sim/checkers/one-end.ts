/** Checks that no view is both nullified and finalized, over all certificates ever formed (3). */
import type { Phase } from '../../../protocol/message/vote.ts'
import { type Checker, Violation } from '../watch.ts'
import { placeOf } from './log.ts'

export const oneEnd: Checker = {
  name: 'one-end',
  watch: (_, checked) => {
    const ends = new Map<number, Phase>()
    return {
      certified: (certificate) => {
        const { phase, height, view } = certificate
        if (phase === 'notarize') return
        const place = placeOf(certificate)
        const known = ends.get(place) ?? phase
        ends.set(place, known)
        checked()
        if (known !== phase) throw new Violation('a view is never both nullified and finalized', { height, view })
      },
    }
  },
}
