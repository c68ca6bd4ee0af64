/** Checks that no two honest nodes decide a height differently, and that each decides every height once, in order. */
import type { Key } from '../../../protocol/crypto.ts'
import { Violation, type Watcher } from '../watch.ts'

export const agreement = (): Watcher => {
  const values = new Map<number, string>()
  const reached = new Map<Key, number>()
  return {
    decided: (node, { header, certificate }) => {
      const { height, value } = certificate
      const known = values.get(height) ?? value
      values.set(height, known)
      if (known !== value) throw new Violation('one value a height', { node, height, known, value })
      const before = reached.get(node) ?? 0
      if (height !== before + 1 || header.height !== height) {
        throw new Violation('heights are contiguous', { node, height, before })
      }
      reached.set(node, height)
    },
  }
}
