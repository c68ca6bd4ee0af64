/** Changes of parameters: who may make them, which are sane, when they are in force, and that rounds under way keep theirs. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { EntryOf } from '../../../protocol/message/entry.ts'
import type { Signed } from '../../../protocol/message/message.ts'
import type { ParamsChange } from '../../../protocol/message/params.ts'
import { competitionParams, meshParams, paramsHash } from '../../../protocol/params.ts'
import { rounds } from '../../../protocol/round/application.ts'
import { paramsAtBlock, paramsFault, paramsRefusal } from '../../../protocol/round/params.ts'
import { createRounds } from '../../../protocol/round/state.ts'
import { arbitrary } from '../arbitrary.ts'
import {
  createMesh,
  digestOf,
  genesisOf,
  kindsOf,
  type Mesh,
  MINERS,
  metagraphAt,
  nodeAt,
  OWNER,
  params,
  SIGNATURE,
  submissionOf,
} from './mesh.ts'

const MESH = { deltaMs: 1_000, weightCapPpm: 330_000, weightsEveryBlocks: 10 }

const changeOf = (change: ParamsChange['change'], more: Partial<ParamsChange> = {}): Signed<'params'> => ({
  kind: 'params',
  body: { hotkey: OWNER, scheme: 'sr25519', counter: 1, activationHeight: 3, change, ...more },
  signature: SIGNATURE,
})
const meshChange = (values: Partial<typeof MESH>, more: Partial<ParamsChange> = {}) =>
  changeOf({ kind: 'mesh', ...MESH, ...values }, more)
const roundChange = (values: Partial<typeof params>, more: Partial<ParamsChange> = {}) =>
  changeOf({ kind: 'competition', ...params, ...values }, more)

const inForce = (mesh: Mesh, place = 0) => {
  const { state } = nodeAt(mesh, place)
  const competition = state.competitions.get(params.id)
  assert.ok(competition)
  return { mesh: state.params.mesh, competition: competition.params, hash: competition.paramsHash }
}

test('what the owner signed is decided, and in force on every node from its height on, not before', () => {
  const mesh = createMesh()
  mesh.head()
  mesh.tell(meshChange({ deltaMs: 2_000, weightCapPpm: 300_000 }))
  mesh.tell(roundChange({ burnPpm: 500_000 }, { activationHeight: 4 }))
  mesh.run(() => kindsOf(mesh).length === 2, 2)
  assert.deepEqual(kindsOf(mesh), ['params', 'params'])
  for (const place of [0, 1, 2, 3]) {
    assert.deepEqual(inForce(mesh, place).mesh, { ...MESH, deltaMs: 2_000, weightCapPpm: 300_000 })
    assert.equal(inForce(mesh, place).competition.burnPpm, params.burnPpm, 'height 4 is not next yet')
    assert.equal(rounds.deltaMs(nodeAt(mesh, place).state), 2_000)
  }
  mesh.tell(submissionOf(MINERS[0] ?? '', 'code'))
  mesh.run(() => kindsOf(mesh).includes('manifest'))
  for (const place of [0, 1, 2, 3]) {
    assert.deepEqual(inForce(mesh, place).competition, { ...params, burnPpm: 500_000 })
    assert.equal(inForce(mesh, place).hash, paramsHash({ ...params, burnPpm: 500_000 }))
  }
})

test('a round that is open keeps the parameters of its manifest to its end; the next manifest has the new ones', () => {
  const mesh = createMesh()
  mesh.tell(submissionOf(MINERS[0] ?? '', 'code'))
  mesh.run(() => kindsOf(mesh).includes('manifest'))
  const changed = { ...params, thetaPpm: 20_000, commitBlocks: 1, revealBlocks: 1, extendBlocks: 0, matrixCount: 12 }
  mesh.tell(roundChange(changed, { activationHeight: 3 }))
  mesh.run(() => kindsOf(mesh).includes('result'))
  assert.deepEqual(kindsOf(mesh).slice(0, 2), ['manifest', 'params'])
  assert.deepEqual(inForce(mesh).competition, changed)
  const asked = nodeAt(mesh, 0).effects.filter((effect) => effect.kind === 'evaluate')
  assert.deepEqual(
    asked.map((effect) => effect.params),
    [params],
  )
  mesh.run(() => kindsOf(mesh).filter((kind) => kind === 'manifest').length === 2)
  const entries = mesh.log.flatMap(({ header }) => (header.entry.kind === 'manifest' ? [header.entry] : []))
  assert.deepEqual(
    entries.map(({ paramsHash: hash, thetaPpm }) => [hash, thetaPpm]),
    [
      [paramsHash(params), params.thetaPpm],
      [paramsHash(changed), 20_000],
    ],
  )
})

test('a submission that is larger than the new limit allows is in no manifest, though it was taken under the old one', () => {
  const mesh = createMesh()
  mesh.tell(submissionOf(MINERS[0] ?? '', 'large'))
  mesh.tell(roundChange({ bundleBytesMax: 999 }, { activationHeight: 2 }))
  mesh.run(() => kindsOf(mesh).includes('params'), 3)
  const small = submissionOf(MINERS[1] ?? '', 'small')
  const id = mesh.tell({ ...small, body: { ...small.body, sizeBytes: 999 } })
  mesh.run(() => kindsOf(mesh).includes('manifest'))
  const [entry] = mesh.log.flatMap(({ header }) => (header.entry.kind === 'manifest' ? [header.entry] : []))
  assert.deepEqual(
    entry?.submissions.map((ref) => ref.id),
    [id],
  )
})

test('only the subnet’s owner changes anything, each counter once, and never for a height that is past', () => {
  const state = createRounds({ genesis: genesisOf(), self: null })
  const faultOf = (change: Signed<'params'>) => paramsFault(state, change.body)
  assert.equal(faultOf(meshChange({ deltaMs: 500 })), null)
  assert.equal(faultOf(meshChange({}, { hotkey: MINERS[0] ?? '' })), 'owner')
  assert.equal(faultOf(meshChange({}, { counter: 0 })), 'counter')
  assert.equal(faultOf(meshChange({}, { activationHeight: 1 })), 'activation')
  assert.equal(faultOf(meshChange({}, { activationHeight: 2 })), null)
  assert.equal(faultOf(roundChange({ id: 'other' })), 'competition')
  const mesh = createMesh()
  mesh.head()
  mesh.tell(meshChange({ deltaMs: 500 }, { counter: 7 }))
  mesh.run(() => kindsOf(mesh).length === 1, 2)
  const after = nodeAt(mesh, 0).state
  assert.equal(paramsFault(after, meshChange({}, { counter: 7, activationHeight: 9 }).body), 'counter')
  assert.equal(paramsFault(after, meshChange({}, { counter: 8, activationHeight: 9 }).body), null)
  assert.equal(paramsFault(after, roundChange({}, { activationHeight: 9 }).body), null, 'each target counts by itself')
})

test('whatever a message says, what it would put in force is sane', () => {
  const bodies = fc.oneof(
    arbitrary(meshParams).map((values) => ({ kind: 'mesh' as const, ...values })),
    arbitrary(competitionParams).map((values) => ({ kind: 'competition' as const, ...values, id: params.id })),
  )
  const state = createRounds({ genesis: genesisOf(), self: null })
  fc.assert(
    fc.property(bodies, (change) => {
      if (paramsFault(state, changeOf(change).body) !== null) return
      if (change.kind === 'mesh') assert.ok(change.deltaMs >= 100 && 3 * change.weightCapPpm < 1_000_000)
      else assert.ok(change.roundBlocks > 0 && change.sharePpm <= 1_000_000 && change.referenceNanos > 0n)
    }),
  )
  const wrong: readonly [Partial<typeof MESH>, string][] = [
    [{ deltaMs: 99 }, 'deltaMs'],
    [{ deltaMs: 60_001 }, 'deltaMs'],
    [{ weightCapPpm: 333_334 }, 'weightCapPpm'],
    [{ weightCapPpm: 7_812 }, 'weightCapPpm'],
    [{ weightsEveryBlocks: 0 }, 'weightsEveryBlocks'],
  ]
  for (const [values, fault] of wrong) assert.equal(paramsFault(state, meshChange(values).body), fault)
  const odd: readonly [Partial<typeof params>, string][] = [
    [{ sharePpm: 1_000_001 }, 'sharePpm'],
    [{ roundBlocks: 0 }, 'roundBlocks'],
    [{ submissionsMax: 0 }, 'submissionsMax'],
    [{ submissionsMax: 225 }, 'submissionsMax'],
    [{ matrixCount: 65 }, 'matrixCount'],
    [{ commitBlocks: 2 ** 50 }, 'commitBlocks'],
    [{ referenceNanos: 0n }, 'referenceNanos'],
  ]
  for (const [values, fault] of odd) assert.equal(paramsFault(state, roundChange(values).body), fault)
})

test('two competitions never hand out more than everything, in whatever order their changes come into force', () => {
  const second = { ...params, id: 'second', sharePpm: 400_000 }
  const first = { ...params, sharePpm: 600_000 }
  const mesh = createMesh({ genesis: { ...genesisOf(), competitions: [first, second] } })
  mesh.head()
  const faultOf = (values: Partial<typeof params>, more: Partial<ParamsChange> = {}) =>
    paramsFault(nodeAt(mesh, 0).state, roundChange(values, { activationHeight: 100, ...more }).body)
  assert.equal(faultOf({ ...second, sharePpm: 400_001 }), 'shares')
  mesh.tell(roundChange({ ...first, sharePpm: 300_000 }, { activationHeight: 50 }))
  mesh.run(() => kindsOf(mesh).length === 1, 2)
  assert.equal(faultOf({ ...second, sharePpm: 700_000 }), 'shares', 'the first still has its 600,000')
  assert.equal(faultOf({ ...first, sharePpm: 600_000 }, { counter: 2 }), null)
  const lifted = createMesh({ genesis: { ...genesisOf(), competitions: [{ ...first, sharePpm: 100_000 }, second] } })
  lifted.head()
  lifted.tell(roundChange({ ...first, sharePpm: 600_000 }, { activationHeight: 50 }))
  lifted.run(() => kindsOf(lifted).length === 1, 2)
  const late = roundChange({ ...second, sharePpm: 500_000 }, { activationHeight: 10 })
  assert.equal(paramsFault(nodeAt(lifted, 0).state, late.body), 'shares', 'the first is about to have 600,000')
})

/** A mesh whose nodes hold a change that is due, undecided. */
const withDue = (change = meshChange({ deltaMs: 500 }, { activationHeight: 50 })) => {
  const mesh = createMesh()
  mesh.head()
  const id = mesh.tell(change)
  const voter = nodeAt(mesh, 1)
  return { mesh, voter, entry: { kind: 'params', message: id } satisfies EntryOf<'params'> }
}

