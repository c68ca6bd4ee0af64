/** Messages of a round before and after its votes: submission, receipt, commit, reveal, the round's attestation. */
import { bytes, count, digest, key, option, struct, text, u32 } from '../canonical.ts'
import { paymentRef } from '../chain/payment.ts'
import { COMPETITION_ID_BYTES_MAX, STATEMENT_BYTES_MAX } from '../limits.ts'
import { keyScheme } from './membership.ts'

const competitionId = text(COMPETITION_ID_BYTES_MAX)

/** A miner's claim to a bundle, signed by its hotkey; its id is the hash of this body, so the same code from the same miner, paid once, is one submission. */
export const submission = struct({
  competition: competitionId,
  hotkey: key,
  scheme: keyScheme,
  /** SHA-256 of the bundle's canonical bytes. */
  bundle: digest,
  sizeBytes: u32,
  /** The extrinsic that pays for it: needed where the competition asks for a fee. */
  payment: option(paymentRef),
})

/** "I hold these bytes, whole and checked, since this finalised block": what makes a manifest objective. */
export const receipt = struct({ submission: digest, hotkey: key, block: count })

/** A validator's sealed measurement of a round. `manifest` is the digest of the decided header. */
export const commit = struct({
  competition: competitionId,
  round: u32,
  manifest: digest,
  hotkey: key,
  commitment: digest,
})

/**
 * What opens a commit: an in-toto statement (`evaluation/v1`) as the bytes sent. Its DSSE signature is this message's signature;
 * the fields here repeat the statement's and must equal them, so nothing in a reveal is unsigned.
 */
export const reveal = struct({
  competition: competitionId,
  round: u32,
  manifest: digest,
  hotkey: key,
  nonce: digest,
  statement: bytes(STATEMENT_BYTES_MAX),
})

/** After RESULT is final, for those outside the mesh: a statement (`round-result/v1`) signed under DSSE like a reveal's. */
export const roundAttestation = struct({
  competition: competitionId,
  round: u32,
  hotkey: key,
  statement: bytes(STATEMENT_BYTES_MAX),
})
