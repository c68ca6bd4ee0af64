/** What every way to set weights needs: its order, its surroundings, and how the chain says what became of it. */
import { maxUpscale } from '../local/upscale.ts'
import { type BlockRef, ChainError, type HotkeySigner, type Weight } from '../port.ts'
import type { Blocks, ChainEvent } from './blocks.ts'
import type { Endpoints } from './endpoints.ts'
import type { Row } from './payload.ts'
import type { PendingReveals } from './pending.ts'
import { readRow, scheduleAt, uidOf } from './reads.ts'
import type { At, Runtime } from './runtime.ts'
import { epochAt } from './schedule.ts'
import { type Included, insist, pause, type Submission } from './submit.ts'
import type { Beacon } from './timelock.ts'

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
  readonly beacon: Beacon
  /** What must be revealed, also by the next process. */
  readonly pending: PendingReveals
}

export const PALLET = 'SubtensorModule'

/** A final block and its runtime's view. */
export type Now = { readonly at: At; readonly head: BlockRef }

export const submitWeights = (
  o: WeightsParts,
  order: WeightsOrder,
  call: { readonly name: string; readonly args: readonly unknown[]; readonly limit: string },
): Promise<Included> => {
  const { signer, signal } = order
  return o.submit({ call: { pallet: PALLET, name: call.name, args: call.args }, signer, signal, limit: call.limit })
}

/** The newest final block. */
export const headOf = (o: WeightsParts, signal: AbortSignal): Promise<BlockRef> =>
  insist(signal, o.pollMs, () => o.endpoints.finalizedHead())

/** The final block of this number, as soon as there is one. */
export const finalBlock = async (o: WeightsParts, signal: AbortSignal, number: number): Promise<BlockRef> => {
  while ((await headOf(o, signal)).number < number) await pause(o.pollMs, signal)
  const hash = await insist(signal, o.pollMs, async () => {
    const told = await o.endpoints.hashAt(number)
    if (told === null) throw new ChainError('BAD_RESPONSE', { number }, { retryable: true })
    return told
  })
  return { number, hash }
}

export const epochOf = async (o: WeightsParts, netuid: number, block: BlockRef): Promise<number> =>
  epochAt(await scheduleAt(await o.runtime.at(block.hash), netuid), block.number).epoch

export const expectEvent = ({ events }: Included, name: string): ChainEvent => {
  const found = events.find((event) => event.name === name)
  if (found === undefined) throw new ChainError('BAD_RESPONSE', { why: `no event ${name}` })
  return found
}

/** The row after the block is the one sent, as the chain scales it. */
export const standsAt = async (o: WeightsParts, order: WeightsOrder, block: BlockRef): Promise<boolean> => {
  const { netuid, mechanism, uids, values, signer } = order
  const at = await o.runtime.at(block.hash)
  const uid = await uidOf(at, { netuid, hotkey: signer.publicKey })
  if (uid === null) return false
  const { weights } = await readRow(at, { netuid, mechanism, uid })
  const scaled = maxUpscale(values)
  const sent: readonly Weight[] = uids.map((target, at) => [target, scaled[at] ?? 0])
  return JSON.stringify(weights) === JSON.stringify(sent)
}
