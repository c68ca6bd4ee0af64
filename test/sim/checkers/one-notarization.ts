/** Checks that a view has one notarized value, over all certificates ever formed (2); a finalization names a notarized value too. */
import type { Digest } from '../../../protocol/crypto.ts'
import { type Checker, Violation } from '../watch.ts'
import { placeOf } from './log.ts'

export const oneNotarization: Checker = {
  name: 'one-notarization',
  watch: (_, checked) => {
    const values = new Map<number, Digest>()
    return {
      certified: (certificate) => {
        const { phase, height, view, value } = certificate
        if (phase === 'nullify') return
        const place = placeOf(certificate)
        const known = values.get(place) ?? value
        values.set(place, known)
        checked()
        if (known !== value) throw new Violation('one notarized value a view', { phase, height, view, known, value })
      },
    }
  },
}
