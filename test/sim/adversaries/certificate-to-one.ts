/** Shows certificates and decided heights to a single node. */
import { type Adversary, peerOf } from './mask.ts'

export const certificateToOne: Adversary = (liar) => {
  const chosen = peerOf(liar, liar.params['to'])
  return {
    faces: (payload, to) => {
      const isShown = to === chosen || (payload.kind !== 'certificate' && payload.kind !== 'decided')
      return isShown ? [payload] : []
    },
  }
}
