/** What a commit hides: the hash that only one statement, under one nonce, opens. */
import { type RoundId, roundIdBytes } from '../competition/seed.ts'
import { concatBytes, type Digest, hash, hexToBytes, type Key, utf8ToBytes } from '../crypto.ts'

/** A statement is hashed by its author and by each who opens its commitment, in every look at a proposal. */
const digests = new WeakMap<Uint8Array, Digest>()

const statementDigest = (statement: Uint8Array): Digest => {
  const known = digests.get(statement)
  if (known !== undefined) return known
  const made = hash(statement)
  digests.set(statement, made)
  return made
}

/** a commitment hides a statement behind a nonce and binds it to one round, one manifest and one hotkey: it has one preimage. */
export const commitmentOf = (
  o: RoundId & { readonly hotkey: Key; readonly nonce: Digest; readonly statement: Uint8Array },
): Digest =>
  hash(
    concatBytes(utf8ToBytes('commit'), roundIdBytes(o), hexToBytes(o.hotkey), hexToBytes(o.nonce)),
    hexToBytes(statementDigest(o.statement)),
  )
