/** Answers peers: where this node stands, blobs, messages and evidence by digest, decided heights by number, a miner's submission, the owner's change of parameters. */
import {
  type CompetitionParams,
  type Digest,
  type Domains,
  decode,
  decodeEnvelope,
  digest,
  encode,
  messageId,
  type ParamsChange,
  ProtocolError,
  type Signed,
  type SubmissionRefusal,
} from '../../protocol/index.ts'
import { PAYMENT_REFUSALS, type PaymentRefusal } from '../chain/payment.ts'
import type { Journal } from '../machine/journal.ts'
import type { Pool, PoolIndex } from '../measure/pool-blobs.ts'
import { MeshError, type MeshHandlers } from '../mesh/index.ts'
import { checkBundle, submitAnswer, submitRequest } from '../miner/bundle.ts'
import type { Store } from '../store/index.ts'
import { heightsRequest, ITEMS_BYTES_MAX, itemsAnswer, itemsRequest, standingAnswer } from '../sync/messages.ts'
import type { Inbox } from './inbox.ts'

/** What a miner can do about it. */
export const REFUSALS: Readonly<Record<SubmissionRefusal | PaymentRefusal, string>> = {
  ...PAYMENT_REFUSALS,
  UNREGISTERED: 'this hotkey has no uid on the subnet, or had none at its payment’s block: register it first',
  QUOTA: 'the day’s number of submissions of this hotkey or its coldkey is used up: try again later',
  WAITING: 'too many submissions of this hotkey wait for their round already',
  TOO_LARGE: 'its code is larger than this competition allows now',
  UNPAID: 'this competition asks for a fee and the submission names no payment: see `evalmesh submit --help`',
  SPENT: 'its payment has paid for another submission: pay anew',
}

/** What the owner can do about it; every other name is that of a parameter. */
const PARAMS_REFUSALS: Readonly<Record<string, string>> = {
  owner: 'only the subnet owner’s hotkey changes parameters',
  counter: 'its counter is not above the last one: sign again',
  activation: 'its activation height has passed: sign again with a later one',
  competition: 'there is no such competition here',
  stopping: 'this validator is stopping: try another',
  shares: 'all competitions together would hand out more than everything',
}

const refuse = (reason: string): never => {
  throw new MeshError('REFUSED', { reason })
}

export const createServer = (o: {
  readonly domains: Domains
  readonly store: Store
  readonly journal: Journal
  readonly inbox: () => Inbox
  readonly pool: Pick<Pool, 'read'>
  /** Which matrices only committee members may have. */
  readonly poolIndex: Pick<PoolIndex, 'isSecret'>
  /** The block up to which a submission's code is for committee members only; null for what anyone may have. */
  readonly sealedUntil: (digest: Digest) => number | null
  /** A bundle came in with a submission. */
  readonly stored: (digest: string) => void
  readonly isMember: (peerId: string) => boolean
  /** A competition's parameters in force; undefined when there is no such competition. */
  readonly paramsOf: (competition: string) => CompetitionParams | undefined
  /** All below is decided here, with every message that it names. */
  readonly wholeBelow: () => number
  /** Why the machine did not take a submission that it was just given; null when it did. */
  readonly refusalOf: (id: Digest, submission: Signed<'submission'>['body']) => Promise<SubmissionRefusal | null>
  /** What is wrong with the payment that it names; null where it pays, or names none. */
  readonly paymentRefusalOf: (submission: Signed<'submission'>['body']) => Promise<PaymentRefusal | null>
  /** The same of a change of parameters: the name of what is wrong with it. */
  readonly paramsRefusalOf: (id: Digest, change: ParamsChange) => Promise<string | null>
}): MeshHandlers['request'] => {
  const blob = async (from: string, key: string): Promise<Uint8Array> => {
    if (!o.isMember(from)) {
      // a miner's code is the committee's alone for its first day.
      const until = o.sealedUntil(key)
      if (until !== null) return refuse(`this code is sealed, for committee members only, up to block ${until}`)
      // what a decided round has drawn is for everyone.
      if (await o.poolIndex.isSecret(key))
        return refuse('pool matrices are for committee members until a round has used them')
    }
    // A damaged blob is as good as none: another peer has a whole one.
    const stored = await o.store.getBlob(key).catch(() => undefined)
    return stored ?? (await o.pool.read(key)) ?? refuse('not here')
  }

  const change = async (from: string, message: Signed<'params'>): Promise<Uint8Array> => {
    await o.inbox().accept({ kind: 'message', message }, from)
    const id = messageId(message, o.domains)
    const fault = await o.paramsRefusalOf(id, message.body)
    return fault === null
      ? encode(submitAnswer, { id })
      : refuse(PARAMS_REFUSALS[fault] ?? `${fault} is out of its range`)
  }

  const items = (ids: readonly Digest[]): Uint8Array => {
    const found: Uint8Array[] = []
    let sizeBytes = 0
    for (const id of ids) {
      const one = o.journal.envelope(id)
      if (one === null) continue
      sizeBytes += one.length
      if (sizeBytes > ITEMS_BYTES_MAX) break
      found.push(one)
    }
    return encode(itemsAnswer, { items: found })
  }

  const submit = async (from: string, data: Uint8Array): Promise<Uint8Array> => {
    const { message: raw, bundle } = decode(submitRequest, data)
    const [received] = decodeEnvelope(raw)
    if (received?.kind !== 'message') return refuse('not a message')
    const { message } = received
    if (message.kind === 'params') return change(from, message)
    if (message.kind !== 'submission') return refuse('neither a submission nor a change of parameters')
    const { body } = message
    const params = o.paramsOf(body.competition)
    if (params === undefined) return refuse(`no competition ${body.competition} here`)
    checkBundle({ params, submission: body, bundle })
    // First the signature: nobody fills this disk anonymously.
    await o.inbox().accept(received, from)
    const id = messageId(message, o.domains)
    const refusal = (await o.refusalOf(id, body)) ?? (await o.paymentRefusalOf(body))
    if (refusal !== null) return refuse(`${refusal}: ${REFUSALS[refusal]}`)
    await o.store.putBlob(bundle)
    o.stored(body.bundle)
    return encode(submitAnswer, { id })
  }

  return async ({ from, kind, data }) => {
    try {
      switch (kind) {
        case 'blob':
          return await blob(from, decode(digest, data))
        case 'item':
          return o.journal.envelope(decode(digest, data)) ?? refuse('not here')
        case 'items':
          return items(decode(itemsRequest, data).ids)
        case 'certificates':
          // Only as many as fit one envelope; who wants more asks again from there.
          return o.journal.envelopeFrom(decode(heightsRequest, data).from)
        case 'submit':
          return await submit(from, data)
        case 'status':
          return encode(standingAnswer, { height: o.wholeBelow() })
      }
    } catch (error) {
      if (error instanceof ProtocolError) return refuse(`${error.code} ${JSON.stringify(error.facts)}`)
      throw error
    }
  }
}
