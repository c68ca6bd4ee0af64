/** What happened in final blocks: extrinsics by hash, and the events and outcome of one extrinsic. */

import type { EventRecord } from '@polkadot/types/interfaces'
import type { Codec } from '@polkadot/types/types'
import { type BlockRef, ChainError } from '../port.ts'
import { asChainError, hexOf, itemsOf, type Runtime } from './runtime.ts'

/** Who signed it, by 64 hex digits; null for what nobody signed (inherents). */
export type Extrinsic = { readonly hash: string; readonly signer: string | null }

/** An event by pallet and name; `data` are its fields in order. */
export type ChainEvent = { readonly pallet: string; readonly name: string; readonly data: readonly Codec[] }

/** `error` is the chain's name for the failure, null after success. */
export type Outcome = { readonly error: string | null; readonly events: readonly ChainEvent[] }

export type Blocks = {
  extrinsics(block: BlockRef): Promise<readonly Extrinsic[]>
  outcome(o: { readonly block: BlockRef; readonly index: number }): Promise<Outcome>
  /** Events of the block's own work, before and after its extrinsics. */
  systemEvents(block: BlockRef): Promise<readonly ChainEvent[]>
}

/** Blocks kept in decoded form: those in which several waits look for their extrinsics. */
const KEPT_MAX = 128

export const createBlocks = (runtime: Runtime): Blocks => {
  const remember = <T>(read: (block: BlockRef) => Promise<T>) => {
    const kept = new Map<string, Promise<T>>()
    return (block: BlockRef): Promise<T> => {
      const known = kept.get(block.hash)
      if (known !== undefined) return known
      const reading = asChainError(() => read(block))
      kept.set(block.hash, reading)
      reading.catch(() => kept.delete(block.hash))
      for (const hash of kept.keys()) {
        if (kept.size <= KEPT_MAX) break
        kept.delete(hash)
      }
      return reading
    }
  }
  const records = remember(async ({ hash }) => {
    const events = (await runtime.at(hash)).query['system']?.['events']
    if (events === undefined) throw new ChainError('BAD_RESPONSE', { why: 'no system.events' })
    return itemsOf(await events()) as unknown as readonly EventRecord[]
  })
  return {
    extrinsics: remember(async ({ hash }) => {
      const { block } = await (await runtime.api()).rpc.chain.getBlock(`0x${hash}`)
      return block.extrinsics.map((extrinsic) => ({
        hash: hexOf(extrinsic.hash),
        signer: extrinsic.isSigned ? signerOf(extrinsic.signer) : null,
      }))
    }),
    async outcome({ block, index }) {
      const at = await runtime.at(block.hash)
      const mine = (await records(block)).filter(
        ({ phase }) => phase.isApplyExtrinsic && phase.asApplyExtrinsic.toNumber() === index,
      )
      const failed = mine.find(({ event }) => event.section === 'system' && event.method === 'ExtrinsicFailed')
      const isDone = mine.some(({ event }) => event.section === 'system' && event.method === 'ExtrinsicSuccess')
      if (failed === undefined && !isDone) throw new ChainError('BAD_RESPONSE', { why: 'an extrinsic without outcome' })
      const error = failed === undefined ? null : nameOf(failed.event.data[0], (raw) => at.findError(raw).name)
      return { error, events: mine.map(eventOf) }
    },
    systemEvents: async (block) => (await records(block)).filter(({ phase }) => !phase.isApplyExtrinsic).map(eventOf),
  }
}

const ID = 0

/** Only accounts of 32 bytes can pay or sign here: of the address forms, `Id`. Others (of the EVM) get a name that is nobody's. */
const signerOf = (address: Codec): string => {
  const bytes = address.toU8a()
  return Buffer.from(bytes.length === 33 && bytes[0] === ID ? bytes.subarray(1) : bytes).toString('hex')
}

const eventOf = ({ event }: EventRecord): ChainEvent => ({
  pallet: event.section,
  name: event.method,
  data: [...event.data],
})

/** The name of a dispatch error: a module's own, a token's (such as FundsUnavailable), else the kind. */
export const nameOf = (error: Codec | undefined, find: (moduleError: Uint8Array) => string): string => {
  const dispatch = error as unknown as {
    readonly isModule?: boolean
    readonly asModule?: Codec & { readonly index: Codec; readonly error: Codec }
    readonly isToken?: boolean
    readonly asToken?: Codec
    readonly type?: string
  }
  if (dispatch.isModule === true && dispatch.asModule !== undefined) {
    const { index, error: inner } = dispatch.asModule
    return find(Uint8Array.from([index.toU8a()[0] ?? 0, inner.toU8a()[0] ?? 0]))
  }
  if (dispatch.isToken === true && dispatch.asToken !== undefined) return dispatch.asToken.toString()
  return dispatch.type ?? 'Unknown'
}