test('an entry that names no valid change is provably wrong; one that is not here is waited for and pulled', () => {
  const { mesh, voter, entry } = withDue()
  assert.deepEqual(rounds.due(voter.state), entry)
  assert.equal(mesh.check(voter, entry).kind, 'valid')
  const answer = mesh.check(voter, { kind: 'params', message: digestOf('unknown') })
  assert.ok(answer.kind === 'wait' && answer.effects.some((effect) => effect.kind === 'fetch'))
  const submission = mesh.tell(submissionOf(MINERS[0] ?? '', 'code'))
  assert.deepEqual(mesh.check(voter, { kind: 'params', message: submission }), { kind: 'invalid', reason: 'message' })
  const stranger = meshChange({ deltaMs: 200 }, { hotkey: MINERS[0] ?? '', activationHeight: 50 })
  const forged = mesh.tell(stranger)
  assert.ok(!voter.state.items.has(forged), 'nobody keeps a stranger’s change')
  // Named by a proposal it is pulled, and then seen to be wrong.
  assert.equal(mesh.check(voter, { kind: 'params', message: forged }).kind, 'wait')
  assert.deepEqual(mesh.check(voter, { kind: 'params', message: forged }), { kind: 'invalid', reason: 'owner' })
})

test('a proposal of an older change than one long held is refused, unless a notarization justifies it', () => {
  const { mesh, voter, entry } = withDue()
  const newer = meshChange({ deltaMs: 700 }, { counter: 2, activationHeight: 50 })
  const id = mesh.tell(newer)
  assert.deepEqual(rounds.due(voter.state), { kind: 'params', message: id })
  // What a newer one replaced comes back when a proposal names it.
  assert.equal(mesh.check(voter, entry).kind, 'wait')
  assert.equal(mesh.check(voter, entry).kind, 'valid', 'held for a moment only')
  for (let block = 0; block < 6; block += 1) mesh.head()
  assert.deepEqual([mesh.check(voter, entry).kind, mesh.check(voter, entry, { fresh: false }).kind], ['wait', 'valid'])
})

