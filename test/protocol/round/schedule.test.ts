/** A chain whose schedule changes: what it calls epochs then, and which committees follow. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { EntryOf } from '../../../protocol/message/entry.ts'
import { rounds } from '../../../protocol/round/application.ts'
import { blockAt, createMesh, genesisOf, type Mesh, metagraphAt, nodeAt } from './mesh.ts'

/** Blocks of an epoch from a block on, rising; the chain numbers its epochs by dividing, as if it had always been so. */
type Schedule = readonly { readonly from: number; readonly blocks: number }[]

const chainOf = (schedule: Schedule) => (block: number) => {
  const blocks = schedule.findLast(({ from }) => from <= block)?.blocks ?? 1
  const epoch = Math.floor(block / blocks)
  return { ...metagraphAt(block), epoch, epochStart: epoch * blocks }
}

const GENESIS_BLOCK = genesisOf().block

const meshOf = (schedule: Schedule): Mesh => {
  const metagraph = chainOf(schedule)
  const { epoch } = metagraph(GENESIS_BLOCK)
  return createMesh({ genesis: { ...genesisOf(), epoch }, world: { metagraph } })
}

const runTo = (mesh: Mesh, block: number): void => mesh.run(() => mesh.clock.head === block)

const epochsIn = (mesh: Mesh): readonly (readonly [block: number, epoch: number])[] =>
  mesh.log.flatMap(({ header: { entry } }) => (entry.kind === 'epoch' ? [[entry.block, entry.epoch] as const] : []))

const dueAt = (mesh: Mesh, place = 0): EntryOf<'epoch'> | null => {
  const entry = rounds.due(nodeAt(mesh, place).state)
  return entry?.kind === 'epoch' ? entry : null
}

test('R-130: what only a shorter schedule calls the first block of an epoch is no EPOCH: no leader proposes it, and who does is provably wrong', () => {
  const mesh = meshOf([
    { from: 0, blocks: 50 },
    { from: 175, blocks: 40 },
  ])
  runTo(mesh, 174)
  const [node, voter] = [nodeAt(mesh, 0), nodeAt(mesh, 1)]
  const members = node.state.newestEpoch?.entry.members ?? []
  runTo(mesh, 185)
  assert.deepEqual([node.state.committee.epoch, node.state.latest?.epoch, node.state.latest?.epochStart], [3, 4, 160])
  assert.ok(node.state.metagraphs.has(160))
  assert.equal(dueAt(mesh), null)
  const { owner } = node.state.params
  const named = { kind: 'epoch', block: 160, blockHash: blockAt(160).hash, members, owner, released: [] } as const
  for (const epoch of [3, 4, 5]) assert.equal(mesh.check(voter, { ...named, epoch }).kind, 'invalid')
  runTo(mesh, 250)
  assert.deepEqual(epochsIn(mesh), [
    [150, 3],
    [200, 5],
    [240, 6],
  ])
})

test('R-130: where a longer schedule counts epochs from a lower number, each still brings a committee, numbered above the last', () => {
  const mesh = meshOf([
    { from: 0, blocks: 10 },
    { from: 125, blocks: 40 },
  ])
  runTo(mesh, 250)
  assert.deepEqual(epochsIn(mesh), [
    [110, 11],
    [120, 12],
    [160, 13],
    [200, 14],
    [240, 15],
  ])
})

test('R-130: whatever the chain’s schedule becomes, no leader proposes what a voter calls wrong, and committees follow the chain', () => {
  const changes = fc.array(
    fc.record({ after: fc.integer({ min: 1, max: 40 }), blocks: fc.integer({ min: 8, max: 40 }) }),
    {
      minLength: 1,
      maxLength: 4,
    },
  )
  fc.assert(
    fc.property(changes, (drawn) => {
      let from = 0
      const schedule = drawn.map(({ after, blocks }, index) => {
        from = index === 0 ? 0 : Math.max(from, GENESIS_BLOCK) + after
        return { from, blocks }
      })
      const chain = chainOf(schedule)
      const mesh = meshOf(schedule)
      while (mesh.clock.head < Math.max(from, GENESIS_BLOCK) + 80) {
        mesh.head()
        for (const { state } of mesh.nodes) {
          const entry = rounds.due(state)
          if (entry === null) continue
          for (const voter of mesh.nodes) assert.notEqual(mesh.check(voter, entry).kind, 'invalid')
        }
        mesh.step()
      }
      const epochs = epochsIn(mesh)
      const isFirst = (block: number): boolean => chain(block).epochStart === block
      const [newest = 0] = epochs.at(-1) ?? []
      assert.ok(epochs.every(([block, epoch], index) => isFirst(block) && epoch > (epochs[index - 1]?.[1] ?? 0)))
      // The chain is looked at every five blocks.
      for (let block = newest + 1; block < mesh.clock.head - 6; block += 1) assert.ok(!isFirst(block))
    }),
    { numRuns: 25 },
  )
})

test('R-131: an epoch that the mesh passed over is an EPOCH still, and the newest follows it at once', () => {
  const mesh = meshOf([{ from: 0, blocks: 20 }])
  mesh.run(() => mesh.log.length === 1)
  const early = mesh.log[0]?.header.entry
  assert.ok(early?.kind === 'epoch' && early.block === 120)
  while (mesh.clock.head < 170) mesh.head()
  const due = dueAt(mesh)
  assert.deepEqual([due?.block, due?.epoch], [160, 8])
  const passed = { ...early, block: 140, epoch: 7, blockHash: blockAt(140).hash }
  const voter = nodeAt(mesh, 1)
  assert.equal(mesh.check(voter, passed).kind, 'valid')
  mesh.decide(passed)
  assert.equal(dueAt(mesh)?.block, 160)
  mesh.step()
  assert.deepEqual(epochsIn(mesh).slice(-2), [
    [140, 7],
    [160, 8],
  ])
  assert.deepEqual(mesh.check(voter, passed), { kind: 'invalid', reason: 'epoch' })
})
