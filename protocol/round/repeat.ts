/** When a message of one's own goes out again: a stranger to whom it was lost must get it, and a round of days must not drown in copies. */

/** As long as a message is this young it goes out again with each block. */
const OFTEN_MS = 60_000
/** However old it is, it goes out again this often. */
const SELDOM_MS = 3_600_000

/** How often a message of this age has had to go out again since it was young: at ages that double, at last every hour. */
const repeatsAt = (ageMs: number): number => {
  let repeats = 0
  for (let next = 2 * OFTEN_MS; next <= ageMs; next += Math.min(next, SELDOM_MS)) repeats++
  return repeats
}

/** what the log does not name yet goes out again with each block for a minute, then at ages that double, at last every hour. */
export const isRepeatDue = (o: { readonly ageMs: number; readonly ageBeforeMs: number }): boolean =>
  o.ageMs <= OFTEN_MS || repeatsAt(o.ageMs) > repeatsAt(o.ageBeforeMs)
