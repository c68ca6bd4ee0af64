/** Every limit of the protocol, each beside its reason. Sizes in bytes, counts in items. */

/** Below four, no single member can fail without stopping the mesh. */
export const MEMBERS_MIN = 4
/** Committee members: the full mesh of direct streams is meant for up to about 128 (protocol §7). */
export const MEMBERS_MAX = 128
/** A submission's bundle; the largest competition's own limit is far below. */
export const BUNDLE_BYTES_MAX = 1 << 20
/** One attestation with the per-submission results of a whole manifest, raw runs travel as blobs: with what surrounds it it still fits a gossiped message of 256 KiB. */
export const STATEMENT_BYTES_MAX = 255 << 10
/** One message on the wire: a proposal of a full manifest is the largest. */
export const MESSAGE_BYTES_MAX = 1 << 20
/** A blob fetched by digest: a pool matrix of 2048 × 2048 bf16 is 8 MiB. */
export const BLOB_BYTES_MAX = 9 << 20
/** Submissions one manifest may name, each with every member's receipt: what one message holds (competition parameters lower it to what a host can measure). */
export const SUBMISSIONS_MAX = 224
/** Quads of one submission: the last look of PAIR-1 is after 30 to 32. */
export const QUADS_MAX = 64
/** Named values beside the score that a competition may have certified: few enough for 224 submissions in one statement. */
export const VALUES_MAX = 8
/** Letters of a competition's id. */
export const COMPETITION_ID_BYTES_MAX = 32
/** Letters of a libp2p peer id. */
export const PEER_ID_BYTES_MAX = 64
/** Views of one height whose votes are kept at once: the current one and those just ahead; farther ones are dropped, a certificate pulls forward. */
export const VIEWS_AHEAD_MAX = 8
/**
 * Blocks after its own in which a payment may be new to a manifest: about a month, so that a full queue costs nobody a fee. Spent ones need
 * remembering for as long.
 */
export const PAYMENT_BLOCKS_MAX = 216_000
/** Competitions one mesh runs. */
export const COMPETITIONS_MAX = 32
/** Certificates or decided heights in one answer to a peer that catches up. */
export const SYNC_BATCH_MAX = 64
/** Evidence that one header names: offences are rare, and what is beyond waits for the next height. */
export const EVIDENCE_MAX = 8
