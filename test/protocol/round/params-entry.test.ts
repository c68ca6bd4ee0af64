/** PARAMS as an entry: when it is due, what a voter says of a proposed one, and how a change reaches whoever leads. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EntryOf } from '../../../protocol/message/entry.ts'
import { rounds } from '../../../protocol/round/application.ts'
import { paramsRefusal } from '../../../protocol/round/params.ts'
import { meshChange, roundChange } from './changes.ts'
import { createMesh, digestOf, kindsOf, MINERS, nodeAt, submissionOf, VALIDATORS } from './mesh.ts'

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

test('of the changes of two targets the one whose height comes first is proposed first', () => {
  for (const [ofMesh, ofRounds] of [
    [40, 50],
    [50, 40],
  ] as const) {
    const mesh = createMesh()
    mesh.head()
    const ids = [
      mesh.tell(meshChange({ deltaMs: 500 }, { activationHeight: ofMesh })),
      mesh.tell(roundChange({}, { activationHeight: ofRounds })),
    ]
    const due = rounds.due(nodeAt(mesh, 0).state)
    assert.deepEqual(due, { kind: 'params', message: ids[ofMesh < ofRounds ? 0 : 1] })
  }
})

test('how long is long follows the Δ that is in force', () => {
  const { mesh, voter } = withDue(meshChange({ deltaMs: 5_000 }, { activationHeight: 2 }))
  mesh.step()
  const entry = { kind: 'params' as const, message: mesh.tell(meshChange({}, { counter: 2, activationHeight: 50 })) }
  mesh.tell(meshChange({}, { counter: 3, activationHeight: 50 }))
  for (let block = 0; block < 6; block += 1) mesh.head()
  mesh.check(voter, entry)
  assert.equal(mesh.check(voter, entry).kind, 'valid', 'three seconds are less than 2Δ')
  for (let block = 0; block < 16; block += 1) mesh.head()
  assert.equal(mesh.check(voter, entry).kind, 'wait')
})

test('of two changes with one counter each validator keeps the first that it got', () => {
  const { mesh, voter, entry } = withDue()
  mesh.tell(meshChange({ deltaMs: 600 }, { activationHeight: 50 }))
  assert.deepEqual(rounds.due(voter.state), entry)
})

test('a change that one validator got reaches all others, at once or with a later block', () => {
  for (const isFirstLost of [false, true]) {
    let lost = isFirstLost
    const [first = ''] = VALIDATORS
    const mesh = createMesh({ world: { delivers: ({ from, to }) => (from === '' ? to === first : !lost) } })
    mesh.head()
    mesh.tell(meshChange({ deltaMs: 500 }, { activationHeight: 50 }))
    const holding = () => mesh.nodes.filter(({ state }) => state.params.proposed.size === 1).length
    assert.equal(holding(), isFirstLost ? 1 : 4)
    lost = false
    for (let block = 0; block < 5; block += 1) mesh.head()
    assert.equal(holding(), 4)
  }
})

test('an owner that signs one change after the other makes nobody send more than one of a target every two seconds', () => {
  const { mesh, voter } = withDue()
  for (let counter = 2; counter < 40; counter += 1) mesh.tell(meshChange({}, { counter, activationHeight: 90 }))
  for (let block = 0; block < 5; block += 1) mesh.head()
  const relayed = voter.effects.flatMap((effect) =>
    effect.kind === 'relay' && effect.what.kind === 'message' && effect.what.message.kind === 'params'
      ? [effect.what.message.body.counter]
      : [],
  )
  assert.deepEqual(relayed, [1, 39])
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

test('a change whose height passes undecided is forgotten, and the validator that got it says why', () => {
  const { mesh, voter, entry } = withDue(meshChange({ deltaMs: 500 }, { activationHeight: 2 }))
  const { body } = meshChange({ deltaMs: 500 }, { activationHeight: 2 })
  assert.equal(paramsRefusal(voter.state, entry.message, body), null)
  const other = mesh.tell(roundChange({}, { activationHeight: 9 }))
  mesh.decide({ kind: 'params', message: other })
  assert.equal(paramsRefusal(voter.state, entry.message, body), 'activation')
  assert.equal(voter.state.params.proposed.size, 0)
})

test('a change that came just before a crash is proposed after it', () => {
  const { mesh, voter, entry } = withDue()
  mesh.restart(voter)
  mesh.head()
  assert.deepEqual(rounds.due(voter.state), entry)
})
