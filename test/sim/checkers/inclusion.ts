/** Checks that after healing every timely honest item is in: commits, reveals, and submissions with their receipts (11). */
import type { Digest, Key } from '../../../protocol/crypto.ts'
import { type Checker, type Sim, Violation } from '../watch.ts'
import { type Decision, entryOf, firstDecisions, logOf, type Round } from './log.ts'
import { paymentsOf } from './payments.ts'
import { createFreshVotes, type FreshVote, SETTLE_MS } from './timely.ts'

/** Honest messages of one subject: who signed one, when first. */
type Signers = Map<Key, number>

/** Honest receipts for one submission: who signed at which block, when last. */
type Receipts = Map<Key, { readonly block: number; readonly at: number }>

type Seen = {
  readonly commits: Map<Digest, Signers>
  readonly reveals: Map<Digest, Signers>
  readonly receipts: Map<Digest, Receipts>
  /** Per node and manifest when it was decided there: before, the round's items find no place at that node. */
  readonly opened: Map<Key, Map<Digest, number>>
  /** Submissions that an earlier manifest named: they may be done with. */
  readonly named: Set<Digest>
  readonly keys: Keys
}

/** Who has spoken by more keys than one, and since when each honest node has known: a receipt under an old key is worth nothing there. */
type Keys = {
  /** A decision, at its first node and at every other one. */
  readonly note: (node: Key, decision: Decision) => void
  /** Whether a receipt that was signed then stands under a key that the voter has known for as long as it holds what it must not leave out. */
  readonly isHeard: (o: { readonly hotkey: Key; readonly at: number; readonly vote: FreshVote }) => boolean
}

const createKeys = (sim: Sim): Keys => {
  const keys = new Map(sim.genesis.delegations.map(({ body }) => [body.hotkey, body.sessionKey]))
  /** By height of an EPOCH: whom it gave another key. */
  const changes = new Map<number, readonly Key[]>()
  /** By hotkey with another key: when each node decided that it has it. */
  const known = new Map<Key, Map<Key, number>>()
  const changedBy = ({ header: { entry } }: Decision): readonly Key[] => {
    if (entry.kind !== 'epoch') return []
    const next = new Map<Key, Key>()
    for (const { hotkey, delegation } of entry.members) {
      const message = sim.messageOf(delegation)
      if (message?.kind === 'delegation') next.set(hotkey, message.body.sessionKey)
    }
    const changed = [...new Set([...keys.keys(), ...next.keys()])].filter((key) => keys.get(key) !== next.get(key))
    keys.clear()
    for (const [hotkey, key] of next) keys.set(hotkey, key)
    return changed
  }
  return {
    note: (node, decision) => {
      const { height, entry } = decision.header
      if (entry.kind !== 'epoch') return
      if (!changes.has(height)) {
        changes.set(height, changedBy(decision))
        for (const hotkey of changes.get(height) ?? []) known.set(hotkey, new Map())
      }
      for (const hotkey of changes.get(height) ?? []) known.get(hotkey)?.set(node, sim.now())
    },
    isHeard: ({ hotkey, at, vote }) => {
      const changed = known.get(hotkey)
      if (changed === undefined) return true
      const [own, theirs] = [changed.get(hotkey), changed.get(vote.node)]
      return own !== undefined && theirs !== undefined && at >= own && theirs + SETTLE_MS < vote.heldBefore
    },
  }
}

const hotkeysOf = (sim: Sim, ids: readonly Digest[]): ReadonlySet<Key | undefined> =>
  new Set(ids.map((id) => sim.messageOf(id)?.body.hotkey))

/** Members of the round that signed in time for one of these voters and are not named. */
const omitted = (
  sim: Sim,
  o: {
    readonly round: Round
    readonly signers: Signers | undefined
    readonly votes: readonly FreshVote[]
    readonly seen: Seen
    readonly named: ReadonlySet<Key | undefined>
  },
): readonly Key[] => {
  const { round, votes, seen, named } = o
  const settled = sim.healAtMs + SETTLE_MS
  return [...(o.signers ?? [])].flatMap(([hotkey, at]) => {
    if (named.has(hotkey) || !round.seats.weights.has(hotkey) || at < settled) return []
    const isLate = votes.every(({ node, heldBefore }) => {
      const opened = seen.opened.get(node)?.get(round.manifest)
      return opened === undefined || at < opened + SETTLE_MS || at >= heldBefore
    })
    return isLate ? [] : [hotkey]
  })
}

