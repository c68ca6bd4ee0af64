/** What members say to hold the mesh up, to each half of it something else: within five minutes it goes on without them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { leaderOrder } from '../../../protocol/consensus/leader.ts'
import { commitmentOf } from '../../../protocol/message/commitment.ts'
import { type Entry, type EntryOf, type Header, headerDigest } from '../../../protocol/message/entry.ts'
import { messageId, type Signed, type Unsigned } from '../../../protocol/message/message.ts'
import { rounds } from '../../../protocol/round/application.ts'
import { buildStatement, parseStatement } from '../../../protocol/round/statement.ts'
import { createMachines, type Peer, type Setting } from './machines.ts'
import { delegationOf, digestOf, MINERS, params, submissionOf } from './mesh.ts'
import { SIGNATURE } from './signing.ts'

const [ANN = ''] = MINERS

const signed = (message: Unsigned): Signed => ({ ...message, signature: SIGNATURE }) as Signed

/** The lightest, less than a third of them, say nothing but what a test makes them say. */
const createHeldUp = (setting: Setting) => {
  const mesh = createMachines(setting)
  const liarsMax = Math.floor((setting.of - 1) / 3)
  const liars = mesh.peers.slice(-liarsMax)
  for (const liar of liars) liar.isUp = false
  return { ...mesh, honest: mesh.peers.slice(0, -liarsMax), liars }
}

const roundAt = ({ state }: Peer) => state.competitions.get(params.id)?.open ?? null

const isDue = (peer: Peer, kind: Entry['kind']): boolean => rounds.due(peer.state)?.kind === kind
const hasDecided = ({ machine }: Peer, kind: Entry['kind']): boolean =>
  machine.consensus.recent.some(({ header }) => header.entry.kind === kind)

const headerAt = ({ machine, state }: Peer, entry: Entry): Header => {
  const { log, current } = machine.consensus
  const { epoch } = current.committee
  return {
    ...{ height: current.height, previous: log.last, logRoot: log.root, block: state.head?.number ?? 0, epoch },
    ...{ entry, evidence: [] },
  }
}

/**
 * COMMITS of four is due, and its leader says only what a test makes it say. Of its commits the victim has heard another one than the two whose
 * `value` may be decided; its `decoy` names a third, beside what does not exist.
 */
const createDecoyed = () => {
  const mesh = createMachines({ of: 4 })
  const { peers, domains, show, run } = mesh
  const [hotkey = '', ...order] = leaderOrder(peers[0]?.state.committee ?? assert.fail(), 2)
  for (const peer of peers) peer.isUp = peer.hotkey !== hotkey
  const honest = order.map((leader) => peers.find((peer) => peer.hotkey === leader) ?? assert.fail())
  const [next = assert.fail(), victim = assert.fail(), other = assert.fail()] = honest
  show(submissionOf(ANN, 'code'), ...honest)
  run(() => honest.every((peer) => hasDecided(peer, 'manifest')))
  const id = { competition: params.id, round: 1, manifest: roundAt(next)?.manifest ?? '', hotkey }
  const commitOf = (name: string) => signed({ kind: 'commit', body: { ...id, commitment: digestOf(name) } })
  show(commitOf('heard'), victim)
  show(commitOf('named'), next, other)
  show(commitOf('never needed'))
  run(() => honest.every((peer) => isDue(peer, 'commits')))
  const entry = rounds.due(next.state) as EntryOf<'commits'>
  const commits = [messageId(commitOf('never needed'), domains), digestOf('nothing')]
  const value = headerAt(next, entry)
  const propose = (header: Header, ...to: readonly Peer[]) =>
    show(signed({ kind: 'proposal', body: { height: 2, view: 0, hotkey, parentView: null, header } }), ...to)
  return {
    ...mesh,
    ...{ honest, victim, value },
    proposeValue: () => propose(value, next, other),
    proposeDecoy: () => propose({ ...value, entry: { ...entry, commits } }, victim),
    /** The leader's, for the value. */
    vote: (kind: 'notarize' | 'finalize') =>
      show(signed({ kind, body: { height: 2, view: 0, value: headerDigest(value), hotkey } }), ...honest),
  }
}

test('R-133: a leader that names what does not exist, then has a value notarized and given up, holds nobody up', () => {
  const { honest, victim, value, run, proposeValue, proposeDecoy, vote } = createDecoyed()
  proposeValue()
  proposeDecoy()
  run(() => honest.every(({ machine }) => machine.consensus.current.views.get(0)?.guard.nullify))
  vote('notarize')
  run(() => honest.every((peer) => hasDecided(peer, 'commits')))
  const [, decided] = victim.machine.consensus.recent
  assert.deepEqual(decided?.header, value, 'the value that was given up')
})