test('a round that can go on goes before a change of parameters, and two changes of one target leave one in memory', () => {
  const mesh = createMesh()
  mesh.tell(submissionOf(MINERS[0] ?? '', 'code'))
  const node = nodeAt(mesh, 0)
  for (let block = 0; block < 25; block += 1) mesh.head()
  for (let counter = 1; counter < 50; counter += 1) {
    mesh.tell(meshChange({ deltaMs: 1_000 + counter }, { counter, activationHeight: 90 }))
  }
  assert.equal(rounds.due(node.state)?.kind, 'manifest')
  const kept = [...node.state.items.values()].filter(({ message }) => message.kind === 'params')
  assert.equal(kept.length, 1)
  mesh.run(() => kindsOf(mesh).includes('params'))
  assert.deepEqual(kindsOf(mesh).slice(0, 2), ['manifest', 'params'])
  assert.equal([...node.state.items.values()].filter(({ message }) => message.kind === 'params').length, 0)
})

test('a later change replaces one that is decided and not in force yet', () => {
  const mesh = createMesh()
  mesh.head()
  mesh.tell(meshChange({ deltaMs: 500 }, { activationHeight: 4 }))
  mesh.run(() => kindsOf(mesh).length === 1, 2)
  mesh.tell(meshChange({ deltaMs: 700 }, { counter: 2, activationHeight: 5 }))
  mesh.run(() => kindsOf(mesh).length === 2, 2)
  mesh.tell(roundChange({}, { activationHeight: 4 }))
  mesh.run(() => kindsOf(mesh).length === 3, 2)
  assert.equal(inForce(mesh).mesh.deltaMs, 1_000)
  mesh.tell(roundChange({}, { counter: 2, activationHeight: 9 }))
  mesh.run(() => kindsOf(mesh).length === 4, 2)
  assert.equal(inForce(mesh).mesh.deltaMs, 700)
})

