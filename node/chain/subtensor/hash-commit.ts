/** Weights behind a hash: committed now, revealed in the epoch that the chain waits for, also by a process that comes after this one. */
import { randomInt } from 'node:crypto'
import { type BlockRef, ChainError, type HotkeySigner, type Unrevealed, type WeightsReceipt } from '../port.ts'
import { ERA_BLOCKS } from './extrinsic.ts'
import { commitHash, storageIndex } from './payload.ts'
import type { PendingReveal } from './pending.ts'
import { type At, hexOf, itemsOf, numberOf, stored } from './runtime.ts'
import { insist, pause } from './submit.ts'
import {
  epochOf,
  expectEvent,
  headOf,
  type Now,
  standsAt,
  submitWeights,
  type WeightsOrder,
  type WeightsParts,
} from './weights-parts.ts'

/** u16 words that keep anyone from finding a row by trying rows. */
const SALT_WORDS = 8

const callOf = ({ netuid, mechanism }: Pick<PendingReveal, 'netuid' | 'mechanism'>, what: 'commit' | 'reveal') => ({
  name: `${what}_${mechanism === 0 ? 'weights' : 'mechanism_weights'}`,
  of: mechanism === 0 ? [netuid] : [netuid, mechanism],
})

const pendingOf = ({ signer, signal: _, ...row }: WeightsOrder, head: BlockRef): PendingReveal => {
  const salt = Array.from({ length: SALT_WORDS }, () => randomInt(65_536))
  const hotkey = signer.publicKey
  const hash = Buffer.from(commitHash({ ...row, hotkey, index: storageIndex(row.netuid, row.mechanism), salt }))
  return { ...row, hotkey, salt, hash: hash.toString('hex'), afterBlock: head.number }
}

/** It was refused, so that no block holds it and none will. */
const isRefused = (error: unknown): boolean =>
  error instanceof ChainError && ['EXTRINSIC_FAILED', 'EXTRINSIC_REFUSED', 'BAD_REQUEST'].includes(error.code)

export const commitToHash = async (o: WeightsParts, order: WeightsOrder, { head }: Now): Promise<WeightsReceipt> => {
  const pending = pendingOf(order, head)
  const { name, of } = callOf(pending, 'commit')
  await o.pending.keep(pending)
  const included = await submitWeights(o, order, {
    name,
    args: [...of, `0x${pending.hash}`],
    limit: 'CommittingWeightsTooFast',
  }).catch(async (error: unknown) => {
    if (isRefused(error)) await o.pending.drop(pending)
    throw error
  })
  expectEvent(included, 'WeightsCommitted')
  const { block, extrinsicIndex } = included
  const { signer } = order
  const reveal = (signal: AbortSignal): Promise<BlockRef> =>
    settled(o, pending, () => revealIn(o, { pending, signer, signal }, block.number))
  return { block, extrinsicIndex, path: 'hash', reveal }
}

/** Forgets it when it stands, and when it is lost; a caller that gives up leaves it to the next process. */
const settled = async (o: WeightsParts, pending: PendingReveal, reveal: () => Promise<BlockRef>): Promise<BlockRef> => {
  try {
    const block = await reveal()
    await o.pending.drop(pending)
    return block
  } catch (error) {
    if (error instanceof ChainError && (error.code === 'WEIGHTS_LOST' || isRefused(error)))
      await o.pending.drop(pending)
    throw error
  }
}

type Revealing = { readonly pending: PendingReveal; readonly signer: HotkeySigner; readonly signal: AbortSignal }

/** The epoch of the commit, as the chain counts it, while the chain holds it; else null. */
const commitEpochAt = async (at: At, { netuid, mechanism, hotkey, hash }: PendingReveal): Promise<number | null> => {
  const commits = await stored(at, 'weightCommits', storageIndex(netuid, mechanism), `0x${hotkey}`)
  const { isSome, unwrap } = commits as unknown as { readonly isSome: boolean; unwrap(): typeof commits }
  if (!isSome) return null
  for (const commit of itemsOf(unwrap.call(commits))) {
    const [of, epoch] = itemsOf(commit)
    if (of !== undefined && hexOf(of) === hash) return numberOf(epoch)
  }
  return null
}

/** `lost`: no block holds it and none can any more, the chain has forgotten it, or its epoch is over. `open`: it may be revealed now. */
type Fate = 'waits' | 'open' | 'stands' | 'lost'

/** From the state of a final head alone: that of the commit's own block may be thrown away before its epoch comes. */
const fateAt = async (
  o: WeightsParts,
  {
    order,
    last,
    head,
  }: { readonly order: PendingReveal & WeightsOrder; readonly last: number; readonly head: BlockRef },
): Promise<Fate> => {
  const { netuid } = order
  const at = await o.runtime.at(head.hash)
  const committed = await commitEpochAt(at, order)
  if (committed === null) {
    if (head.number < last) return 'waits'
    // An earlier process has revealed it, and did not live to forget it.
    return (await standsAt(o, order, head)) ? 'stands' : 'lost'
  }
  const target = committed + numberOf(await stored(at, 'revealPeriodEpochs', netuid))
  const epoch = await epochOf(o, netuid, head)
  if (epoch > target) return 'lost'
  return epoch === target ? 'open' : 'waits'
}

/** Tried until its epoch is over: what refuses it may pass. `last`: no later block can hold the commit. */
const revealIn = async (o: WeightsParts, { pending, signer, signal }: Revealing, last: number): Promise<BlockRef> => {
  const { uids, values, salt, versionKey } = pending
  const order = { ...pending, signer, signal }
  const { name, of } = callOf(pending, 'reveal')
  const args = [...of, uids, values, salt, versionKey]
  for (;;) {
    const head = await headOf(o, signal)
    const fate = await insist(signal, o.pollMs, () => fateAt(o, { order, last, head }))
    if (fate === 'stands') return head
    if (fate === 'lost') throw new ChainError('WEIGHTS_LOST', { afterBlock: pending.afterBlock })
    if (fate === 'open') {
      try {
        const revealed = await submitWeights(o, order, { name, args, limit: 'RateLimitExceeded' })
        expectEvent(revealed, 'WeightsRevealed')
        return revealed.block
      } catch (error) {
        if (!(error instanceof ChainError && error.retryable)) throw error
      }
    }
    await pause(o.pollMs, signal)
  }
}

/** What earlier processes have committed, or meant to, and nobody has revealed. */
export const unrevealedBy = async (
  o: WeightsParts,
  { netuid, mechanism, signer }: { readonly netuid: number; readonly mechanism: number; readonly signer: HotkeySigner },
): Promise<readonly Unrevealed[]> => {
  const mine = (await o.pending.all()).filter(
    (one) => one.netuid === netuid && one.mechanism === mechanism && one.hotkey === signer.publicKey,
  )
  return mine.map((pending) => ({
    afterBlock: pending.afterBlock,
    reveal: (signal) =>
      settled(o, pending, async () => {
        // The earlier process may have signed the commit the moment before it died.
        const last = (await headOf(o, signal)).number + ERA_BLOCKS
        return revealIn(o, { pending, signer, signal }, last)
      }),
  }))
}
