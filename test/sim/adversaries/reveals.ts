/** Liars of a round: who copies a commit, withholds or changes a reveal, or shows one half another reveal or receipt than the other. */
import { hash, type Key, utf8ToBytes } from '../../../protocol/crypto.ts'
import type { Signed } from '../../../protocol/message/message.ts'
import { buildStatement, parseStatement } from '../../../protocol/round/statement.ts'
import type { Payload } from '../network.ts'
import { type Adversary, type Liar, peerOf, say } from './mask.ts'

/** Half of the peers, another half for the liar beside this one. */
const isNear = ({ keys, self }: Liar, to: Key): boolean => (keys.indexOf(self) + keys.indexOf(to)) % 2 === 0

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

/** The same reveal with another statement in it. */
const changed = (liar: Liar, { body }: Signed<'reveal'>): Payload => {
  const evaluation = parseStatement(body.statement)
  const statement = buildStatement({ ...evaluation, referee: hash(utf8ToBytes('another')) })
  return say(liar, { kind: 'reveal', body: { ...body, statement } })
}

/** Reveals something else than it has committed to. */
export const changedReveal: Adversary = (liar) => ({
  faces: (payload, to) => {
    if (payload.kind !== 'message' || payload.message.kind !== 'reveal' || to === liar.self) return [payload]
    return [isOwn(payload.message, liar.self) ? changed(liar, payload.message) : payload]
  },
})

/** Shows its reveal to every other peer, and to those between something else: of two liars at an odd distance each honest node takes one reveal. */
export const splitReveal: Adversary = (liar) => ({
  faces: (payload, to) => {
    if (payload.kind !== 'message' || payload.message.kind !== 'reveal' || to === liar.self) return [payload]
    const { message } = payload
    return [isOwn(message, liar.self) && !isNear(liar, to) ? changed(liar, message) : payload]
  },
})

/** Dates its receipts by whom it shows them to, for every other submission the other way around. */
export const splitReceipt: Adversary = (liar) => ({
  faces: (payload, to) => {
    if (payload.kind !== 'message' || payload.message.kind !== 'receipt' || to === liar.self) return [payload]
    const { message } = payload
    const isEven = Number.parseInt(message.body.submission.slice(0, 2), 16) % 2 === 0
    if (!isOwn(message, liar.self) || isNear(liar, to) === isEven) return [payload]
    return [say(liar, { kind: 'receipt', body: { ...message.body, block: message.body.block + 1 } })]
  },
})
