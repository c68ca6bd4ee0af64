/** Proposes in a view that another leads, as soon as it hears that one's proposal. */
import { type Adversary, say } from './mask.ts'

export const usurper: Adversary = (liar) => ({
  heard: (payload) => {
    if (payload.kind !== 'message' || payload.message.kind !== 'proposal') return []
    const { body } = payload.message
    if (body.hotkey === liar.self || !liar.hits()) return []
    return [say(liar, { kind: 'proposal', body: { ...body, hotkey: liar.self, header: liar.twist(body.header) } })]
  },
})
