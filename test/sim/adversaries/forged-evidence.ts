/** Accuses the honest: with a vote that they never cast, with two that do not exclude each other, with one twice. */
import { hash, utf8ToBytes } from '../../../protocol/crypto.ts'
import type { Evidence } from '../../../protocol/message/evidence.ts'
import type { Signed } from '../../../protocol/message/message.ts'
import type { Payload } from '../network.ts'
import type { Adversary, Liar } from './mask.ts'

const OTHER = hash(utf8ToBytes('another value'))

/** What could be said against the author of this vote. */
const chargesOf = (
  liar: Liar,
  vote: Signed<'notarize' | 'finalize'>,
  earlier: Signed | undefined,
): readonly Evidence[] => {
  const delegation = liar.rounds()?.delegations.get(vote.body.hotkey)?.message
  if (delegation === undefined) return []
  const neverCast = { ...vote, body: { ...vote.body, value: OTHER } } as Signed
  const pairs = [
    [vote, neverCast],
    [neverCast, vote],
    [vote, vote],
    ...(earlier === undefined ? [] : [[earlier, vote]]),
  ]
  return pairs.map((messages) => ({ delegation, messages }))
}

export const forgedEvidence: Adversary = (liar) => {
  const earlier = new Map<string, Signed>()
  return {
    heard: (payload): readonly Payload[] => {
      if (payload.kind !== 'message') return []
      const { message } = payload
      if ((message.kind !== 'notarize' && message.kind !== 'finalize') || message.body.hotkey === liar.self) return []
      const before = earlier.get(message.body.hotkey)
      earlier.set(message.body.hotkey, message)
      if (!liar.hits()) return []
      return chargesOf(liar, message, before).map((evidence) => ({ kind: 'evidence', evidence }))
    },
  }
}
