/** Weights on their way to a row: plainly, behind a hash, or behind a timelock, whichever the subnet asks for at that block. */
import { blake2b } from '@noble/hashes/blake2.js'
import { type BlockRef, ChainError, type WeightsReceipt } from '../port.ts'
import type { ChainEvent } from './blocks.ts'
import { commitToHash } from './hash-commit.ts'
import { storageIndex, timelockPayload } from './payload.ts'
import { blockSecondsAt, scheduleAt } from './reads.ts'
import { type At, callIndexOf, hexOf, numberOf, stored } from './runtime.ts'
import { firstRevealBlock, revealSeconds } from './schedule.ts'
import { insist, pause } from './submit.ts'
import { encryptUntil, roundAt } from './timelock.ts'
import {
  epochOf,
  expectEvent,
  finalBlock,
  headOf,
  type Now,
  PALLET,
  standsAt,
  submitWeights,
  type WeightsOrder,
  type WeightsParts,
} from './weights-parts.ts'

/** The version of the timelocked commit that this file makes. */
const COMMIT_VERSION = 4

type Path = WeightsReceipt['path']

/** Commit-reveal is on for new subnets; a runtime without the timelocked call, or with another version of it, leaves the hash. */
export const pathAt = async (at: At, netuid: number): Promise<Path> => {
  if ((await stored(at, 'commitRevealWeightsEnabled', netuid)).toString() !== 'true') return 'plain'
  if (callIndexOf(at, PALLET, 'commit_timelocked_mechanism_weights') === null) return 'hash'
  const version = numberOf(await stored(at, 'commitRevealWeightsVersion'))
  return version === COMMIT_VERSION ? 'timelocked' : 'hash'
}

export const createWeights = (o: WeightsParts): ((order: WeightsOrder) => Promise<WeightsReceipt>) => {
  return async (order) => {
    const head = await o.endpoints.finalizedHead()
    const at = await o.runtime.at(head.hash)
    const path = await pathAt(at, order.netuid)
    const how = { plain: setPlain, hash: commitToHash, timelocked: commitToTime }[path]
    return how(o, order, { at, head })
  }
}

const setPlain = async (o: WeightsParts, order: WeightsOrder): Promise<WeightsReceipt> => {
  const { netuid, mechanism, uids, values, versionKey } = order
  const of = mechanism === 0 ? [netuid] : [netuid, mechanism]
  const included = await submitWeights(o, order, {
    name: mechanism === 0 ? 'set_weights' : 'set_mechanism_weights',
    args: [...of, uids, values, versionKey],
    limit: 'SettingWeightsTooFast',
  })
  expectEvent(included, 'WeightsSet')
  const { block, extrinsicIndex } = included
  if (!(await standsFinally(o, order, block)))
    throw new ChainError('BAD_RESPONSE', { why: 'the stored row is another one' })
  return { block, extrinsicIndex, path: 'plain', reveal: null }
}

/** Of weights that are in a final block: asked until somebody answers; no answer and no refusal is a reason to set them again. */
const standsFinally = async (o: WeightsParts, order: WeightsOrder, block: BlockRef): Promise<boolean> => {
  for (;;) {
    try {
      return await standsAt(o, order, block)
    } catch (error) {
      if (!(error instanceof ChainError && error.retryable)) throw error
      if (error.code === 'BAD_RESPONSE' || error.code === 'STATE_DISCARDED')
        throw new ChainError(error.code, error.facts, { cause: error })
      await pause(o.pollMs, order.signal)
    }
  }
}

