/** Whose session keys a message may be signed with, as this node has folded the log. */
import type { Key } from '../crypto.ts'
import type { Unsigned } from '../message/message.ts'
import type { RoundState } from './state.ts'

/** The keys that a member of the round has spoken by since its manifest; by the log alone, so that all nodes come to the same. */
const ofRound = (state: RoundState, message: Unsigned<'commit' | 'reveal'>): readonly Key[] => {
  const open = state.competitions.get(message.body.competition)?.open ?? null
  return open?.manifest === message.body.manifest ? (open.keys.get(message.body.hotkey) ?? []) : []
}

/**
 * what the log may name holds under keys that follow from the log: a commit or reveal under each that its signer has spoken by since the
 * round's manifest, a receipt or a vote under the one in force. Else some hold what others could never check.
 * No header names a round's attestation: it may also stand under the newest delegation of who has lost its seat.
 */
export const sessionKeysOf = (state: RoundState, message: Unsigned): readonly Key[] => {
  if (message.kind === 'commit' || message.kind === 'reveal') return ofRound(state, message)
  const { hotkey } = message.body
  const inForce = state.inForce.get(hotkey)?.sessionKey
  const newest =
    message.kind === 'roundAttestation' ? state.delegations.get(hotkey)?.message.body.sessionKey : undefined
  const key = inForce ?? newest
  return key === undefined ? [] : [key]
}
