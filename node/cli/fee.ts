/** The fee of a submission on the command line: paid once, or named where it was paid elsewhere. */
import {
  type Digest,
  encodeSs58,
  type Key,
  type Metagraph,
  type PaymentRef,
  ProtocolError,
} from '../../protocol/index.ts'
import { openChain } from '../chain/open.ts'
import { type Chain, ChainError } from '../chain/port.ts'
import { loadHotkey } from '../home/keys.ts'
import { PaymentError, pay, paymentFor } from '../miner/payments.ts'
import { recipientOf } from '../owner/params.ts'
import { CliError, EXIT, progress } from './output.ts'

export type FeeFlags = {
  readonly home: string
  readonly pay?: boolean
  readonly coldkey?: string
  readonly payment?: string
  readonly chain?: string
  /** In TAO, as text. */
  readonly feeMax?: string
  /** An address, or `owner`. */
  readonly feeTo?: string
}

/** What one submission costs, and who gets it; null: the subnet owner's coldkey. */
export type Fee = { readonly feeRao: bigint; readonly feeRecipient: string | null }

const RAO_PER_TAO = 1_000_000_000n

const usage = (message: string, hint: string): CliError => new CliError({ exitCode: EXIT.usage, message, hint })

const tao = (rao: bigint): string => {
  const rest = `${rao % RAO_PER_TAO}`.padStart(9, '0').replace(/0+$/, '')
  return `${rao / RAO_PER_TAO}${rest === '' ? '' : `.${rest}`} TAO`
}

const raoOf = (text: string): bigint => {
  const [, whole, part = ''] = /^(\d{1,8})(?:\.(\d{1,9}))?$/.exec(text) ?? []
  if (whole === undefined) throw usage(`--fee-max ${text} is no amount of TAO`, 'give 0.1')
  return BigInt(whole) * RAO_PER_TAO + BigInt(part.padEnd(9, '0'))
}

/** As block explorers name an extrinsic. */
export const paymentName = ({ blockNumber, extrinsicIndex }: PaymentRef): string => `${blockNumber}-${extrinsicIndex}`

const withChain = async <T>(flags: FeeFlags, use: (chain: Chain) => Promise<T>): Promise<T> => {
  if (flags.chain === undefined)
    throw usage('--chain is needed to pay, or to look at a payment', 'give --chain wss://…')
  const chain = await openChain(flags.chain)
  try {
    return await use(chain)
  } catch (error) {
    if (!(error instanceof ChainError)) throw error
    const message = `the chain says ${error.message}`
    const hint =
      'run the same command again: nothing is paid twice; what was paid an hour ago only an archive node finds'
    throw new CliError({ exitCode: EXIT.unavailable, message, hint })
  } finally {
    await chain.close()
  }
}

const named = (text: string, flags: FeeFlags): Promise<PaymentRef> => {
  const [, block, index] = /^(\d{1,15})-(\d{1,9})$/.exec(text) ?? []
  if (block === undefined || index === undefined) throw usage(`--payment ${text} is no extrinsic`, 'give 4711000-12')
  return withChain(flags, async (chain) => {
    const found = await chain.blockAt(Number(block))
    if (found === null) throw usage(`block ${block} is not final yet`, 'wait a minute, then run the same command again')
    return { blockNumber: found.number, blockHash: found.hash, extrinsicIndex: Number(index) }
  })
}

type Subject = { readonly competition: string; readonly bundle: Digest }

/** What is paid for: a solution of this hotkey, on this subnet. */
type Due = {
  readonly subject: Subject
  /** As a validator says. */
  readonly fee: Fee
  /** As the genesis document says. */
  readonly founded: Fee
  readonly hotkey: Key
  readonly netuid: number
  /** Asked before money moves: throws where no validator would take the solution today. */
  readonly checkDay: () => Promise<void>
}

const addressOf = ({ feeRecipient }: Fee): string => (feeRecipient === null ? 'owner' : encodeSs58(feeRecipient))

const namedRecipient = (text: string): string | null => {
  try {
    return recipientOf(text)
  } catch (error) {
    if (error instanceof ProtocolError) throw usage(`--fee-to ${text} is no address`, 'give an SS58 address, or owner')
    throw error
  }
}

