/** Checks every certificate that exists: real votes of a real quorum, one notarized value a view, never both ends of one view. */
import type { Key } from '../../../protocol/crypto.ts'
import type { Certificate } from '../../../protocol/message/vote.ts'
import { token } from '../token.ts'
import { Violation, type Watcher } from '../watch.ts'

/** Who votes, by rising hotkey. */
type Seats = readonly { readonly hotkey: Key; readonly weight: bigint }[]

const checkQuorum = (certificate: Certificate, seats: Seats): void => {
  const { phase, height, view, value, signatures } = certificate
  const signers = new Set<string>()
  let weight = 0n
  for (const { member, signature } of signatures) {
    const signer = seats[member]
    if (signer === undefined || signature !== token({ kind: phase, height, view, value, hotkey: signer.hotkey })) {
      throw new Violation('certificates hold real votes', { phase, height, view, member })
    }
    if (!signers.has(signer.hotkey)) weight += signer.weight
    signers.add(signer.hotkey)
  }
  const total = seats.reduce((sum, member) => sum + member.weight, 0n)
  if (weight * 3n <= total * 2n) throw new Violation('certificates hold a quorum', { phase, height, view, weight })
}

/** `first`: who votes until an EPOCH is decided; its members vote from the next height on. */
export const certificates = (first: Seats): Watcher => {
  const epochs: { readonly above: number; readonly seats: Seats }[] = [{ above: 0, seats: first }]
  const seatsAt = (height: number): Seats => epochs.findLast(({ above }) => above < height)?.seats ?? first
  const seen = new WeakSet<Certificate>()
  const notarized = new Map<string, string>()
  const ends = new Map<string, string>()
  return {
    decided: (_, { header: { height, entry } }) => {
      const isKnown = epochs.some(({ above }) => above >= height)
      if (entry.kind === 'epoch' && !isKnown) epochs.push({ above: height, seats: entry.members })
    },
    certified: (certificate) => {
      if (seen.has(certificate)) return
      seen.add(certificate)
      checkQuorum(certificate, seatsAt(certificate.height))
      const { phase, height, view, value } = certificate
      const place = `${height}/${view}`
      if (phase !== 'nullify') {
        const known = notarized.get(place) ?? value
        notarized.set(place, known)
        if (known !== value) throw new Violation('one notarized value a view', { place, known, value })
      }
      if (phase !== 'notarize') {
        const end = ends.get(place) ?? phase
        ends.set(place, end)
        if (end !== phase) throw new Violation('a view is never both nullified and finalized', { place })
      }
    },
  }
}
