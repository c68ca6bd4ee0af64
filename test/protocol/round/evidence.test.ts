/** Evidence in a mesh: who notices an offence tells everyone, a header names it, and the next committees are without its author. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Metagraph } from '../../../protocol/chain-view.ts'
import type { Digest, Key } from '../../../protocol/crypto.ts'
import { EVIDENCE_MAX } from '../../../protocol/limits.ts'
import type { Entry } from '../../../protocol/message/entry.ts'
import { type Evidence, evidenceId, evidenceOf } from '../../../protocol/message/evidence.ts'
import type { BodyOf, Signed, Unsigned } from '../../../protocol/message/message.ts'
import { rounds } from '../../../protocol/round/application.ts'
import { maySit, wantsEvidence } from '../../../protocol/round/evidence.ts'
import { createRounds } from '../../../protocol/round/state.ts'
import {
  createMesh,
  delegationOf,
  digestOf,
  evidenceInput,
  genesisOf,
  judgeOf,
  kindsOf,
  type Mesh,
  MINERS,
  metagraphAt,
  type Node,
  nodeAt,
  settle,
  submissionOf,
  VALIDATORS,
} from './mesh.ts'
import { SIGNATURE } from './signing.ts'

const [LIAR = '', OTHER = ''] = VALIDATORS
const [JOINING = ''] = MINERS.slice(3)

const signed = (message: Unsigned): Signed => ({ ...message, signature: SIGNATURE }) as Signed
const delegationBy = (hotkey: Key, counter = 1) =>
  signed({ kind: 'delegation', body: delegationOf(hotkey, counter) }) as Signed<'delegation'>
const notarize = (hotkey: Key, value: string, height = 1): Signed =>
  signed({ kind: 'notarize', body: { height, view: 0, value: digestOf(value), hotkey } })

const against = (mesh: Mesh, hotkey: Key, o: { counter?: number; value?: string; height?: number } = {}): Evidence => {
  const messages = [notarize(hotkey, 'one', o.height), notarize(hotkey, o.value ?? 'two', o.height)]
  const evidence = evidenceOf({ delegation: delegationBy(hotkey, o.counter), messages }, mesh.domains)
  assert.ok(evidence)
  return evidence
}
const idOf = (mesh: Mesh, evidence: Evidence): Digest => evidenceId(evidence, mesh.domains)

/** Hands evidence to these, whose signatures hold. */
const hold = (mesh: Mesh, evidence: Evidence, ...nodes: readonly Node[]): Digest => {
  for (const node of nodes) mesh.queue.push({ node, input: evidenceInput(mesh, evidence) })
  settle(mesh)
  return idOf(mesh, evidence)
}
/** What this node would name in a header of its own. */
const toName = (mesh: Mesh, node: Node): readonly Digest[] => rounds.evidence(node.state, judgeOf(mesh, node))

const isHeld = (node: Node, id: Digest): boolean => node.state.evidence.has(id)

/** Whatever is due first, from the place of this node. */
const dueAt = (node: Node): Entry => {
  const entry = rounds.due(node.state)
  assert.ok(entry)
  return entry
}

/** A mesh in which a manifest is about to fall due. */
const beforeManifest = (o: Parameters<typeof createMesh>[0] = {}): Mesh => {
  const mesh = createMesh(o)
  mesh.tell(submissionOf(MINERS[0] ?? '', 'code'))
  for (let block = 0; block < 20; block += 1) mesh.head()
  return mesh
}

test('two commits of one validator for one manifest become evidence at all, and the next header names it', () => {
  const mesh = createMesh()
  mesh.tell(submissionOf(MINERS[0] ?? '', 'code'))
  mesh.run(() => kindsOf(mesh).includes('manifest'))
  const [{ header, digest } = { header: null, digest: '' }] = mesh.log.slice(-1)
  assert.ok(header?.entry.kind === 'manifest')
  const { competition, round } = header.entry
  const body: BodyOf<'commit'> = { competition, round, manifest: digest, hotkey: LIAR, commitment: digestOf('a') }
  mesh.tell(signed({ kind: 'commit', body }))
  mesh.tell(signed({ kind: 'commit', body: { ...body, commitment: digestOf('b') } }))
  for (const node of mesh.nodes) {
    assert.deepEqual(
      [...node.state.evidence.values()].map(({ hotkey, offence }) => [hotkey, offence]),
      [[LIAR, 'commits']],
    )
  }
  mesh.run(() => kindsOf(mesh).includes('commits'))
  assert.equal(mesh.log.at(-1)?.header.evidence.length, 1)
  for (const { state } of mesh.nodes) {
    assert.deepEqual([...state.convicted.keys()], [LIAR])
    assert.equal(state.convicted.get(LIAR)?.height, 2)
    assert.equal(state.evidence.size, 0)
  }
})

