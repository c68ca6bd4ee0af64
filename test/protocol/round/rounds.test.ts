/** Whole rounds: from a submission to the weights, with validators missing, late and restarted. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { messageId, type Signed } from '../../../protocol/message/message.ts'
import { accept } from '../../../protocol/round/items.ts'
import { receiptsToday } from '../../../protocol/round/pump.ts'
import { submissionRefusal } from '../../../protocol/round/refusal.ts'
import type { RoundResult } from '../../../protocol/round/result.ts'
import {
  createMesh,
  faulted,
  genesisOf,
  kindsOf,
  type Mesh,
  MINERS,
  measuredAt,
  type Node,
  nodeAt,
  params,
  submissionOf,
} from './mesh.ts'

const [HONEST = '', BETTER = '', CHEAT = ''] = MINERS

const competitionOf = (node: Node) => {
  const competition = node.state.competitions.get(params.id)
  assert.ok(competition)
  return competition
}

const resultsOf = (node: Node): readonly RoundResult[] => competitionOf(node).results

/** Every node has derived the same. */
const theResults = (mesh: Mesh): readonly RoundResult[] => {
  const [first, ...others] = mesh.nodes.map(resultsOf)
  for (const other of others) assert.deepEqual(other, first)
  return first ?? []
}

test('a submission goes through manifest, commits and result into one weights vector of all', () => {
  const mesh = createMesh()
  const id = mesh.tell(submissionOf(BETTER, 'better'))
  mesh.run(() => kindsOf(mesh).includes('result'))
  assert.deepEqual(kindsOf(mesh), ['manifest', 'commits', 'result'])
  const [result] = theResults(mesh)
  assert.equal(result?.winner, id)
  assert.equal(result?.submissions[0]?.board, 'record')
  assert.equal(result?.submissions[0]?.byValidator.length, 4)
  mesh.run(() => mesh.nodes.every((node) => node.weights.size > 1))
  const [first, ...others] = mesh.nodes.map((node) => [...node.weights])
  for (const other of others) assert.deepEqual(other, first)
  const last = first?.at(-1)?.[1]
  assert.deepEqual(last?.uids, [0, 1 + 4 + MINERS.indexOf(BETTER)])
  assert.equal(last?.values[0], 65_535)
})

test('the better one leads, the equal one ties, the cheat gets its code from every validator', () => {
  const mesh = createMesh({
    world: {
      measure: ({ submission, miner }) => {
        if (miner === CHEAT) return faulted(submission, 'miner', 'NOT_LOSSLESS')
        return measuredAt(submission, miner === BETTER ? 1_300_000 : 1_001_000)
      },
    },
  })
  const [honest, better, cheat] = [HONEST, BETTER, CHEAT].map((miner) => mesh.tell(submissionOf(miner, miner)))
  mesh.run(() => kindsOf(mesh).includes('result'))
  const [result] = theResults(mesh)
  const of = (id: string | undefined) => result?.submissions.find((submission) => submission.id === id)
  assert.equal(result?.winner, better)
  assert.deepEqual([of(better)?.board, of(better)?.rank, of(better)?.metricPpm], ['record', 1, 1_300_000])
  assert.deepEqual([of(honest)?.board, of(honest)?.rank], ['tie', 2])
  assert.deepEqual([of(cheat)?.verdict, of(cheat)?.code, of(cheat)?.rank], ['miner', 'NOT_LOSSLESS', 0])
  assert.deepEqual(
    of(cheat)?.byValidator.map(({ code }) => code),
    Array(4).fill('NOT_LOSSLESS'),
  )
})

test('one validator that is gone delays a round to its deadline and no more; back again it has the same ledger', () => {
  const mesh = createMesh()
  const gone = nodeAt(mesh, 0)
  mesh.tell(submissionOf(BETTER, 'better'))
  mesh.run(() => kindsOf(mesh).includes('manifest'))
  gone.isUp = false
  mesh.run(() => kindsOf(mesh).includes('result'))
  const [, commits] = mesh.log
  assert.ok(commits?.header.entry.kind === 'commits' && commits.header.entry.commits.length === 3)
  mesh.restart(gone)
  mesh.step()
  assert.equal(theResults(mesh)[0]?.submissions[0]?.byValidator.length, 3)
  assert.equal(gone.state.committee.epoch, 1)
})

