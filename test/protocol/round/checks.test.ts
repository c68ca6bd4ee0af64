/** What a voter says of proposed entries: valid, provably wrong, or not yet, and what it does to find out. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InvariantError } from '../../../protocol/assert.ts'
import type { Entry, EntryOf } from '../../../protocol/message/entry.ts'
import { rounds } from '../../../protocol/round/application.ts'
import { buildStatement, parseStatement } from '../../../protocol/round/statement.ts'
import {
  createMesh,
  digestOf,
  kindsOf,
  type Mesh,
  MINERS,
  type Node,
  nodeAt,
  params,
  submissionOf,
  VALIDATORS,
} from './mesh.ts'
import { SIGNATURE } from './signing.ts'

const [ANN = '', BEN = '', CIN = ''] = MINERS
const PATIENCE_MS = 2_000

/** Runs heads without deciding until the node has this kind of entry due. */
const untilDue = <K extends Entry['kind']>(mesh: Mesh, node: Node, kind: K): EntryOf<K> => {
  for (let block = 0; block < 100; block += 1) {
    const entry = rounds.due(node.state)
    if (entry?.kind === kind) return entry as EntryOf<K>
    mesh.head()
  }
  throw new Error(`no ${kind} is due`)
}

const atManifest = (): { mesh: Mesh; voter: Node; entry: EntryOf<'manifest'> } => {
  const mesh = createMesh()
  const voter = nodeAt(mesh, 1)
  mesh.head()
  for (const miner of [ANN, BEN]) {
    mesh.tell(submissionOf(miner, miner))
    mesh.head()
  }
  return { mesh, voter, entry: untilDue(mesh, nodeAt(mesh, 0), 'manifest') }
}

const reasonOf = (mesh: Mesh, node: Node, entry: Entry): string => {
  const answer = mesh.check(node, entry)
  return answer.kind === 'valid' ? 'valid' : `${answer.kind}: ${answer.reason}`
}

test('a manifest that differs from the log, the parameters or its own receipts is provably wrong', () => {
  const { mesh, voter, entry } = atManifest()
  const [first, second] = entry.submissions
  assert.ok(first && second)
  assert.equal(reasonOf(mesh, voter, entry), 'valid')
  const wrong: readonly (readonly [Partial<EntryOf<'manifest'>>, string])[] = [
    [{ competition: 'other' }, 'competition'],
    [{ round: 2 }, 'round'],
    [{ paramsHash: digestOf('x') }, 'paramsHash'],
    [{ image: digestOf('x') }, 'image or theta'],
    [{ thetaPpm: 1 }, 'image or theta'],
    [{ incumbent: first.id }, 'incumbent'],
    [{ closeBlock: entry.closeBlock + 1 }, 'closeBlock'],
    [{ closeBlock: entry.closeBlock - params.roundBlocks }, 'closed before'],
    [{ beaconBlock: entry.beaconBlock - 1 }, 'beaconBlock'],
    [{ submissions: [second, first] }, 'order'],
    [{ submissions: [first, first] }, 'order'],
    [{ submissions: [] }, 'nothing to measure'],
    [{ submissions: Array.from({ length: params.submissionsMax + 1 }, () => first) }, 'too many submissions'],
    [{ submissions: [{ ...first, receiptBlock: first.receiptBlock - 1 }, second] }, 'receiptBlock'],
    [{ submissions: [{ ...first, receipts: first.receipts.slice(0, 1) }, second] }, 'receiptBlock'],
    [{ submissions: [{ ...first, receipts: [...first.receipts].reverse() }, second] }, 'receipts'],
    [{ submissions: [{ ...first, receipts: second.receipts }, second] }, 'receipt'],
  ]
  for (const [change, reason] of wrong) {
    assert.equal(reasonOf(mesh, voter, { ...entry, ...change }), `invalid: ${reason}`)
  }
})

