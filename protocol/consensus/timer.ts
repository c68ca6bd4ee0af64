/** How long a node waits for what, all from Δ. Milliseconds of the node's own monotonic clock. */
import { backoffMs } from '../backoff.ts'

/** a view that brings no notarization within 4Δ·1.25^view is given up. */
export const viewTimeoutMs = (deltaMs: number, view: number): number => backoffMs(4 * deltaMs, view)

/** how long a notarized view is given to become final before the next one begins. */
export const finalizeTimeoutMs = (deltaMs: number): number => 3 * deltaMs

/** own votes, best certificates and status are sent again this often while a height is being decided. */
export const RESEND_MS = 2000

/** An idle node says where it stands this often, so that whoever missed a whole height learns of it. */
export const STATUS_IDLE_MS = 10_000

/** Hints that this node lacks something are answered at most this often: a burst of messages asks once. */
export const HINT_MS = 250

/** a decided height goes to a peer at most this often: half of RESEND_MS, so that who lost it and says so again gets it again. */
export const ANSWER_EVERY_MS = 1000
/** answers with decided heights to one peer in that time: twice as many as it has hints. */
export const ANSWERS_MAX = 8
