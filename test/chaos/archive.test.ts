/** What the archives' feeder promises: the simulator's checkers find in stopped validators' journals what was planted there. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Decided, headerDigest, type JournalRecord, type Key } from '../../protocol/index.ts'
import { createMesh, kindsOf, type Mesh, MINERS, submissionOf, VALIDATORS } from '../protocol/round/mesh.ts'
import { SIGNATURE } from '../protocol/round/signing.ts'
import type { Archive } from './archive.ts'
import { checkArchives } from './checkers.ts'

const SIGNED_BY_ALL = VALIDATORS.map((_, member) => ({ member, signature: SIGNATURE }))

const decidedAs = ({ header }: { readonly header: Decided['header'] }): Decided => {
  const { height } = header
  return {
    header,
    certificate: { phase: 'finalize', height, view: 0, value: headerDigest(header), signatures: SIGNED_BY_ALL },
  }
}

const aRound = (): Mesh => {
  const mesh = createMesh()
  mesh.tell(submissionOf(MINERS[0] ?? '', 'code'))
  mesh.run(() => kindsOf(mesh).includes('result'))
  return mesh
}

/** The journals as the real ones are, whose every height has a guarded vote and a certificate before it; `change` lays a plan over them. */
const archivesOf = (
  mesh: Mesh,
  change: (node: Key, record: JournalRecord) => readonly JournalRecord[] = (_, record) => [record],
): readonly Archive[] =>
  mesh.nodes.map(({ hotkey, journal }) => ({
    node: hotkey,
    records: journal
      .flatMap((record): readonly JournalRecord[] => {
        if (record.kind !== 'decided') return [record]
        const decided = decidedAs(record.decided)
        const { height, value } = decided.certificate
        return [
          { kind: 'guard', height, view: 0, phase: 'finalize', value },
          { kind: 'decided', decided },
        ]
      })
      .flatMap((record) => change(hotkey, record)),
  }))

/** What is found of these archives by checkers that need no real signatures and no proposals. */
const foundIn = (mesh: Mesh, archives: readonly Archive[]): readonly string[] => {
  const { genesis, domains } = mesh
  const { violations } = checkArchives({
    genesis,
    domains,
    archives,
    weighed: [],
    metagraphs: new Map(),
    isDone: (log) => log.length >= mesh.log.length,
  })
  return violations
    .filter((sentence) => !/^(committees|external-validity):/.test(sentence))
    .map((sentence) => sentence.split(':')[0] ?? '')
}

const victim = VALIDATORS[1]

test('journals of a whole round give no checker anything to say', () => {
  const mesh = aRound()
  assert.deepEqual(foundIn(mesh, archivesOf(mesh)), [])
})

test('a signature that does not hold is found in a certificate', () => {
  const mesh = aRound()
  const { genesis, domains } = mesh
  const { violations } = checkArchives({
    genesis,
    domains,
    archives: archivesOf(mesh),
    weighed: [],
    metagraphs: new Map(),
    isDone: () => true,
  })
  assert.ok(violations.some((sentence) => sentence.startsWith('committees: certificates hold real votes')))
})

test('another value that one validator decided is found', () => {
  const mesh = aRound()
  const archives = archivesOf(mesh, (node, record) => {
    if (node !== victim || record.kind !== 'decided' || record.decided.header.height !== mesh.log.length)
      return [record]
    const { header } = record.decided
    return [{ kind: 'decided', decided: decidedAs({ header: { ...header, block: header.block + 1 } }) }]
  })
  assert.ok(foundIn(mesh, archives).includes('agreement'))
})

test('a vote in a certificate that its signer’s journal does not know of is found', () => {
  const mesh = aRound()
  const archives = archivesOf(mesh, (node, record) => (node === victim && record.kind === 'guard' ? [] : [record]))
  assert.deepEqual(foundIn(mesh, archives), ['guarded'])
})

test('two values of one vote in a validator’s journal are found', () => {
  const mesh = aRound()
  const archives = archivesOf(mesh, (node, record) =>
    node === victim && record.kind === 'guard' ? [record, { ...record, value: 'ab'.repeat(32) }] : [record],
  )
  assert.deepEqual(foundIn(mesh, archives), ['no-conviction'])
})

test('a log that ends too early is found', () => {
  const mesh = aRound()
  const archives = archivesOf(mesh, (node, record) => {
    const height = record.kind === 'decided' ? record.decided.header.height : 0
    return node === victim && height === mesh.log.length ? [] : [record]
  })
  assert.ok(foundIn(mesh, archives).includes('everything-due'))
})
