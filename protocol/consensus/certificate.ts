/** Certificates: what must hold for one to count, and how votes become one. */
import { type Committee, isQuorum } from '../committee.ts'
import type { Digest, SignatureClaim } from '../crypto.ts'
import { ProtocolError } from '../errors.ts'
import { bytesToSign, type Domains, type Unsigned } from '../message/message.ts'
import type { Certificate, Phase, Vote } from '../message/vote.ts'

/** The value of a nullify: it names none. */
export const NO_VALUE: Digest = '00'.repeat(32)

/** A vote of one phase as the message that is signed. */
export const voteMessage = (phase: Phase, body: Vote): Unsigned<Phase> => ({ kind: phase, body })

/**
 * signers are distinct, in the rising order of their places in the committee, and a quorum of its weight; a nullification names no value.
 * @returns what the signatures claim, one for each; the certificate counts only if all hold.
 * @throws ProtocolError BAD_CERTIFICATE.
 */
export const certificateClaims = (
  certificate: Certificate,
  committee: Committee,
  domains: Domains,
): readonly SignatureClaim[] => {
  const { phase, height, view, value, signatures } = certificate
  const bad = (why: string) => new ProtocolError('BAD_CERTIFICATE', { phase, height, view, why })
  if ((phase === 'nullify') !== (value === NO_VALUE)) throw bad('value')
  let weight = 0n
  const claims = signatures.map(({ member: place, signature }, index): SignatureClaim => {
    const member = committee.members[place]
    if (member === undefined) throw bad('a signer outside the committee')
    if (index > 0 && place <= (signatures[index - 1]?.member ?? place)) throw bad('signers not in rising order')
    weight += member.weight
    const message = voteMessage(phase, { height, view, value, hotkey: member.hotkey })
    return { scheme: 'ed25519', publicKey: member.sessionKey, message: bytesToSign(message, domains), signature }
  })
  if (!isQuorum(weight, committee.total)) throw bad('no quorum')
  return claims
}