test('a change whose height passes undecided is forgotten, and the validator that got it says why', () => {
  const { mesh, voter, entry } = withDue(meshChange({ deltaMs: 500 }, { activationHeight: 2 }))
  const { body } = meshChange({ deltaMs: 500 }, { activationHeight: 2 })
  assert.equal(paramsRefusal(voter.state, entry.message, body), null)
  const other = mesh.tell(roundChange({}, { activationHeight: 9 }))
  mesh.decide({ kind: 'params', message: other })
  assert.equal(paramsRefusal(voter.state, entry.message, body), 'activation')
  assert.equal(voter.state.params.proposed.size, 0)
})

test('a validator killed and started again, and one that was away, have the same parameters as the others', () => {
  const mesh = createMesh()
  const [killed, away] = [nodeAt(mesh, 2), nodeAt(mesh, 3)]
  away.isUp = false
  mesh.head()
  mesh.tell(meshChange({ deltaMs: 500 }, { activationHeight: 2 }))
  mesh.tell(roundChange({ burnPpm: 1 }, { activationHeight: 50 }))
  mesh.run(() => kindsOf(mesh).length === 2, 2)
  mesh.restart(killed)
  mesh.restart(away)
  mesh.head()
  for (const { state } of [killed, away]) assert.deepEqual(state.params, nodeAt(mesh, 0).state.params)
  assert.equal(inForce(mesh, 3).mesh.deltaMs, 500)
  assert.equal(away.state.params.pending.size, 1)
})

