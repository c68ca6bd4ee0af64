/** What a commit hides: the hash that only one statement, under one nonce, opens. */
import { type RoundId, roundIdBytes } from '../competition/seed.ts'
import { concatBytes, type Digest, hash, hexToBytes, type Key, utf8ToBytes } from '../crypto.ts'

type Sealed = RoundId & { readonly hotkey: Key; readonly nonce: Digest; readonly statement: Uint8Array }

const TAG = utf8ToBytes('commit')

/** A statement is immutable, and its commitment is asked for by its author and by each look at a reveal: the last answer is kept beside it. */
const answers = new WeakMap<Uint8Array, Sealed & { readonly commitment: Digest }>()

const isSame = (a: Sealed, b: Sealed): boolean =>
  a.manifest === b.manifest &&
  a.hotkey === b.hotkey &&
  a.nonce === b.nonce &&
  a.round === b.round &&
  a.competition === b.competition &&
  a.domain === b.domain

/** a commitment hides a statement behind a nonce and binds it to one round, one manifest and one hotkey: it has one preimage. */
export const commitmentOf = (o: Sealed): Digest => {
  const known = answers.get(o.statement)
  if (known !== undefined && isSame(known, o)) return known.commitment
  const { domain, competition, round, manifest, hotkey, nonce, statement } = o
  const place = concatBytes(TAG, roundIdBytes(o), hexToBytes(hotkey), hexToBytes(nonce))
  const commitment = hash(place, hexToBytes(hash(statement)))
  answers.set(statement, { domain, competition, round, manifest, hotkey, nonce, statement, commitment })
  return commitment
}
