/** Checks that nobody honest notarizes a fresh value that leaves out what it has held for longer than its patience (11, at each voter and at any time). */
import type { Digest, Key } from '../../../protocol/crypto.ts'
import type { EntryOf, Header } from '../../../protocol/message/entry.ts'
import { messageId, type Signed } from '../../../protocol/message/message.ts'
import { type Checker, type Sim, Violation } from '../watch.ts'
import { domainsIn, entryOf, logOf, placeOf } from './log.ts'
import { paymentsOf } from './payments.ts'
import { createDemands, patienceMs, SETTLE_MS } from './timely.ts'

/** By sender: since when its first item of one subject is on the disk. */
type Items = Map<Key, { readonly at: number; readonly block: number }>

/** What one node holds. */
type Held = {
  readonly commits: Map<Digest, Items>
  readonly reveals: Map<Digest, Items>
  readonly receipts: Map<Digest, Items>
  readonly submissions: Map<Digest, { readonly at: number; readonly competition: string }>
  readonly fresh: Map<number, Header>
  /** Whom the newest EPOCH that is folded here seats, by which delegation. */
  seated: ReadonlyMap<Key, Digest>
  /** EPOCHs on this disk that wait for what they name: until they are folded the receipts of before still stand. */
  readonly unfolded: { readonly height: number; readonly entry: EntryOf<'epoch'> }[]
  /** An item out of the journal counts as held since the start. */
  startedAt: number
  /** Its first block since the start: from then on it asks for its bundles. Null while the chain stands still. */
  headAt: number | null
}

const createHeld = (seated: ReadonlyMap<Key, Digest>): Held => ({
  commits: new Map(),
  reveals: new Map(),
  receipts: new Map(),
  submissions: new Map(),
  fresh: new Map(),
  seated,
  unfolded: [],
  startedAt: 0,
  headAt: 0,
})

const hold = (sim: Sim, held: Held, message: Signed): void => {
  const at = sim.now()
  const keepFirst = (table: Map<Digest, Items>, subject: Digest, block: number): void => {
    const items: Items = entryOf(table, subject, () => new Map())
    if (!items.has(message.body.hotkey)) items.set(message.body.hotkey, { at, block })
  }
  if (message.kind === 'proposal') {
    const { body } = message
    if (body.parentView === null) held.fresh.set(placeOf(body), body.header)
  } else if (message.kind === 'commit') keepFirst(held.commits, message.body.manifest, 0)
  else if (message.kind === 'reveal') keepFirst(held.reveals, message.body.manifest, 0)
  else if (message.kind === 'receipt') keepFirst(held.receipts, message.body.submission, message.body.block)
  else if (message.kind === 'submission') {
    const { competition } = message.body
    held.submissions.set(messageId(message, domainsIn(sim)), { at, competition })
  }
}

/** receipts of who has another key are dropped; what comes after stands under the new one. */
const reseat = (sim: Sim, held: Held, { members }: EntryOf<'epoch'>): void => {
  const keyOf = (delegation: Digest | undefined): Key | null => {
    const message = delegation === undefined ? null : sim.messageOf(delegation)
    return message?.kind === 'delegation' ? message.body.sessionKey : null
  }
  const seated = new Map(members.map(({ hotkey, delegation }) => [hotkey, delegation]))
  for (const receipts of held.receipts.values()) {
    for (const hotkey of receipts.keys()) {
      const [before, after] = [held.seated.get(hotkey), seated.get(hotkey)]
      if (before !== after && keyOf(before) !== keyOf(after)) receipts.delete(hotkey)
    }
  }
  held.seated = seated
}

/** an EPOCH is folded once what it names is here, which may be long after its decision; only then does it drop anything. */
const foldEpochs = (sim: Sim, node: Key, held: Held): void => {
  const { unfolded } = held
  for (let next = unfolded[0]; next !== undefined; next = unfolded[0]) {
    if ((sim.roundsOf(node)?.logHeight ?? 0) < next.height) return
    unfolded.shift()
    reseat(sim, held, next.entry)
  }
}

const hotkeysOf = (sim: Sim, ids: readonly Digest[]): ReadonlySet<Key | undefined> =>
  new Set(ids.map((id) => sim.messageOf(id)?.body.hotkey))

/** Where a vote stands. */
type Place = { readonly height: number; readonly view: number }

/** A look at a fresh value: at whose disk, and what must be in it since it was there before. */
type Look = { readonly sim: Sim; readonly node: Key; readonly held: Held; readonly before: number }

/** A member whose commit or reveal is left out. A liar's reveal need not fit its commit. */
const omittedStage = ({ sim, held, before }: Look, entry: EntryOf<'commits' | 'result'>): Key | null => {
  const log = logOf(sim)
  const round = log.rounds.get(entry.manifest)
  const isReveal = entry.kind === 'result'
  const items = (isReveal ? held.reveals : held.commits).get(entry.manifest)
  if (round === undefined || items === undefined) return null
  const named = hotkeysOf(sim, isReveal ? entry.reveals : entry.commits)
  const committed = isReveal ? hotkeysOf(sim, round.commits ?? []) : null
  for (const [hotkey, { at }] of items) {
    if (at >= before || named.has(hotkey) || !round.seats.weights.has(hotkey)) continue
    if (!isReveal || (sim.isHonest(hotkey) && committed?.has(hotkey))) return hotkey
  }
  return null
}

