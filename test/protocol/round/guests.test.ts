/** What a proposal names and the bounds would not let in: held while it may be decided, and no longer. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EntryOf, ManifestEntry } from '../../../protocol/message/entry.ts'
import { messageId, type Signed } from '../../../protocol/message/message.ts'
import { rounds } from '../../../protocol/round/application.ts'
import { buildStatement, parseStatement } from '../../../protocol/round/statement.ts'
import {
  createMesh,
  digestOf,
  genesisOf,
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

const [ANN = ''] = MINERS
const [DOUBLE = ''] = VALIDATORS
const SILENT = VALIDATORS[3] ?? ''

/** Said to nobody: who wants it has to ask for it. */
const hide = (mesh: Mesh, message: Signed): string => {
  const id = messageId(message, mesh.domains)
  mesh.archive.set(id, message)
  return id
}

const openOf = (node: Node) => {
  const open = node.state.competitions.get(params.id)?.open
  assert.ok(open)
  return open
}

const messagesIn = (node: Node): number => node.journal.filter(({ kind }) => kind === 'message').length

/** All but one have revealed. */
const atReveals = (): Mesh => {
  const mesh = createMesh({
    genesis: genesisOf({ params: { revealBlocks: 400 } }),
    world: { signs: ({ hotkey, message }) => !(hotkey === SILENT && message.kind === 'reveal') },
  })
  mesh.tell(submissionOf(ANN, 'code'))
  mesh.run(() => kindsOf(mesh).includes('commits'))
  return mesh
}

test('R-133: of the reveals of one member that proposals name one a view is held, and those of the views before no more', () => {
  const mesh = atReveals()
  const node = nodeAt(mesh, 0)
  const { manifest } = openOf(node)
  const { sealed } = openOf(nodeAt(mesh, 3))
  assert.ok(sealed)
  const own = parseStatement(sealed.statement)
  const revealOf = (name: string): string => {
    const nonce = digestOf(name)
    const body = { competition: params.id, round: 1, manifest, hotkey: SILENT, nonce }
    const statement = buildStatement({ ...own, nonce })
    return hide(mesh, { kind: 'reveal', signature: SIGNATURE, body: { ...body, statement } })
  }
  const before = { items: node.state.items.size, journal: messagesIn(node) }
  for (let view = 0; view < 10; view += 1) {
    const reveals = Array.from({ length: 128 }, (_, index) => revealOf(`${view} ${index}`))
    const result = digestOf('a result')
    mesh.check(node, { kind: 'result', competition: params.id, round: 1, manifest, reveals, result }, { view })
    mesh.clock.at += 4_000
  }
  // The first of all has the member's place.
  assert.ok(node.state.items.size <= before.items + 2, `${node.state.items.size - before.items} more items`)
  assert.ok(messagesIn(node) <= before.journal + 11, `${messagesIn(node) - before.journal} more in the journal`)
})

test('R-133: a manifest of strangers’ submissions brings no code here, and nothing of it outlasts its view', () => {
  const mesh = createMesh({ genesis: genesisOf({ params: { submissionsMax: 224 } }) })
  while (mesh.clock.head < 121) mesh.head()
  const node = nodeAt(mesh, 1)
  const { paramsHash = '', candidates } = node.state.competitions.get(params.id) ?? {}
  const manifestOf = (view: number): ManifestEntry => {
    const ids = Array.from({ length: 224 }, (_, index) =>
      hide(mesh, submissionOf(digestOf(`stranger ${view} ${index}`), `code ${view} ${index}`)),
    )
    return {
      ...{ kind: 'manifest', competition: params.id, round: 1, paramsHash, image: params.image, closeBlock: 120 },
      ...{ beaconBlock: mesh.clock.head + 6, incumbent: null, thetaPpm: params.thetaPpm },
      submissions: ids.sort().map((id) => ({
        id,
        receiptBlock: 110,
        receipts: VALIDATORS.map((hotkey) => digestOf(`${id} ${hotkey}`)).sort(),
      })),
    } as ManifestEntry
  }
  for (let view = 0; view < 4; view += 1) {
    assert.equal(mesh.check(node, manifestOf(view), { view }).kind, 'wait')
    assert.equal(candidates?.size, 224)
    mesh.clock.at += 4_000
    mesh.head()
  }
  assert.equal(
    node.effects.some((effect) => effect.kind === 'fetch' && effect.what === 'blob'),
    false,
  )
  const due = rounds.due(node.state)
  assert.equal(due, null)
  mesh.tell(submissionOf(ANN, 'honest'))
  mesh.run(() => kindsOf(mesh).includes('manifest'))
  assert.deepEqual(
    [...(candidates?.values() ?? [])].map(({ held }) => held.message.body.hotkey),
    [ANN],
  )
  mesh.restart(node)
  // Whose hotkeys have a uid is the chain's to say.
  mesh.head()
  const again = node.state.competitions.get(params.id)?.candidates
  assert.deepEqual(
    [...(again?.values() ?? [])].map(({ held }) => held.message.body.hotkey),
    [ANN],
  )
})

test('R-133: what a valid proposal names beyond the bounds is here until its height is decided, whatever later ones name, also after a restart', () => {
  const mesh = createMesh()
  const voter = nodeAt(mesh, 1)
  mesh.tell(submissionOf(ANN, 'code'))
  mesh.run(() => kindsOf(mesh).includes('manifest'))
  const { manifest } = openOf(voter)
  // The voter hears another commit first; the log will name the one that it holds only since a proposal names it.
  mesh.world.delivers = ({ from, to, message }) =>
    message.kind !== 'commit' || (from === DOUBLE ? to !== voter.hotkey : from !== '' || to === voter.hotkey)
  while (![...mesh.archive.values()].some(({ kind }) => kind === 'commit')) mesh.head()
  const body = { competition: params.id, round: 1, manifest, hotkey: DOUBLE }
  mesh.tell({ kind: 'commit', body: { ...body, commitment: digestOf('another') }, signature: SIGNATURE })
  let entry = rounds.due(nodeAt(mesh, 0).state)
  for (; entry?.kind !== 'commits'; entry = rounds.due(nodeAt(mesh, 0).state)) mesh.head()
  const named = [...mesh.archive].find(([, { kind, body }]) => kind === 'commit' && body.hotkey === DOUBLE)?.[0] ?? ''
  assert.ok(entry.commits.includes(named))
  assert.equal(mesh.check(voter, entry).kind, 'wait')
  assert.equal(mesh.check(voter, entry).kind, 'valid')
  mesh.archive.delete(named)
  const junk: EntryOf<'commits'> = {
    ...entry,
    commits: [hide(mesh, { kind: 'commit', body: { ...body, commitment: digestOf('junk') }, signature: SIGNATURE })],
  }
  mesh.check(voter, junk, { view: 1 })
  mesh.check(voter, junk, { view: 2 })
  assert.equal(voter.state.items.has(named), true)
  mesh.restart(voter)
  mesh.check(voter, junk, { view: 3 })
  mesh.decide(entry)
  assert.equal(openOf(voter).committed?.commits.get(DOUBLE)?.id, named)
  assert.equal(voter.state.guests.held.size, 0)
})