test('a validator killed between measuring and committing commits to that measurement when it is back', () => {
  const mesh = createMesh()
  const killed = nodeAt(mesh, 1)
  let isMute = true
  mesh.world.signs = ({ hotkey, message }) => !isMute || hotkey !== killed.hotkey || message.kind !== 'commit'
  mesh.tell(submissionOf(BETTER, 'better'))
  mesh.run(() => killed.journal.some((record) => record.kind === 'sealed'))
  isMute = false
  mesh.restart(killed)
  mesh.run(() => kindsOf(mesh).includes('result'))
  assert.equal(killed.effects.filter((effect) => effect.kind === 'evaluate').length, 1)
  const sealed = killed.journal.filter((record) => record.kind === 'sealed')
  const reveals = [...mesh.archive.values()].flatMap((message) =>
    message.kind === 'reveal' && message.body.hotkey === killed.hotkey ? [message.body.nonce] : [],
  )
  assert.deepEqual(
    reveals,
    sealed.map(({ nonce }) => nonce),
  )
  assert.equal(theResults(mesh)[0]?.submissions[0]?.byValidator.length, 4)
})

test('with two of four gone nothing is decided and no weights are set; back again the round goes on', () => {
  const mesh = createMesh()
  mesh.tell(submissionOf(BETTER, 'better'))
  mesh.run(() => kindsOf(mesh).includes('manifest'))
  const gone = [nodeAt(mesh, 0), nodeAt(mesh, 1)]
  for (const node of gone) node.isUp = false
  for (let block = 0; block < 60; block += 1) mesh.step()
  assert.deepEqual(kindsOf(mesh), ['manifest'])
  assert.ok(mesh.nodes.every((node) => node.weights.size === 0))
  for (const node of gone) mesh.restart(node)
  mesh.run(() => kindsOf(mesh).includes('result') || kindsOf(mesh).includes('void'))
})

test('commits that stay under a quorum make the round void after one extension, and the next one measures again', () => {
  const mesh = createMesh()
  const id = mesh.tell(submissionOf(BETTER, 'better'))
  let isLosing = true
  mesh.world.delivers = ({ from, to, message }) => !isLosing || message.kind !== 'commit' || from === to
  mesh.run(() => kindsOf(mesh).includes('manifest'))
  const manifest = mesh.log[0]?.header.entry
  assert.ok(manifest?.kind === 'manifest')
  // Each validator's own commit is all it has: no leader has a quorum, and none may be called missing by who holds it.
  mesh.run(() => mesh.clock.head >= manifest.beaconBlock + params.commitBlocks + params.extendBlocks + 5)
  assert.deepEqual(kindsOf(mesh), ['manifest'])
  isLosing = false
  mesh.run(() => kindsOf(mesh).includes('result'))
  assert.equal(theResults(mesh)[0]?.winner, id)
})

test('reveals withheld by more than a third void the round at the extended deadline, naming them', () => {
  const mesh = createMesh()
  const id = mesh.tell(submissionOf(BETTER, 'better'))
  const silent = [nodeAt(mesh, 0).hotkey, nodeAt(mesh, 1).hotkey]
  let isSilent = true
  mesh.world.signs = ({ hotkey, message }) => !isSilent || message.kind !== 'reveal' || !silent.includes(hotkey)
  mesh.run(() => kindsOf(mesh).includes('void'))
  const [commits, voided] = [mesh.log[1]?.header, mesh.log[2]?.header]
  assert.ok(commits && voided?.entry.kind === 'void')
  assert.equal(voided.block, commits.block + params.revealBlocks + params.extendBlocks)
  assert.deepEqual([voided.entry.stage, voided.entry.missing], ['reveals', [...silent].sort()])
  isSilent = false
  mesh.run(() => kindsOf(mesh).includes('result'))
  assert.deepEqual(kindsOf(mesh), ['manifest', 'commits', 'void', 'manifest', 'commits', 'result'])
  assert.equal(theResults(mesh)[0]?.winner, id)
})

