/** Follows the chain for the machine: heads in, blocks and metagraphs on request, weights out; retries until the node stops. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Input } from '../../protocol/index.ts'
import type { Log } from '../log.ts'
import type { ChainReader } from '../machine/ports.ts'
import { adviceFor } from './advice.ts'
import { readPayment } from './payment.ts'
import {
  type BlockRef,
  type Chain,
  ChainError,
  type HotkeySigner,
  type Unrevealed,
  type WeightsReceipt,
} from './port.ts'
import { repeatWeights } from './repeat.ts'

const RETRY_MS = 1_000
/** A vector is not tried again when its block lies this far back: the machine would not have asked for it so late. */
const WEIGHTS_LATE_BLOCKS = 10
/** As long as those blocks take, twelve seconds each: a chain that stands still makes no vector late. */
const WEIGHTS_TRIES_MAX = 120
/** How often it is looked whether the row must be set once more: what is late by so much is a small part of any activity cutoff. */
const REPEAT_LOOK_BLOCKS = 100

/** Of tries that fail one after the other the 1st, 2nd, 4th, 8th … is told: an outage of a day is no log of a day. */
const isTold = (tries: number): boolean => (tries & (tries - 1)) === 0

/** A newer vector is asked for: the older one may never stand where that does. */
class Overtaken extends Error {}

/** A newer vector is due: nobody tries the older one again, which failed by its cause. */
class TooLate extends Error {}

/** Another chain behind the endpoint is for the operator to mend; everything else may pass, also what the chain calls final. */
const isHopeless = (error: unknown): boolean => error instanceof ChainError && error.code === 'CHAIN_CHANGED'

type SetWeights = Parameters<ChainReader['setWeights']>[0]

type Options = {
  readonly chain: Chain
  readonly netuid: number
  /** Null for an observer: then no weights are ever set. */
  readonly hotkey: HotkeySigner | null
  /** What the subnet asks its validators' software to be at least; default 0. */
  readonly versionKey?: bigint
  readonly submit: (input: Input) => void
  /** Block of the log's newest vector, if this node has handed it to the chain and its log is the mesh's; else null. */
  readonly certified: () => number | null
  readonly now: () => number
  readonly signal: AbortSignal
  readonly log: Pick<Log, 'info' | 'warn' | 'error'>
  /** Tests wait less. */
  readonly retryMs?: number
}

/** Tries a call again while the chain says that it may help; null when the node stops; throws the answer that is final. */
type Insist = <T>(what: string, call: () => Promise<T>, triesMax: number) => Promise<T | null>

/** `of` says which in the log. */
const awaitReveal = ({ log, signal }: Options, of: object, reveal: Unrevealed['reveal']): void => {
  reveal(signal).then(
    (revealed) => log.info({ ...of, setAt: revealed.number }, 'weights set'),
    (error: unknown) => {
      if (signal.aborted) return
      if (error instanceof ChainError && error.code === 'WEIGHTS_OVERTAKEN') log.info({ ...of }, 'weights overtaken')
      else log.error({ ...of, error: `${error}`, todo: adviceFor(error) }, 'weights lost')
    },
  )
}

/** Hidden weights are told twice: as a commit, and when they stand; the next vector does not wait for that. */
const tellSet = (o: Options, block: number, { path, reveal, block: at }: WeightsReceipt): void => {
  const { log } = o
  if (reveal === null) {
    log.info({ block, setAt: at.number }, 'weights set')
    return
  }
  log.info({ block, committedAt: at.number, path }, 'weights committed')
  awaitReveal(o, { block }, reveal)
}

/** Hidden weights that the process before this one did not live to reveal. */
const revealLeft = async (o: Options, insist: Insist): Promise<void> => {
  const { chain, netuid, hotkey: signer, log } = o
  if (signer === null) return
  try {
    const left = await insist('unrevealed', () => chain.unrevealed({ netuid, signer }), Number.POSITIVE_INFINITY)
    for (const { afterBlock, reveal } of left ?? []) {
      log.info({ afterBlock }, 'weights of an earlier run are to be revealed')
      awaitReveal(o, { afterBlock }, reveal)
    }
  } catch (error) {
    const todo = 'weights of an earlier run stay hidden: look into the file that the error names'
    log.error({ error: `${error}`, todo }, 'weights lost')
  }
}

