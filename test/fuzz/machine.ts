/** The machine as a target: an input is a list of things that happen to it, four bytes each. */

import { NO_VALUE } from '../../protocol/consensus/certificate.ts'
import { leaderOf } from '../../protocol/consensus/state.ts'
import { hash, type Key, utf8ToBytes } from '../../protocol/crypto.ts'
import type { Input, JournalRecord } from '../../protocol/machine-types.ts'
import { commitmentOf } from '../../protocol/message/commitment.ts'
import { type Header, headerDigest } from '../../protocol/message/entry.ts'
import type { Unsigned } from '../../protocol/message/message.ts'
import { type Certificate, PHASES, type Phase } from '../../protocol/message/vote.ts'
import type { Random } from '../sim/random.ts'
import { blockAt } from '../sim/scene.ts'
import type { Target } from './target.ts'
import { createWorld, input, restart, say, scene, type World } from './world.ts'

const WAITS_MS = [0, 1, 250, 1000, 2000, 4000, 9000, 60_000]

const pick = <T>(items: readonly T[], at: number): T | undefined => items[at % items.length]

/** The header that a leader would propose now, if anything is due; it joins those that may be decided. */
const dueHeader = (w: World): Header | null => {
  const { host, consensus } = w.machine
  const entry = host.due()
  const { log, current } = consensus
  const block = host.headBlock()
  if (entry === null || block === null || block < log.block) return null
  const made = {
    height: current.height,
    previous: log.last,
    logRoot: log.root,
    block,
    epoch: current.committee.epoch,
    entry,
    evidence: [],
  }
  const known = w.headers.find((header) => headerDigest(header) === headerDigest(made))
  if (known === undefined) w.headers.push(made)
  return known ?? made
}

const someHeader = (w: World, at: number): Header | null => pick(w.headers, at) ?? dueHeader(w)

const certificateOf = (w: World, o: { phase: Phase; view: number; value: string }): Certificate => ({
  ...o,
  height: w.machine.consensus.current.height,
  signatures: [0, 1, 2].map((member) => ({ member, signature: '00'.repeat(64) })),
})

const vote = (w: World, o: { hotkey: Key; phase: Phase; height: number; view: number; value: string }): void => {
  const { phase, ...body } = o
  say(w, { kind: phase, body } as Unsigned)
}

/** All others vote so: with or without this node a quorum. */
const allVote = (w: World, phase: Phase, value: string): void => {
  const { height, view } = w.machine.consensus.current
  for (const hotkey of w.others) vote(w, { hotkey, phase, height, view, value })
}

const propose = (w: World, header: Header, o: { view: number; parentView: number | null }): void => {
  const hotkey = leaderOf(w.machine.consensus.current, o.view)
  if (hotkey === null || hotkey === w.self || header.height !== w.machine.consensus.current.height) return
  say(w, { kind: 'proposal', body: { ...o, height: header.height, hotkey, header } })
}

/** Another header of the same height that no honest node would propose. */
const twisted = (header: Header, at: number): Header => {
  const twists: readonly Header[] = [
    scene.twist(header),
    { ...header, previous: header.logRoot },
    { ...header, epoch: header.epoch + 1 },
    { ...header, block: header.block + 5 },
    { ...header, entry: { kind: 'commits', competition: 'none', round: 7, manifest: header.previous, commits: [] } },
  ]
  return pick(twists, at) ?? header
}

const lie = (w: World, a: number, b: number, c: number): void => {
  const { height, view } = w.machine.consensus.current
  const values = [NO_VALUE, hash(utf8ToBytes(`${c >> 4}`)), ...w.headers.map(headerDigest)]
  const heights = [height, height, height, height + 1, height - 1, height + 9, 0]
  const at = { height: Math.max(0, pick(heights, a >> 2) ?? height), view: Math.max(0, view - 2 + (b % 14)) }
  const phase = pick(PHASES, a) ?? 'nullify'
  vote(w, { hotkey: w.others[0] ?? '', phase, ...at, value: pick(values, c) ?? NO_VALUE })
}

const answer = (w: World, at: number): void => {
  const place = at % (w.asked.length || 1)
  const effect = w.asked[place]
  if (effect === undefined) return
  w.asked = w.asked.toSpliced(place, 1)
  const next = answerTo(w, effect)
  if (next !== null) input(w, next)
}

