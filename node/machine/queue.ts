/** What waits for the machine: this node's own inputs first, then one of each sender in turn, so that a flood delays nobody else. */

/** Who brought something and how large it is; null: this node itself. */
export type Origin = { readonly sender: string; readonly sizeBytes: number } | null

/**
 * What one sender may have waiting: the votes of several views and the answers to a status; more is a flood, and what is dropped of an honest
 * sender's it sends again. Senders are bounded by the mesh's connections, so all together are too.
 */
const WAITING_MAX = 256
const WAITING_BYTES_MAX = 4 << 20

export type Queue<T> = {
  /** False when its sender has too much waiting already; this node's own is always taken. */
  push(item: T, origin: Origin): boolean
  next(): T | undefined
  isEmpty(): boolean
  clear(): void
}

type Waiting<T> = { readonly items: { readonly item: T; readonly sizeBytes: number }[]; bytes: number }

export const createQueue = <T>(): Queue<T> => {
  const own: T[] = []
  /** In the order of their turns; a sender with nothing waiting is not in it. */
  const senders = new Map<string, Waiting<T>>()
  return {
    push: (item, origin) => {
      if (origin === null) {
        own.push(item)
        return true
      }
      const { sender, sizeBytes } = origin
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
      const [turn] = senders
      if (turn === undefined) return undefined
      const [sender, waiting] = turn
      const first = waiting.items.shift()
      waiting.bytes -= first?.sizeBytes ?? 0
      senders.delete(sender)
      if (waiting.items.length > 0) senders.set(sender, waiting)
      return first?.item
    },
    isEmpty: () => own.length === 0 && senders.size === 0,
    clear: () => {
      own.length = 0
      senders.clear()
    },
  }
}
