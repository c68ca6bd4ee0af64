/** The clock of one simulated process: it may run fast or slow, jump ahead, and starts anywhere. */
import type { FaultName, Params } from './faults.ts'

export type Clock = {
  /** What the process reads at this virtual moment. */
  readonly read: (now: number) => number
  /** Virtual ms until the clock shows `at`, not below 0. */
  readonly until: (at: number, now: number) => number
}

/** `place`: whose clock. `since`: when the process started; its clock showed `zero` then. */
export const createClock = (o: {
  readonly faults: Readonly<Partial<Record<FaultName, Params>>>
  readonly place: number
  readonly since: number
  readonly zero: number
}): Clock => {
  const { place, since, zero } = o
  const { clockDrift, clockJump } = o.faults
  const perMille = clockDrift?.['node'] === place ? (clockDrift['perMille'] ?? 1000) : 1000
  const jumpAt = clockJump?.['node'] === place ? (clockJump['atMs'] ?? 0) : Number.POSITIVE_INFINITY
  const byMs = clockJump?.['byMs'] ?? 0
  const read = (now: number): number =>
    zero + Math.floor(((now - since) * perMille) / 1000) + (since < jumpAt && now >= jumpAt ? byMs : 0)
  return {
    read,
    until: (at, now) => Math.max(0, Math.ceil(((at - read(now)) * 1000) / perMille)),
  }
}
