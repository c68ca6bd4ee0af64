/** Counts how often the runs got into each corner: a simulator that never goes there proves nothing about it. */
import type { Key } from '../../protocol/crypto.ts'
import type { Entry } from '../../protocol/message/entry.ts'
import type { Phase } from '../../protocol/message/vote.ts'
import { entryOf, placeOf } from './checkers/log.ts'
import type { Watcher } from './watch.ts'

/** By corner. */
export type Coverage = Record<
  | 'views'
  | 'reProposals'
  | 'nullifies'
  | 'finalizes'
  | 'lateNotarizes'
  | 'decidedLater'
  | 'restoredVotes'
  | 'convicted'
  | Entry['kind'],
  number
>

export const noCoverage = (): Coverage => ({
  views: 0,
  reProposals: 0,
  nullifies: 0,
  finalizes: 0,
  lateNotarizes: 0,
  decidedLater: 0,
  restoredVotes: 0,
  convicted: 0,
  epoch: 0,
  manifest: 0,
  commits: 0,
  result: 0,
  void: 0,
  params: 0,
})

/** `views`: votes beyond view 0; `lateNotarizes`: after an own nullify of the view; `decidedLater`: heights decided beyond view 0; `convicted`: evidence that decided headers name. */
export const cover = (counts: Coverage): Watcher => {
  /** By node and place: what was signed there. */
  const signed = new Map<Key, Map<number, Set<Phase>>>()
  return {
    signed: (node, { kind, body }) => {
      if (kind === 'proposal' && body.parentView !== null) counts.reProposals++
      if (kind !== 'notarize' && kind !== 'nullify' && kind !== 'finalize') return
      const places = entryOf(signed, node, () => new Map<number, Set<Phase>>())
      const phases = entryOf(places, placeOf(body), () => new Set<Phase>())
      if (phases.has(kind)) counts.restoredVotes++
      phases.add(kind)
      if (body.view > 0) counts.views++
      if (kind === 'finalize') counts.finalizes++
      if (kind === 'nullify') counts.nullifies++
      if (kind === 'notarize' && phases.has('nullify')) counts.lateNotarizes++
    },
    decided: (_, { header, certificate }) => {
      counts[header.entry.kind]++
      if (certificate.view > 0) counts.decidedLater++
      counts.convicted += header.evidence.length
    },
  }
}
