/** Compares the newest EPOCH of this node's log with the finalised chain, once each. */
import { type Machine, type Metagraph, newestEpochFault, type RoundState } from '../../protocol/index.ts'
import type { Log } from '../log.ts'
import type { Driver } from '../machine/driver.ts'
import type { SyncView } from './view.ts'

/** Of the chain, what stood at a block. */
export type EpochChain = { readonly metagraphAt: (block: number) => Promise<Metagraph> }

export const createEpochCheck = (o: {
  readonly driver: () => Driver<Machine<RoundState>>
  readonly chain: EpochChain
  readonly log: Pick<Log, 'warn' | 'error'>
}) => {
  let checked: unknown = null

  /** Null when the newest EPOCH is the chain's, or there is none. */
  return async (): Promise<Extract<SyncView, { kind: 'unchecked' | 'contradicted' }> | null> => {
    const newest = o.driver().read(({ rounds }) => rounds.newestEpoch)
    if (newest === null || newest.entry === checked) return null
    const { epoch, block } = newest.entry
    try {
      const metagraph = await o.chain.metagraphAt(block)
      const fault = o.driver().read(({ rounds }) => {
        if (rounds.newestEpoch === newest) return newestEpochFault(rounds, metagraph)
        throw new Error('another EPOCH was decided meanwhile')
      })
      if (fault === null) {
        checked = newest.entry
        return null
      }
      o.log.error({ epoch, block, fault }, 'the newest EPOCH of the log contradicts the chain: this node does not vote')
      return { kind: 'contradicted', epoch, reason: fault }
    } catch (error) {
      o.log.warn({ epoch, block, error: `${error}` }, 'the newest EPOCH could not be compared with the chain')
      return { kind: 'unchecked', epoch, reason: `${error}` }
    }
  }
}