test('a reveal that does not open its commit is evidence, in whichever order the two come', () => {
  for (const isRevealFirst of [false, true]) {
    const mesh = createMesh({
      world: { signs: ({ hotkey, message }) => hotkey !== LIAR || message.kind === 'receipt' },
    })
    mesh.tell(submissionOf(MINERS[0] ?? '', 'code'))
    mesh.run(() => kindsOf(mesh).includes('manifest'))
    const [{ header, digest } = { header: null, digest: '' }] = mesh.log.slice(-1)
    assert.ok(header?.entry.kind === 'manifest')
    const { competition, round } = header.entry
    const id = { competition, round, manifest: digest, hotkey: LIAR }
    const said = [
      signed({ kind: 'commit', body: { ...id, commitment: digestOf('sealed') } }),
      signed({ kind: 'reveal', body: { ...id, nonce: digestOf('nonce'), statement: new Uint8Array([1]) } }),
    ]
    for (const message of isRevealFirst ? said.toReversed() : said) mesh.tell(message)
    assert.deepEqual(
      [...nodeAt(mesh, 1).state.evidence.values()].map(({ offence }) => offence),
      ['unopened'],
    )
  }
})

test('two delegations with one counter are evidence', () => {
  const mesh = createMesh()
  mesh.tell(delegationBy(LIAR, 2))
  mesh.tell(signed({ kind: 'delegation', body: { ...delegationOf(LIAR, 2), peerId: 'elsewhere' } }))
  assert.deepEqual(
    [...nodeAt(mesh, 2).state.evidence.values()].map(({ offence }) => offence),
    ['delegations'],
  )
})

test('whole rounds of honest validators that are killed in between leave no evidence', () => {
  const mesh = createMesh()
  mesh.tell(submissionOf(MINERS[0] ?? '', 'code'))
  for (let block = 0; block < 90; block += 1) {
    const node = nodeAt(mesh, block % 4)
    node.isUp = false
    mesh.step()
    mesh.restart(node)
  }
  assert.ok(kindsOf(mesh).includes('result'))
  for (const { state } of mesh.nodes) assert.deepEqual([state.evidence.size, state.convicted.size], [0, 0])
})

test('R-83: one piece is held of each member, newcomers are dropped, strangers’ are never taken', () => {
  const mesh = createMesh()
  const node = nodeAt(mesh, 1)
  const first = hold(mesh, against(mesh, LIAR), node)
  const second = hold(mesh, against(mesh, LIAR, { value: 'three' }), node)
  const other = hold(mesh, against(mesh, OTHER), node)
  const stranger = hold(mesh, against(mesh, JOINING), node)
  assert.deepEqual(
    [first, second, other, stranger].map((id) => isHeld(node, id)),
    [true, false, true, false],
  )
  assert.equal(wantsEvidence(node.state, against(mesh, LIAR, { value: 'three' })), false)
  assert.equal(wantsEvidence(node.state, against(mesh, VALIDATORS[2] ?? '')), true)
})

test('R-83: evidence is durable before it is sent on, and a restart holds it still', () => {
  const mesh = createMesh({ world: { shows: () => false } })
  const node = nodeAt(mesh, 1)
  const id = hold(mesh, against(mesh, LIAR), node)
  const kinds = node.effects.slice(-3).map(({ kind }) => kind)
  assert.deepEqual(kinds, ['persist', 'relay', 'notice'])
  mesh.restart(node)
  assert.ok(isHeld(node, id))
})

