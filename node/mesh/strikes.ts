/** Counts malformed frames per peer, and says which peers are shut out for a while. */
import { BAN_MS, STRIKE_PEERS_MAX, STRIKE_WINDOW_MS, STRIKES_MAX } from './limits.ts'

export type Strikes = {
  /** Counts one malformed frame; true when the peer is banned by it. */
  strike(peerId: string): boolean
  /** Strikes within the window, 0 to `STRIKES_MAX`. */
  count(peerId: string): number
  isBanned(peerId: string): boolean
}

/** `now` gives milliseconds that never go back. */
export const createStrikes = (now: () => number): Strikes => {
  const records = new Map<string, { count: number; last: number }>()

  const current = (peerId: string) => {
    const record = records.get(peerId)
    if (record !== undefined && now() - record.last < STRIKE_WINDOW_MS) return record
    records.delete(peerId)
    return undefined
  }

  return {
    strike(peerId) {
      const count = Math.min((current(peerId)?.count ?? 0) + 1, STRIKES_MAX)
      records.delete(peerId)
      records.set(peerId, { count, last: now() })
      const [oldest] = records.keys()
      if (records.size > STRIKE_PEERS_MAX && oldest !== undefined) records.delete(oldest)
      return count === STRIKES_MAX
    },
    count: (peerId) => current(peerId)?.count ?? 0,
    isBanned(peerId) {
      const record = current(peerId)
      return record !== undefined && record.count === STRIKES_MAX && now() - record.last < BAN_MS
    },
  }
}
