/** Whose session keys a message may be signed with, as this node has folded the log. */
import { memberOf } from '../committee.ts'
import type { Key } from '../crypto.ts'
import type { Unsigned } from '../message/message.ts'
import type { RoundState } from './state.ts'

/** What names a round of its own: its commits and reveals. */
const roundCommittee = (state: RoundState, message: Unsigned) => {
  if (message.kind !== 'commit' && message.kind !== 'reveal') return null
  const open = state.competitions.get(message.body.competition)?.open ?? null
  return open?.manifest === message.body.manifest ? open.committee : null
}

/**
 * a commit or reveal also holds under the session key that its signer had at the round's manifest: an epoch in the middle of a round
 * does not unmake what was signed before it, or who joins later could never fold what the log names.
 * @returns the committee's key as frozen for the epoch, else the one of the newest delegation; after it that of the round, if it is another.
 */
export const sessionKeysOf = (state: RoundState, message: Unsigned): readonly Key[] => {
  const { hotkey } = message.body
  const current = state.inForce.get(hotkey)?.sessionKey ?? state.delegations.get(hotkey)?.message.body.sessionKey
  const committee = roundCommittee(state, message)
  const ofRound = committee === null ? undefined : memberOf(committee, hotkey)?.sessionKey
  return [...new Set([current, ofRound].filter((key) => key !== undefined))]
}
