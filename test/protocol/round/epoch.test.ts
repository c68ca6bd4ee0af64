/** The next committee: weights under the cap, lawful successors, and an epoch decided by a whole mesh. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compareNumbers } from '../../../protocol/competition/integers.ts'
import { rounds } from '../../../protocol/round/application.ts'
import { cappedWeights, eligibleHotkeys, epochEntry, isSuccessor } from '../../../protocol/round/epoch.ts'
import {
  createMesh,
  delegationOf,
  digestOf,
  genesisOf,
  kindsOf,
  MINERS,
  metagraphAt,
  nodeAt,
  STAKES,
  submissionOf,
  VALIDATORS,
} from './mesh.ts'
import { SIGNATURE } from './signing.ts'

test('no weight is above the cap of the sum, nothing under the cap is cut, and stakes under it stay as they are', () => {
  assert.deepEqual(cappedWeights([30n, 28n, 22n, 20n], 330_000), [30n, 28n, 22n, 20n])
  assert.deepEqual(cappedWeights([1_000_000n, 100n, 100n, 100n], 330_000), [147n, 100n, 100n, 100n])
  assert.deepEqual(cappedWeights([9n, 5n, 7n], 100_000), [5n, 5n, 5n])
  const stakes = fc.array(fc.bigInt({ min: 1n, max: 10n ** 18n }), { minLength: 4, maxLength: 64 })
  fc.assert(
    fc.property(stakes, fc.integer({ min: 260_000, max: 333_333 }), (values, capPpm) => {
      const weights = cappedWeights(values, capPpm)
      const total = weights.reduce((sum, weight) => sum + weight, 0n)
      const top = [...weights].sort(compareNumbers).at(-1) ?? 0n
      assert.ok(weights.every((weight, index) => weight === values[index] || weight === top))
      // Rounding down moves the fixed point by less than one unit a member.
      assert.ok(top * 1_000_000n <= BigInt(capPpm) * (total + BigInt(values.length)) || top < BigInt(values.length))
    }),
  )
})

const rotated = (block: number, o: { without?: readonly string[]; fresh?: readonly string[] }) => {
  const metagraph = metagraphAt(block)
  const { without = [], fresh = [] } = o
  const neurons = metagraph.neurons.map((neuron) => {
    if (fresh.includes(neuron.hotkey)) return { ...neuron, permit: true, stakeRao: 25n }
    return without.includes(neuron.hotkey) ? { ...neuron, permit: false } : neuron
  })
  return { ...metagraph, neurons }
}

test('a committee that drops more than a third of what is still permitted, or has less than four members, is no successor', () => {
  const { committee } = nodeAt(createMesh(), 0).state
  const metagraph = rotated(1_000, { fresh: MINERS })
  const entryWith = (hotkeys: readonly string[]) =>
    epochEntry(metagraph, {
      capPpm: 330_000,
      delegationOf: (hotkey) =>
        hotkeys.includes(hotkey) ? { id: digestOf(hotkey), body: delegationOf(hotkey) } : undefined,
    })
  const eligible = eligibleHotkeys(metagraph)
  const [first = '', second = '', third = ''] = VALIDATORS
  assert.equal(isSuccessor(committee, entryWith([...VALIDATORS, ...MINERS]), eligible), true)
  assert.equal(isSuccessor(committee, entryWith([first, second, third, ...MINERS]), eligible), true)
  assert.equal(isSuccessor(committee, entryWith([first, second, ...MINERS]), eligible), false)
  assert.equal(isSuccessor(committee, entryWith([first, second, third]), eligible), false)
})

test('a delegation that has expired, or is not yet in force, gives no seat', () => {
  const metagraph = metagraphAt(1_000)
  const entry = epochEntry(metagraph, {
    capPpm: 330_000,
    delegationOf: (hotkey) => ({
      id: digestOf(hotkey),
      body: { ...delegationOf(hotkey), ...(hotkey === VALIDATORS[0] ? { toBlock: 1_000 } : { toBlock: 1_001 }) },
    }),
  })
  assert.equal(entry.members.length, 3)
  assert.deepEqual(
    entry.members.map(({ hotkey }) => hotkey),
    VALIDATORS.slice(1).sort((a, b) => (a < b ? -1 : 1)),
  )
})

test('when the chain’s epoch changes the mesh decides its committee; a round that is open keeps the one of its manifest', () => {
  const [leaving = ''] = VALIDATORS.slice(3)
  const [joining = ''] = MINERS.slice(3)
  const genesis = genesisOf()
  const mesh = createMesh({
    genesis: { ...genesis, block: 965 },
    world: {
      metagraph: (block) =>
        block < 1_000 ? metagraphAt(block) : rotated(block, { without: [leaving], fresh: [joining] }),
    },
  })
  mesh.tell(submissionOf(MINERS[0] ?? '', 'code'))
  mesh.run(() => kindsOf(mesh).includes('manifest'))
  // Its own delegation arrives before the epoch does, and is taken since its hotkey is about to be permitted.
  mesh.run(() => mesh.nodes.every(({ state }) => (state.latest?.epoch ?? 0) === 2))
  mesh.tell({ kind: 'delegation', body: delegationOf(joining), signature: SIGNATURE })
  mesh.run(() => kindsOf(mesh).includes('epoch') && kindsOf(mesh).includes('result'), 200)
  for (const { state } of mesh.nodes) {
    const { members, epoch, total } = state.committee
    assert.equal(epoch, 2)
    assert.deepEqual(
      members.map(({ hotkey }) => hotkey),
      [...VALIDATORS.slice(0, 3), joining].sort((a, b) => (a < b ? -1 : 1)),
    )
    assert.equal(total, STAKES[0] + STAKES[1] + STAKES[2] + 25n)
  }
  const [result] = [...nodeAt(mesh, 0).state.competitions.values()].flatMap((competition) => competition.results)
  assert.ok(result?.submissions[0]?.byValidator.some(({ hotkey }) => hotkey === leaving))
})

test('a member’s newer delegation takes its seat over at the next epoch, an older one never does', () => {
  const mesh = createMesh({ genesis: { ...genesisOf(), block: 985 } })
  const [hotkey = ''] = VALIDATORS
  mesh.tell({ kind: 'delegation', body: delegationOf(hotkey, 3), signature: SIGNATURE })
  mesh.tell({ kind: 'delegation', body: delegationOf(hotkey, 2), signature: SIGNATURE })
  mesh.run(() => kindsOf(mesh).includes('epoch'))
  const member = nodeAt(mesh, 1).state.committee.members.find((one) => one.hotkey === hotkey)
  assert.equal(member?.sessionKey, delegationOf(hotkey, 3).sessionKey)
})

test('an epoch entry that tells the chain otherwise, or uses a delegation older than the one in force, is provably wrong', () => {
  const mesh = createMesh({ genesis: { ...genesisOf(), block: 985 } })
  const node = nodeAt(mesh, 1)
  mesh.run(() => mesh.clock.head >= 999)
  const isDue = () => rounds.due(node.state)
  for (let block = 0; block < 10 && isDue() === null; block += 1) mesh.head()
  const entry = isDue()
  assert.ok(entry?.kind === 'epoch')
  assert.equal(mesh.check(node, entry).kind, 'valid')
  const [first, ...others] = entry.members
  assert.ok(first)
  const wrong = [
    { ...entry, epoch: 3 },
    { ...entry, epoch: 1 },
    { ...entry, blockHash: digestOf('another block') },
    { ...entry, members: [{ ...first, weight: first.weight + 1n }, ...others] },
    { ...entry, members: [...others, first] },
    { ...entry, members: others },
  ]
  for (const other of wrong) assert.equal(mesh.check(node, other).kind, 'invalid')
  assert.equal(
    mesh.check(node, { ...entry, members: [{ ...first, delegation: digestOf('unknown') }, ...others] }).kind,
    'wait',
  )
})

test('a delegation older than the one in force takes no seat, even when it is all that a leader has', () => {
  const base = genesisOf()
  const [first = ''] = VALIDATORS
  const delegations = base.delegations.map((one) =>
    one.body.hotkey === first ? { ...one, body: delegationOf(first, 2) } : one,
  )
  const mesh = createMesh({ genesis: { ...base, block: 985, delegations } })
  const voter = nodeAt(mesh, 1)
  const older = mesh.tell({ kind: 'delegation', body: delegationOf(first, 1), signature: SIGNATURE })
  for (let block = 0; block < 25; block += 1) mesh.head()
  const entry = rounds.due(voter.state)
  assert.ok(entry?.kind === 'epoch')
  const members = entry.members.map((member) => (member.hotkey === first ? { ...member, delegation: older } : member))
  assert.equal(mesh.check(voter, { ...entry, members }).kind, 'wait')
  const answer = mesh.check(voter, { ...entry, members })
  assert.deepEqual(answer, { kind: 'invalid', reason: 'an older delegation' })
})
