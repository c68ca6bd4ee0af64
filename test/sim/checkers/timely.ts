/** Which honest items must be in a decided value after healing: those that an honest voter for the fresh value had held for longer than its patience. */
import type { Digest, Key } from '../../../protocol/crypto.ts'
import type { JournalRecord } from '../../../protocol/machine-types.ts'
import { headerDigest } from '../../../protocol/message/entry.ts'
import type { Signed } from '../../../protocol/message/message.ts'
import type { Sim } from '../watch.ts'
import { entryOf, logOf, placeOf } from './log.ts'

/** After healing a message is everywhere within Δ; 1 s on top for the inputs before it. */
const SLACK_MS = 1_000
/** What was asked for before healing is asked for again, and what was cut off is sent again, within this. */
export const SETTLE_MS = 5_000

/** One honest notarize of a value that was proposed fresh: at this moment, with this patience behind it. */
export type FreshVote = { readonly node: Key; readonly at: number; readonly heldBefore: number }

/** From this view on nothing is demanded. */
const DEMANDING_VIEWS = 10

/**
 * How long a voter holds an item before it refuses a fresh value without it, in the run's time: its own clock may be a tenth slow.
 * Infinity where it refuses nothing.
 */
export const patienceMs = (sim: Sim, o: { readonly height: number; readonly view: number }): number => {
  if (o.view >= DEMANDING_VIEWS) return Number.POSITIVE_INFINITY
  const { deltaMs } = logOf(sim).paramsAt(o.height).mesh
  return Math.ceil(2 * deltaMs * 1.25 ** Math.min(o.view, 32) * 1.125) + 1
}

/**
 * a voter refuses a fresh value at view v that omits an item it has held for longer than 2Δ·1.25^v. What was signed after healing is at
 * each honest voter Δ later (`SLACK_MS` is for the work before it). So a value notarized fresh at s in view v by anyone honest holds every
 * honest item signed between healing and s − Δ − 1 s − 2Δ·1.25^v, if that voter could take it when it came. A value is decided only with such
 * a vote (17); its re-proposals change nothing in it. At view 0 this is the 3Δ + 1 s that an honest item is late by at most.
 */
const heldBefore = (sim: Sim, o: { readonly at: number; readonly height: number; readonly view: number }): number =>
  o.at - logOf(sim).paramsAt(o.height).mesh.deltaMs - SLACK_MS - patienceMs(sim, o)

/** Remembers honest fresh votes by value. */
export const createFreshVotes = (sim: Sim) => {
  const fresh = new Map<Key, Map<number, Digest>>()
  /** When a node made up its mind: after a crash between that and the sending the vote leaves later, as it was. */
  const guarded = new Map<Key, Map<number, number>>()
  const votes = new Map<Digest, FreshVote[]>()
  return {
    votesFor: (value: Digest): readonly FreshVote[] => votes.get(value) ?? [],
    persisted: (node: Key, records: readonly JournalRecord[]): void => {
      for (const record of records) {
        if (record.kind === 'guard' && record.phase === 'notarize') {
          entryOf(guarded, node, () => new Map()).set(placeOf(record), sim.now())
        }
        if (record.kind !== 'message' || record.message.kind !== 'proposal') continue
        const { body } = record.message
        if (body.parentView === null)
          entryOf(fresh, node, () => new Map()).set(placeOf(body), headerDigest(body.header))
      }
    },
    signed: (node: Key, { kind, body }: Signed): void => {
      if (kind !== 'notarize' || fresh.get(node)?.get(placeOf(body)) !== body.value) return
      const at = guarded.get(node)?.get(placeOf(body)) ?? sim.now()
      const known = entryOf(votes, body.value, () => [])
      // The same vote again, after a restart, is no other look at what is held.
      if (known.some((vote) => vote.node === node)) return
      known.push({ node, at, heldBefore: heldBefore(sim, { at, height: body.height, view: body.view }) })
    },
  }
}
