/** Ends work that takes too long, or that nobody waits for any more, and leaves nothing of it behind. */

/**
 * Runs `work` under a signal that ends with the first of `ends`, for that one's reason, or after `ms` with a TimeoutError. Once the work is over
 * it is held by nothing: an `AbortSignal.any` whose sources have timeouts stays in memory for ever when another one was made of it (Node 24),
 * some 900 bytes a request, which is gigabytes in months.
 */
export const within = async <T>(
  o: { readonly ms: number; readonly ends: readonly AbortSignal[] },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> => {
  const controller = new AbortController()
  const end = (event: Event): void => controller.abort((event.target as AbortSignal).reason)
  const ended = o.ends.find(({ aborted }) => aborted)
  if (ended !== undefined) controller.abort(ended.reason)
  const late = (): void => controller.abort(new DOMException(`not within ${o.ms} ms`, 'TimeoutError'))
  const timer = setTimeout(late, o.ms)
  // A wait must not hold the process.
  timer.unref()
  for (const signal of o.ends) signal.addEventListener('abort', end, { once: true })
  try {
    return await work(controller.signal)
  } finally {
    clearTimeout(timer)
    for (const signal of o.ends) signal.removeEventListener('abort', end)
  }
}

/** True for a signal that a time limit ended. */
export const isTimeout = ({ reason }: AbortSignal): boolean =>
  reason instanceof DOMException && reason.name === 'TimeoutError'
