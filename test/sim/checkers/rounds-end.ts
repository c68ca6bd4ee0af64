/** Checks that every node's heights are contiguous, and that each round passes its stages in order and ends exactly once (7). */
import type { Digest, Key } from '../../../protocol/crypto.ts'
import type { Entry } from '../../../protocol/message/entry.ts'
import { type Checker, type Sim, Violation } from '../watch.ts'
import { type Decision, firstDecisions } from './log.ts'

/** Where a competition stands: the number of its newest round, and that round's manifest and stage while it is open. */
type Place = {
  round: number
  open: { readonly manifest: Digest; readonly stage: 'commits' | 'reveals' } | null
}

const follows = (place: Place, entry: Exclude<Entry, { kind: 'epoch' | 'params' }>): boolean => {
  const { open, round } = place
  if (entry.kind === 'manifest') return open === null && entry.round === round + 1
  if (open === null || entry.round !== round || entry.manifest !== open.manifest) return false
  if (entry.kind === 'void') return entry.stage === open.stage
  return open.stage === (entry.kind === 'commits' ? 'commits' : 'reveals')
}

const move = (place: Place, { header: { entry }, digest }: Decision): void => {
  if (entry.kind === 'manifest') {
    place.round = entry.round
    place.open = { manifest: digest, stage: 'commits' }
  } else if (entry.kind === 'commits') place.open = { manifest: entry.manifest, stage: 'reveals' }
  else place.open = null
}

/** The toy's rounds are a stage only. */
const isWhole = ({ genesis }: Sim, competition: string): boolean =>
  genesis.competitions.some(({ id }) => id === competition)

export const roundsEnd: Checker = {
  name: 'rounds-end',
  watch: (sim, checked) => {
    const reached = new Map<Key, number>()
    const places = new Map<string, Place>()
    const decisionOf = firstDecisions(sim)
    return {
      decided: (node, decided) => {
        const { height, entry } = decided.header
        const before = reached.get(node) ?? 0
        checked()
        if (height !== before + 1) throw new Violation('heights are contiguous', { node, height, before })
        reached.set(node, height)
        const decision = decisionOf(decided)
        if (decision === null || entry.kind === 'epoch' || entry.kind === 'params' || !isWhole(sim, entry.competition))
          return
        const place = places.get(entry.competition) ?? { round: 0, open: null }
        places.set(entry.competition, place)
        if (!follows(place, entry)) {
          throw new Violation('a round passes its stages in order and ends once', { height, entry, place })
        }
        move(place, decision)
      },
    }
  },
}