test('a change that came just before a crash is proposed after it', () => {
  const { mesh, voter, entry } = withDue()
  mesh.restart(voter)
  mesh.head()
  assert.deepEqual(rounds.due(voter.state), entry)
})

test('with the epoch the chain’s new owner may change parameters and the old one no more', () => {
  const heir = digestOf('heir')
  const mesh = createMesh({
    genesis: { ...genesisOf(), block: 985 },
    world: {
      metagraph: (block) => ({ ...metagraphAt(block), ownerHotkey: block < 1_000 ? OWNER : heir }),
    },
  })
  mesh.head()
  const old = mesh.tell(meshChange({ deltaMs: 500 }, { activationHeight: 9 }))
  const entry = nodeAt(mesh, 0).state.params.proposed.get('mesh')
  assert.equal(entry?.id, old)
  for (let block = 0; block < 25; block += 1) mesh.head()
  const due = rounds.due(nodeAt(mesh, 0).state)
  assert.ok(due?.kind === 'epoch' && due.owner === heir, 'EPOCH goes first, and names the owner')
  assert.deepEqual(mesh.check(nodeAt(mesh, 1), { ...due, owner: OWNER }), { kind: 'invalid', reason: 'owner' })
  mesh.decide(due)
  assert.equal(nodeAt(mesh, 1).state.params.proposed.size, 0, 'what the old one signed is forgotten')
  const { state } = nodeAt(mesh, 1)
  assert.equal(paramsFault(state, meshChange({}, { activationHeight: 9 }).body), 'owner')
  assert.equal(paramsFault(state, meshChange({}, { activationHeight: 9, hotkey: heir }).body), null)
})

test('the cap in force at the epoch’s height makes the next committee’s weights', () => {
  const mesh = createMesh({ genesis: { ...genesisOf(), block: 985 } })
  mesh.head()
  mesh.tell(meshChange({ weightCapPpm: 260_000 }, { activationHeight: 2 }))
  mesh.run(() => kindsOf(mesh).includes('epoch'))
  const { committee } = nodeAt(mesh, 0).state
  const weights = committee.members.map(({ weight }) => weight).sort((a, b) => Number(b - a))
  assert.deepEqual(weights, [22n, 22n, 22n, 20n])
})

test('a vector is made by the parameters that were settled at its block, whoever learns of the change how late', () => {
  const mesh = createMesh()
  mesh.tell(submissionOf(MINERS[0] ?? '', 'code'))
  mesh.run(() => kindsOf(mesh).includes('result'))
  mesh.run(() => mesh.clock.head % 10 === 5)
  const height = kindsOf(mesh).length + 1
  mesh.tell(meshChange({ weightsEveryBlocks: 15 }, { activationHeight: height + 1 }))
  mesh.tell(roundChange({ burnPpm: 0 }, { activationHeight: height + 2 }))
  mesh.run(
    () =>
      kindsOf(mesh)
        .slice(height - 1)
        .filter((kind) => kind === 'params').length === 2,
    20,
  )
  const { state } = nodeAt(mesh, 0)
  const { block } = state.params.versions.at(-1) ?? assert.fail()
  assert.deepEqual(
    [block + 3, block + 4].map((at) => paramsAtBlock(state, at).competitions[0]?.burnPpm),
    [params.burnPpm, 0],
  )
  assert.equal(paramsAtBlock(state, 0).mesh.weightsEveryBlocks, 10)
  const from = mesh.clock.head
  mesh.run(() => mesh.clock.head > from + 60, 70)
  const set = mesh.nodes.map(({ weights }) => [...weights].filter(([at]) => at > from + 10))
  for (const other of set) assert.deepEqual(other, set[0])
  assert.ok(set[0]?.length !== undefined && set[0].length >= 3)
  for (const [at] of set[0]) assert.equal(at % 15, 0)
})
