/** Messages of the agreement on one height: proposal, votes, certificates, and what a node says of its place. */
import { count, digest, hex, type Infer, key, list, oneOf, option, struct, u16, u32 } from '../canonical.ts'
import { MEMBERS_MAX, SYNC_BATCH_MAX, VIEWS_AHEAD_MAX } from '../limits.ts'
import { header } from './entry.ts'

/** The leader's value for a view. `parentView` is the view whose notarization it re-proposes, null when fresh. */
export const proposal = struct({ height: count, view: u32, hotkey: key, parentView: option(u32), header })
export type Proposal = Infer<typeof proposal>

/** The three kinds of vote; each is a message kind of its own, so that one never verifies as another. */
export const PHASES = ['notarize', 'nullify', 'finalize'] as const
export type Phase = (typeof PHASES)[number]

/** `value` is the header's digest; 32 zero bytes in a nullify. */
export const vote = struct({ height: count, view: u32, value: digest, hotkey: key })
export type Vote = Infer<typeof vote>

/** Votes of a quorum on one (phase, height, view, value): each signature beside its signer's place in the committee, in rising order. */
export const certificate = struct({
  phase: oneOf(PHASES),
  height: count,
  view: u32,
  value: digest,
  signatures: list(struct({ member: u16, signature: hex(64) }), MEMBERS_MAX),
})
export type Certificate = Infer<typeof certificate>

/** A decided height as it is handed to whoever catches up. */
export const decided = struct({ header, certificate })
export type Decided = Infer<typeof decided>

/** Unsigned, only over an authenticated stream: where I am and which certificates of this height I lack. */
export const status = struct({
  /** The height being decided here; everything below is decided. */
  height: count,
  view: u32,
  /** Views below `view` of which neither a notarization nor a nullification is here. */
  missingViews: list(u32, VIEWS_AHEAD_MAX),
})
export type Status = Infer<typeof status>

/** Answer to a status that is behind: decided heights in order. */
export const catchUp = struct({ decided: list(decided, SYNC_BATCH_MAX) })
