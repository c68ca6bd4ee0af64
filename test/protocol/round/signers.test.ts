/** what the log may name holds under keys that follow from the log, so that nobody can show to some what the others can never check. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Neuron } from '../../../protocol/chain-view.ts'
import type { Key } from '../../../protocol/crypto.ts'
import { commitmentOf } from '../../../protocol/message/commitment.ts'
import { messageId, type Signed, type Unsigned, type Verified } from '../../../protocol/message/message.ts'
import { rounds } from '../../../protocol/round/application.ts'
import { sessionKeysOf } from '../../../protocol/round/signers.ts'
import type { OpenRound } from '../../../protocol/round/state.ts'
import {
  createMesh,
  delegationOf,
  digestOf,
  genesisOf,
  kindsOf,
  type Mesh,
  MINERS,
  metagraphAt,
  nodeAt,
  params,
  submissionOf,
  VALIDATORS,
} from './mesh.ts'
import { SIGNATURE, signedBy } from './signing.ts'

const LIAR_AT = 3
const liar = VALIDATORS[LIAR_AT] ?? assert.fail()
const miner = MINERS[0] ?? assert.fail()
const newcomer = digestOf('newcomer')
const NEWCOMER_AT = VALIDATORS.length
const keyOf = (counter: number): Key => delegationOf(liar, counter).sessionKey

/**
 * A mesh whose nodes check signatures, and whose chain begins an epoch when the test says so; the last validator keeps its `silent` messages to
 * itself, for the test to show to whom it likes.
 */
const createKeyedMesh = (o: {
  readonly silent: Unsigned['kind']
  readonly change: Partial<typeof params>
  /** Whether it has a permit in epochs that begin; else a newcomer that is not up yet has its place. */
  readonly keepsSeat: boolean
}) => {
  const starts = [{ epoch: 1, block: 0 }]
  let counter = 1
  const mesh = createMesh({
    genesis: genesisOf({ params: o.change }),
    joining: [newcomer],
    world: {
      metagraph: (block) => {
        const graph = metagraphAt(block)
        const start = starts.findLast((one) => one.block <= block) ?? assert.fail()
        const isChanged = start.epoch > 1 && !o.keepsSeat
        const isSeated = ({ hotkey }: Neuron): boolean => (hotkey === liar ? !isChanged : VALIDATORS.includes(hotkey))
        const more = { uid: 99, hotkey: newcomer, coldkey: newcomer, stakeRao: 20n, permit: isChanged }
        const neurons = [...graph.neurons.map((one) => ({ ...one, permit: isSeated(one) })), more]
        return { ...graph, epoch: start.epoch, epochStart: start.block, neurons }
      },
      signs: ({ hotkey, message }) => hotkey !== liar || message.kind !== o.silent,
      sessionKey: (hotkey) => delegationOf(hotkey, hotkey === liar ? counter : 1).sessionKey,
    },
  })
  nodeAt(mesh, NEWCOMER_AT).isUp = false
  /** Shows a message to these validators alone; whoever asks those who have it gets it. */
  const show = (message: Signed, to: readonly number[]): void => {
    mesh.archive.set(messageId(message, mesh.domains), message)
    for (const index of to) {
      const input = { kind: 'message', at: mesh.clock.at, message: message as Verified<Signed> } as const
      mesh.queue.push({ node: nodeAt(mesh, index), input })
    }
  }
  const delegate = (next: number, to: readonly number[]): void =>
    show({ kind: 'delegation', body: delegationOf(liar, next), signature: SIGNATURE }, to)
  /** The chain's next epoch; `before`: said when EPOCH is due and not decided. */
  const turn = (before: () => void = () => undefined): void => {
    const epoch = starts.length + 1
    starts.push({ epoch, block: mesh.clock.head + 2 })
    for (let block = 0; rounds.due(nodeAt(mesh, 0).state)?.kind !== 'epoch'; block += 1) {
      assert.ok(block < 20, 'EPOCH is not due')
      mesh.head()
    }
    before()
    mesh.head()
    mesh.run(() => nodeAt(mesh, 0).state.committee.epoch === epoch)
  }
  const speaksBy = (next: number): void => {
    counter = next
  }
  return { mesh, show, delegate, turn, speaksBy }
}

const openOf = (mesh: Mesh, index = 0): OpenRound =>
  nodeAt(mesh, index).state.competitions.get(params.id)?.open ?? assert.fail('no round is open')

const everybody = VALIDATORS.map((_, index) => index)
const others = everybody.filter((index) => index !== LIAR_AT)

/** What the liar reveals, by the key of this counter. */
const revealBy = (mesh: Mesh, counter: number): Signed => {
  const { entry, manifest, sealed } = openOf(mesh, LIAR_AT)
  const body = { competition: params.id, round: entry.round, manifest, hotkey: liar, ...(sealed ?? assert.fail()) }
  return signedBy(keyOf(counter), { kind: 'reveal', body })
}

