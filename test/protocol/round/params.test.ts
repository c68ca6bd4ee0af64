/** Changes of parameters: who may make them, which are sane, when they are in force, and that rounds under way keep theirs. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { leaderOrder } from '../../../protocol/consensus/leader.ts'
import { createMachine, step } from '../../../protocol/machine.ts'
import type { Signed, Verified } from '../../../protocol/message/message.ts'
import type { ParamsChange } from '../../../protocol/message/params.ts'
import { competitionParams, meshParams, paramsHash } from '../../../protocol/params.ts'
import { rounds } from '../../../protocol/round/application.ts'
import { paramsFault } from '../../../protocol/round/params.ts'
import { createRounds } from '../../../protocol/round/state.ts'

import { arbitrary } from '../arbitrary.ts'
import { changeOf, MESH, meshChange, roundChange } from './changes.ts'
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
  submissionOf,
} from './mesh.ts'

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

test('views last by the Δ in force at their height, not by the genesis document’s', () => {
  for (const deltaMs of [1_000, 5_000]) {
    const genesis = genesisOf()
    const state = createRounds({ genesis, self: null })
    // Not the leader: it waits for a proposal that never comes.
    const self = leaderOrder(state.committee, 1).at(-1) ?? ''
    const machine = createMachine({ genesis, self, application: rounds, rounds: state })
    machine.rounds.params.mesh = { ...MESH, deltaMs }
    step(machine, { kind: 'head', at: 0, block: { number: 101, hash: digestOf('101') } })
    const message = meshChange({}, { activationHeight: 9 }) as Verified<Signed>
    step(machine, { kind: 'message', at: 0, message })
    const nullifies = (at: number): boolean =>
      step(machine, { kind: 'wake', at }).effects.some(
        (effect) => effect.kind === 'sign' && effect.message.kind === 'nullify',
      )
    assert.deepEqual([nullifies(4 * deltaMs - 1), nullifies(4 * deltaMs)], [false, true])
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
    [{ weightCapPpm: 249_999 }, 'weightCapPpm'],
    [{ weightsEveryBlocks: 0 }, 'weightsEveryBlocks'],
    [{ evidenceEpochs: 0 }, 'evidenceEpochs'],
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

test('the shares in force never sum to more than everything, whatever changes are decided in whatever order', () => {
  const share = fc.integer({ min: 0, max: 1_000_000 })
  const step = fc.record({
    place: fc.integer({ min: 0, max: 2 }),
    sharePpm: share,
    ahead: fc.integer({ min: 1, max: 6 }),
  })
  const competitions = [0, 1, 2].map((place) => ({ ...params, id: `c${place}`, sharePpm: 333_333 }))
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      const mesh = createMesh({ genesis: { ...genesisOf(), competitions } })
      for (const [index, { place, sharePpm, ahead }] of steps.entries()) {
        const { state } = nodeAt(mesh, 0)
        const more = { counter: index + 1, activationHeight: state.logHeight + 1 + ahead }
        const id = mesh.tell(roundChange({ id: `c${place}`, sharePpm }, more))
        if (state.items.has(id)) mesh.decide({ kind: 'params', message: id })
        const shares = [...state.competitions.values()].map((competition) => competition.params.sharePpm)
        assert.ok(shares.reduce((sum, one) => sum + one, 0) <= 1_000_000, `${shares}`)
      }
    }),
    { numRuns: 60 },
  )
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

test('R-64, R-92: vectors are of headers far enough apart, made by the parameters below them, and one for all', () => {
  const mesh = createMesh()
  mesh.tell(submissionOf(MINERS[0] ?? '', 'code'))
  mesh.run(() => kindsOf(mesh).includes('result'))
  const height = kindsOf(mesh).length + 1
  mesh.tell(meshChange({ weightsEveryBlocks: 15 }, { activationHeight: height + 2 }))
  mesh.tell(roundChange({ burnPpm: 0 }, { activationHeight: height + 2 }))
  const from = mesh.clock.head
  mesh.run(() => mesh.clock.head === from + 90, 100)
  const { vectors } = nodeAt(mesh, 0).state
  const burns = vectors.map(({ competitions }) => competitions[0]?.burnPpm)
  assert.deepEqual(new Set(burns), new Set([params.burnPpm, 0]))
  assert.equal(burns[0], params.burnPpm)
  assert.equal(burns.at(-1), 0)
  vectors.forEach(({ block }, index) => {
    const before = vectors[index - 1]?.block
    if (before !== undefined) assert.ok(block - before >= (burns[index] === 0 ? 15 : 10), `${before} ${block}`)
  })
  const blocks = new Set(vectors.map(({ block }) => block))
  const known = new Map<number, string>()
  for (const { weights } of mesh.nodes) {
    assert.ok(weights.size > 0)
    for (const [block, vector] of weights) {
      const printed = JSON.stringify(vector)
      assert.ok(blocks.has(block))
      assert.equal(known.get(block) ?? printed, printed)
      known.set(block, printed)
    }
  }
})
