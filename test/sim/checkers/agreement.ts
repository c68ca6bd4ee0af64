/** Checks that no two honest nodes decide a height differently (1). */
import type { Digest } from '../../../protocol/crypto.ts'
import { headerDigest } from '../../../protocol/message/entry.ts'
import { type Checker, Violation } from '../watch.ts'

export const agreement: Checker = {
  name: 'agreement',
  watch: (_, checked) => {
    const values = new Map<number, Digest>()
    return {
      decided: (node, { header, certificate }) => {
        const { height } = header
        const value = headerDigest(header)
        const known = values.get(height)
        values.set(height, known ?? value)
        checked()
        if (known !== undefined && known !== value)
          throw new Violation('one value a height', { node, height, known, value })
        const { phase, height: at, value: finalized } = certificate
        if (phase !== 'finalize' || at !== height || finalized !== value) {
          throw new Violation('what is decided was finalized', { node, height, phase, at, finalized, value })
        }
      },
    }
  },
}