/** A submission that is left out, or a receipt of one that is named. */
const omittedSubmission = (look: Look, header: Header, named: ReadonlySet<Digest>): string | null => {
  const { sim, node, held, before } = look
  const { entry, height } = header
  const log = logOf(sim)
  const seats = log.seatsAt(height)
  if (entry.kind !== 'manifest' || seats === null) return null
  const { competitions } = log.paramsAt(height)
  const isFull =
    entry.submissions.length >= (competitions.find(({ id }) => id === entry.competition)?.submissionsMax ?? 0)
  const refs = new Map(entry.submissions.map((ref) => [ref.id, ref]))
  // Bundles are stored again after a start; until then nothing is promised of their submissions.
  const { headAt } = held
  const hasBundles = headAt === 0 || (headAt !== null && Math.max(headAt, sim.healAtMs) + SETTLE_MS < before)
  for (const [submission, receipts] of held.receipts) {
    const found = held.submissions.get(submission)
    if (found === undefined || found.at >= before || found.competition !== entry.competition || named.has(submission))
      continue
    const long = [...receipts].filter(
      ([hotkey, { at, block }]) => at < before && block <= entry.closeBlock && seats.weights.has(hotkey),
    )
    const ref = refs.get(submission)
    if (ref === undefined) {
      const weight = long.reduce((sum, [hotkey]) => sum + (seats.weights.get(hotkey) ?? 0n), 0n)
      const isStored = hasBundles && receipts.has(node) && long.some(([hotkey]) => hotkey === node)
      const isExcused = paymentsOf(sim).isExcused(header, submission)
      if (isStored && !isExcused && !isFull && 3n * weight > 2n * seats.total) return submission
    } else {
      const signers = hotkeysOf(sim, ref.receipts)
      const missing = long.find(([hotkey]) => !signers.has(hotkey))
      if (missing !== undefined) return `${submission} by ${missing[0]}`
    }
  }
  return null
}

export const patience: Checker = {
  name: 'patience',
  watch: (sim, checked) => {
    const disks = new Map<Key, Held>()
    const domains = domainsIn(sim)
    const demands = createDemands(sim)
    const genesis = sim.genesis.delegations.map(({ body }): [Key, Digest] => [
      body.hotkey,
      messageId({ kind: 'delegation', body }, domains),
    ])
    const diskOf = (node: Key): Held => entryOf(disks, node, () => createHeld(new Map(genesis)))
    /** Submissions that a decided manifest named: they may be done with. */
    const named = new Set<Digest>()
    const look = (node: Key, vote: Place): void => {
      const held = disks.get(node)
      const header = held?.fresh.get(placeOf(vote))
      if (held === undefined || header === undefined) return
      // A node makes up its mind once: the same vote again, after a crash or a restart, is no other look at what is held.
      held.fresh.delete(placeOf(vote))
      const before = sim.now() - patienceMs(sim, vote)
      const { entry } = header
      // Whoever started within its patience has held nothing for longer.
      if (held.startedAt >= before || demands.mayHaveEnded(node, header)) return
      const o = { sim, node, held, before }
      let what: string | null = null
      if (entry.kind === 'manifest') what = omittedSubmission(o, header, named)
      else if (entry.kind === 'commits' || entry.kind === 'result') what = omittedStage(o, entry)
      else return
      checked()
      if (what !== null) {
        throw new Violation('nobody notarizes what leaves out an item it holds', {
          node,
          height: vote.height,
          view: vote.view,
          kind: entry.kind,
          what,
        })
      }
    }
    return {
      persisted: (node, records) => {
        const held = diskOf(node)
        for (const record of records) {
          foldEpochs(sim, node, held)
          demands.persisted(node, record)
          if (record.kind === 'message') hold(sim, held, record.message)
          else if (record.kind === 'decided') {
            const { entry, height } = record.decided.header
            if (entry.kind === 'epoch') held.unfolded.push({ height, entry })
          } else if (record.kind === 'guard' && record.phase === 'notarize') look(node, record)
        }
      },
      restarted: (node) => {
        const held = diskOf(node)
        held.startedAt = sim.now()
        held.headAt = null
      },
      stepped: (node) => {
        const held = disks.get(node)
        if (held?.headAt === null && sim.roundsOf(node)?.head) held.headAt = sim.now()
      },
      decided: (_, decided) => {
        logOf(sim).note(decided)
        const { entry } = decided.header
        if (entry.kind === 'manifest') for (const { id } of entry.submissions) named.add(id)
      },
    }
  },
}