test('R-133: what a leader names to a single voter takes no place from what the log names', () => {
  const { honest, victim, value, run, proposeValue, proposeDecoy, vote } = createDecoyed()
  proposeDecoy()
  run(() => victim.state.guests.held.size === 1)
  proposeValue()
  vote('notarize')
  vote('finalize')
  run(() => honest.every((peer) => hasDecided(peer, 'commits')))
  const [, decided] = victim.machine.consensus.recent
  assert.deepEqual(decided?.header, value)
  run(() => honest.every((peer) => hasDecided(peer, 'result')))
})

test('R-70: members that show a delegation not in force yet to one half each stop EPOCH no longer than voters demand', () => {
  const { honest, liars, show, run } = createHeldUp({ of: 7, block: 965 })
  const halves = [honest.slice(0, 2), honest.slice(2)]
  for (const [place, { hotkey }] of liars.entries()) {
    const body = { ...delegationOf(hotkey, 2), fromBlock: 900_000 }
    show(signed({ kind: 'delegation', body }), ...(halves[place] ?? []))
  }
  run(() => honest.every((peer) => isDue(peer, 'epoch')))
  run(() => honest.every((peer) => hasDecided(peer, 'epoch')))
})

test('R-70: members that show a false reveal to one half each stop no RESULT, and are convicted', () => {
  const { domains, honest, liars, show, run } = createHeldUp({ of: 7 })
  const [first = assert.fail()] = honest
  show(submissionOf(ANN, 'code'), ...honest)
  run(() => Boolean(roundAt(first)?.sealed))
  const { manifest, sealed } = roundAt(first) ?? assert.fail()
  const own = parseStatement(sealed?.statement ?? assert.fail())
  const reveals = liars.map(({ hotkey }) => {
    const id = { competition: params.id, round: 1, manifest, hotkey }
    const [opening, lie] = ['sealed', 'false'].map((name) => {
      const nonce = digestOf(name)
      return { ...id, nonce, statement: buildStatement({ ...own, hotkey, nonce }) }
    })
    assert.ok(opening && lie)
    const commitment = commitmentOf({ domain: domains.mesh, ...opening })
    show(signed({ kind: 'commit', body: { ...id, commitment } }), ...honest)
    return [opening, lie].map((body) => signed({ kind: 'reveal', body }))
  })
  run(() => honest.every((peer) => hasDecided(peer, 'commits')))
  const halves = [honest.slice(0, 2), honest.slice(2)]
  for (const [place, told] of reveals.entries()) {
    for (const [half, reveal] of told.entries()) show(reveal, ...(halves[place ^ half] ?? []))
  }
  run(() => honest.every((peer) => hasDecided(peer, 'result')))
  const hotkeys = liars.map(({ hotkey }) => hotkey).sort()
  for (const { state } of honest) assert.deepEqual([...state.convicted.keys()].sort(), hotkeys)
})

test('R-70: a member that dates its receipts otherwise for each half stops no MANIFEST', () => {
  const { domains, clock, honest, liars, pass, show, run } = createHeldUp({ of: 4, params: { submissionsMax: 2 } })
  const [one = assert.fail(), two = assert.fail(), three = assert.fail()] = honest
  const hotkey = liars[0]?.hotkey ?? ''
  // Of one block the smallest ids come first.
  const submissions = MINERS.map((miner) => submissionOf(miner, 'code'))
  submissions.sort((a, b) => (messageId(a, domains) < messageId(b, domains) ? -1 : 1))
  const [early, late] = [submissions.slice(2), submissions.slice(0, 2)]
  // Two sign at the end of one block, the third and the liar's other face in the next.
  pass(4_960)
  const block = clock.head
  for (const submission of early) show(submission, two, three)
  pass(60)
  for (const submission of early) show(submission, one)
  pass(80)
  for (const submission of late) show(submission, ...honest)
  pass(200)
  for (const [place, submission] of early.entries()) {
    const dated = (at: number) =>
      signed({ kind: 'receipt', body: { submission: messageId(submission, domains), hotkey, block: at } })
    show(dated(block), ...(place === 0 ? [one] : [two]))
    show(dated(block + 1), ...(place === 0 ? [two, three] : [one, three]))
  }
  run(() => honest.every((peer) => isDue(peer, 'manifest')))
  run(() => honest.every((peer) => hasDecided(peer, 'manifest')))
})