test('a submission without a verdict enters the next manifest by itself and costs no place of the day', () => {
  const mesh = createMesh()
  mesh.world.measure = ({ submission, round }) =>
    round < 3 ? faulted(submission, 'infra', 'SANDBOX_START') : measuredAt(submission, 1_200_000)
  const id = mesh.tell(submissionOf(BETTER, 'better'))
  mesh.run(() => resultsOf(nodeAt(mesh, 0)).length === 3)
  const [first, second, third] = theResults(mesh)
  assert.deepEqual([first?.submissions[0]?.verdict, first?.submissions[0]?.code], ['inconclusive', 'NO_QUORUM'])
  assert.deepEqual([second?.submissions[0]?.id, third?.submissions[0]?.id], [id, id])
  assert.equal(third?.winner, id)
})

test('a submission that never gets a verdict gives up its place after five rounds', () => {
  const mesh = createMesh()
  mesh.world.measure = ({ submission }) => faulted(submission, 'infra', 'SANDBOX_START')
  mesh.tell(submissionOf(BETTER, 'better'))
  mesh.run(() => resultsOf(nodeAt(mesh, 0)).length === 5)
  for (let block = 0; block < 2 * params.roundBlocks; block += 1) mesh.step()
  assert.equal(theResults(mesh).length, 5)
})

test('R-77: a submission that is given up without a verdict costs no place of the day, also after a restart', () => {
  const mesh = createMesh({ genesis: genesisOf({ params: { blocksPerDay: 10_000, dailySubmissionsMax: 1 } }) })
  mesh.world.measure = ({ submission }) => faulted(submission, 'infra', 'ENGINE_DOWN')
  mesh.tell(submissionOf(BETTER, 'better'))
  const node = nodeAt(mesh, 0)
  const used = () => receiptsToday(node.state, competitionOf(node), { miner: BETTER, head: mesh.clock.head })
  mesh.run(() => kindsOf(mesh).includes('manifest'))
  assert.equal(used(), 1, 'it takes one until it is measured')
  for (let rounds = 1; rounds <= 5; rounds += 1) {
    mesh.run(() => resultsOf(node).length >= rounds)
    assert.equal(used(), 0, `after ${rounds} rounds`)
  }
  mesh.restart(node)
  assert.equal(used(), 0)
})

test('a challenger of a leader is provisional first and leads when a second round confirms it', () => {
  const mesh = createMesh()
  const first = mesh.tell(submissionOf(HONEST, 'first'))
  mesh.run(() => resultsOf(nodeAt(mesh, 0)).length === 1)
  const second = mesh.tell(submissionOf(BETTER, 'second'))
  mesh.run(() => theResults(mesh).some((result) => result.submissions.some(({ id }) => id === second)))
  const seen = theResults(mesh).filter((result) => result.submissions.some(({ id }) => id === second))
  assert.deepEqual([seen[0]?.winner, seen[0]?.submissions[0]?.board], [first, 'provisional'])
  mesh.run(() => theResults(mesh).at(-1)?.winner === second)
  assert.equal(theResults(mesh).at(-1)?.round, (seen[0]?.round ?? 0) + 1)
})

test('a miner gets as many receipts a day as the competition says, and a second hotkey of the same purse none more', () => {
  const mesh = createMesh()
  mesh.world.metagraph = (block) => {
    const metagraph = createMesh().world.metagraph(block)
    return {
      ...metagraph,
      neurons: metagraph.neurons.map((n) => (MINERS.includes(n.hotkey) ? { ...n, coldkey: 'aa'.repeat(32) } : n)),
    }
  }
  mesh.step()
  for (let index = 0; index < 6; index += 1) mesh.tell(submissionOf(index % 2 === 0 ? HONEST : BETTER, `code ${index}`))
  mesh.step()
  const receipts = [...mesh.archive.values()].filter((message) => message.kind === 'receipt')
  assert.equal(receipts.length, 4 * params.dailySubmissionsMax)
})

test('no receipt is signed for a stranger or for a bundle over the limit', () => {
  const mesh = createMesh()
  mesh.step()
  mesh.tell(submissionOf('ee'.repeat(32), 'stranger'))
  const large = submissionOf(HONEST, 'large')
  mesh.tell({ ...large, body: { ...large.body, sizeBytes: params.bundleBytesMax + 1 } })
  mesh.tell({ ...large, body: { ...large.body, sizeBytes: params.bundleBytesMax } })
  mesh.step()
  assert.equal([...mesh.archive.values()].filter((message) => message.kind === 'receipt').length, 4)
})

