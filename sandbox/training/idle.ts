/** Waits until a GPU computes for nobody: what a stopped process has queued there goes on, beside whoever is timed next. */
import { setTimeout as delay } from 'node:timers/promises'

/** A card that computes for longer although everything of ours stands still computes for somebody. */
const IDLE_MS_MAX = 10_000
const LOOK_MS = 100

type Card = {
  /** Per cent of its last sampling period that a kernel ran; null where the driver does not tell, which counts as idle. */
  readonly busyPercent: () => Promise<number | null>
  /** Ends the process that ran last. */
  readonly endLast: () => Promise<void>
  readonly msMax?: number
}

async function becomesIdle({ busyPercent, msMax = IDLE_MS_MAX }: Card): Promise<boolean> {
  const until = performance.now() + msMax
  for (;;) {
    if (((await busyPercent()) ?? 0) === 0) return true
    if (performance.now() > until) return false
    await delay(LOOK_MS)
  }
}

/** `idle`; or whose work it does, which shows when the process that ran last is ended: `left` that one's, `foreign` somebody else's. */
export async function awaitIdle(card: Card): Promise<'idle' | 'left' | 'foreign'> {
  if (await becomesIdle(card)) return 'idle'
  await card.endLast()
  return (await becomesIdle(card)) ? 'left' : 'foreign'
}
