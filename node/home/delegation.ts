/** Who speaks for this hotkey: signs the delegation to this node's keys when there is none, and says when another node has taken over. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type Delegation,
  type Domains,
  type Key,
  type Machine,
  ProtocolError,
  parseSignedDelegation,
  printSignedDelegation,
  type RoundState,
  type Signed,
  type SignedDelegation,
} from '../../protocol/index.ts'
import { isMissing, replaceFile } from '../files.ts'
import type { Log } from '../log.ts'
import { signWithHotkey } from '../machine/signer.ts'
import { KeyError, type ValidatorKeys } from './keys.ts'

/** Whoever has not seated this node yet is told again so often: it may have heard of it before it knew of its stake. */
const REPEAT_BLOCKS = 20
/** Blocks that a delegation is in force: thirty days of 12 s. It is renewed when half of them have passed, so a month away costs a seat. */
const VALID_BLOCKS = 216_000
const COUNTER_MAX = 2 ** 32 - 1

export const delegationFileOf = (home: string): string => join(home, 'delegation.json')

/** The last one that this home signed or spoke by; null for none yet. @throws KeyError */
export const loadDelegation = async (home: string): Promise<SignedDelegation | null> => {
  const path = delegationFileOf(home)
  try {
    return parseSignedDelegation(await readFile(path))
  } catch (error) {
    if (isMissing(error)) return null
    if (error instanceof ProtocolError)
      throw new KeyError(
        'KEY_MALFORMED',
        path,
        'no signed delegation: remove it, and a new one is signed at the next start',
      )
    throw error
  }
}

/** What names this node, as a delegation does. */
type Speaker = Pick<Delegation, 'netuid' | 'hotkey' | 'scheme' | 'sessionKey' | 'sealingKey' | 'peerId'>

/** `speaks`: nothing to do. `send`: one that was signed has not reached the mesh. `superseded`: another node of this hotkey was delegated to. */
type Plan =
  | { readonly kind: 'speaks' }
  | { readonly kind: 'send' }
  | { readonly kind: 'sign'; readonly body: Delegation }
  | { readonly kind: 'superseded'; readonly by: Delegation }

const isFor = (speaker: Speaker, delegation: Delegation): boolean =>
  delegation.sessionKey === speaker.sessionKey &&
  delegation.sealingKey === speaker.sealingKey &&
  delegation.peerId === speaker.peerId

/**
 * `newest` is what the mesh knows, `kept` what this home spoke by last. Counters follow the clock, so that a home that has lost all memory
 * still counts on; a clock that went back counts on from what is known.
 * @throws KeyError when the counter has come to its end
 */
export const planDelegation = (o: {
  readonly speaker: Speaker
  readonly newest: Delegation | null
  readonly kept: Delegation | null
  readonly block: number
  readonly unixSeconds: number
}): Plan => {
  const { speaker, newest, kept, block } = o
  const isKeptOurs = kept !== null && isFor(speaker, kept)
  if (newest !== null && !isFor(speaker, newest) && isKeptOurs && newest.counter > kept.counter)
    return { kind: 'superseded', by: newest }
  const latest = kept !== null && kept.counter > (newest?.counter ?? -1) ? kept : newest
  const isFresh = latest !== null && latest.toBlock - block > (latest.toBlock - latest.fromBlock) / 2
  if (latest !== null && isFor(speaker, latest) && isFresh) return { kind: latest === newest ? 'speaks' : 'send' }
  const counter = Math.max(o.unixSeconds, (latest?.counter ?? 0) + 1)
  if (counter > COUNTER_MAX) throw new KeyError('KEY_SPENT', 'delegation', 'no counter is left for this hotkey')
  return { kind: 'sign', body: { ...speaker, fromBlock: block, toBlock: block + VALID_BLOCKS, counter } }
}

/** Looks after each block whether this node speaks for its hotkey; a delegation is on disk before anybody hears of it. */
export const createDelegator = (o: {
  readonly home: string
  readonly keys: ValidatorKeys
  readonly peerId: string
  readonly netuid: number
  readonly domains: Domains
  readonly kept: SignedDelegation | null
  readonly state: () => Machine<RoundState>
  /** Hands a signed delegation to this node's machine and to the mesh. */
  readonly send: (message: Signed<'delegation'>) => void
  /** Sends one to the committee again. */
  readonly repeat: (message: Signed<'delegation'>) => void
  readonly unixSeconds: () => number
  readonly log: Pick<Log, 'info' | 'error'>
}) => {
  const { hotkey, session, sealing } = o.keys
  const speaker: Speaker = {
    netuid: o.netuid,
    hotkey: hotkey.publicKey,
    scheme: hotkey.scheme,
    sessionKey: session.publicKey,
    sealingKey: sealing.publicKey,
    peerId: o.peerId,
  }
  let { kept } = o
  let isLooking = false
  let toldOf: Key | null = null

  const keep = async (delegation: SignedDelegation): Promise<void> => {
    await replaceFile(delegationFileOf(o.home), printSignedDelegation(delegation))
    kept = delegation
  }
  const look = async (block: number): Promise<void> => {
    const { delegations, inForce } = o.state().rounds
    const held = delegations.get(hotkey.publicKey)?.message ?? null
    const newest = held?.body ?? null
    const plan = planDelegation({ speaker, newest, kept: kept?.body ?? null, block, unixSeconds: o.unixSeconds() })
    if (plan.kind === 'superseded') {
      if (toldOf !== plan.by.sessionKey) {
        const { counter, peerId } = plan.by
        o.log.error({ counter, peerId }, 'another node speaks for this hotkey: this one only follows')
      }
      toldOf = plan.by.sessionKey
      return
    }
    // A member of the genesis document has signed nothing here: from now on it knows what it spoke by.
    if (plan.kind === 'speaks' && held !== null) {
      if (kept === null) await keep({ body: held.body, signature: held.signature })
      const isSeated = inForce.get(hotkey.publicKey)?.counter === held.body.counter
      if (!isSeated && block % REPEAT_BLOCKS === 0) o.repeat(held)
    }
    if (plan.kind === 'send' && kept !== null) o.send({ kind: 'delegation', ...kept })
    if (plan.kind !== 'sign') return
    const { domains } = o
    const message = signWithHotkey({ kind: 'delegation', body: plan.body }, { hotkey, domains })
    await keep({ body: message.body, signature: message.signature })
    const { counter, fromBlock, toBlock } = plan.body
    o.log.info({ counter, fromBlock, toBlock }, 'delegation signed: from the next epoch on this node may have a seat')
    o.send(message)
  }
  return {
    /** Rejects when the disk refuses. */
    look: async (block: number): Promise<void> => {
      if (isLooking) return
      isLooking = true
      await look(block).finally(() => {
        isLooking = false
      })
    },
  }
}
