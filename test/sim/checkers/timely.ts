/** Which honest items must be in a decided value after healing: those that an honest voter for the fresh value had held for longer than its patience. */
import type { Digest, Key } from '../../../protocol/crypto.ts'
import type { JournalRecord } from '../../../protocol/machine-types.ts'
import { type Header, headerDigest } from '../../../protocol/message/entry.ts'
import type { Signed } from '../../../protocol/message/message.ts'
import type { Sim } from '../watch.ts'
import { entryOf, logOf, placeOf } from './log.ts'

/** After healing a message is everywhere within Δ; 1 s on top for the inputs before it. */
const SLACK_MS = 1_000
/** What was asked for before healing is asked for again, and what was cut off is sent again, within this. */
export const SETTLE_MS = 5_000

/** One honest notarize of a value that was proposed fresh: at this moment, with this patience behind it. */
export type FreshVote = { readonly node: Key; readonly at: number; readonly heldBefore: number }

/** How long a voter holds an item before it refuses a fresh value without it, in the run's time: its own clock may be a tenth slow. */
export const patienceMs = (sim: Sim, o: { readonly height: number; readonly view: number }): number => {
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

/** So many Δ after its first refusal a voter demands nothing more. */
const DEMANDING_DELTAS = 120

/** What a value of the log moves on: a competition's next round or the open one, the committee, the parameters. */
const movesOn = ({ entry }: Header): string => {
  if (entry.kind === 'epoch' || entry.kind === 'params') return entry.kind
  return entry.kind === 'manifest' ? `next ${entry.competition}` : `open ${entry.competition}`
}

/** Knows who may have given up what it demands: who has seen a fresh proposal of the same long ago, by a clock that may be a tenth fast. */
export const createDemands = (sim: Sim) => {
  const seen = new Map<Key, Map<string, number>>()
  return {
    persisted: (node: Key, record: JournalRecord): void => {
      const first = entryOf(seen, node, () => new Map())
      if (record.kind === 'decided') first.delete(movesOn(record.decided.header))
      if (record.kind !== 'message' || record.message.kind !== 'proposal') return
      const { parentView, header } = record.message.body
      const subject = movesOn(header)
      if (parentView === null && !first.has(subject)) first.set(subject, sim.now())
    },
    mayHaveEnded: (node: Key, header: Header): boolean => {
      const at = seen.get(node)?.get(movesOn(header)) ?? sim.now()
      const { deltaMs } = logOf(sim).paramsAt(header.height).mesh
      return (sim.now() - at) * 1.125 >= DEMANDING_DELTAS * deltaMs
    },
  }
}

/** Remembers honest fresh votes by value. */
export const createFreshVotes = (sim: Sim) => {
  const fresh = new Map<Key, Map<number, Header>>()
  const demands = createDemands(sim)
  /** When a node made up its mind: after a crash between that and the sending the vote leaves later, as it was. */
  const guarded = new Map<Key, Map<number, { readonly at: number; readonly isDemanding: boolean }>>()
  const votes = new Map<Digest, FreshVote[]>()
  return {
    votesFor: (value: Digest): readonly FreshVote[] => votes.get(value) ?? [],
    persisted: (node: Key, records: readonly JournalRecord[]): void => {
      for (const record of records) {
        demands.persisted(node, record)
        if (record.kind === 'guard' && record.phase === 'notarize') {
          const header = fresh.get(node)?.get(placeOf(record))
          const isDemanding = header === undefined || !demands.mayHaveEnded(node, header)
          entryOf(guarded, node, () => new Map()).set(placeOf(record), { at: sim.now(), isDemanding })
        }
        if (record.kind !== 'message' || record.message.kind !== 'proposal') continue
        const { body } = record.message
        if (body.parentView === null) entryOf(fresh, node, () => new Map()).set(placeOf(body), body.header)
      }
    },
    signed: (node: Key, { kind, body }: Signed): void => {
      const header = kind === 'notarize' ? fresh.get(node)?.get(placeOf(body)) : undefined
      if (kind !== 'notarize' || header === undefined || headerDigest(header) !== body.value) return
      const { at, isDemanding } = guarded.get(node)?.get(placeOf(body)) ?? { at: sim.now(), isDemanding: true }
      const known = entryOf(votes, body.value, () => [])
      // The same vote again, after a restart, is no other look at what is held.
      if (known.some((vote) => vote.node === node)) return
      const before = heldBefore(sim, { at, height: body.height, view: body.view })
      known.push({ node, at, heldBefore: isDemanding ? before : Number.NEGATIVE_INFINITY })
    },
  }
}
