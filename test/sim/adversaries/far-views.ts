/** Floods everyone with votes of views and heights far ahead. */
import { NO_VALUE } from '../../../protocol/consensus/certificate.ts'
import { headerDigest } from '../../../protocol/message/entry.ts'
import { type Adversary, say } from './mask.ts'

export const farViews: Adversary = (liar) => ({
  heard: (payload) => {
    if (payload.kind !== 'message' || payload.message.kind !== 'proposal' || !liar.hits()) return []
    const { height, view, header } = payload.message.body
    const far = view + 1 + liar.random.below(liar.params['ahead'] ?? 1)
    const hotkey = liar.self
    return [
      say(liar, { kind: 'nullify', body: { height, view: far, value: NO_VALUE, hotkey } }),
      say(liar, { kind: 'notarize', body: { height, view: far, value: headerDigest(header), hotkey } }),
      say(liar, { kind: 'finalize', body: { height: height + far, view, value: headerDigest(header), hotkey } }),
    ]
  },
})
