/** Checks that no pair of an honest node's signatures is evidence against it, and that it votes on nothing it knows to be decided. */
import type { Key } from '../../../protocol/crypto.ts'
import { headerDigest } from '../../../protocol/message/entry.ts'
import { Violation, type Watcher } from '../watch.ts'

export const honestVotes = (): Watcher => {
  const signed = new Map<string, string>()
  const reached = new Map<Key, number>()
  return {
    decided: (node, { certificate }) => {
      reached.set(node, certificate.height)
    },
    signed: (node, { kind, body }) => {
      if (kind !== 'proposal' && kind !== 'notarize' && kind !== 'nullify' && kind !== 'finalize') return
      const { height, view } = body
      if (height <= (reached.get(node) ?? 0))
        throw new Violation('no vote on a decided height', { node, kind, height, view })
      const value = 'header' in body ? `${headerDigest(body.header)}/${body.parentView}` : body.value
      const place = (phase: string) => `${node}/${phase}/${height}/${view}`
      const before = signed.get(place(kind)) ?? value
      signed.set(place(kind), before)
      if (before !== value) throw new Violation('no honest node signs two values', { node, kind, height, view })
      const other = kind === 'nullify' ? 'finalize' : kind === 'finalize' ? 'nullify' : null
      if (other !== null && signed.has(place(other))) {
        throw new Violation('no honest node both nullifies and finalizes', { node, height, view })
      }
    },
  }
}