/** Hands vectors to the chain, one after the other: two under way would race for its rate limit, and the older one might win. */
const createSetter = (o: Options, insist: Insist) => {
  const { chain, netuid, signal, log } = o
  /** Block of the newest vector asked for. */
  let newest = 0
  let setting: Promise<void> = Promise.resolve()

  const setInTurn = async ({ block, vector }: SetWeights, signer: HotkeySigner): Promise<void> => {
    let cause: unknown = null
    const call = async () => {
      if (newest > block) throw new Overtaken()
      // Looked up, since this process may have been frozen while it waited.
      if (cause !== null && (await chain.finalizedHead()).number - block > WEIGHTS_LATE_BLOCKS)
        throw new TooLate('weights are too late', { cause })
      try {
        return await chain.setWeights({ netuid, ...vector, versionKey: o.versionKey ?? 0n, signer, signal })
      } catch (error) {
        cause = error
        throw error
      }
    }
    try {
      const receipt = await insist('setWeights', call, WEIGHTS_TRIES_MAX)
      if (receipt !== null) tellSet(o, block, receipt)
    } catch (thrown) {
      const error = thrown instanceof TooLate ? thrown.cause : thrown
      if (error instanceof Overtaken) log.info({ block, newest }, 'weights overtaken')
      else log.error({ block, error: `${error}`, todo: adviceFor(error) }, 'weights not set')
    }
  }
  let lookedAt = Number.NEGATIVE_INFINITY
  /** Ended by a newer vector. */
  let repeating = new AbortController()
  return {
    set: (effect: SetWeights, signer: HotkeySigner): void => {
      newest = Math.max(newest, effect.block)
      repeating.abort()
      setting = setting.then(() => setInTurn(effect, signer))
    },
    /** To be told of each final head. */
    keepActive: (head: number, signer: HotkeySigner): void => {
      if (head - lookedAt < REPEAT_LOOK_BLOCKS) return
      lookedAt = head
      repeating = new AbortController()
      const until = AbortSignal.any([signal, repeating.signal])
      const call = <T>(step: () => Promise<T>) => insist('weights once more', step, WEIGHTS_TRIES_MAX)
      const hidden = (of: object, reveal: Unrevealed['reveal']): void => awaitReveal(o, of, reveal)
      setting = setting.then(() => repeatWeights({ ...o, head, signer, signal: until, insist: call, hidden }))
    },
  }
}

const createInsist =
  ({ signal, log }: Options, pause: () => Promise<void>): Insist =>
  async (what, call, triesMax) => {
    for (let tries = 1; !signal.aborted; tries++) {
      try {
        return await call()
      } catch (error) {
        if (signal.aborted) return null
        const isFinal = !(error instanceof ChainError && error.retryable) || tries >= triesMax
        if (isFinal) throw error
        if (isTold(tries)) log.warn({ what, tries, error: `${error}` }, 'chain call failed')
        await pause()
      }
    }
    return null
  }

export const createChainReader = (
  o: Options,
): ChainReader & {
  /** Every finalised head from the present one on; resolves when the node stops. Rejects with CHAIN_CHANGED. */
  readonly follow: () => Promise<void>
} => {
  const { chain, netuid, signal, log } = o
  const pause = () => delay(o.retryMs ?? RETRY_MS, undefined, { signal }).catch(() => undefined)
  /** Under way, by name: the machine asks again every few seconds for what it waits for. */
  const asking = new Set<string>()

  const insist = createInsist(o, pause)
  const weights = createSetter(o, insist)

  /** A refused read is no end: the machine asks again for what it still lacks. */
  const read = <T>(what: string, call: () => Promise<T | null>, toInput: (answer: T) => Input): void => {
    if (asking.has(what)) return
    asking.add(what)
    insist(what, call, Number.POSITIVE_INFINITY)
      .then((answer) => {
        if (answer !== null && !signal.aborted) o.submit(toInput(answer))
      })
      .catch((error: unknown) => log.error({ what, error: `${error}` }, 'the chain refuses a read; it is asked again'))
      .finally(() => asking.delete(what))
  }

  const tell = (block: BlockRef): void => {
    o.submit({ kind: 'head', at: o.now(), block })
    if (o.hotkey !== null) weights.keepActive(block.number, o.hotkey)
  }
  /** Losses of the chain since its last block. */
  let losses = 0
  /** Where to go on from: the head, then the last block told. */
  const followFrom = async (last: number | null): Promise<number | null> => {
    let after = last
    try {
      if (after === null) {
        const head = await chain.finalizedHead()
        tell(head)
        after = head.number
      }
      for await (const block of chain.followFinalized({ after, signal })) {
        tell(block)
        after = block.number
        losses = 0
      }
    } catch (error) {
      if (isHopeless(error)) throw error
      losses += 1
      if (!signal.aborted && isTold(losses))
        log.error({ after, tries: losses, error: `${error}` }, 'lost the chain; trying again')
    }
    return after
  }

  return {
    readBlock: (number) =>
      read(
        `block ${number}`,
        () => chain.blockAt(number),
        (block) => ({ kind: 'block', at: o.now(), block }),
      ),
    readMetagraph: (block) =>
      read(
        `metagraph ${block}`,
        () => chain.metagraphAt({ netuid, block }),
        (metagraph) => ({ kind: 'metagraph', at: o.now(), metagraph }),
      ),
    readPayment: ({ submission, payment: ref, hotkey: miner }) =>
      read(
        `payment ${submission}`,
        () => readPayment(chain, { claim: { ref, hotkey: miner }, netuid }),
        (facts) => ({ kind: 'payment', at: o.now(), submission, facts }),
      ),
    setWeights: (effect) => {
      if (o.hotkey !== null) weights.set(effect, o.hotkey)
    },
    follow: async () => {
      void revealLeft(o, insist)
      for (let last: number | null = null; !signal.aborted; ) {
        last = await followFrom(last)
        if (!signal.aborted) await pause()
      }
    },
  }
}
