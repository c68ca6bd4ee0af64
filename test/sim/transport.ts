/** What a delivered payload becomes at its receiver: inputs of verified things, as a node's own door would let them in. */
import { certificateClaims } from '../../protocol/consensus/certificate.ts'
import type { Key } from '../../protocol/crypto.ts'
import { ProtocolError } from '../../protocol/errors.ts'
import type { Machine } from '../../protocol/machine.ts'
import type { Input } from '../../protocol/machine-types.ts'
import type { Evidence } from '../../protocol/message/evidence.ts'
import type { Signed, Verified } from '../../protocol/message/message.ts'
import type { Certificate, Decided } from '../../protocol/message/vote.ts'
import { sessionKeysOf } from '../../protocol/round/signers.ts'
import type { RoundState } from '../../protocol/round/state.ts'
import {
  admit,
  type ClaimContext,
  claims,
  decodeEnvelope,
  encodeEnvelopes,
  type Received,
} from '../../protocol/wire.ts'
import type { Payload } from './network.ts'
import type { Scene } from './scene.ts'

export type Transport<S> = {
  /**
   * Hands over what of the payload holds, each thing judged by the state that those before it made.
   * Certificates and decided heights of any other height than the one being decided are not taken, as a node does not take them.
   */
  readonly receive: (
    payload: Payload,
    o: { from: Key; machine: () => Machine<S> | null; take: (make: (at: number) => Input) => void },
  ) => void
}

/** Which session key a validator signed this with, null for none that it has by its own log; undefined for what needs none. */
type KeyOf = (message: Signed) => Key | null | undefined

const words = <S>(keyOf: KeyOf): Transport<S> => {
  /** by the keys that follow from the receiver's log. */
  const holds = (message: Signed, machine: Machine<S> | null): boolean => {
    const key = keyOf(message)
    if (key === undefined || machine === null) return true
    return key !== null && sessionKeysOf(machine.rounds as RoundState, message).includes(key)
  }
  const heightOf = (machine: Machine<S> | null): number => machine?.consensus.current.height ?? 0
  return {
    receive: (payload, { from, machine, take }) => {
      if (payload.kind === 'message') {
        if (holds(payload.message, machine())) take((at) => ({ kind: 'message', at, message: payload.message }))
      } else if (payload.kind === 'status') take((at) => ({ kind: 'status', at, from, status: payload.status }))
      else if (payload.kind === 'certificate') {
        if (payload.certificate.height !== heightOf(machine())) return
        take((at) => ({ kind: 'certificate', at, certificate: payload.certificate as Verified<Certificate> }))
      } else if (payload.kind === 'evidence') {
        take((at) => ({ kind: 'evidence', at, evidence: payload.evidence as Verified<Evidence> }))
      } else {
        for (const decided of payload.decided) {
          if (decided.header.height !== heightOf(machine())) continue
          take((at) => ({ kind: 'decided', at, decided: decided as Verified<Decided> }))
        }
      }
    },
  }
}

const contextOf = ({ consensus, rounds, host }: Machine<RoundState>): ClaimContext => {
  const { domains } = rounds
  const { committee } = consensus.current
  return {
    domains,
    sessionKeysOf: (message) => sessionKeysOf(rounds, message),
    certificateClaims: (certificate) => certificateClaims(certificate, host.committee() ?? committee, domains),
  }
}

/** Through protobuf and ed25519: every receiver decodes and verifies for itself. */
const wire = <S>(scene: Scene<S>): Transport<S> => {
  const encoded = new WeakMap<object, readonly Uint8Array[]>()
  const verify = (received: Received, machine: Machine<S>): ((at: number) => Input) | null => {
    if (received.kind === 'status') return null
    const { height } = machine.consensus.current
    if (received.kind === 'certificate' && received.certificate.height !== height) return null
    if (received.kind === 'decided' && received.decided.header.height !== height) return null
    try {
      const claimed = claims(received, contextOf(machine as unknown as Machine<RoundState>))
      const admitted = admit(claimed, claimed.claims.map(scene.signing.holds))
      return (at) => ({ ...admitted, at })
    } catch (error) {
      if (error instanceof ProtocolError) return null
      throw error
    }
  }
  return {
    receive: (payload, { from, machine, take }) => {
      const bytes = encoded.get(payload) ?? encodeEnvelopes(payload)
      encoded.set(payload, bytes)
      for (const received of bytes.flatMap((envelope) => decodeEnvelope(envelope))) {
        const now = machine()
        if (now === null) return
        if (received.kind === 'status') take((at) => ({ kind: 'status', at, from, status: received.status }))
        const make = verify(received, now)
        if (make !== null) take(make)
      }
    },
  }
}

export const createTransport = <S>(scene: Scene<S>, keyOf: KeyOf): Transport<S> =>
  scene.isReal ? wire(scene) : words(keyOf)