test('a manifest waits for receipts and bundles that are not here, asks for them once, and is valid when they have come', () => {
  const { mesh, voter, entry } = atManifest()
  const [ref] = entry.submissions
  assert.ok(ref)
  const [receipt = ''] = ref.receipts
  const bundle = voter.state.competitions.get(params.id)?.candidates.get(ref.id)?.held.message.body.bundle ?? ''
  voter.state.items.delete(receipt)
  voter.state.stored.delete(bundle)
  const before = voter.effects.length
  assert.equal(mesh.check(voter, entry).kind, 'wait')
  const asked = voter.effects.slice(before).filter((effect) => effect.kind === 'fetch')
  assert.deepEqual(asked, [
    { kind: 'fetch', what: 'message', digest: receipt },
    { kind: 'fetch', what: 'blob', digest: bundle },
  ])
  assert.equal(reasonOf(mesh, voter, entry), 'valid')
})

test('a fresh manifest waits while its beacon block is too near, a justified one does not', () => {
  const { mesh, voter, entry } = atManifest()
  voter.state.head = { number: entry.beaconBlock - 2, hash: digestOf('head') }
  assert.equal(mesh.check(voter, entry).kind, 'wait')
  assert.equal(mesh.check(voter, entry, { fresh: false }).kind, 'valid')
})

test('a manifest that leaves out a submission is refused once it was held longer than patience, which grows with the view', () => {
  const { mesh, voter, entry } = atManifest()
  const partial = { ...entry, submissions: entry.submissions.slice(1) }
  mesh.clock.at += PATIENCE_MS + 1
  const answer = mesh.check(voter, partial)
  assert.ok(answer.kind === 'wait')
  const relayed = answer.effects.flatMap((effect) =>
    effect.kind === 'relay' && effect.what.kind === 'message' ? [effect.what.message.kind] : [],
  )
  assert.ok(relayed.includes('submission') && relayed.includes('receipt'))
  assert.equal(mesh.check(voter, partial, { fresh: false }).kind, 'valid')
  assert.equal(mesh.check(voter, partial, { view: 12 }).kind, 'valid')
})

test('a submission that came a moment ago may be left out', () => {
  const { mesh, voter, entry } = atManifest()
  const { submission } = { submission: submissionOf(CIN, 'late') }
  mesh.tell(submission)
  assert.equal(reasonOf(mesh, voter, entry), 'valid')
})

test('a submission that got its receipts after the close is in the next round, not in this one', () => {
  const { mesh, entry } = atManifest()
  mesh.head()
  const late = mesh.tell(submissionOf(CIN, 'late'))
  mesh.clock.at += PATIENCE_MS + 1
  const again = rounds.due(nodeAt(mesh, 0).state)
  assert.ok(again?.kind === 'manifest')
  assert.deepEqual(again.submissions, entry.submissions)
  assert.equal(reasonOf(mesh, nodeAt(mesh, 1), again), 'valid')
  mesh.run(() => kindsOf(mesh).filter((kind) => kind === 'manifest').length === 2)
  const next = mesh.log.findLast(({ header }) => header.entry.kind === 'manifest')?.header.entry
  assert.ok(next?.kind === 'manifest' && next.submissions.some(({ id }) => id === late))
})

test('a certified result that its reveals do not derive stops the node: two thirds of the stake have lied to it', () => {
  const { mesh, entry } = atResult()
  assert.throws(() => mesh.decide({ ...entry, result: digestOf('x') }), InvariantError)
})

test('a manifest may not leave out a receipt that would move a submission’s place', () => {
  const { mesh, voter, entry } = atManifest()
  const [ref] = entry.submissions
  assert.ok(ref)
  const heavy = ref.receipts.filter((id) => {
    const message = voter.state.items.get(id)?.message
    return message?.kind === 'receipt' && message.body.hotkey !== VALIDATORS[3]
  })
  const partial = { ...entry, submissions: [{ ...ref, receipts: heavy }, ...entry.submissions.slice(1)] }
  mesh.clock.at += PATIENCE_MS + 1
  assert.equal(mesh.check(voter, partial).kind, 'wait')
  assert.equal(mesh.check(voter, partial, { fresh: false }).kind, 'valid')
})

