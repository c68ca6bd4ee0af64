/** What nodes that catch up ask, and what they are answered: where a peer stands, decided heights, messages by id. */
import { bytes, count, digest, list, MESSAGE_BYTES_MAX, struct } from '../../protocol/index.ts'

/** Messages asked for at once: a COMMITS or RESULT of the largest committee names 128. */
export const ITEMS_MAX = 256

/** One answer with messages: a few reveals at their largest, or all commits of a hundred rounds; whoever wants more asks again. */
export const ITEMS_BYTES_MAX = 4 << 20

/** Decided heights from this one on; the answer is one envelope, as many as fit. */
export const heightsRequest = struct({ from: count })

/** All below is decided at the answering node, and every message that it names is there. */
export const standingAnswer = struct({ height: count })

export const itemsRequest = struct({ ids: list(digest, ITEMS_MAX) })

/** Envelopes in the order asked for, without those that are not there, up to ITEMS_BYTES_MAX. */
export const itemsAnswer = struct({ items: list(bytes(MESSAGE_BYTES_MAX), ITEMS_MAX) })
