/** Whether a machine was ours alone and at its own pace while something was timed on it, and whether a code is too slow to go on with. */

/** What the driver says; null where it does not. */
export type Telemetry = {
  readonly name: string | null
  readonly driver: string | null
  /** NVML's bits of why the clock is lower than it could be. */
  readonly throttleReasons: number | null
  /** Processes that compute on it. */
  readonly processes: number | null
  /** Of its last sampling period, a sixth of a second to one: how much of it a kernel ran. */
  readonly busyPercent: number | null
  readonly smMhz: number | null
  readonly celsius: number | null
  /** Uncorrected since the machine started. */
  readonly eccErrors: number | null
}

/** Hardware slowdown, both thermal ones, and the power brake; that it idles or meets its power cap is ordinary. */
const BAD_REASONS = 0x8 | 0x20 | 0x40 | 0x80
/** Candidate, partner and verifier. */
const OWN_PROCESSES = 3
const ONE_PPM = 1_000_000n

/** Why a quad on a GPU must be run again, or null. */
export function disturbanceOf(o: {
  readonly before: Telemetry | null
  readonly after: Telemetry | null
}): string | null {
  const { before, after } = o
  for (const state of [before, after]) {
    if (state === null) return 'the driver does not answer'
    if (((state.throttleReasons ?? 0) & BAD_REASONS) !== 0) return `it is throttled: reasons ${state.throttleReasons}`
    if ((state.processes ?? 0) > OWN_PROCESSES) return `${state.processes} processes are on it`
  }
  if ((after?.eccErrors ?? 0) > (before?.eccErrors ?? 0)) return 'its memory had an error'
  return null
}

/** Why a quad must be run again, or null: two runs of one and the same code lie too far apart for anything to be said beside them. */
export function driftOf(times: readonly [bigint, bigint], maxPpm: number): string | null {
  const [low, high] = times[0] < times[1] ? times : [times[1], times[0]]
  const ppm = ((high - low) * ONE_PPM) / low
  return ppm > BigInt(maxPpm) ? `the reference drifts by ${ppm} ppm` : null
}

/** No code that may still win needs this many times its partner's time; below the least nobody's time is lost, and a busy machine may do as much. */
const SLOWER = 4n
const SLOW_NANOS_MIN = 60_000_000_000n

/**
 * Whether a run beside its partner's on the same data need not be followed by others: a code that takes all that a run may take would hold
 * up a round for hours, until nobody has measured anything in time.
 */
export const isHopeless = (candidateNs: bigint, partnerNs: bigint): boolean =>
  candidateNs > SLOW_NANOS_MIN && candidateNs > SLOWER * partnerNs