test('commits and reveals hold under each key that their signer was seated by since the manifest, and under no other', () => {
  const { mesh, delegate, turn, speaksBy } = createKeyedMesh({
    silent: 'commit',
    change: { commitBlocks: 100 },
    keepsSeat: true,
  })
  mesh.tell(submissionOf(miner, 'code'))
  mesh.run(() => kindsOf(mesh).includes('manifest'))
  const { manifest, entry } = openOf(mesh)
  const commit = (of: string): Unsigned => ({
    kind: 'commit',
    body: { competition: params.id, round: entry.round, manifest: of, hotkey: liar, commitment: digestOf('') },
  })
  const receipt: Unsigned = { kind: 'receipt', body: { submission: digestOf(''), hotkey: liar, block: 1 } }
  const keysOf = (message: Unsigned) => sessionKeysOf(nodeAt(mesh, 0).state, message)
  delegate(2, everybody)
  mesh.head()
  assert.deepEqual(keysOf(commit(manifest)), [keyOf(1)], 'what is delegated is not in force')
  turn()
  speaksBy(2)
  assert.deepEqual(keysOf(commit(manifest)), [keyOf(2), keyOf(1)])
  delegate(3, everybody)
  turn()
  speaksBy(3)
  assert.deepEqual(keysOf(commit(manifest)), [keyOf(3), keyOf(2), keyOf(1)])
  assert.deepEqual(keysOf(commit(digestOf('another round'))), [])
  assert.deepEqual(keysOf(receipt), [keyOf(3)])
})

test('a reveal under a key that never had a seat, shown to some, holds no result up', () => {
  const { mesh, show, delegate, turn } = createKeyedMesh({
    silent: 'reveal',
    change: { revealBlocks: 60 },
    keepsSeat: false,
  })
  mesh.tell(submissionOf(miner, 'code'))
  mesh.run(() => kindsOf(mesh).includes('commits'))
  mesh.tell({ kind: 'delegation', body: delegationOf(newcomer), signature: SIGNATURE })
  turn()
  // Without a seat its newest delegation is all that speaks for it: one of them to some, the next to all.
  delegate(9, [1])
  show(revealBy(mesh, 9), [1])
  mesh.head()
  delegate(10, others)
  mesh.run(() => kindsOf(mesh).includes('result'))
})

test('a reveal under a key that never had a seat, shown to all, leaves the log readable for who joins later', () => {
  const { mesh, show, delegate, turn } = createKeyedMesh({
    silent: 'reveal',
    change: { revealBlocks: 60 },
    keepsSeat: false,
  })
  mesh.tell(submissionOf(miner, 'code'))
  mesh.run(() => kindsOf(mesh).includes('commits'))
  mesh.tell({ kind: 'delegation', body: delegationOf(newcomer), signature: SIGNATURE })
  turn()
  delegate(9, others)
  mesh.head()
  show(revealBy(mesh, 9), others)
  mesh.head()
  delegate(10, [...others, NEWCOMER_AT])
  mesh.run(() => kindsOf(mesh).includes('result'))
  const joiner = nodeAt(mesh, NEWCOMER_AT)
  mesh.restart(joiner)
  for (let block = 0; block < 20; block += 1) mesh.head()
  assert.equal(joiner.state.logHeight, mesh.log.length)
})

test('a commit under the key between two epochs, shown to some as the second begins, holds no COMMITS up', () => {
  const { mesh, show, delegate, turn, speaksBy } = createKeyedMesh({
    silent: 'commit',
    change: { commitBlocks: 100 },
    keepsSeat: true,
  })
  mesh.tell(submissionOf(miner, 'code'))
  mesh.run(() => kindsOf(mesh).includes('manifest'))
  delegate(2, everybody)
  turn()
  speaksBy(2)
  const { sealed, manifest, entry } = openOf(mesh, LIAR_AT)
  const id = { competition: params.id, round: entry.round, manifest, hotkey: liar }
  const commitment = commitmentOf({ domain: mesh.domains.mesh, ...id, ...(sealed ?? assert.fail()) })
  const commit = signedBy(keyOf(2), { kind: 'commit', body: { ...id, commitment } })
  delegate(3, everybody)
  turn(() => show(commit, [0]))
  // Neither who holds it nor who does not is a quorum without the liar.
  nodeAt(mesh, LIAR_AT).isUp = false
  mesh.run(() => kindsOf(mesh).includes('commits'))
})

test('a receipt under the key before an epoch, shown to some, holds no manifest up', () => {
  const { mesh, show, delegate, turn } = createKeyedMesh({
    silent: 'receipt',
    change: { roundBlocks: 40 },
    keepsSeat: true,
  })
  mesh.head()
  const submission = mesh.tell(submissionOf(miner, 'code'))
  mesh.head()
  const body = { submission, hotkey: liar, block: mesh.clock.head }
  show(signedBy(keyOf(1), { kind: 'receipt', body }), [0])
  mesh.head()
  delegate(2, everybody)
  turn()
  nodeAt(mesh, LIAR_AT).isUp = false
  mesh.run(() => kindsOf(mesh).includes('manifest'))
})

test('who speaks by another key after an epoch signs its receipts anew, for the blocks of the first ones', () => {
  const { mesh, delegate, turn, speaksBy } = createKeyedMesh({
    silent: 'proposal',
    change: { roundBlocks: 40 },
    keepsSeat: true,
  })
  mesh.head()
  const submission = mesh.tell(submissionOf(miner, 'code'))
  mesh.head()
  const receiptAt = (index: number) =>
    nodeAt(mesh, index).state.competitions.get(params.id)?.candidates.get(submission)?.receipts.get(liar)?.message ??
    assert.fail('no receipt')
  const before = everybody.map(receiptAt)
  delegate(2, everybody)
  turn(() => speaksBy(2))
  for (let block = 0; block < 5; block += 1) mesh.head()
  assert.deepEqual(
    everybody.map(receiptAt),
    before.map(({ body }) => signedBy(keyOf(2), { kind: 'receipt', body })),
  )
  mesh.run(() => kindsOf(mesh).includes('manifest'))
})
