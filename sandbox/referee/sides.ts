/** The two codes of a measurement, and whose fault it is when one of them fails: what every referee shares. */
import { RunFault } from '../faults.ts'

export type Side = 'candidate' | 'partner'
export const SIDES = ['candidate', 'partner'] as const

/** Of what a candidate printed, for its miner's report. */
export const LOG_CHARACTERS_MAX = 4_096

/** A fault and the side it happened on. */
export class SideFault extends Error {
  readonly side: Side
  readonly fault: RunFault

  constructor(side: Side, fault: RunFault) {
    super(fault.message)
    this.side = side
    this.fault = fault
  }
}

/** Names the side of whatever goes wrong in `work`. */
export async function of<T>(side: Side, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (thrown) {
    throw thrown instanceof RunFault ? new SideFault(side, thrown) : thrown
  }
}

/** A stranger is never blamed for the machine, nor for the code beside it. */
export function toFault(thrown: unknown): RunFault {
  if (thrown instanceof RunFault) return thrown
  if (!(thrown instanceof SideFault)) return new RunFault('REFEREE_FAILED', { text: String(thrown) })
  const { side, fault } = thrown
  if (side === 'candidate' || fault.code === 'SANDBOX_START' || fault.code === 'ENGINE_FAILED') return fault
  return new RunFault('PARTNER_FAILED', { text: `${fault.code} ${fault.facts['text'] ?? ''}` })
}
