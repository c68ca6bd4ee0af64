/** Checks that evidence costs its offender the seat, once and for as long as the parameters say, and that it comes back by another key only (22). */
import type { Digest, Key } from '../../../protocol/crypto.ts'
import type { EntryOf } from '../../../protocol/message/entry.ts'
import { type Evidence, evidenceId } from '../../../protocol/message/evidence.ts'
import type { Delegation } from '../../../protocol/message/membership.ts'
import { messageId } from '../../../protocol/message/message.ts'
import { type Checker, type Sim, Violation } from '../watch.ts'
import { type Decision, domainsIn, firstDecisions, logOf } from './log.ts'

/** What a header may name at most. */
const NAMED_MAX = 8

type Conviction = {
  /** Of the last committee that it may sit in: the one that was convicted from, or that the header itself seats. */
  readonly epoch: number
  readonly sessionKey: Key
  /** Only a delegation above this may seat the convict again. */
  readonly counter: number
  /** The chain was seen without its hotkey: its time is served. */
  isReleased: boolean
}

type Case = { readonly hotkey: Key; readonly sessionKey: Key; readonly twice: number | null }

const caseOf = ({ delegation: { body }, messages }: Evidence): Case => ({
  hotkey: body.hotkey,
  sessionKey: body.sessionKey,
  twice: messages[0]?.kind === 'delegation' ? body.counter : null,
})

const genesisDelegations = new WeakMap<Sim['genesis'], ReadonlyMap<Digest, Delegation>>()

/** What the genesis document delegates, by the ids that an EPOCH names it by. */
const delegationsOf = (sim: Sim): ReadonlyMap<Digest, Delegation> => {
  const known = genesisDelegations.get(sim.genesis)
  if (known !== undefined) return known
  const made = new Map(
    sim.genesis.delegations.map(({ body }) => [messageId({ kind: 'delegation', body }, domainsIn(sim)), body]),
  )
  genesisDelegations.set(sim.genesis, made)
  return made
}

export const convictions: Checker = {
  name: 'convictions',
  watch: (sim, checked) => {
    const log = logOf(sim)
    const decisionOf = firstDecisions(sim)
    const cases = new Map<Digest, Case>()
    const convicted = new Map<Key, Conviction>()
    /** What each seat speaks by. */
    const inForce = new Map(sim.genesis.delegations.map(({ body }) => [body.hotkey, body]))

    /** Whom a header convicts, and of what. */
    const verdicts = ({ header: { height, evidence, entry }, seats }: Decision): ReadonlyMap<Key, Conviction> => {
      if (evidence.length > NAMED_MAX) throw new Violation('a header names little evidence', { height, evidence })
      const named = new Map<Key, Conviction>()
      const epoch = entry.kind === 'epoch' ? entry.epoch : seats.epoch
      for (const id of evidence) {
        const found = cases.get(id)
        const speaks = inForce.get(found?.hotkey ?? '')
        if (found === undefined || speaks === undefined || !seats.weights.has(found.hotkey)) {
          throw new Violation('evidence is against a seat', { height, id, hotkey: found?.hotkey })
        }
        const { hotkey, twice } = found
        const { sessionKey, counter } = speaks
        if (twice === null && found.sessionKey !== sessionKey) {
          throw new Violation('evidence is of the key in force', { height, id, hotkey })
        }
        if (named.has(hotkey) || convicted.get(hotkey)?.sessionKey === sessionKey) {
          throw new Violation('nobody is convicted twice under one key', { height, id, hotkey })
        }
        named.set(hotkey, { epoch, sessionKey, counter: twice ?? counter, isReleased: false })
      }
      return named
    }

    const seat = (entry: EntryOf<'epoch'>, o: { height: number; evidenceEpochs: number }): void => {
      const { epoch, members, released } = entry
      const metagraph = sim.metagraphAt(entry.block)
      const registered = metagraph && new Set(metagraph.neurons.map(({ hotkey }) => hotkey))
      for (const hotkey of released) {
        const conviction = convicted.get(hotkey)
        if (conviction === undefined || registered?.has(hotkey)) {
          throw new Violation('only a convict that the chain no longer knows is released', { ...o, hotkey })
        }
        conviction.isReleased = true
      }
      for (const { hotkey, delegation } of members) {
        const message = sim.messageOf(delegation)
        const body = message?.kind === 'delegation' ? message.body : delegationsOf(sim).get(delegation)
        if (body?.hotkey !== hotkey) throw new Violation('a seat has a delegation', { ...o, hotkey })
        const conviction = convicted.get(hotkey)
        const isServing = conviction && !conviction.isReleased && epoch <= conviction.epoch + o.evidenceEpochs
        if (isServing)
          throw new Violation('a convict has no seat', { ...o, hotkey, epoch, convicted: conviction.epoch })
        if (conviction && (body.sessionKey === conviction.sessionKey || body.counter <= conviction.counter)) {
          throw new Violation('a convict returns by another key', { ...o, hotkey, counter: body.counter })
        }
        inForce.set(hotkey, body)
      }
    }

    return {
      persisted: (_, records) => {
        for (const record of records)
          if (record.kind === 'evidence')
            cases.set(evidenceId(record.evidence, domainsIn(sim)), caseOf(record.evidence))
      },
      decided: (_, decided) => {
        const decision = decisionOf(decided)
        if (decision === null) return
        const { entry, height } = decision.header
        checked()
        const named = verdicts(decision)
        // An EPOCH is judged by the log before its header: whom that header itself convicts, the next one leaves out.
        if (entry.kind === 'epoch') seat(entry, { height, evidenceEpochs: log.paramsAt(height).mesh.evidenceEpochs })
        for (const [hotkey, conviction] of named) convicted.set(hotkey, conviction)
      },
    }
  },
}
