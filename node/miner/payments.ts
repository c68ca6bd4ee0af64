/** A miner's payments: what was asked for is on disk before money moves, and the extrinsic before it is handed in, so that no crash costs a fee. */
import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import {
  COMPETITION_ID_BYTES_MAX,
  count,
  digest,
  type Infer,
  key,
  option,
  type PaymentRef,
  paymentRef,
  struct,
  text,
  u64,
} from '../../protocol/index.ts'
import { takeLock } from '../../sandbox/index.ts'
import { type Chain, ChainError, type HotkeySigner } from '../chain/port.ts'
import { isMissing, replaceFile } from '../files.ts'

/** One fee for one solution in one competition. */
const receipt = struct({
  competition: text(COMPETITION_ID_BYTES_MAX),
  bundle: digest,
  from: key,
  to: key,
  amountRao: u64,
  /** The finalised head before the transfer was signed: it lies above. */
  afterBlock: count,
  /** Null: the transfer may have been sent, or not. */
  payment: option(paymentRef),
})
export type Receipt = Infer<typeof receipt>

/** The file is no receipt of ours: nothing is paid until somebody has looked. */
export class PaymentError extends Error {
  readonly code = 'BAD_RECEIPT'
}

/** A transfer that was signed before a crash may be included in this many blocks after; an extrinsic of Subtensor's is mortal, its era has as many. */
const ERA_BLOCKS = 64
const POLL_MS = 1_000

const folderOf = (home: string): string => join(home, 'payments')

export type Subject = Pick<Receipt, 'competition' | 'bundle'>

/** Where the receipt of a solution lies. */
export const receiptPathOf = (home: string, { competition, bundle }: Subject): string =>
  join(folderOf(home), `${competition}-${bundle}.json`)

const readReceipt = async (path: string): Promise<Receipt | null> => {
  try {
    return receipt.fromWire(JSON.parse(await readFile(path, 'utf8')), 'receipt')
  } catch (error) {
    if (isMissing(error)) return null
    throw new PaymentError(`${path}: no receipt can be read from it; move it away, and check on chain what you paid`)
  }
}

/** Durable before it resolves, whole or not at all. */
const writeReceipt = async (home: string, value: Receipt): Promise<void> => {
  await mkdir(folderOf(home), { recursive: true, mode: 0o700 })
  await replaceFile(receiptPathOf(home, value), `${JSON.stringify(receipt.toJson(value), null, 2)}\n`)
}

/** All payments of this home, those of other solutions among them. */
const allReceipts = async (home: string): Promise<readonly Receipt[]> => {
  const names = await readdir(folderOf(home)).catch(() => [])
  const found = await Promise.all(
    names.filter((name) => name.endsWith('.json')).map((name) => readReceipt(join(folderOf(home), name))),
  )
  return found.filter((one) => one !== null)
}

const isSame = (a: PaymentRef, b: PaymentRef | null): boolean =>
  b !== null && a.blockHash === b.blockHash && a.extrinsicIndex === b.extrinsicIndex

type Search = { readonly chain: Chain; readonly signal: AbortSignal; readonly pollMs: number }

/** The extrinsic of this block that made the transfer; null when none did. */
const findIn = async (
  { chain }: Search,
  blockNumber: number,
  o: { readonly wanted: Receipt; readonly taken: readonly Receipt[] },
): Promise<PaymentRef | null> => {
  const block = await chain.blockAt(blockNumber)
  if (block === null) return null
  for (let extrinsicIndex = 0; ; extrinsicIndex += 1) {
    const ref = { blockNumber, blockHash: block.hash, extrinsicIndex }
    const found = await chain.transfersAt(ref).catch((error: unknown) => {
      if (error instanceof ChainError && error.code === 'EXTRINSIC_UNKNOWN') return null
      throw error
    })
    if (found === null) return null
    const { from, to, amountRao } = o.wanted
    const isIt =
      found.succeeded &&
      found.signer === from &&
      found.transfers.some((one) => one.from === from && one.to === to && one.amountRao === amountRao)
    if (isIt && !o.taken.some(({ payment }) => isSame(ref, payment))) return ref
  }
}

/** Looks for a transfer that may have been sent before a crash, until none can come any more. */
const recover = async (
  search: Search,
  o: { readonly wanted: Receipt; readonly taken: readonly Receipt[] },
): Promise<PaymentRef | null> => {
  const { chain, signal, pollMs } = search
  const last = (await chain.finalizedHead()).number + ERA_BLOCKS
  for (let next = o.wanted.afterBlock + 1; next <= last; ) {
    const head = (await chain.finalizedHead()).number
    for (; next <= Math.min(head, last); next += 1) {
      const found = await findIn(search, next, o)
      if (found !== null) return found
    }
    if (next <= last) await delay(pollMs, undefined, { signal })
  }
  return null
}

/** A receipt of this solution that names its extrinsic; null where nothing has been paid for it. @throws PaymentError */
export const paymentFor = async (home: string, subject: Subject): Promise<PaymentRef | null> =>
  (await readReceipt(receiptPathOf(home, subject)))?.payment ?? null

const isRefused = (error: unknown): boolean =>
  error instanceof ChainError && ['EXTRINSIC_FAILED', 'EXTRINSIC_REFUSED', 'BAD_REQUEST'].includes(error.code)

type Payment = {
  readonly home: string
  readonly chain: Chain
  readonly payer: HotkeySigner
  readonly subject: Subject
  readonly to: string
  readonly amountRao: bigint
  readonly signal: AbortSignal
  readonly say: (line: string) => void
  /** Tests wait less. */
  readonly pollMs?: number
}

/**
 * Pays once for a solution, whatever crashes in between and whoever runs it beside: what an earlier call has paid, or may have, is found first.
 * @throws ChainError, PaymentError, SandboxError where the home cannot be locked; the signal's reason
 */
export const pay = async (o: Payment): Promise<PaymentRef> => {
  await mkdir(o.home, { recursive: true, mode: 0o700 })
  // Two that look at once would both find nothing, and both pay; or both take one transfer for their own.
  const unlock = await takeLock(join(o.home, 'payments.lock'), o.signal)
  try {
    return await payLocked(o)
  } finally {
    unlock()
  }
}

const payLocked = async (o: Payment): Promise<PaymentRef> => {
  const { home, chain, payer, subject, to, amountRao, signal, say } = o
  const known = await readReceipt(receiptPathOf(home, subject))
  if (known?.payment) return known.payment
  const settle = async (paid: Receipt, payment: PaymentRef): Promise<PaymentRef> => {
    await writeReceipt(home, { ...paid, payment })
    return payment
  }
  if (known !== null) {
    say('an earlier run may have paid: looking for its transfer')
    const search = { chain, signal, pollMs: o.pollMs ?? POLL_MS }
    const found = await recover(search, { wanted: known, taken: await allReceipts(home) })
    if (found !== null) return settle(known, found)
    say('it has not, and no longer can')
  }
  const afterBlock = (await chain.finalizedHead()).number
  const wanted: Receipt = { ...subject, from: payer.publicKey, to, amountRao, afterBlock, payment: null }
  await writeReceipt(home, wanted)
  const paid = await chain.transfer({ to, amountRao, signer: payer, signal }).catch(async (error: unknown) => {
    // Nothing has moved, and nothing will: the next run need not look for it.
    if (isRefused(error)) await rm(receiptPathOf(home, subject), { force: true })
    throw error
  })
  const { blockNumber, blockHash, extrinsicIndex } = paid
  return settle(wanted, { blockNumber, blockHash, extrinsicIndex })
}
