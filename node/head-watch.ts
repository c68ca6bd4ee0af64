/** What a node looks after at each block that its machine is shown: who speaks for its hotkey, and the block at which it was told to stop. */
import type { Domains, Genesis, Machine, RoundState, Signed, Verified } from '../protocol/index.ts'
import type { ValidatorConfig } from './home/config.ts'
import { createDelegator, loadDelegation } from './home/delegation.ts'
import type { ValidatorKeys } from './home/keys.ts'
import type { Log } from './log.ts'
import type { Driver } from './machine/driver.ts'
import type { Clock, Network } from './machine/ports.ts'

/** `reached`: the block came while the node ran; `passed`: it had come before the node was started. */
export type StopReason = 'reached' | 'passed'

export const createHeadWatch = (o: {
  readonly delegator: ReturnType<typeof createDelegator>
  /** Null: never. */
  readonly stopAtBlock: number | null
  readonly now: () => number
  readonly onFatal: (error: unknown) => void
  readonly log: Pick<Log, 'info' | 'error'>
}) => {
  const { stopAtBlock, log } = o
  const stop = Promise.withResolvers<StopReason>()
  let seenAt: number | null = null
  let isStopping = false

  const lookForStop = (block: number): void => {
    if (stopAtBlock === null || block < stopAtBlock || isStopping) return
    isStopping = true
    if (seenAt === null)
      log.error({ block, stopAtBlock }, 'stopAtBlock has passed: take it out of the configuration to go on')
    else log.info({ block, stopAtBlock }, 'stopping at the block that it was told to')
    stop.resolve(seenAt === null ? 'passed' : 'reached')
  }
  return {
    atHead: (block: number): void => {
      lookForStop(block)
      seenAt = o.now()
      if (!isStopping) o.delegator.look(block).catch(o.onFatal)
    },
    /** Resolves when the node should stop. */
    stop: stop.promise,
    /** When the last block was shown; null for none since the start. */
    seenAt: (): number | null => seenAt,
  }
}

/** The same for a node that is being put together. @throws KeyError for a damaged delegation file */
export const openHeadWatch = async (
  p: {
    readonly config: ValidatorConfig
    readonly genesis: Genesis
    readonly domains: Domains
    readonly keys: ValidatorKeys
    readonly clock: Clock
    readonly driver: () => Driver<Machine<RoundState>>
    readonly onFatal: (error: unknown) => void
    readonly log: Log
  },
  peerId: string,
  network: Network,
) => {
  const { home, stopAtBlock } = p.config
  const delegator = createDelegator({
    ...p,
    home,
    peerId,
    netuid: p.genesis.netuid,
    kept: await loadDelegation(home),
    state: () => p.driver().read((state) => state),
    send: (message) => {
      p.driver().submit({ kind: 'message', at: p.clock.now(), message: message as Signed as Verified<Signed> })
      network.broadcast(message)
    },
    repeat: (message) => network.relay({ kind: 'message', message }, 'committee'),
    unixSeconds: () => Math.floor(Date.now() / 1_000),
  })
  return createHeadWatch({ ...p, stopAtBlock, delegator, now: p.clock.now })
}
