/** Checks that every node's heights are contiguous, and that each round passes its stages in order and ends exactly once (7). */
import type { Digest, Key } from '../../../protocol/crypto.ts'
import type { Entry } from '../../../protocol/message/entry.ts'
import { type Checker, type Sim, Violation } from '../watch.ts'
import { type Decision, firstDecisions, type Log, logOf } from './log.ts'

/** Where a competition stands: the number of its newest round, and that round's manifest and stage while it is open. */
type Place = {
  round: number
  open: {
    readonly manifest: Digest
    readonly stage: 'commits' | 'reveals'
    /** How many can commit, or reveal, and the block by which those who do are waited for. */
    readonly possible: number
    readonly deadline: number
  } | null
}

const follows = (place: Place, entry: Exclude<Entry, { kind: 'epoch' | 'params' }>): boolean => {
  const { open, round } = place
  if (entry.kind === 'manifest') return open === null && entry.round === round + 1
  if (open === null || entry.round !== round || entry.manifest !== open.manifest) return false
  if (entry.kind === 'void') return entry.stage === open.stage
  return open.stage === (entry.kind === 'commits' ? 'commits' : 'reveals')
}

/** a stage closes when all that can come is there, or at its deadline. */
const isEarly = ({ open }: Place, { header: { entry, block } }: Decision): boolean => {
  if (open === null || (entry.kind !== 'commits' && entry.kind !== 'result')) return false
  const present = entry.kind === 'commits' ? entry.commits.length : entry.reveals.length
  return present < open.possible && block < open.deadline
}

const move = (place: Place, decision: Decision, log: Log): void => {
  const { header, digest, seats, round } = decision
  const { entry, block } = header
  const params = log.paramsAt(round?.height ?? 0).competitions.find(({ id }) => id === round?.entry.competition)
  if (params === undefined) return
  const { commitBlocks, revealBlocks } = params
  if (entry.kind === 'manifest') {
    place.round = entry.round
    const deadline = entry.beaconBlock + commitBlocks
    place.open = { manifest: digest, stage: 'commits', possible: seats.members.length, deadline }
  } else if (entry.kind === 'commits') {
    const [possible, deadline] = [entry.commits.length, block + revealBlocks]
    place.open = { manifest: entry.manifest, stage: 'reveals', possible, deadline }
  } else place.open = null
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
    const log = logOf(sim)
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
        if (isEarly(place, decision)) throw new Violation('a stage waits for its deadline', { height, entry, place })
        move(place, decision, log)
      },
    }
  },
}
