/** Proposes two values of one view, each to some, as if nothing had been notarized before when it likes. */
import { type Header, headerDigest } from '../../../protocol/message/entry.ts'
import { type Adversary, say } from './mask.ts'

type Twin = { readonly header: Header; readonly isFresh: boolean }

export const equivocatingLeader: Adversary = (liar) => {
  const twins = new Map<string, Twin>()
  /** A fresh one says what is due by now: only its missing certificates tell that it must not be. */
  const twinOf = (header: Header): Twin => {
    const entry = liar.random.chance(500) ? liar.due() : null
    return entry === null
      ? { header: liar.twist(header), isFresh: false }
      : { header: { ...header, entry }, isFresh: true }
  }
  return {
    faces: (payload, to) => {
      if (payload.kind !== 'message' || payload.message.kind !== 'proposal') return [payload]
      const { body } = payload.message
      if (body.hotkey !== liar.self || to === liar.self || !liar.hits()) return [payload]
      const place = `${body.view}/${headerDigest(body.header)}`
      const twin = twins.get(place) ?? twinOf(body.header)
      twins.set(place, twin)
      const parentView = twin.isFresh ? null : body.parentView
      return [say(liar, { kind: 'proposal', body: { ...body, parentView, header: twin.header } })]
    },
  }
}