const answerTo = (w: World, effect: World['asked'][number]): Input | null => {
  const { at } = w
  if (effect.kind === 'readBlock')
    return effect.number <= w.head ? { kind: 'block', at, block: blockAt(effect.number) } : null
  if (effect.kind === 'readMetagraph') {
    const metagraph = effect.block <= w.head ? scene.metagraph(effect.block, 0) : null
    return metagraph && { kind: 'metagraph', at, metagraph }
  }
  if (effect.kind === 'readPayment') {
    const facts = scene.payment(effect)
    return facts && { kind: 'payment', at, submission: effect.submission, facts }
  }
  if (effect.kind === 'fetch' && effect.what === 'blob') return { kind: 'stored', at, digest: effect.digest }
  if (effect.kind === 'fetch') {
    const message = w.library.get(effect.digest)
    return message === undefined ? null : { kind: 'message', at, message: message as never }
  }
  if (effect.kind === 'accuse') return { kind: 'evidence', at, evidence: effect.evidence as never }
  if (effect.kind !== 'evaluate') return null
  const { competition, round, manifest } = effect
  const found = scene.evaluate(w.self, effect, w.lives)
  return found && { kind: 'evaluated', at, competition, round, manifest, ...found }
}

/** A member's commit or reveal of a round that this node was asked to measure; `isFalse`: of something else than it measured. */
const measured = (w: World, o: { hotkey: Key; at: number; kind: 'commit' | 'reveal'; isFalse: boolean }): void => {
  const effect = pick(w.evaluations, w.evaluations.length - 1 + o.at)
  const found = effect && scene.evaluate(o.hotkey, effect, 0)
  if (!effect || !found) return
  const { competition, round, manifest } = effect
  const body = { competition, round, manifest, hotkey: o.hotkey }
  const { nonce } = found
  const statement = o.isFalse ? found.statement.slice(o.at) : found.statement
  const domain = w.machine.rounds.domains.mesh
  const commitment = commitmentOf({ domain, ...body, nonce, statement })
  say(
    w,
    o.kind === 'commit'
      ? { kind: o.kind, body: { ...body, commitment } }
      : { kind: o.kind, body: { ...body, nonce, statement } },
  )
}

const head = (w: World, blocks: number): void => {
  for (let left = blocks; left > 0; left--) {
    w.head++
    w.at += 1000
    input(w, { kind: 'head', at: w.at, block: blockAt(w.head) })
    for (const { message } of scene.outside(w.head)) say(w, { kind: message.kind, body: message.body } as Unsigned)
  }
}

const receipts = (w: World, count: number): void => {
  const known = [...w.library].filter(([, message]) => message.kind === 'submission').slice(-2)
  for (const [submission] of known) {
    for (const hotkey of w.others.slice(0, count)) {
      say(w, { kind: 'receipt', body: { submission, hotkey, block: w.head } })
    }
  }
}

/** A height as an honest mesh decides it. */
const decideHeight = (w: World): void => {
  const header = dueHeader(w)
  const { current } = w.machine.consensus
  if (header === null) return
  propose(w, header, { view: current.view, parentView: null })
  allVote(w, 'notarize', headerDigest(header))
  allVote(w, 'finalize', headerDigest(header))
}

const everyone = (w: World, kind: 'commit' | 'reveal'): void => {
  for (const hotkey of w.others) measured(w, { hotkey, at: 0, kind, isFalse: false })
}

type Happening = (w: World, a: number, b: number, c: number) => void

