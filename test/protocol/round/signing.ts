/** Signatures of the rounds' test mesh: anybody can tell the key from them, where a test is about keys. */
import type { Key } from '../../../protocol/crypto.ts'
import type { Signed, Unsigned } from '../../../protocol/message/message.ts'
import { sessionKeysOf } from '../../../protocol/round/signers.ts'
import type { RoundState } from '../../../protocol/round/state.ts'
import type { World } from './world.ts'

/** By a hotkey, or by whoever it should be. */
export const SIGNATURE = '00'.repeat(64)

export const signedBy = (key: Key, message: Unsigned): Signed => ({ ...message, signature: key.repeat(2) }) as Signed

export const signed = ({ sessionKey }: World, message: Unsigned): Signed =>
  sessionKey === null
    ? ({ ...message, signature: SIGNATURE } as Signed)
    : signedBy(sessionKey(message.body.hotkey), message)

/** As at a node's door. */
export const isSigned = ({ sessionKey }: World, state: RoundState, message: Signed): boolean =>
  sessionKey === null ||
  message.signature === SIGNATURE ||
  sessionKeysOf(state, message).some((key) => message.signature === key.repeat(2))
