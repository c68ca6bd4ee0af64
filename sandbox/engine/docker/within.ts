/** Bounds the wait for an engine that may have gone away without a word. */

/** @throws Error that names `what` when `work` takes longer than `ms`; its own end is then looked at by nobody. */
export async function within<T>(ms: number, what: string, work: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const clock = setTimeout(() => reject(new Error(`${what}: no answer within ${ms} ms`)), ms)
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(clock)
    work.catch(() => undefined)
  }
}
