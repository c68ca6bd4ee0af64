/** Promises of the network: what travels where, to how many. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Decided, evidenceId } from '../../../protocol/index.ts'
import { DIGEST, evidenceIn } from '../fakes.ts'
import {
  attestation,
  committee,
  create,
  decided,
  domains,
  entry,
  envelope,
  header,
  member,
  message,
  vote,
} from './playing.ts'

test('what the committee alone needs goes straight to every other member, the rest is gossiped under its own topic', (t) => {
  const { network, sent, published } = create(t, {})
  for (const direct of [vote, message]) network.broadcast(direct)
  assert.deepEqual(sent, [
    ['b', { kind: 'message', message: vote }],
    ['c', { kind: 'message', message: vote }],
    ['b', { kind: 'message', message }],
    ['c', { kind: 'message', message }],
  ])
  assert.deepEqual(published, [])
  network.broadcast(attestation)
  assert.equal(sent.length, 4)
  assert.deepEqual(published, [['attestations', { kind: 'message', message: attestation }]])
})

test('a certificate goes to a few members at a time, other ones each time, until all had it', (t) => {
  const members = Array.from({ length: 30 }, (_, index) =>
    member(`peer ${index}`, index.toString(16).padStart(64, '0')),
  )
  const { network, sent } = create(t, { committee: { ...committee, members: [member('self', DIGEST), ...members] } })
  const { certificate } = decided
  const reached = new Set<string>()
  for (let turn = 0; turn < 1_000 && reached.size < 30; turn += 1) {
    network.relay({ kind: 'certificate', certificate }, 'committee')
    const peers = sent.splice(0).map((one) => (one as [string])[0])
    assert.equal(new Set(peers).size, 8)
    for (const peer of peers) reached.add(peer)
  }
  assert.equal(reached.size, 30)
})

test('each decided height but a MANIFEST is announced by a few members, and all take their turn', (t) => {
  const members = Array.from({ length: 10 }, (_, index) => member(`peer ${index}`, DIGEST))
  const announcersOf = (value: Decided['header']['entry'], height: number): readonly number[] =>
    members.flatMap((_, self) => {
      const seats = members.map((seat, index) => (index === self ? { ...seat, peerId: 'self' } : seat))
      const { network, published } = create(t, { committee: { ...committee, members: seats } })
      network.announce({ ...decided, header: { ...header, height, entry: value } })
      return published.length > 0 ? [self] : []
    })
  const manifest: Decided['header']['entry'] = {
    ...{ kind: 'manifest', competition: 'c', round: 1, paramsHash: DIGEST, image: DIGEST, closeBlock: 1 },
    ...{ beaconBlock: 1, incumbent: null, thetaPpm: 1, submissions: [] },
  }
  for (const { value, count } of [
    { value: entry, count: 4 },
    { value: manifest, count: 0 },
  ]) {
    const turns = Array.from({ length: 10 }, (_, height) => announcersOf(value, height))
    assert.ok(turns.every((announcers) => announcers.length === count))
    assert.equal(new Set(turns.flat()).size, count === 0 ? 0 : 10)
  }
})

test('a relay goes to the one it is for, decided heights out of the archive, nothing to a stranger or oneself', (t) => {
  const { network, sent } = create(t, {})
  network.relay({ kind: 'archived', fromHeight: 4, count: 1 }, '03'.repeat(32))
  network.relay({ kind: 'message', message }, '02'.repeat(32))
  network.relay({ kind: 'message', message }, '01'.repeat(32))
  network.relay({ kind: 'message', message }, 'ee'.repeat(32))
  assert.deepEqual(sent, [
    ['c', { kind: 'decided', decided }],
    ['b', { kind: 'message', message }],
  ])
})

test('a decided height is announced to whoever listens', (t) => {
  const { network, published, sent } = create(t, {})
  network.announce(decided)
  assert.deepEqual(published, [['certificates', { kind: 'decided', decided }]])
  assert.deepEqual(sent, [])
})

test('evidence goes to every other member and to whoever listens, and is found among the peers by its id', async (t) => {
  const evidence = evidenceIn(domains)
  const wanted = evidenceId(evidence, domains)
  const item = { kind: 'evidence', evidence } as const
  const { network, sent, published, settled } = create(t, {
    connected: ['b'],
    answers: { b: () => envelope(item) },
  })
  network.relay(item, 'committee')
  assert.deepEqual(sent, [
    ['b', item],
    ['c', item],
  ])
  assert.deepEqual(published, [['evidence', item]])
  network.fetch('message', wanted)
  assert.deepEqual(await settled, { what: 'item', item, from: 'b' })
})