test('R-84: a header’s evidence that is not here is pulled and waited for; nobody ever told is convinced by it', () => {
  const mesh = beforeManifest({ world: { shows: () => false } })
  const [leader, voter] = [nodeAt(mesh, 0), nodeAt(mesh, 1)]
  const id = hold(mesh, against(mesh, OTHER), leader)
  const entry = dueAt(leader)
  assert.equal(isHeld(voter, id), false)
  assert.equal(mesh.check(voter, entry, { evidence: [id] }).kind, 'wait')
  assert.equal(mesh.check(voter, entry, { evidence: [id] }).kind, 'valid')
  assert.ok(isHeld(voter, id))
  assert.equal(mesh.check(voter, entry, { evidence: [digestOf('nothing')] }).kind, 'wait')
})

test('R-84: evidence out of order, twice against one, of another key or against a convict makes a header provably wrong', () => {
  const mesh = beforeManifest()
  const voter = nodeAt(mesh, 1)
  const entry = dueAt(nodeAt(mesh, 0))
  const [one, two] = [against(mesh, LIAR), against(mesh, OTHER)]
    .map((evidence) => hold(mesh, evidence, ...mesh.nodes))
    .sort()
  assert.ok(one !== undefined && two !== undefined)
  assert.equal(mesh.check(voter, entry, { evidence: [one, two] }).kind, 'valid')
  assert.equal(mesh.check(voter, entry, { evidence: [two, one] }).kind, 'invalid')
  assert.equal(mesh.check(voter, entry, { evidence: [one, one] }).kind, 'invalid')
  const named = (evidence: Evidence) => {
    const id = idOf(mesh, evidence)
    mesh.proofs.set(id, evidence)
    mesh.check(voter, entry, { evidence: [id] })
    return mesh.check(voter, entry, { evidence: [id] })
  }
  assert.deepEqual(named(against(mesh, LIAR, { counter: 9 })), {
    kind: 'invalid',
    reason: 'evidence of another session key',
  })
  assert.deepEqual(named(against(mesh, JOINING)), { kind: 'invalid', reason: 'evidence against a stranger' })
  const again = against(mesh, LIAR, { value: 'three' })
  mesh.proofs.set(idOf(mesh, again), again)
  const both = [idOf(mesh, against(mesh, LIAR)), idOf(mesh, again)].sort()
  mesh.check(voter, entry, { evidence: both })
  assert.equal(mesh.check(voter, entry, { evidence: both }).kind, 'invalid')
  mesh.decide(entry, [one, two])
  const next = { ...entry, round: 9 } as Entry
  assert.deepEqual([...voter.state.convicted.keys()].sort(), [LIAR, OTHER].sort())
  assert.equal(voter.state.evidence.size, 0)
  assert.equal(wantsEvidence(voter.state, again), false)
  assert.equal(mesh.check(voter, next, { evidence: [] }).kind, 'invalid')
})

test('R-70: a fresh header that omits evidence held for long is refused and the evidence sent on; a justified re-proposal is not', () => {
  const mesh = beforeManifest({ world: { shows: () => false } })
  const voter = nodeAt(mesh, 1)
  const id = hold(mesh, against(mesh, LIAR), voter)
  const entry = dueAt(nodeAt(mesh, 0))
  assert.equal(mesh.check(voter, entry, { evidence: [] }).kind, 'valid')
  mesh.clock.at += 2_001
  const before = voter.effects.length
  assert.equal(mesh.check(voter, entry, { evidence: [] }).kind, 'wait')
  const relayed = voter.effects
    .slice(before)
    .filter((effect) => effect.kind === 'relay' && effect.what.kind === 'evidence')
  assert.equal(relayed.length, 1)
  assert.equal(mesh.check(voter, entry, { evidence: [], fresh: false }).kind, 'valid')
  assert.equal(mesh.check(voter, entry, { evidence: [id] }).kind, 'valid')
  assert.ok(EVIDENCE_MAX > 1)
})

/** A proposal of height 1 with this entry. */
const proposalBy = (mesh: Mesh, hotkey: Key, entry: Entry): Evidence => {
  const header = { ...mesh.headerFor(entry), evidence: [] }
  const message = signed({
    kind: 'proposal',
    body: { height: header.height, view: 0, hotkey, parentView: null, header },
  })
  const evidence = evidenceOf({ delegation: delegationBy(hotkey), messages: [message] }, mesh.domains)
  assert.ok(evidence)
  return evidence
}

