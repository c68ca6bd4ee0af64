/** What waits for the machine: this node's own inputs first, then members before strangers, one of each sender in turn, so that a flood delays nobody else. */

/** Who brought something, how large it is, and whether its sender has a seat; null: this node itself. */
export type Origin = { readonly sender: string; readonly sizeBytes: number; readonly isMember: boolean } | null

/**
 * What one sender may have waiting: the votes of several views and the answers to a status; more is a flood, and what is dropped of an honest
 * sender's it sends again. Senders are bounded by the mesh's connections, so all together are too.
 */
const WAITING_MAX = 256
const WAITING_BYTES_MAX = 4 << 20

/**
 * Turns of members for each one of a stranger, while both wait. Identities cost nothing, and to find out that a certificate is forged takes a
 * hundred times as long as to count a vote: one turn each, and some hundred strangers would hold up every vote for seconds.
 */
const MEMBER_TURNS = 8

export type Queue<T> = {
  /** False when its sender has too much waiting already; this node's own is always taken. */
  push(item: T, origin: Origin): boolean
  next(): T | undefined
  isEmpty(): boolean
  clear(): void
}

type Waiting<T> = { readonly items: { readonly item: T; readonly sizeBytes: number }[]; bytes: number }

/** In the order of their turns; a sender with nothing waiting is not in it. */
type Senders<T> = Map<string, Waiting<T>>

const takeNext = <T>(senders: Senders<T>): T | undefined => {
  const [turn] = senders
  if (turn === undefined) return undefined
  const [sender, waiting] = turn
  const first = waiting.items.shift()
  waiting.bytes -= first?.sizeBytes ?? 0
  senders.delete(sender)
  if (waiting.items.length > 0) senders.set(sender, waiting)
  return first?.item
}

export const createQueue = <T>(): Queue<T> => {
  const own: T[] = []
  const members: Senders<T> = new Map()
  const strangers: Senders<T> = new Map()
  /** Of members, since the last one of a stranger. */
  let turns = 0
  return {
    push: (item, origin) => {
      if (origin === null) {
        own.push(item)
        return true
      }
      const { sender, sizeBytes, isMember } = origin
      const senders = isMember ? members : strangers
      const waiting = senders.get(sender) ?? { items: [], bytes: 0 }
      if (waiting.items.length >= WAITING_MAX || waiting.bytes + sizeBytes > WAITING_BYTES_MAX) return false
      waiting.items.push({ item, sizeBytes })
      waiting.bytes += sizeBytes
      senders.set(sender, waiting)
      return true
    },
    next: () => {
      const mine = own.shift()
      if (mine !== undefined) return mine
      const isStrangers = members.size === 0 || (turns >= MEMBER_TURNS && strangers.size > 0)
      turns = isStrangers ? 0 : turns + 1
      return takeNext(isStrangers ? strangers : members)
    },
    isEmpty: () => own.length === 0 && members.size === 0 && strangers.size === 0,
    clear: () => {
      own.length = 0
      members.clear()
      strangers.clear()
    },
  }
}
