/** Weights on their way to a row: plainly, behind a hash, or behind a timelock, whichever the subnet asks for at that block. */
import { randomInt } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { blake2b } from '@noble/hashes/blake2.js'
import { maxUpscale } from '../local/upscale.ts'
import { type BlockRef, ChainError, type HotkeySigner, type Weight, type WeightsReceipt } from '../port.ts'
import type { Blocks, ChainEvent } from './blocks.ts'
import type { Endpoints } from './endpoints.ts'
import { commitHash, type Row, storageIndex, timelockPayload } from './payload.ts'
import { readRow, scheduleAt, uidOf } from './reads.ts'
import { type At, callIndexOf, hexOf, numberOf, type Runtime, stored } from './runtime.ts'
import { epochAt, firstRevealBlock, revealSeconds } from './schedule.ts'
import type { Included, Submission } from './submit.ts'
import { type Beacon, encryptUntil, roundAt } from './timelock.ts'

export type WeightsOrder = Row & {
  readonly netuid: number
  readonly mechanism: number
  readonly signer: HotkeySigner
  readonly signal: AbortSignal
}

export type WeightsParts = {
  readonly endpoints: Endpoints
  readonly runtime: Runtime
  readonly blocks: Blocks
  readonly submit: (submission: Submission) => Promise<Included>
  readonly pollMs: number
  /** Seconds from block to block. */
  readonly blockSeconds: number
  readonly beacon: Beacon
}

/** The version of the timelocked commit that this file makes. */
const COMMIT_VERSION = 4
/** u16 words that keep anyone from finding a row by trying rows. */
const SALT_WORDS = 8

type Path = WeightsReceipt['path']

/** Commit-reveal is on for new subnets; a runtime without the timelocked call, or with another version of it, leaves the hash. */
export const pathAt = async (at: At, netuid: number): Promise<Path> => {
  if ((await stored(at, 'commitRevealWeightsEnabled', netuid)).toString() !== 'true') return 'plain'
  if (callIndexOf(at, PALLET, 'commit_timelocked_mechanism_weights') === null) return 'hash'
  const version = numberOf(await stored(at, 'commitRevealWeightsVersion'))
  return version === COMMIT_VERSION ? 'timelocked' : 'hash'
}

const PALLET = 'SubtensorModule'

export const createWeights = (o: WeightsParts): ((order: WeightsOrder) => Promise<WeightsReceipt>) => {
  return async (order) => {
    const head = await o.endpoints.finalizedHead()
    const at = await o.runtime.at(head.hash)
    const path = await pathAt(at, order.netuid)
    const how = { plain: setPlain, hash: commitToHash, timelocked: commitToTime }[path]
    return how(o, order, { at, head })
  }
}

type Now = { readonly at: At; readonly head: BlockRef }

const submitWeights = (
  o: WeightsParts,
  order: WeightsOrder,
  call: { readonly name: string; readonly args: readonly unknown[]; readonly limit: string },
): Promise<Included> => {
  const { signer, signal } = order
  return o.submit({ call: { pallet: PALLET, name: call.name, args: call.args }, signer, signal, limit: call.limit })
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
  if (!(await standsAt(o, order, block))) throw new ChainError('BAD_RESPONSE', { why: 'the stored row is another one' })
  return { block, extrinsicIndex, path: 'plain', reveal: null }
}

