/** Promises of the network: what travels where, and how what is missing is found, checked and given up. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type Mesh, MeshError } from '../../../node/mesh/index.ts'
import { createNetwork } from '../../../node/peers/network.ts'
import {
  bytesToHex,
  type Committee,
  type Decided,
  type Digest,
  decodeEnvelope,
  encodeEnvelopes,
  evidenceId,
  hash,
  headerDigest,
  type Item,
  itemId,
  messageId,
  ProtocolError,
  type Signed,
} from '../../../protocol/index.ts'
import { createFakeLog, DIGEST, evidenceIn, receipt, SIGNATURE } from '../fakes.ts'

const domains = { chain: DIGEST, mesh: DIGEST }
const member = (peerId: string, hotkey: string) => ({
  hotkey,
  sessionKey: DIGEST,
  sealingKey: DIGEST,
  peerId,
  weight: 1n,
})
const committee: Committee = {
  epoch: 1,
  members: [member('self', '01'.repeat(32)), member('b', '02'.repeat(32)), member('c', '03'.repeat(32))],
  total: 3n,
  seed: DIGEST,
}
const message: Signed<'receipt'> = { ...receipt(1), signature: SIGNATURE }
const vote: Signed = {
  kind: 'notarize',
  body: { height: 1, view: 0, value: DIGEST, hotkey: DIGEST },
  signature: SIGNATURE,
}
const attestation: Signed<'roundAttestation'> = {
  kind: 'roundAttestation',
  body: { competition: 'c', round: 1, hotkey: DIGEST, statement: new Uint8Array() },
  signature: SIGNATURE,
}
const id = messageId(message, domains)
const blob = Uint8Array.of(1, 2, 3)
const entry = {
  kind: 'epoch',
  epoch: 1,
  block: 1,
  blockHash: DIGEST,
  members: [],
  owner: DIGEST,
  released: [],
} as const
const header = { height: 4, previous: DIGEST, logRoot: DIGEST, block: 1, epoch: 0, entry, evidence: [] }
const decided: Decided = {
  header,
  certificate: { phase: 'finalize', height: 4, view: 0, value: headerDigest(header), signatures: [] },
}

type Header = Decided['header']
type Asked = { readonly peerId: string; readonly kind: string; readonly data: string; readonly bytesMax: number }

const create = (
  t: TestContext,
  o: {
    /** What each peer answers; a throw is a peer that has it not. */
    readonly answers?: Readonly<Record<string, () => Uint8Array>>
    readonly connected?: readonly string[]
    readonly items?: readonly Item[]
    readonly blobs?: readonly Uint8Array[]
    readonly malformed?: readonly Digest[]
    readonly coming?: readonly Digest[]
    /** Peers that served badly before. */
    readonly left?: readonly string[]
    readonly committee?: Committee
    /** What the machine's door makes of what was found. */
    readonly found?: (item: { readonly what: string }) => Promise<void>
  },
) => {
  const stopping = new AbortController()
  t.after(() => stopping.abort())
  const [sent, published, asked]: [unknown[], unknown[], Asked[]] = [[], [], []]
  const blamed: (readonly [string, string])[] = []
  const log = createFakeLog()
  const settled = Promise.withResolvers<unknown>()
  const mesh: Mesh = {
    peerId: 'self',
    addresses: () => [],
    publish: async (topic, data) => {
      published.push([topic, ...decodeEnvelope(data)])
    },
    send: (peerId, data) => sent.push([peerId, ...decodeEnvelope(data)]),
    request: async ({ peerId, kind, data, bytesMax }) => {
      asked.push({ peerId, kind, data: bytesToHex(data), bytesMax })
      const answer = o.answers?.[peerId]
      if (answer === undefined) throw new MeshError('REFUSED', { reason: 'not here' })
      return answer()
    },
    connectedPeers: () => o.connected ?? [],
    close: async () => {},
  }
  const network = createNetwork({
    mesh,
    domains,
    committee: () => o.committee ?? committee,
    local: {
      item: (wanted) => o.items?.find((one) => itemId(one, domains) === wanted) ?? null,
      blob: async (wanted) => o.blobs?.find((bytes) => hash(bytes) === wanted) ?? null,
      isMalformed: (wanted) => o.malformed?.includes(wanted) ?? false,
      isComing: (wanted) => o.coming?.includes(wanted) ?? false,
      decided: () => [decided],
    },
    inOrder: (peerIds) => peerIds.toSorted((a, b) => Number(o.left?.includes(a)) - Number(o.left?.includes(b))),
    blame: (peerId, fault) => blamed.push([peerId, fault]),
    found: async (item) => {
      await o.found?.(item)
      settled.resolve(item)
    },
    log: {
      debug: log.debug,
      warn: (facts: object, event?: string) => {
        log.warn(facts, event)
        settled.resolve(null)
      },
    },
    signal: stopping.signal,
    pauseMs: 0,
  })
  return { network, sent, published, asked, blamed, log, settled: settled.promise, stop: () => stopping.abort() }
}