/** One validator’s word moves no money: what differs from the genesis document must have been agreed to. */
const checkAgreed = ({ feeMax, feeTo }: FeeFlags, { fee, founded }: Due): void => {
  const trust = 'if `evalmesh params show` of validators that you trust says so too, run it again with'
  const maxRao = feeMax === undefined ? founded.feeRao : raoOf(feeMax)
  if (fee.feeRao > maxRao) {
    const amount = tao(fee.feeRao)
    const message = `the validator at --api asks for ${amount}; the genesis document says ${tao(founded.feeRao)}`
    throw usage(message, `${trust} --fee-max ${amount.replace(' TAO', '')}: nothing was paid`)
  }
  const to = feeTo === undefined ? founded.feeRecipient : namedRecipient(feeTo)
  if (fee.feeRecipient === to) return
  const message = `the validator at --api says that the fee goes to ${addressOf(fee)}; the genesis document says ${addressOf(founded)}`
  throw usage(message, `${trust} --fee-to ${addressOf(fee)}: nothing was paid`)
}

/** Money of anybody else than the hotkey's owner would buy nothing. */
const checkPayer = ({ neurons }: Pick<Metagraph, 'neurons'>, { hotkey }: Due, payer: Key): void => {
  const owner = neurons.find((neuron) => neuron.hotkey === hotkey)?.coldkey
  if (owner === undefined)
    throw usage(`${encodeSs58(hotkey)} has no uid on the subnet`, 'register it first: nothing was paid')
  if (owner !== payer)
    throw usage(`${encodeSs58(payer)} does not own this hotkey`, `${encodeSs58(owner)} does: nothing was paid`)
}

const payNow = async (flags: FeeFlags, o: Due): Promise<PaymentRef> => {
  const { feeRao: amountRao, feeRecipient } = o.fee
  if (flags.coldkey === undefined)
    throw usage(
      '--pay needs the coldkey that owns your hotkey',
      'give --coldkey DIR, or pay elsewhere and give --payment',
    )
  checkAgreed(flags, o)
  await o.checkDay()
  const payer = await loadHotkey(flags.coldkey)
  const stopping = new AbortController()
  const onSignal = (): void => stopping.abort()
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal)
  try {
    return await withChain(flags, async (chain) => {
      const head = await chain.finalizedHead()
      const metagraph = await chain.metagraphAt({ netuid: o.netuid, block: head.number })
      checkPayer(metagraph, o, payer.publicKey)
      const to = feeRecipient ?? metagraph.ownerColdkey
      if (to === null) throw usage('the chain does not say who owns the subnet', 'its owner must set feeRecipient')
      progress(`paying ${tao(amountRao)} to ${encodeSs58(to)}`)
      const { signal } = stopping
      const paid = await pay({
        home: flags.home,
        chain,
        payer,
        subject: o.subject,
        to,
        amountRao,
        signal,
        say: progress,
      })
      progress(
        `paid by extrinsic ${paymentName(paid)}; it stands in ${flags.home}/payments and is good for a month of blocks`,
      )
      return paid
    })
  } catch (error) {
    if (stopping.signal.aborted) {
      const hint = 'run the same command again: it finds what this one may have paid'
      throw new CliError({ exitCode: EXIT.interrupted, message: 'interrupted while paying', hint })
    }
    if (error instanceof PaymentError) throw new CliError({ exitCode: EXIT.key, message: error.message })
    throw error
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal)
  }
}

/**
 * The payment that this submission names: the one that is given, the one that was made for it before, or a new one.
 * @returns null where nothing is asked for. @throws CliError
 */
export const settleFee = async (flags: FeeFlags, o: Due): Promise<PaymentRef | null> => {
  if (flags.payment !== undefined) return named(flags.payment, flags)
  const { feeRao } = o.fee
  if (feeRao === 0n) return null
  const before = await paymentFor(flags.home, o.subject).catch((error: unknown) => {
    if (error instanceof PaymentError) throw new CliError({ exitCode: EXIT.key, message: error.message })
    throw error
  })
  if (before !== null) {
    progress(`paid before, by extrinsic ${paymentName(before)}`)
    return before
  }
  if (flags.pay) return payNow(flags, o)
  throw usage(
    `a submission costs ${tao(feeRao)}`,
    'give --pay --coldkey DIR --chain URL, or make the transfer elsewhere and give --payment BLOCK-INDEX --chain URL',
  )
}