const commitToHash = async (o: WeightsParts, order: WeightsOrder, { at }: Now): Promise<WeightsReceipt> => {
  const { netuid, mechanism, uids, values, versionKey, signer } = order
  const salt = Array.from({ length: SALT_WORDS }, () => randomInt(65_536))
  const index = storageIndex(netuid, mechanism)
  const hash = Buffer.from(commitHash({ uids, values, versionKey, hotkey: signer.publicKey, index, salt }))
  const of = mechanism === 0 ? [netuid] : [netuid, mechanism]
  const kind = mechanism === 0 ? 'weights' : 'mechanism_weights'
  const included = await submitWeights(o, order, {
    name: `commit_${kind}`,
    args: [...of, `0x${hash.toString('hex')}`],
    limit: 'CommittingWeightsTooFast',
  })
  expectEvent(included, 'WeightsCommitted')
  const period = numberOf(await stored(at, 'revealPeriodEpochs', netuid))
  const { block, extrinsicIndex } = included
  const reveal = async (signal: AbortSignal): Promise<BlockRef> => {
    const target = (await epochOf(o, netuid, block)) + period
    const head = await headOf(o, signal, async (each) => (await epochOf(o, netuid, each)) >= target)
    if ((await epochOf(o, netuid, head)) > target) throw new ChainError('WEIGHTS_LOST', { committedAt: block.number })
    const name = `reveal_${kind}`
    const args = [...of, uids, values, salt, versionKey]
    const revealed = await submitWeights(o, { ...order, signal }, { name, args, limit: 'RateLimitExceeded' })
    expectEvent(revealed, 'WeightsRevealed')
    return revealed.block
  }
  return { block, extrinsicIndex, path: 'hash', reveal }
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
  const seconds = revealSeconds({ headSeconds, head: head.number, revealBlock, blockSeconds: o.blockSeconds })
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

/** The chain reveals by itself in the blocks of the reveal epoch, or never, and says nothing of a failure. */
const watchReveal = async (
  o: WeightsParts,
  order: WeightsOrder,
  commit: { readonly block: BlockRef; readonly period: number },
): Promise<BlockRef> => {
  const { netuid, mechanism, signer, signal } = order
  const index = storageIndex(netuid, mechanism)
  // In the block after the commit at the latest the epoch of the commit has begun.
  const target = (await epochOf(o, netuid, commit.block)) + commit.period
  let number = commit.block.number
  for (;;) {
    number += 1
    const next = number
    await headOf(o, signal, async (head) => head.number >= next)
    const block = { number, hash: (await o.endpoints.hashAt(number)) ?? '' }
    const events = await o.blocks.systemEvents(block)
    const isMine = ({ name, data }: ChainEvent): boolean =>
      (name === 'TimelockedWeightsRevealed' || name === 'CRV3WeightsRevealed') &&
      data[0]?.toString() === String(index) &&
      data[1] !== undefined &&
      hexOf(data[1]) === signer.publicKey
    if (events.some(isMine) && (await standsAt(o, order, block))) return block
    if ((await epochOf(o, netuid, block)) > target) {
      throw new ChainError('WEIGHTS_LOST', { committedAt: commit.block.number, until: number })
    }
  }
}

/** The first finalised head that will do; polls until the signal. */
const headOf = async (
  o: WeightsParts,
  signal: AbortSignal,
  isEnough: (head: BlockRef) => Promise<boolean>,
): Promise<BlockRef> => {
  for (;;) {
    if (signal.aborted) throw new ChainError('ABORTED')
    try {
      const head = await o.endpoints.finalizedHead()
      if (await isEnough(head)) return head
    } catch (error) {
      if (!(error instanceof ChainError && error.retryable)) throw error
    }
    await delay(o.pollMs, undefined, { signal }).catch(() => undefined)
  }
}

const epochOf = async (o: WeightsParts, netuid: number, block: BlockRef): Promise<number> =>
  epochAt(await scheduleAt(await o.runtime.at(block.hash), netuid), block.number).epoch

const expectEvent = ({ events }: Included, name: string): ChainEvent => {
  const found = events.find((event) => event.name === name)
  if (found === undefined) throw new ChainError('BAD_RESPONSE', { why: `no event ${name}` })
  return found
}

/** The row after the block is the one sent, as the chain scales it. */
const standsAt = async (o: WeightsParts, order: WeightsOrder, block: BlockRef): Promise<boolean> => {
  const { netuid, mechanism, uids, values, signer } = order
  const at = await o.runtime.at(block.hash)
  const uid = await uidOf(at, { netuid, hotkey: signer.publicKey })
  if (uid === null) return false
  const { weights } = await readRow(at, { netuid, mechanism, uid })
  const scaled = maxUpscale(values)
  const sent: readonly Weight[] = uids.map((target, at) => [target, scaled[at] ?? 0])
  return JSON.stringify(weights) === JSON.stringify(sent)
}