const atCommits = (): { mesh: Mesh; voter: Node; entry: EntryOf<'commits'> } => {
  const { mesh, voter, entry } = atManifest()
  mesh.decide(entry)
  return { mesh, voter, entry: untilDue(mesh, nodeAt(mesh, 0), 'commits') }
}

test('commits that are too few, too early, doubled, unsorted or of another round are provably wrong', () => {
  const { mesh, voter, entry } = atCommits()
  const [first = '', ...others] = entry.commits
  assert.equal(reasonOf(mesh, voter, entry), 'valid')
  const wrong: readonly (readonly [Partial<EntryOf<'commits'>>, string])[] = [
    [{ round: 2 }, 'no such round is open'],
    [{ manifest: digestOf('x') }, 'no such round is open'],
    [{ competition: 'other' }, 'no such round is open'],
    [{ commits: others }, 'too early or too few'],
    [{ commits: [] }, 'too early or too few'],
    [{ commits: [...others, first] }, 'commits'],
    [{ commits: [first, first, ...others] }, 'commits'],
  ]
  for (const [change, reason] of wrong) {
    assert.equal(reasonOf(mesh, voter, { ...entry, ...change }), `invalid: ${reason}`)
  }
  assert.equal(mesh.check(voter, { ...entry, commits: [digestOf('unknown')] }).kind, 'wait')
})

/** The same commits without the lightest validator's, at a block where they may close. */
const withoutLightest = (mesh: Mesh, entry: EntryOf<'commits'>): EntryOf<'commits'> => {
  for (let block = 0; block < params.commitBlocks + 10; block += 1) mesh.head()
  const { items } = nodeAt(mesh, 0).state
  const commits = entry.commits.filter((id) => {
    const message = items.get(id)?.message
    return message?.kind === 'commit' && message.body.hotkey !== VALIDATORS[3]
  })
  return { ...entry, commits }
}

test('commits that leave one out after the deadline are refused by who held it long, unless a notarization justifies them', () => {
  const { mesh, voter, entry } = atCommits()
  const partial = withoutLightest(mesh, entry)
  assert.equal(mesh.check(voter, partial).kind, 'wait')
  assert.equal(mesh.check(voter, partial, { fresh: false }).kind, 'valid')
})

test('who is not in COMMITS never reveals', () => {
  const { mesh, entry } = atCommits()
  mesh.decide(withoutLightest(mesh, entry))
  for (let block = 0; block < 5; block += 1) mesh.head()
  const revealed = [...mesh.archive.values()].flatMap((m) => (m.kind === 'reveal' ? [m.body.hotkey] : []))
  assert.deepEqual(revealed.sort(), VALIDATORS.slice(0, 3).sort())
})

test('a round is not void before the extended deadline, nor while a quorum is present', () => {
  const { mesh, voter, entry } = atCommits()
  mesh.decide(entry)
  const committed = mesh.clock.head
  const { competition, round, manifest } = entry
  const missing = [...VALIDATORS.slice(0, 2)].sort()
  const voided: Entry = { kind: 'void', competition, round, manifest, stage: 'reveals', missing }
  mesh.clock.head = committed + params.revealBlocks + params.extendBlocks - 1
  assert.equal(reasonOf(mesh, voter, voided), 'invalid: too early')
  mesh.clock.head += 1
  assert.equal(reasonOf(mesh, voter, { ...voided, missing: missing.slice(0, 1) }), 'invalid: a quorum is present')
  assert.equal(reasonOf(mesh, voter, { ...voided, missing: [...missing].reverse() }), 'invalid: missing')
  assert.equal(reasonOf(mesh, voter, voided), 'valid', 'what it calls missing came a moment ago')
  mesh.clock.at += PATIENCE_MS + 1
  assert.equal(mesh.check(voter, voided).kind, 'wait')
})

