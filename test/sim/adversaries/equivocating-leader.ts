/** Proposes two values of one view, each to some, as if nothing had been notarized before when it likes. */
import { type Header, headerDigest } from '../../../protocol/message/entry.ts'
import { type Adversary, say } from './mask.ts'

export const equivocatingLeader: Adversary = (liar) => {
  const twins = new Map<string, { readonly header: Header; readonly isFresh: boolean }>()
  return {
    faces: (payload, to) => {
      if (payload.kind !== 'message' || payload.message.kind !== 'proposal') return [payload]
      const { body } = payload.message
      if (body.hotkey !== liar.self || to === liar.self || !liar.hits()) return [payload]
      const place = `${body.view}/${headerDigest(body.header)}`
      const twin = twins.get(place) ?? { header: liar.twist(body.header), isFresh: liar.random.chance(500) }
      twins.set(place, twin)
      const parentView = twin.isFresh ? null : body.parentView
      return [say(liar, { kind: 'proposal', body: { ...body, parentView, header: twin.header } })]
    },
  }
}