test('R-85: an invalid proposal convicts in a header of its own height, where all can judge it; a valid one makes the header wrong', () => {
  const mesh = beforeManifest()
  const voter = nodeAt(mesh, 1)
  const entry = dueAt(nodeAt(mesh, 0))
  const wrong = hold(mesh, proposalBy(mesh, LIAR, { ...entry, round: 7 } as Entry), ...mesh.nodes)
  assert.equal(mesh.check(voter, entry, { evidence: [wrong] }).kind, 'valid')
  const right = proposalBy(mesh, OTHER, entry)
  const rightId = hold(mesh, right, ...mesh.nodes)
  assert.deepEqual(mesh.check(voter, entry, { evidence: [rightId] }), {
    kind: 'invalid',
    reason: 'evidence of a valid proposal',
  })
  // Leaders name only what they have judged themselves.
  assert.deepEqual(toName(mesh, voter), [wrong])
  mesh.decide(entry, [])
  assert.equal(voter.state.evidence.size, 0)
  mesh.run(() => rounds.due(voter.state) !== null || kindsOf(mesh).length > 1)
  assert.equal(wantsEvidence(voter.state, right), false)
})

test('R-85: a proposal that nobody can judge yet convicts nobody yet; in a re-proposal its evidence is not judged again', () => {
  const mesh = beforeManifest()
  const voter = nodeAt(mesh, 1)
  const entry = dueAt(nodeAt(mesh, 0))
  assert.ok(entry.kind === 'manifest')
  const [ref] = entry.submissions
  assert.ok(ref)
  const unknown = { ...entry, submissions: [{ ...ref, receipts: [digestOf('a receipt that nobody has')] }] }
  const id = hold(mesh, proposalBy(mesh, LIAR, unknown), ...mesh.nodes)
  assert.equal(mesh.check(voter, entry, { evidence: [id] }).kind, 'wait')
  assert.deepEqual(toName(mesh, voter), [])
  assert.equal(mesh.check(voter, entry, { evidence: [id], fresh: false }).kind, 'valid')
})

test('a late joiner that has only the log pulls the evidence that it names, and convicts the same', () => {
  const mesh = beforeManifest()
  const late = nodeAt(mesh, 3)
  late.isUp = false
  const id = hold(mesh, against(mesh, LIAR), ...mesh.nodes.slice(0, 3))
  mesh.run(() => mesh.log.length > 0)
  assert.deepEqual(mesh.log[0]?.header.evidence, [id])
  late.state = createRounds({ genesis: mesh.genesis, self: late.hotkey })
  late.journal.length = 0
  mesh.restart(late)
  assert.deepEqual(late.state.convicted, nodeAt(mesh, 0).state.convicted)
  assert.ok(late.journal.some((record) => record.kind === 'evidence'))
})

/** Everyone permitted, and a fifth validator that joins; `gone`: epochs in which the chain does not know the liar. */
const withFive =
  (o: { gone?: readonly number[] } = {}) =>
  (block: number): Metagraph => {
    const metagraph = metagraphAt(block)
    const isGone = o.gone?.includes(metagraph.epoch) ?? false
    const neurons = metagraph.neurons
      .map((neuron) => (neuron.hotkey === JOINING ? { ...neuron, permit: true, stakeRao: 25n } : neuron))
      .filter((neuron) => !(isGone && neuron.hotkey === LIAR))
    return { ...metagraph, neurons }
  }