const commitToTime = async (o: WeightsParts, order: WeightsOrder, { at, head }: Now): Promise<WeightsReceipt> => {
  const { netuid, mechanism, uids, values, versionKey, signer } = order
  const revealPeriodEpochs = numberOf(await stored(at, 'revealPeriodEpochs', netuid))
  const revealBlock = firstRevealBlock({
    schedule: await scheduleAt(at, netuid),
    head: head.number,
    revealPeriodEpochs,
  })
  if (revealBlock === null) throw new ChainError('BAD_RESPONSE', { why: 'the subnet has no epochs' })
  const timestamp = at.query['timestamp']?.['now']
  if (timestamp === undefined) throw new ChainError('BAD_RESPONSE', { why: 'no timestamp.now' })
  const headSeconds = Math.floor(numberOf(await timestamp()) / 1000)
  const seconds = revealSeconds({ headSeconds, head: head.number, revealBlock, blockSeconds: blockSecondsAt(at) })
  const round = roundAt(seconds, o.beacon)
  const wire = encryptUntil(round, timelockPayload({ uids, values, versionKey, hotkey: signer.publicKey }), o)
  const included = await submitWeights(o, order, {
    name: 'commit_timelocked_mechanism_weights',
    args: [netuid, mechanism, `0x${Buffer.from(wire).toString('hex')}`, round, COMMIT_VERSION],
    limit: 'CommittingWeightsTooFast',
  })
  const { data } = expectEvent(included, 'TimelockedWeightsCommitted')
  const committed = Buffer.from(blake2b(wire, { dkLen: 32 })).toString('hex')
  if (data[2] === undefined || hexOf(data[2]) !== committed) {
    throw new ChainError('BAD_RESPONSE', { why: 'the event names another commit' })
  }
  const { block, extrinsicIndex } = included
  const reveal = (signal: AbortSignal): Promise<BlockRef> =>
    watchReveal(o, { ...order, signal }, { block, period: revealPeriodEpochs })
  return { block, extrinsicIndex, path: 'timelocked', reveal }
}

/** What a final block says of a timelocked commit; `overtaken`: a later commit of this hotkey was revealed with it, and stands. */
type Fate = 'stands' | 'overtaken' | 'lost' | 'hidden'

const fateAt = async (
  o: WeightsParts,
  order: WeightsOrder,
  { block, target }: { readonly block: BlockRef; readonly target: number },
): Promise<Fate> => {
  const { netuid, mechanism, signer } = order
  const index = String(storageIndex(netuid, mechanism))
  const isMine = ({ name, data }: ChainEvent): boolean =>
    (name === 'TimelockedWeightsRevealed' || name === 'CRV3WeightsRevealed') &&
    data[0]?.toString() === index &&
    data[1] !== undefined &&
    hexOf(data[1]) === signer.publicKey
  const isRevealed = (await o.blocks.systemEvents(block)).some(isMine)
  if (isRevealed && (await standsAt(o, order, block))) return 'stands'
  const epoch = await epochOf(o, netuid, block)
  if (isRevealed && epoch >= target) return 'overtaken'
  return epoch > target ? 'lost' : 'hidden'
}

/** The chain reveals by itself in the blocks of the reveal epoch, or never, and says nothing of a failure. */
const watchReveal = async (
  o: WeightsParts,
  order: WeightsOrder,
  commit: { readonly block: BlockRef; readonly period: number },
): Promise<BlockRef> => {
  const { netuid, signal } = order
  const { block: committed, period } = commit
  // In the block after the commit at the latest the epoch of the commit has begun.
  const target = (await insist(signal, o.pollMs, () => epochOf(o, netuid, committed))) + period
  let isOvertaken = false
  for (let number = committed.number + 1; ; number += 1) {
    const block = await finalBlock(o, signal, number)
    const fate = await insist(signal, o.pollMs, () => fateAt(o, order, { block, target })).catch((error: unknown) => {
      if (error instanceof ChainError && error.code === 'STATE_DISCARDED') return 'unseen' as const
      throw error
    })
    if (fate === 'stands') return block
    if (fate === 'unseen') {
      // Whoever was frozen or cut off sees what stands now, and goes on from there.
      const head = await headOf(o, signal)
      if (await insist(signal, o.pollMs, () => standsAt(o, order, head))) return head
      number = Math.max(number, head.number - 1)
    }
    // A commit before it may have been revealed in a block before: its own is then still to come.
    isOvertaken ||= fate === 'overtaken'
    const facts = { committedAt: committed.number, until: number }
    if (fate === 'lost') throw new ChainError(isOvertaken ? 'WEIGHTS_OVERTAKEN' : 'WEIGHTS_LOST', facts)
  }
}