/** What the manifest leaves out in the eyes of one voter, who signed a receipt itself and so holds submission and bundle. */
const omittedFor = (
  sim: Sim,
  o: {
    readonly decision: Decision
    readonly seen: Seen
    readonly vote: FreshVote
    readonly isSeated: (hotkey: Key) => boolean
  },
): string | null => {
  const { decision, seen, vote, isSeated } = o
  const { entry } = decision.header
  if (entry.kind !== 'manifest') return null
  const settled = sim.healAtMs + SETTLE_MS
  const refs = new Map(entry.submissions.map((ref) => [ref.id, ref]))
  const { competitions } = logOf(sim).paramsAt(decision.header.height)
  const isFull = refs.size >= (competitions.find(({ id }) => id === entry.competition)?.submissionsMax ?? 0)
  for (const [submission, receipts] of seen.receipts) {
    const own = receipts.get(vote.node)
    if (own === undefined || own.at >= vote.heldBefore || seen.named.has(submission)) continue
    if (!seen.keys.isHeard({ hotkey: vote.node, at: own.at, vote })) continue
    const timely = [...receipts].filter(
      ([hotkey, { at, block }]) =>
        isSeated(hotkey) &&
        block <= entry.closeBlock &&
        at >= settled &&
        at < vote.heldBefore &&
        seen.keys.isHeard({ hotkey, at, vote }),
    )
    const ref = refs.get(submission)
    if (ref === undefined) {
      const message = sim.messageOf(submission)
      if (paymentsOf(sim).isExcused(decision.header, submission)) continue
      if (isFull || message?.kind !== 'submission' || message.body.competition !== entry.competition) continue
      const weight = timely.reduce((sum, [hotkey]) => sum + (decision.seats.weights.get(hotkey) ?? 0n), 0n)
      if (3n * weight > 2n * decision.seats.total) return submission
    } else {
      const named = hotkeysOf(sim, ref.receipts)
      const missing = timely.find(([hotkey]) => !named.has(hotkey))
      if (missing !== undefined) return `${submission} by ${missing[0]}`
    }
  }
  return null
}

const createSeen = (sim: Sim): Seen => ({
  commits: new Map(),
  reveals: new Map(),
  receipts: new Map(),
  opened: new Map(),
  named: new Set(),
  keys: createKeys(sim),
})

/** A member of every committee so far: its receipts are taken whichever EPOCH a voter has reached. */
const seatedAlways = (sim: Sim): ((hotkey: Key) => boolean) => {
  const { decisions } = logOf(sim)
  return (hotkey) => decisions.every(({ seats }) => seats.weights.has(hotkey))
}

export const inclusion: Checker = {
  name: 'inclusion',
  watch: (sim, checked) => {
    const seen = createSeen(sim)
    const fresh = createFreshVotes(sim)
    const decisionOf = firstDecisions(sim)
    const note = (decision: Decision): void => {
      const { digest, header, round } = decision
      const { entry, height } = header
      if (round === null || entry.kind === 'epoch' || entry.kind === 'params' || entry.kind === 'void') return
      const votes = fresh.votesFor(digest).filter(({ at }) => at > sim.healAtMs)
      if (entry.kind === 'manifest') {
        const isSeated = seatedAlways(sim)
        for (const vote of votes) {
          checked()
          const what = omittedFor(sim, { decision, seen, vote, isSeated })
          if (what !== null)
            throw new Violation('every timely receipt is in MANIFEST', { height, what, voter: vote.node })
        }
        for (const { id } of entry.submissions) seen.named.add(id)
        return
      }
      if (round.openedAt <= sim.healAtMs) return
      checked()
      const signers = (entry.kind === 'commits' ? seen.commits : seen.reveals).get(round.manifest)
      const named = hotkeysOf(sim, entry.kind === 'commits' ? entry.commits : entry.reveals)
      const [hotkey] = omitted(sim, { round, signers, votes, seen, named })
      if (hotkey !== undefined) {
        throw new Violation(
          `every timely ${entry.kind === 'commits' ? 'commit is in COMMITS' : 'reveal is in RESULT'}`,
          { height, hotkey },
        )
      }
    }
    return {
      persisted: fresh.persisted,
      signed: (node, message) => {
        fresh.signed(node, message)
        if (message.kind === 'commit' || message.kind === 'reveal') {
          const signers = entryOf(
            message.kind === 'commit' ? seen.commits : seen.reveals,
            message.body.manifest,
            () => new Map(),
          )
          if (!signers.has(node)) signers.set(node, sim.now())
        } else if (message.kind === 'receipt') {
          const { submission, block } = message.body
          const receipts = entryOf(seen.receipts, submission, () => new Map())
          receipts.set(node, { block, at: sim.now() })
        }
      },
      decided: (node, decided) => {
        const decision = decisionOf(decided)
        const known = decision ?? logOf(sim).decisions[decided.header.height - 1]
        if (known !== undefined) seen.keys.note(node, known)
        if (decided.header.entry.kind === 'manifest') {
          const round = known?.round ?? null
          if (round !== null) entryOf(seen.opened, node, () => new Map()).set(round.manifest, sim.now())
        }
        if (decision !== null) note(decision)
      },
    }
  },
}
