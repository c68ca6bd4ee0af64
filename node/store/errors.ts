/** Errors of the store: a code with its facts. */

/**
 * `STORE_LOCKED`: another process has the directory open (`dir`, `remedy`). `FORMAT`: the directory was written by another
 * version (`found`, `expected`). `OPEN_FAILED`: it cannot be opened at all. `CORRUPT`: what is on disk is not what was
 * written (`kind` and `key`, or `digest`, or `dir`). `BAD_KEY`, `TOO_LARGE`, `OUT_OF_ORDER`: the caller's records are not
 * storable, nothing was written. `WRITE_FAILED`: the disk refused; the store takes no more writes until it is opened again,
 * because nobody knows what of it became durable. `CLOSED`: the store was closed.
 */
export type StoreErrorCode =
  | 'STORE_LOCKED'
  | 'FORMAT'
  | 'OPEN_FAILED'
  | 'CORRUPT'
  | 'BAD_KEY'
  | 'TOO_LARGE'
  | 'OUT_OF_ORDER'
  | 'WRITE_FAILED'
  | 'CLOSED'

export class StoreError extends Error {
  readonly code: StoreErrorCode
  readonly facts: Readonly<Record<string, unknown>>
  /** 4 for what only a person can mend; to start again mends nothing. */
  readonly exitCode: number

  constructor(code: StoreErrorCode, facts: Readonly<Record<string, unknown>> = {}, cause?: unknown) {
    super(`${code} ${JSON.stringify(facts)}`, { cause })
    this.name = 'StoreError'
    this.code = code
    this.facts = facts
    this.exitCode = code === 'CORRUPT' || code === 'FORMAT' ? 4 : 6
  }
}