const HAPPENINGS: readonly Happening[] = [
  (w, a) => {
    w.at += pick(WAITS_MS, a) ?? 0
    input(w, { kind: 'wake', at: w.at })
  },
  (w, a) => head(w, 1 + (a % 8)),
  answer,
  (w) => {
    for (let left = w.asked.length; left > 0; left--) answer(w, 0)
  },
  (w, a) => receipts(w, 1 + (a % 3)),
  (w) => decideHeight(w),
  (w) => everyone(w, 'commit'),
  (w) => everyone(w, 'reveal'),
  (w, a, b, c) => {
    const header = someHeader(w, a)
    const { view } = w.machine.consensus.current
    if (header)
      propose(w, header, { view: view + (b % 3), parentView: c % 3 === 0 ? null : Math.max(0, view - (c % 3)) })
  },
  (w, a, b, c) => {
    const header = someHeader(w, a)
    const view = w.machine.consensus.current.view + (b % 10)
    if (header) propose(w, twisted(header, c), { view, parentView: null })
  },
  (w, a, b) => {
    const header = someHeader(w, a)
    const phase = pick(PHASES, b) ?? 'nullify'
    if (header || phase === 'nullify')
      allVote(w, phase, header && phase !== 'nullify' ? headerDigest(header) : NO_VALUE)
  },
  lie,
  (w, a, b, c) => {
    const header = someHeader(w, a)
    const phase = pick(PHASES, b) ?? 'nullify'
    if (header === null && phase !== 'nullify') return
    const value = header && phase !== 'nullify' ? headerDigest(header) : NO_VALUE
    const view = Math.max(0, w.machine.consensus.current.view - 2 + (c % 6)) + (c > 250 ? 1000 : 0)
    input(w, { kind: 'certificate', at: w.at, certificate: certificateOf(w, { phase, view, value }) as never })
  },
  (w, a, b) => {
    const header = someHeader(w, a)
    if (header === null) return
    const certificate = certificateOf(w, { phase: 'finalize', view: b % 3, value: headerDigest(header) })
    input(w, { kind: 'decided', at: w.at, decided: { header, certificate } as never })
  },
  (w, a, b, c) => {
    const { height, view } = w.machine.consensus.current
    const status = {
      height: Math.max(0, height - 2 + (a % 5)),
      view: b % 9,
      missingViews: [view, c % 9, c % 5].slice(c % 4),
    }
    input(w, { kind: 'status', at: w.at, from: pick(w.others, a) ?? '', status })
  },
  (w, a) => {
    if (a % 2 === 0) restart(w)
    else w.dies = (a >> 1) % 6
  },
  (w, a, b) =>
    measured(w, { hotkey: w.others[0] ?? '', at: a, kind: b % 2 === 0 ? 'commit' : 'reveal', isFalse: b % 4 > 1 }),
  (w, a, b) => {
    const { height, view } = w.machine.consensus.current
    const phase = pick(PHASES, a) ?? 'nullify'
    vote(w, {
      hotkey: w.self,
      phase,
      height: height + (b % 2),
      view: view + (b % 3),
      value: hash(utf8ToBytes('clone')),
    })
  },
  (w, a, b) => input(w, { kind: 'stored', at: w.at, digest: hash(utf8ToBytes(`bundle ${a % 2 === 0 ? 7 * b : b}`)) }),
]

const LENGTH_MAX = 512

const live = (bytes: Uint8Array, keeps: (record: JournalRecord) => boolean): World => {
  const w = createWorld((bytes[0] ?? 0) % 4, keeps)
  for (let at = 1; at < bytes.length && at < 4 * LENGTH_MAX; at += 4) {
    const [what = 0, a = 0, b = 0, c = 0] = bytes.subarray(at, at + 4)
    pick(HAPPENINGS, what)?.(w, a, b, c)
  }
  restart(w)
  return w
}

/** The disk of a node that has just measured its first round: blocks, answers, receipts and heights by turns until then. */
export const everyday = (): readonly JournalRecord[] => {
  const turn = [1, 3, 3, 3, 4, 3, 3, 3, 5, 3, 3, 3].flatMap((what) => [what, 2, 0, 0])
  for (let turns = 1; turns < 40; turns++) {
    const history = Uint8Array.of(0, ...Array.from({ length: turns }, () => turn).flat())
    const { disk } = live(history, () => true)
    if (disk.some(({ kind }) => kind === 'sealed')) return disk
  }
  throw new Error('no round was opened and measured')
}

/** Mostly what an honest mesh does, so that rounds open, are measured and decided; the rest is drawn from everything. */
const sample = (random: Random): Uint8Array => {
  const usual = [1, 3, 4, 5, 6, 7, 0]
  const happenings = Array.from({ length: 8 + random.below(60) }, (_, at) => {
    const what = random.chance(800) ? (usual[at % usual.length] ?? 0) : random.below(HAPPENINGS.length)
    return [what, random.below(256), random.below(256), random.below(256)]
  })
  return Uint8Array.of(random.below(4), ...happenings.flat())
}

/** Over a disk that loses what `keeps` says. */
export const machineOver = (keeps: (record: JournalRecord) => boolean): Target => ({
  name: 'machine',
  grammar: 'records',
  sample,
  run: (bytes) => {
    live(bytes, keeps)
  },
})

export const machineTarget = machineOver(() => true)
