/** Weights behind a hash: committed now, revealed in the epoch that the chain waits for, also by a process that comes after this one. */
import { randomInt } from 'node:crypto'
import { type BlockRef, ChainError, type HotkeySigner, type Unrevealed, type WeightsReceipt } from '../port.ts'
import { ERA_BLOCKS } from './extrinsic.ts'
import { commitHash, storageIndex } from './payload.ts'
import type { PendingReveal } from './pending.ts'
import { hasStorage, hexOf, itemsOf, numberOf, stored } from './runtime.ts'
import { insist, pause } from './submit.ts'
import {
  epochOf,
  expectEvent,
  finalBlock,
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
    settled(o, pending, () => revealIn(o, { pending, signer, signal }, block))
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

/** The chain still holds the commit; a runtime that does not say where is asked by the reveal itself. */
const isCommitted = async (o: WeightsParts, head: BlockRef, pending: PendingReveal): Promise<boolean> => {
  const { netuid, mechanism, hotkey, hash } = pending
  const at = await o.runtime.at(head.hash)
  if (!hasStorage(at, 'weightCommits')) return true
  const commits = await stored(at, 'weightCommits', storageIndex(netuid, mechanism), `0x${hotkey}`)
  const { isSome, unwrap } = commits as unknown as { readonly isSome: boolean; unwrap(): typeof commits }
  if (!isSome) return false
  return itemsOf(unwrap.call(commits)).some((commit) => {
    const [of] = itemsOf(commit)
    return of !== undefined && hexOf(of) === hash
  })
}

/** `lost`: the chain has forgotten it, or its epoch is over. `open`: it may be revealed now. */
type Fate = 'stands' | 'lost' | 'open'

const fateAt = async (
  o: WeightsParts,
  {
    pending,
    order,
    target,
  }: { readonly pending: PendingReveal; readonly order: WeightsOrder; readonly target: number },
  head: BlockRef,
): Promise<Fate> => {
  const isOpen = await isCommitted(o, head, pending)
  // An earlier process has revealed it, and did not live to forget it.
  if (!isOpen && (await standsAt(o, order, head))) return 'stands'
  return isOpen && (await epochOf(o, pending.netuid, head)) <= target ? 'open' : 'lost'
}

/** Tried until its epoch is over: what refuses it may pass. */
const revealIn = async (
  o: WeightsParts,
  { pending, signer, signal }: Revealing,
  committed: BlockRef,
): Promise<BlockRef> => {
  const { netuid, uids, values, salt, versionKey } = pending
  const order = { ...pending, signer, signal }
  const target = await insist(signal, o.pollMs, async () => {
    const period = numberOf(await stored(await o.runtime.at(committed.hash), 'revealPeriodEpochs', netuid))
    return (await epochOf(o, netuid, committed)) + period
  })
  const { name, of } = callOf(pending, 'reveal')
  const args = [...of, uids, values, salt, versionKey]
  for (;;) {
    const head = await headOf(o, signal, async (each) => (await epochOf(o, netuid, each)) >= target)
    const fate = await insist(signal, o.pollMs, () => fateAt(o, { pending, order, target }, head))
    if (fate === 'stands') return head
    if (fate === 'lost') throw new ChainError('WEIGHTS_LOST', { committedAt: committed.number })
    try {
      const revealed = await submitWeights(o, order, { name, args, limit: 'RateLimitExceeded' })
      expectEvent(revealed, 'WeightsRevealed')
      return revealed.block
    } catch (error) {
      if (!(error instanceof ChainError && error.retryable)) throw error
      await pause(o.pollMs, signal)
    }
  }
}

/** The final block that holds the commit; null when none does, and none can any more. */
const findCommit = async (o: WeightsParts, { pending, signal }: Revealing): Promise<BlockRef | null> => {
  const index = String(storageIndex(pending.netuid, pending.mechanism))
  const last = (await headOf(o, signal, async () => true)).number + ERA_BLOCKS
  for (let number = pending.afterBlock + 1; number <= last; number += 1) {
    const block = await finalBlock(o, signal, number)
    const events = await insist(signal, o.pollMs, () => o.blocks.allEvents(block))
    const isIt = events.some(
      ({ name, data }) =>
        name === 'WeightsCommitted' &&
        data[1]?.toString() === index &&
        data[2] !== undefined &&
        hexOf(data[2]) === pending.hash,
    )
    if (isIt) return block
  }
  return null
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
        const committed = await findCommit(o, { pending, signer, signal })
        if (committed === null) throw new ChainError('WEIGHTS_LOST', { afterBlock: pending.afterBlock })
        return revealIn(o, { pending, signer, signal }, committed)
      }),
  }))
}
