/** How a Subtensor node names what it refuses before inclusion, and what may pass by itself. */
import { ChainError } from '../port.ts'
import type { RpcRefusal } from './socket.ts'

/** Custom codes of the chain's checks at the transaction pool; a set_weights or a commit may meet them. */
const POOL_NAMES: Readonly<Record<string, string>> = {
  1: 'NotEnoughStakeToSetWeights',
  6: 'RateLimitExceeded',
  15: 'InvalidRevealRound',
  16: 'NoWeightsCommitFound',
  17: 'RevealTooEarly',
  18: 'InputLengthsUnequal',
  19: 'UidVecContainInvalidOne',
  255: 'BadRequest',
}

const PASSING: ReadonlySet<string> = new Set([
  'SettingWeightsTooFast',
  'CommittingWeightsTooFast',
  'RateLimitExceeded',
  'RevealTooEarly',
  'DisabledTemporarily',
  'PoolFull',
])

/** The same call may succeed later with nobody changing anything. */
export const isPassing = (name: string): boolean => PASSING.has(name)

/** What a node says of a transaction that it does not take, and whether to sign it anew: the nonce is taken, or the runtime has changed. */
export type PoolVerdict =
  | { readonly kind: 'known' }
  | { readonly kind: 'sign again'; readonly name: string }
  | { readonly kind: 'refused'; readonly error: ChainError }

const INVALID = 1010
const BANNED = 1012
const ALREADY_IMPORTED = 1013
const TOO_LOW_PRIORITY = 1014
const POOL_FULL = new Set([1016, 1018])

/** sc_transaction_pool's sentences for a nonce that is gone, an era that is over, and a signature over another runtime. */
const SIGN_AGAIN: readonly (readonly [RegExp, string])[] = [
  [/outdated/i, 'StaleNonce'],
  [/ancient birth/i, 'AncientBirthBlock'],
  [/bad signature/i, 'BadSignature'],
]

/** `limit` is the chain's name for a rate limit of the call in hand. */
export const judgeRefusal = (refusal: RpcRefusal, limit: string): PoolVerdict => {
  const { code, detail } = refusal
  if (code === ALREADY_IMPORTED || code === BANNED) return { kind: 'known' }
  if (code === TOO_LOW_PRIORITY) return { kind: 'sign again', name: 'NonceTaken' }
  const again = code === INVALID ? SIGN_AGAIN.find(([sentence]) => sentence.test(detail)) : undefined
  if (again !== undefined) return { kind: 'sign again', name: again[1] }
  const custom = /custom error: (\d+)/i.exec(detail)?.[1] ?? ''
  const known = POOL_FULL.has(code) ? 'PoolFull' : (POOL_NAMES[custom] ?? 'InvalidTransaction')
  const name = known === 'RateLimitExceeded' ? limit : known
  const facts = { name, code, detail }
  return { kind: 'refused', error: new ChainError('EXTRINSIC_REFUSED', facts, { retryable: isPassing(name) }) }
}