const EPOCH_BLOCKS = 1_000
/** A mesh that has convicted the liar under epoch 1. */
const convicted = (o: { gone?: readonly number[]; metagraph?: (block: number) => Metagraph } = {}): Mesh => {
  const mesh = createMesh({ genesis: { ...genesisOf(), block: 965 }, world: { metagraph: o.metagraph ?? withFive(o) } })
  mesh.tell(submissionOf(MINERS[0] ?? '', 'code'))
  for (let block = 0; block < 8; block += 1) mesh.head()
  mesh.tell(delegationBy(JOINING))
  hold(mesh, against(mesh, LIAR), ...mesh.nodes)
  mesh.run(() => nodeAt(mesh, 1).state.convicted.has(LIAR))
  return mesh
}
/** Lets the chain's epoch come and be decided. */
const toEpoch = (mesh: Mesh, epoch: number): readonly Key[] => {
  mesh.clock.head = Math.max(mesh.clock.head, (epoch - 1) * EPOCH_BLOCKS - 1)
  mesh.run(() => nodeAt(mesh, 1).state.committee.epoch === epoch)
  return nodeAt(mesh, 1).state.committee.members.map(({ hotkey }) => hotkey)
}

test('R-86: a convict has no seat for evidenceEpochs epochs, and then only by a newer delegation to another key', () => {
  const mesh = convicted()
  assert.equal(mesh.genesis.evidenceEpochs, 3)
  for (const epoch of [2, 3]) assert.ok(!toEpoch(mesh, epoch).includes(LIAR))
  // A new delegation alone does not end it.
  mesh.tell(delegationBy(LIAR, 2))
  assert.ok(!toEpoch(mesh, 4).includes(LIAR))
  assert.ok(toEpoch(mesh, 5).includes(LIAR))
  const { state } = nodeAt(mesh, 1)
  assert.equal(wantsEvidence(state, against(mesh, LIAR)), false)
  assert.equal(wantsEvidence(state, against(mesh, LIAR, { counter: 2, height: 9 })), true)
})

test('R-86: without a newer delegation, or with one to the convicted key, a convict stays out', () => {
  const mesh = convicted()
  toEpoch(mesh, 5)
  const { state } = nodeAt(mesh, 1)
  assert.equal(maySit(state, delegationOf(LIAR, 1), 5), false)
  assert.equal(maySit(state, { ...delegationOf(LIAR, 2), sessionKey: delegationOf(LIAR, 1).sessionKey }, 5), false)
  assert.equal(maySit(state, delegationOf(LIAR, 2), 5), true)
  assert.equal(maySit(state, delegationOf(LIAR, 2), 4), false)
})

test('R-86: a convict that the chain was seen without may return once it is registered again', () => {
  const mesh = convicted({ gone: [2] })
  mesh.tell(delegationBy(LIAR, 2))
  assert.ok(!toEpoch(mesh, 2).includes(LIAR))
  const epoch = mesh.log.map(({ header }) => header.entry).find(({ kind }) => kind === 'epoch')
  assert.deepEqual(epoch?.kind === 'epoch' && epoch.released, [LIAR])
  assert.ok(toEpoch(mesh, 3).includes(LIAR))
})

test('R-58: a convict’s weight counts neither for nor against the committee that follows', () => {
  // The heaviest two of four, half of the weight, are convicted: the rest and two newcomers are a lawful successor.
  const [first = '', second = ''] = MINERS
  const joined = [first, second]
  const metagraph = (block: number): Metagraph => {
    const base = metagraphAt(block)
    const neurons = base.neurons.map((neuron) =>
      joined.includes(neuron.hotkey) ? { ...neuron, permit: true, stakeRao: 25n } : neuron,
    )
    return { ...base, neurons }
  }
  const mesh = convicted({ metagraph })
  for (const hotkey of joined) mesh.tell(delegationBy(hotkey))
  hold(mesh, against(mesh, OTHER), ...mesh.nodes)
  mesh.run(() => nodeAt(mesh, 1).state.convicted.size === 2)
  assert.deepEqual([...toEpoch(mesh, 2)].sort(), [...VALIDATORS.slice(2), ...joined].sort())
})

test('R-58: where convictions would leave fewer than four there is no next committee, and the old one stays', () => {
  const mesh = convicted({ metagraph: metagraphAt })
  const { state } = nodeAt(mesh, 1)
  for (let block = 0; block < 100; block += 1) mesh.step()
  assert.ok(mesh.clock.head > EPOCH_BLOCKS)
  assert.equal(state.committee.epoch, 1)
  assert.equal(state.committee.members.length, 4)
  assert.ok(kindsOf(mesh).includes('result'))
})