test('R-75: 120Δ after its first refusal a voter takes a VOID that calls missing what is here, but not where a quorum is here', () => {
  const answersWith = (revealing: readonly string[]) => {
    const { mesh, voter, entry } = atCommits()
    mesh.world.signs = ({ hotkey, message }) => message.kind !== 'reveal' || revealing.includes(hotkey)
    mesh.decide(entry)
    mesh.clock.head += params.revealBlocks + params.extendBlocks
    mesh.clock.at += PATIENCE_MS + 1
    const { competition, round, manifest } = entry
    const missing = [VALIDATORS[0] ?? '', VALIDATORS[2] ?? ''].sort()
    const voided: Entry = { kind: 'void', competition, round, manifest, stage: 'reveals', missing }
    return [0, 119_000, 1_001].map((ms) => {
      mesh.clock.at += ms
      return mesh.check(voter, voided).kind
    })
  }
  assert.deepEqual(answersWith(VALIDATORS.slice(0, 2)), ['wait', 'wait', 'valid'])
  assert.deepEqual(answersWith(VALIDATORS.slice(0, 3)), ['wait', 'wait', 'wait'])
})

const atResult = (): { mesh: Mesh; voter: Node; entry: EntryOf<'result'> } => {
  const { mesh, voter, entry } = atCommits()
  mesh.decide(entry)
  return { mesh, voter, entry: untilDue(mesh, nodeAt(mesh, 0), 'result') }
}

test('a result that its reveals do not derive, or that leaves reveals out before the deadline, is provably wrong', () => {
  const { mesh, voter, entry } = atResult()
  assert.equal(reasonOf(mesh, voter, entry), 'valid')
  assert.equal(reasonOf(mesh, voter, { ...entry, result: digestOf('x') }), 'invalid: result')
  assert.equal(reasonOf(mesh, voter, { ...entry, reveals: entry.reveals.slice(1) }), 'invalid: too early')
  assert.equal(reasonOf(mesh, voter, { ...entry, reveals: entry.reveals.slice(2) }), 'invalid: too few')
  assert.equal(reasonOf(mesh, voter, { ...entry, reveals: [...entry.reveals].reverse() }), 'invalid: reveals')
  const voided: Entry = { ...entry, kind: 'void', stage: 'reveals', missing: [] }
  assert.equal(reasonOf(mesh, voter, voided), 'invalid: too early')
  assert.equal(reasonOf(mesh, voter, { ...voided, stage: 'commits' }), 'invalid: stage')
})

test('a reveal that does not open its commitment never counts, whoever proposes it', () => {
  const mesh = createMesh()
  const [liar = ''] = VALIDATORS.slice(3)
  mesh.world.signs = ({ hotkey, message }) => hotkey !== liar || message.kind !== 'reveal'
  mesh.tell(submissionOf(ANN, 'code'))
  mesh.run(() => kindsOf(mesh).includes('commits'))
  const honest = [...mesh.archive.values()].find((message) => message.kind === 'reveal')
  assert.ok(honest?.kind === 'reveal')
  const forged = mesh.tell({ kind: 'reveal', body: { ...honest.body, hotkey: liar }, signature: SIGNATURE })
  const entry = untilDue(mesh, nodeAt(mesh, 0), 'result')
  assert.equal(entry.reveals.length, 3)
  const reveals = [...entry.reveals, forged]
  assert.equal(reasonOf(mesh, nodeAt(mesh, 1), { ...entry, reveals }), 'invalid: reveals')
})

const told = (node: Node): boolean =>
  node.effects.some((effect) => effect.kind === 'notice' && effect.notice.kind === 'equivocation')

test('a reveal of another measurement than the committed one never counts, however well it fits the round', () => {
  const { mesh, voter, entry } = atResult()
  const [first = '', ...others] = entry.reveals
  const message = mesh.archive.get(first)
  assert.ok(message?.kind === 'reveal')
  const statement = buildStatement({ ...parseStatement(message.body.statement), hostNoisePpm: 1 })
  const changed = mesh.tell({ ...message, body: { ...message.body, statement } })
  const proposal = { ...entry, reveals: [changed, ...others] }
  assert.equal(mesh.check(voter, proposal).kind, 'wait', 'the first reveal is the one it holds')
  assert.equal(reasonOf(mesh, voter, proposal), 'invalid: reveals')
})

