/** What can go wrong between us and a sandbox engine, as codes with facts. */

/**
 * `ENGINE_LOST` the engine that a run needs is gone while others are there · `TOO_FEW_CORES` more timed runs at once than the
 * machine bears · `BAD_ADDRESS` an engine's address that nobody should use · `ENGINE_UNAVAILABLE` nothing here can isolate a program · `ENGINE_TOO_WEAK` an engine answers but would not enforce a
 * limit · `TOOLS_MISSING` Debian packages are absent (`packages`) · `IMAGE_MISSING` no image was built at that place ·
 * `IMAGE_DAMAGED` the image differs from its record · `IMAGE_BUILD_FAILED` a builder's command failed ·
 * `POOL_MISSING` no pool was built at that place · `POOL_DAMAGED` a pool differs from its record ·
 * `POOL_BUILD_FAILED` the generator did not finish or sent nonsense · `POOL_ADD_FAILED` a file cannot become part of a
 * pool · `START_FAILED` one sandbox did not start · `ENGINE_CLOSED` used after `close` ·
 * `LOCK_FAILED` a lock file cannot be locked.
 */
export type SandboxErrorCode =
  | 'ENGINE_LOST'
  | 'TOO_FEW_CORES'
  | 'BAD_ADDRESS'
  | 'ENGINE_UNAVAILABLE'
  | 'ENGINE_TOO_WEAK'
  | 'TOOLS_MISSING'
  | 'IMAGE_MISSING'
  | 'IMAGE_DAMAGED'
  | 'IMAGE_BUILD_FAILED'
  | 'POOL_MISSING'
  | 'POOL_DAMAGED'
  | 'POOL_BUILD_FAILED'
  | 'POOL_ADD_FAILED'
  | 'START_FAILED'
  | 'ENGINE_CLOSED'
  | 'LOCK_FAILED'

/** A failure of the machinery, never of the program inside: that one ends as a `SandboxExit`. */
export class SandboxError extends Error {
  readonly code: SandboxErrorCode
  readonly facts: Readonly<Record<string, unknown>>

  constructor(code: SandboxErrorCode, facts: Readonly<Record<string, unknown>> = {}, cause?: unknown) {
    super(`${code} ${JSON.stringify(facts)}`, cause === undefined ? undefined : { cause })
    this.name = 'SandboxError'
    this.code = code
    this.facts = facts
  }
}

/** The text of whatever was thrown, cut to `charactersMax`, for the facts of an error. */
export function reasonOf(thrown: unknown, charactersMax = 2_000): string {
  const text = thrown instanceof Error ? thrown.message : String(thrown)
  return text.length > charactersMax ? `${text.slice(0, charactersMax)}…` : text
}