test('a miner is told at once that its hotkey is not registered, its quota used up, or that too many of its submissions wait', () => {
  const mesh = createMesh()
  mesh.step()
  const { state } = nodeAt(mesh, 0)
  const refusal = ({ body }: Signed<'submission'>) =>
    submissionRefusal(state, messageId({ kind: 'submission', body }, state.domains), body)
  const told = (miner: string, name: string) => {
    const submission = submissionOf(miner, name)
    mesh.tell(submission)
    return submission
  }
  assert.equal(refusal(told('ee'.repeat(32), 'stranger')), 'UNREGISTERED')
  const day = Array.from({ length: params.dailySubmissionsMax }, (_, index) => told(HONEST, `try ${index}`))
  mesh.step()
  assert.deepEqual(
    day.map(refusal),
    day.map(() => null),
  )
  const second = Array.from({ length: params.dailySubmissionsMax }, (_, index) => told(HONEST, `again ${index}`))
  assert.deepEqual(
    second.map(refusal),
    second.map(() => 'QUOTA'),
  )
  assert.equal(refusal(told(HONEST, 'one more')), 'WAITING')
})

test('a late joiner that has only the log pulls what it names and derives the same results', () => {
  const mesh = createMesh()
  const late = nodeAt(mesh, 3)
  late.isUp = false
  mesh.tell(submissionOf(BETTER, 'better'))
  mesh.run(() => kindsOf(mesh).includes('result'))
  late.journal.length = 0
  mesh.restart(late)
  mesh.step()
  assert.equal(theResults(mesh).length, 1)
  assert.deepEqual(competitionOf(late).standing.records, competitionOf(nodeAt(mesh, 0)).standing.records)
})

test('a vector is never handed to the chain twice for one block, not even after a restart, and never late', () => {
  const mesh = createMesh()
  mesh.tell(submissionOf(BETTER, 'better'))
  const node = nodeAt(mesh, 2)
  mesh.run(() => node.weights.size === 2)
  mesh.restart(node)
  mesh.step()
  const set = node.effects.flatMap((effect) => (effect.kind === 'setWeights' ? [effect.block] : []))
  assert.equal(new Set(set).size, set.length)
  node.isUp = false
  for (let block = 0; block < 34; block += 1) mesh.step()
  const before = node.weights.size
  mesh.restart(node)
  mesh.step()
  // Of all that were decided meanwhile only those of the last ten blocks.
  assert.ok(node.weights.size <= before + 2)
})

const attestersOf = (node: Node): readonly string[] => [...(competitionOf(node).attested?.attestations.keys() ?? [])]

test('R-80: once a result is final every member attests the same statement of it, one that was away when it is back', () => {
  const mesh = createMesh()
  const late = nodeAt(mesh, 3)
  mesh.tell(submissionOf(BETTER, 'better'))
  mesh.run(() => kindsOf(mesh).includes('commits'))
  late.isUp = false
  mesh.run(() => kindsOf(mesh).includes('result'))
  late.isUp = true
  mesh.run(() => mesh.nodes.every((node) => attestersOf(node).length === 4))
  const { attested } = competitionOf(nodeAt(mesh, 0))
  const statements = [...(attested?.attestations.values() ?? [])].map(({ message }) => {
    const { predicate } = JSON.parse(new TextDecoder().decode(message.body.statement))
    return { ...predicate, hotkey: '' }
  })
  for (const statement of statements) assert.deepEqual(statement, statements[0])
  assert.equal(statements[0].winner, attested?.result.winner)
})

test('R-80: an attestation of another result is not kept', () => {
  const mesh = createMesh()
  mesh.tell(submissionOf(BETTER, 'better'))
  mesh.run(() => mesh.nodes.every((node) => attestersOf(node).length === 4))
  const node = nodeAt(mesh, 0)
  const { attested } = competitionOf(node)
  const [held] = attested?.attestations.values() ?? []
  assert.ok(attested && held)
  attested.attestations.clear()
  node.state.items.clear()
  const text = new TextDecoder().decode(held.message.body.statement)
  const statement = new TextEncoder().encode(text.replace(attested.result.winner ?? '', '00'.repeat(32)))
  const forged = { ...held.message, body: { ...held.message.body, statement } }
  assert.deepEqual(accept(node.state, forged, { since: 0, isTrusted: false }).isKept, false)
  assert.deepEqual(accept(node.state, held.message, { since: 0, isTrusted: false }).isKept, true)
})