test('two receipts of one validator for one submission do not count twice', () => {
  const { mesh, voter, entry } = atManifest()
  const [ref, ...others] = entry.submissions
  assert.ok(ref)
  const body = { submission: ref.id, hotkey: VALIDATORS[0] ?? '', block: 100 }
  const second = mesh.tell({ kind: 'receipt', body, signature: SIGNATURE })
  const receipts = [...ref.receipts, second].sort((a, b) => (a < b ? -1 : 1))
  const proposal = { ...entry, submissions: [{ ...ref, receipts }, ...others] }
  assert.equal(mesh.check(voter, proposal).kind, 'wait')
  assert.equal(reasonOf(mesh, voter, proposal), 'invalid: receipts')
})

test('two commits of one validator are reported, and whichever the log names is the one that binds it', () => {
  const mesh = createMesh()
  const [double = ''] = VALIDATORS
  const voter = nodeAt(mesh, 1)
  mesh.tell(submissionOf(ANN, 'code'))
  mesh.run(() => kindsOf(mesh).includes('manifest'))
  const manifest = mesh.log[0]?.digest ?? ''
  const forged = { competition: params.id, round: 1, manifest, hotkey: double, commitment: digestOf('another') }
  const others = mesh.nodes.filter((node) => node !== voter)
  // The voter hears the other commit first and only; its leader has the one that the validator will open.
  mesh.world.delivers = ({ from, to, message }) =>
    message.kind !== 'commit' || (from === double ? to !== voter.hotkey : from !== '' || to === voter.hotkey)
  while (![...mesh.archive.values()].some(({ kind }) => kind === 'commit')) mesh.head()
  mesh.tell({ kind: 'commit', body: forged, signature: SIGNATURE })
  assert.equal(
    others.some((node) => told(node)),
    false,
  )
  const entry = untilDue(mesh, nodeAt(mesh, 0), 'commits')
  assert.equal(mesh.check(voter, entry).kind, 'wait')
  assert.equal(mesh.check(voter, entry).kind, 'valid')
  assert.equal(told(voter), true)
})

test('commits, reveals and receipts of strangers, and commits after COMMITS, are not kept', () => {
  const { mesh, voter } = atResult()
  const before = voter.state.items.size
  const manifest = mesh.log[0]?.digest ?? ''
  const stranger = digestOf('stranger')
  const base = { competition: params.id, round: 1, manifest }
  const commitment = digestOf('c')
  mesh.tell({ kind: 'commit', body: { ...base, hotkey: stranger, commitment }, signature: SIGNATURE })
  mesh.tell({ kind: 'commit', body: { ...base, hotkey: VALIDATORS[0] ?? '', commitment }, signature: SIGNATURE })
  mesh.tell({ kind: 'receipt', body: { submission: digestOf('s'), hotkey: stranger, block: 1 }, signature: SIGNATURE })
  mesh.tell({
    kind: 'reveal',
    body: { ...base, hotkey: stranger, nonce: digestOf('n'), statement: new Uint8Array() },
    signature: SIGNATURE,
  })
  assert.equal(voter.state.items.size, before)
})

test('after a round its commits, its reveals and what got a verdict are held no more', () => {
  const { mesh, voter, entry } = atResult()
  mesh.decide(entry)
  const [result] = voter.state.competitions.get(params.id)?.results ?? []
  const kinds = [...voter.state.items.values()].map(({ message }) => message.kind)
  assert.ok(!kinds.includes('commit') && !kinds.includes('reveal'))
  const provisional = result?.submissions.filter(({ board }) => board === 'provisional').map(({ id }) => id)
  const held = [...voter.state.items.values()]
    .filter(({ message }) => message.kind === 'submission')
    .map(({ id }) => id)
  assert.deepEqual(held, provisional)
})
