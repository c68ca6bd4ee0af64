/** Votes for every value it hears of, and nullifies and finalizes one view, each of it to some. */
import { NO_VALUE } from '../../../protocol/consensus/certificate.ts'
import { headerDigest } from '../../../protocol/message/entry.ts'
import type { Unsigned } from '../../../protocol/message/message.ts'
import type { Phase } from '../../../protocol/message/vote.ts'
import { type Adversary, say } from './mask.ts'

export const doubleVote: Adversary = (liar) => {
  /** Values proposed or voted for, by height and view. */
  const values = new Map<string, Set<string>>()
  const note = (at: { height: number; view: number }, value: string): void => {
    const place = `${at.height}/${at.view}`
    const known = values.get(place) ?? new Set()
    if (known.size < 4) known.add(value)
    values.set(place, known)
  }
  const vote = (kind: Phase, { height, view }: { height: number; view: number }, value: string): Unsigned => ({
    kind,
    body: { height, view, value, hotkey: liar.self },
  })
  const votesAt = (at: { height: number; view: number }): readonly Unsigned[] => [
    ...[...(values.get(`${at.height}/${at.view}`) ?? [])].flatMap((value) => [
      vote('notarize', at, value),
      vote('finalize', at, value),
    ]),
    vote('nullify', at, NO_VALUE),
  ]
  return {
    faces: (payload) => {
      if (payload.kind !== 'message') return [payload]
      const { kind, body } = payload.message
      const isOwnVote = (kind === 'notarize' || kind === 'nullify' || kind === 'finalize') && body.hotkey === liar.self
      if (!isOwnVote) return [payload]
      return votesAt(body)
        .filter(() => liar.hits())
        .map((said) => say(liar, said))
    },
    heard: (payload) => {
      if (payload.kind !== 'message') return []
      const { message } = payload
      if (message.kind === 'notarize') note(message.body, message.body.value)
      if (message.kind !== 'proposal') return []
      note(message.body, headerDigest(message.body.header))
      return votesAt(message.body)
        .filter(() => liar.random.chance(300))
        .map((said) => say(liar, said))
    },
  }
}