const envelope = (content: Parameters<typeof encodeEnvelopes>[0]): Uint8Array => {
  const [only] = encodeEnvelopes(content)
  assert.ok(only)
  return only
}

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
  const announcersOf = (value: Header['entry'], height: number): readonly number[] =>
    members.flatMap((_, self) => {
      const seats = members.map((seat, index) => (index === self ? { ...seat, peerId: 'self' } : seat))
      const { network, published } = create(t, { committee: { ...committee, members: seats } })
      network.announce({ ...decided, header: { ...header, height, entry: value } })
      return published.length > 0 ? [self] : []
    })
  const manifest: Header['entry'] = {
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

test('what is on this node’s own disk is not asked of others', async (t) => {
  const ofMessage = create(t, { items: [{ kind: 'message', message }], connected: ['b'] })
  ofMessage.network.fetch('message', id)
  assert.deepEqual(await ofMessage.settled, { what: 'item', item: { kind: 'message', message }, from: 'self' })
  const ofBlob = create(t, { blobs: [blob], connected: ['b'] })
  ofBlob.network.fetch('blob', hash(blob))
  assert.deepEqual(await ofBlob.settled, { what: 'blob', digest: hash(blob), bytes: blob })
  assert.deepEqual([ofMessage.asked, ofBlob.asked], [[], []])
})

test('peers are asked in turn, members first, until one has it', async (t) => {
  const { network, settled, asked } = create(t, {
    connected: ['a', 'd', 'c', 'b'],
    answers: { a: () => blob, c: () => blob },
  })
  network.fetch('blob', hash(blob))
  assert.deepEqual(await settled, { what: 'blob', digest: hash(blob), bytes: blob })
  assert.deepEqual(
    asked.map(({ peerId, kind }) => [peerId, kind]),
    [
      ['b', 'blob'],
      ['c', 'blob'],
    ],
  )
})

test('a wrong answer is worth nothing: the next peer is asked', async (t) => {
  const other = envelope({ kind: 'message', message: { ...message, body: { ...message.body, block: 2 } } })
  const right = envelope({ kind: 'message', message })
  const { network, settled, asked, blamed } = create(t, {
    connected: ['a', 'b', 'c', 'd'],
    answers: {
      b: () => other,
      c: () => Uint8Array.of(1),
      a: () => envelope({ kind: 'message', message: vote }),
      d: () => right,
    },
  })
  network.fetch('message', id)
  assert.deepEqual(await settled, { what: 'item', item: { kind: 'message', message }, from: 'd' })
  assert.deepEqual(
    asked.map(({ peerId }) => peerId),
    ['b', 'c', 'a', 'd'],
  )
  assert.deepEqual(blamed, [
    ['b', 'garbage'],
    ['c', 'garbage'],
    ['a', 'garbage'],
  ])
})

/** The same body, and so the same id, under a signature that does not hold. */
const stale: Item = { kind: 'message', message: { ...message, signature: '00'.repeat(64) } }
const doorOf =
  (code: 'BAD_SIGNATURE' | 'FORGED' | 'UNKNOWN_SIGNER') =>
  async (found: { readonly what: string; readonly item?: Item }): Promise<void> => {
    if (found.item?.kind === 'message' && found.item.message.signature !== SIGNATURE) throw new ProtocolError(code)
  }

test('a body under a signature that does not hold is no answer, on this disk or of a peer: the next one is asked', async (t) => {
  for (const [code, blame] of [
    // By a key that is in force no more: a peer may have heard no other.
    ['BAD_SIGNATURE', []],
    ['FORGED', [['b', 'forged']]],
  ] as const) {
    const { network, settled, blamed } = create(t, {
      connected: ['b', 'c'],
      items: [stale],
      answers: { b: () => envelope(stale), c: () => envelope({ kind: 'message', message }) },
      found: doorOf(code),
    })
    network.fetch('message', id)
    assert.deepEqual(await settled, { what: 'item', item: { kind: 'message', message }, from: 'c' })
    assert.deepEqual(blamed, blame)
  }
})

test('nobody is asked twice where no signature holds, and nobody else for what is refused whoever signed it', async (t) => {
  for (const [code, count] of [
    ['BAD_SIGNATURE', 2],
    ['UNKNOWN_SIGNER', 1],
  ] as const) {
    const answers = { b: () => envelope(stale), c: () => envelope(stale) }
    const { network, settled, asked } = create(t, { connected: ['b', 'c'], answers, found: doorOf(code) })
    network.fetch('message', id)
    assert.equal(await settled, null)
    assert.equal(asked.length, count)
  }
})

test('who served badly is asked last, and who lets a question time out is blamed', async (t) => {
  const timeout = () => {
    throw new MeshError('TIMEOUT')
  }
  const { network, settled, asked, blamed } = create(t, {
    connected: ['b', 'c', 'd'],
    left: ['b'],
    answers: { b: () => blob, c: timeout },
  })
  network.fetch('blob', hash(blob))
  await settled
  assert.deepEqual(
    asked.map(({ peerId }) => peerId),
    ['c', 'd', 'b'],
  )
  assert.deepEqual(blamed, [['c', 'stalled']])
})

test('what comes in another way is not looked for', (t) => {
  const { network, asked } = create(t, { connected: ['b'], coming: [id] })
  network.fetch('message', id)
  assert.deepEqual(asked, [])
})

test('what nobody has is given up in the end, and may be asked for again', async (t) => {
  const { network, settled, asked, log } = create(t, { connected: ['b'], answers: { b: () => Uint8Array.of(9) } })
  network.fetch('blob', hash(blob))
  network.fetch('blob', hash(blob))
  assert.equal(await settled, null)
  assert.equal(asked.length, 60, 'one look at a time, with an end')
  assert.equal(log.calls.filter(([level]) => level === 'warn').length, 1)
  await new Promise((resolve) => setImmediate(resolve))
  network.fetch('blob', hash(blob))
  await new Promise((resolve) => setImmediate(resolve))
  assert.ok(asked.length > 60)
})

test('bytes that were seen to be no bundle are not fetched again', (t) => {
  const { network, asked } = create(t, { connected: ['b'], malformed: [hash(blob)] })
  network.fetch('blob', hash(blob))
  assert.deepEqual(asked, [])
})

test('no more is accepted for a bundle than a bundle can be, for a matrix what a matrix is', async (t) => {
  const { network, settled, asked } = create(t, { connected: ['b'], answers: { b: () => blob } })
  network.fetch('blob', hash(blob))
  await settled
  assert.deepEqual(await network.fetchBlob(hash(blob)), blob)
  assert.deepEqual(
    asked.map(({ bytesMax }) => bytesMax),
    [2 << 20, 9 << 20],
  )
})

test('a node that stops looks no further', async (t) => {
  const { network, asked, stop } = create(t, { connected: ['b'] })
  stop()
  assert.equal(await network.fetchBlob(hash(blob)), null)
  assert.deepEqual(asked, [])
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

test('evidence under another id, or of nothing, is no answer', async (t) => {
  const evidence = evidenceIn(domains)
  const [first] = evidence.messages
  assert.ok(first)
  for (const answer of [evidence, { ...evidence, messages: [first] }]) {
    const { network, blamed, stop } = create(t, {
      connected: ['b'],
      answers: { b: () => envelope({ kind: 'evidence', evidence: answer }) },
    })
    network.fetch('message', DIGEST)
    while (blamed.length === 0) await new Promise((resolve) => setImmediate(resolve))
    assert.deepEqual(blamed[0], ['b', 'garbage'])
    stop()
  }
})
