/** Liars of the second half of a round: who copies a commit, withholds or changes a reveal. */
import { hash, utf8ToBytes } from '../../../protocol/crypto.ts'
import type { Signed } from '../../../protocol/message/message.ts'
import { buildStatement, parseStatement } from '../../../protocol/round/statement.ts'
import { type Adversary, peerOf, say } from './mask.ts'

const isOwn = (message: Signed, self: string): boolean => message.body.hotkey === self

/** Commits to what another has committed to, unseen. */
export const copiedCommit: Adversary = (liar) => {
  let stolen: string | null = null
  return {
    heard: ({ kind, ...payload }) => {
      const message = kind === 'message' && 'message' in payload ? payload.message : null
      if (message?.kind === 'commit' && !isOwn(message, liar.self)) stolen = message.body.commitment
      return []
    },
    faces: (payload, to) => {
      if (payload.kind !== 'message' || payload.message.kind !== 'commit' || to === liar.self) return [payload]
      const { message } = payload
      if (!isOwn(message, liar.self) || stolen === null) return [payload]
      return [say(liar, { kind: 'commit', body: { ...message.body, commitment: stolen } })]
    },
  }
}

/** Shows its reveal to one peer only. */
export const withheldReveal: Adversary = (liar) => {
  const chosen = peerOf(liar, liar.params['to'])
  return {
    faces: (payload, to) => {
      const isHeld = payload.kind === 'message' && payload.message.kind === 'reveal' && to !== chosen
      return isHeld && isOwn(payload.message, liar.self) ? [] : [payload]
    },
  }
}

/** Reveals something else than it has committed to. */
export const changedReveal: Adversary = (liar) => ({
  faces: (payload, to) => {
    if (payload.kind !== 'message' || payload.message.kind !== 'reveal' || to === liar.self) return [payload]
    const { message } = payload
    if (!isOwn(message, liar.self)) return [payload]
    const evaluation = parseStatement(message.body.statement)
    const statement = buildStatement({ ...evaluation, referee: hash(utf8ToBytes('another')) })
    return [say(liar, { kind: 'reveal', body: { ...message.body, statement } })]
  },
})
