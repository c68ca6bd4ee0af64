/** Holds its votes back and releases them when everybody has moved on. */
import type { Adversary } from './mask.ts'

export const lateVotes: Adversary = (liar) => ({
  faces: (payload, to) => {
    if (payload.kind !== 'message') return [payload]
    const { kind, body } = payload.message
    const isVote = kind === 'notarize' || kind === 'nullify' || kind === 'finalize'
    if (!isVote || body.hotkey !== liar.self || to === liar.self) return [payload]
    liar.later(1 + liar.random.below(liar.params['byMs'] ?? 1), payload, to)
    return []
  },
})
