/** What each peer is worth as a server of the log: what it claims against what it delivers. Pure: time comes in. */

/**
 * What a peer did wrong while it served. Lies: `garbage` (bytes that are no answer), `forged` (a certificate or signature that does not hold),
 * `unordered` (other heights than asked for), `fork` (certified heights of another log than ours). Censorship or weakness: `empty` (nothing,
 * though its status claims more), `withheld` (not a message that it must have), `stalled` (no answer in time), `refused`.
 */
export type Fault = 'garbage' | 'forged' | 'unordered' | 'fork' | 'empty' | 'withheld' | 'stalled' | 'slow' | 'refused'

/** Left for this long the first time, twice as long each time after, up to LEFT_MS_MAX. */
const LEFT_MS = 15_000
const LEFT_MS_MAX = 600_000

const isLie = (fault: Fault): boolean =>
  fault === 'garbage' || fault === 'forged' || fault === 'unordered' || fault === 'fork'

/** Peers remembered; whoever was heard of longest ago is forgotten first. */
const PEERS_MAX = 1_024

type Record = {
  /** All below this height it says it can serve; 0 while it has said nothing. */
  claim: number
  faults: number
  lastFault: Fault | null
  leftUntil: number
  /** Heights a second of its last answer; null while it has answered none. */
  perSecond: number | null
}

export type SyncPeers = ReturnType<typeof createSyncPeers>

/** `now`: milliseconds that never go back. */
export const createSyncPeers = (now: () => number) => {
  const records = new Map<string, Record>()

  const recordOf = (peerId: string): Record => {
    const known = records.get(peerId)
    const record = known ?? { claim: 0, faults: 0, lastFault: null, leftUntil: 0, perSecond: null }
    records.delete(peerId)
    records.set(peerId, record)
    const [oldest] = records.keys()
    if (records.size > PEERS_MAX && oldest !== undefined) records.delete(oldest)
    return record
  }
  const isLeft = (peerId: string): boolean => now() < (records.get(peerId)?.leftUntil ?? 0)
  // Whoever has not been tried goes before whoever is known: so a server that drips never keeps the others from being seen.
  const rateOf = (peerId: string): number => records.get(peerId)?.perSecond ?? Number.POSITIVE_INFINITY

  return {
    /** What it says it can serve; a claim alone is never believed, it only says whom to ask and what to expect. */
    claimed: (peerId: string, height: number): void => {
      recordOf(peerId).claim = height
    },
    claimOf: (peerId: string): number => records.get(peerId)?.claim ?? 0,
    delivered: (peerId: string, o: { readonly heights: number; readonly ms: number }): void => {
      const record = recordOf(peerId)
      record.perSecond = (o.heights * 1_000) / Math.max(1, o.ms)
      record.faults = 0
      record.lastFault = null
    },
    failed: (peerId: string, fault: Fault): void => {
      const record = recordOf(peerId)
      // Questions that were under way together fail together: an outage of a minute must not cost ten.
      if (record.lastFault !== null && isLeft(peerId) && !isLie(fault)) return
      record.faults += 1
      record.lastFault = fault
      record.perSecond = 0
      const ms = isLie(fault) ? LEFT_MS_MAX : Math.min(LEFT_MS_MAX, LEFT_MS * 2 ** (record.faults - 1))
      record.leftUntil = now() + ms
    },
    isLeft,
    /** Those that are not left, the most useful first; equal ones as they were given. */
    inOrder: (peerIds: readonly string[]): readonly string[] =>
      peerIds.filter((peerId) => !isLeft(peerId)).sort((a, b) => rateOf(b) - rateOf(a) || 0),
    /** The same with those that are left at the end, for what only one of them may have. */
    allInOrder: (peerIds: readonly string[]): readonly string[] =>
      [...peerIds].sort((a, b) => Number(isLeft(a)) - Number(isLeft(b))),
    /** What those among these did that are left, for whoever reads the status. */
    faultsOf: (peerIds: readonly string[]): readonly { readonly peerId: string; readonly fault: Fault }[] =>
      peerIds.flatMap((peerId) => {
        const fault = records.get(peerId)?.lastFault ?? null
        return fault === null ? [] : [{ peerId, fault }]
      }),
  }
}
