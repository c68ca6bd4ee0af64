/** Signs in others' names with its own key, and hands out certificates of votes that were never cast. */
import { NO_VALUE } from '../../../protocol/consensus/certificate.ts'
import { headerDigest } from '../../../protocol/message/entry.ts'
import type { Payload } from '../network.ts'
import { type Adversary, say } from './mask.ts'

export const forgery: Adversary = (liar) => ({
  heard: (payload): readonly Payload[] => {
    if (payload.kind !== 'message' || payload.message.kind !== 'proposal' || !liar.hits()) return []
    const { height, view, header } = payload.message.body
    const value = headerDigest(header)
    const own = liar.sign({ kind: 'finalize', body: { height, view, value, hotkey: liar.self } })
    const forged = liar.keys.flatMap((hotkey): readonly Payload[] => {
      if (hotkey === liar.self) return []
      const { signature } = own
      return [
        {
          kind: 'message',
          message: {
            ...own,
            body: { height, view, value: NO_VALUE, hotkey },
            kind: 'nullify',
            signature,
          } as typeof own,
        },
      ]
    })
    const signatures = liar.keys.map((_, member) => ({ member, signature: own.signature }))
    const certificate = { phase: 'finalize' as const, height, view, value, signatures }
    return [
      ...forged,
      { kind: 'certificate', certificate },
      { kind: 'decided', decided: [{ header, certificate }] },
      say(liar, own),
    ]
  },
})
