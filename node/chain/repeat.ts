/** Sets the last certified row once more: where nothing is decided, the chain must not take the validators for silent. */
import type { Log } from '../log.ts'
import { adviceFor } from './advice.ts'
import { type Chain, ChainError, type HotkeySigner, type Unrevealed, type WeightsRow } from './port.ts'

/** Of the chain's activity cutoff, the part that has to be over: a mesh that decides anything sets a vector long before. */
const DUE = { part: 3, of: 4 } as const

type Repeat =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'row'
      readonly setAt: number
      readonly uids: readonly number[]
      readonly values: readonly number[]
    }
  /** The row names a slot that another hotkey has taken since: the chain counts the old row's weight of it to nobody, a new row's to a stranger. */
  | { readonly kind: 'taken'; readonly setAt: number; readonly uid: number }

type Where = {
  readonly chain: Pick<Chain, 'weightsOf' | 'yumaInputAt'>
  readonly netuid: number
  readonly hotkey: string
  /** A final block. */
  readonly head: number
  /** Block of the newest vector that the log has decided, if this node has handed it to the chain; else null. */
  readonly certified: number | null
}

const NONE: Repeat = { kind: 'none' }

const rowOf = async ({ chain, netuid, hotkey, head }: Where): Promise<WeightsRow | null> => {
  try {
    return await chain.weightsOf({ netuid, hotkey, block: head })
  } catch (error) {
    if (error instanceof ChainError && error.code === 'NOT_REGISTERED') return null
    throw error
  }
}

/**
 * The stored row, when it is the newest certified vector's and three quarters of the activity cutoff have passed since it was set. A row
 * from before that vector is never repeated: it may be of an old ledger, or of another program. @throws ChainError
 */
const repeatAt = async (o: Where): Promise<Repeat> => {
  if (o.certified === null) return NONE
  const row = await rowOf(o)
  if (row === null || row.setAt === null || row.setAt < o.certified) return NONE
  const { setAt, uid, weights } = row
  const { activityCutoff, neurons, ownerUid } = await o.chain.yumaInputAt({ netuid: o.netuid, block: o.head })
  const isVoter = neurons[uid]?.permit === true || uid === ownerUid
  if (!isVoter || DUE.of * (o.head - setAt) < DUE.part * activityCutoff) return NONE
  const taken = weights.find(([target]) => (neurons[target]?.registeredAt ?? setAt) >= setAt)
  if (taken !== undefined) return { kind: 'taken', setAt, uid: taken[0] }
  return { kind: 'row', setAt, uids: weights.map(([target]) => target), values: weights.map(([, value]) => value) }
}

type Options = {
  readonly chain: Pick<Chain, 'weightsOf' | 'yumaInputAt' | 'setWeights'>
  readonly netuid: number
  readonly head: number
  readonly certified: () => number | null
  readonly versionKey?: bigint
  readonly signer: HotkeySigner
  readonly signal: AbortSignal
  /** Tries again while that may help; null when the node stops. */
  readonly insist: <T>(step: () => Promise<T>) => Promise<T | null>
  /** Follows weights that stand only when they are revealed. */
  readonly hidden: (of: object, reveal: Unrevealed['reveal']) => void
  readonly log: Pick<Log, 'info' | 'warn' | 'error'>
}

/** Looks, and repeats the row where that is due; what goes wrong is told, never thrown, and looked at again with a later head. */
export const repeatWeights = async (o: Options): Promise<void> => {
  const { chain, netuid, signer, signal, log } = o
  const versionKey = o.versionKey ?? 0n
  try {
    const due = await o.insist(() => repeatAt({ ...o, hotkey: signer.publicKey, certified: o.certified() }))
    if (due?.kind === 'taken') {
      log.warn({ setAt: due.setAt, uid: due.uid }, 'weights not repeated: a slot that they pay has changed hands')
    }
    if (due?.kind !== 'row' || signal.aborted) return
    const { setAt, uids, values } = due
    const given = await o.insist(() => chain.setWeights({ netuid, uids, values, versionKey, signer, signal }))
    if (given === null) return
    const repeatedAt = given.block.number
    log.info({ setAt, repeatedAt }, 'weights repeated: nothing newer is decided')
    if (given.reveal !== null) o.hidden({ repeatedAt }, given.reveal)
  } catch (error) {
    if (!signal.aborted) log.error({ error: `${error}`, todo: adviceFor(error) }, 'weights not repeated')
  }
}
