/** Promises of a start from the journal in the middle of a round: what was sealed stays sealed, whatever the replay has forgotten. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createJournal } from '../../../node/machine/journal.ts'
import { restoreFrom } from '../../../node/machine/restore.ts'
import { openStore } from '../../../node/store/index.ts'
import {
  rounds as application,
  createRounds,
  type Digest,
  type ManifestEntry,
  messageId,
  type Signed,
} from '../../../protocol/index.ts'
import {
  createMesh,
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
} from '../../protocol/round/mesh.ts'
import { newFolder } from '../store/folder.ts'

const [STRANGER = '', MINER = ''] = MINERS

/** Said to nobody: who wants it has to ask for it. */
const hide = (mesh: Mesh, message: Signed): Digest => {
  const id = messageId(message, mesh.domains)
  mesh.archive.set(id, message)
  return id
}

/** A manifest that no voter can find valid: its receipts do not exist. */
const waitingFor = (mesh: Mesh, ids: readonly Digest[]): ManifestEntry => ({
  ...{ kind: 'manifest', competition: params.id, round: 1, image: params.image, closeBlock: 120, incumbent: null },
  paramsHash: nodeAt(mesh, 1).state.competitions.get(params.id)?.paramsHash ?? '',
  beaconBlock: mesh.clock.head + 6,
  thetaPpm: params.thetaPpm,
  submissions: ids.toSorted().map((id) => ({
    id,
    receiptBlock: 110,
    receipts: VALIDATORS.map((hotkey) => digestOf(`${id} ${hotkey}`)).sort(),
  })),
})

const openIn = (mesh: Mesh) =>
  nodeAt(mesh, 1).state.competitions.get(params.id)?.open ?? assert.fail('no round is open')

/**
 * In its second round a validator has committed, and the manifest names a submission that a replay forgets: its miner's places are taken by those
 * that a proposal named when the miner had no uid, and its receipts came after the next header.
 */
const atCommit = (): Mesh => {
  let isRegistered = false
  let withheld: Digest | null = null
  let isLast = false
  const genesis = genesisOf({ params: { commitBlocks: 400, revealBlocks: 400 } })
  const mesh = createMesh({
    genesis,
    world: {
      metagraph: (block) => {
        const graph = metagraphAt(block)
        return { ...graph, neurons: graph.neurons.filter(({ hotkey }) => hotkey !== STRANGER || isRegistered) }
      },
      signs: ({ hotkey, message }) =>
        message.kind === 'receipt'
          ? message.body.submission !== withheld
          : !(isLast && message.kind === 'commit' && hotkey !== VALIDATORS[1]),
    },
  })
  mesh.head()
  mesh.tell(submissionOf(MINER, 'code'))
  while (mesh.clock.head < 121) mesh.head()
  const strange = Array.from({ length: 8 }, (_, index) => hide(mesh, submissionOf(STRANGER, `strange ${index}`)))
  const proposed = waitingFor(mesh, strange)
  for (const node of mesh.nodes) assert.equal(mesh.check(node, proposed).kind, 'wait')
  mesh.run(() => kindsOf(mesh).includes('manifest'))
  isRegistered = true
  for (let block = 0; block < 6; block += 1) mesh.head()
  const submission = submissionOf(STRANGER, 'in earnest')
  withheld = messageId(submission, mesh.domains)
  mesh.tell(submission)
  mesh.run(() => kindsOf(mesh).includes('result'))
  withheld = null
  isLast = true
  mesh.run(() => kindsOf(mesh).filter((kind) => kind === 'manifest').length === 2)
  for (let block = 0; block < 10; block += 1) mesh.head()
  return mesh
}

const openJournal = async (t: TestContext, mesh: Mesh) => {
  const store = await openStore({ dir: newFolder(t) })
  t.after(() => store.close())
  const journal = createJournal({ store, domains: mesh.domains })
  for (const record of nodeAt(mesh, 1).journal) await journal.append([record])
  return journal
}

test('a restart in a round keeps the measurement and its commit, though the replay forgot what the manifest names', async (t) => {
  const mesh = atCommit()
  const live = openIn(mesh)
  const self = VALIDATORS[1] ?? ''
  assert.ok(live.sealed !== null && live.commits.has(self))
  const journal = await openJournal(t, mesh)
  const { genesis } = mesh
  const blank = { genesis, self, application, rounds: createRounds({ genesis, self }) }
  const { machine } = await restoreFrom(journal, blank, { info: () => undefined })
  const open = machine.rounds.competitions.get(params.id)?.open
  assert.equal(open?.manifest, live.manifest)
  assert.deepEqual(open.sealed, live.sealed)
  assert.deepEqual(open.commits.get(self)?.message, live.commits.get(self)?.message)
})
