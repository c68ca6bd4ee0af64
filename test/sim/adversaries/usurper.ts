/** Proposes in a view that another leads, as soon as it hears that one's proposal; once a view, or two of its kind would never end. */
import { type Adversary, say } from './mask.ts'

export const usurper: Adversary = (liar) => {
  const done = new Set<string>()
  return {
    heard: (payload) => {
      if (payload.kind !== 'message' || payload.message.kind !== 'proposal') return []
      const { body } = payload.message
      const place = `${body.height}/${body.view}`
      if (body.hotkey === liar.self || done.has(place) || !liar.hits()) return []
      done.add(place)
      return [say(liar, { kind: 'proposal', body: { ...body, hotkey: liar.self, header: liar.twist(body.header) } })]
    },
  }
}
