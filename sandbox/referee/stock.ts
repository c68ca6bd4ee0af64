/** Referees started ahead, one for each place of a timed run, each with its sandboxes warm. */
import { parseCoreList } from '../hosts/cores.ts'
import type { Lease } from '../hosts/hosts.ts'
import type { RunLimits } from '../limits.ts'
import { type Referee, startReferee } from './process.ts'

export type Stock = {
  /** The one of this place if it is there for these limits, else a new one. */
  take(lease: Lease, limits: RunLimits): Referee
  /** A new one without anything warm; `cpus` that its sandboxes may use decide whether the place's cores are enough for them. */
  start(lease: Lease, cpus: number): Referee
  /** Starts the next one of this place and waits until it is ready: in its turn, for it would disturb another's run. */
  refill(lease: Lease): Promise<void>
  close(): Promise<void>
}

const keyOf = ({ host, slot }: Lease): string => `${host.name} ${slot}`

/** `ahead`: the limits to start for, null for none; `others`: cores where referees run, null for any. */
export function createStock(options: { readonly ahead: RunLimits | null; readonly others: string | null }): Stock {
  const { ahead, others } = options
  const referees = new Map<string, Referee>()
  let isClosed = false
  const start = ({ host, slot }: Lease, limits: RunLimits | null, cores = host.timed[slot]): Referee =>
    startReferee(
      {
        options: { ...host.engine, cores: cores ?? undefined },
        ahead: limits,
        slot: host.isLocal ? null : slot,
      },
      others,
    )
  return {
    take: (lease, limits) => {
      const referee = referees.get(keyOf(lease))
      referees.delete(keyOf(lease))
      if (referee?.isAlive() === true && JSON.stringify(limits) === JSON.stringify(ahead)) return referee
      void referee?.stop()
      return start(lease, null)
    },
    start: (lease, cpus) => {
      const cores = lease.host.timed[lease.slot] ?? null
      return start(lease, null, cores !== null && parseCoreList(cores).length >= cpus ? cores : null)
    },
    refill: async (lease) => {
      if (ahead === null || isClosed || referees.has(keyOf(lease))) return
      const referee = start(lease, ahead)
      referees.set(keyOf(lease), referee)
      await referee.stocked
    },
    close: async () => {
      isClosed = true
      await Promise.all([...referees.values()].map((referee) => referee.stop()))
    },
  }
}
