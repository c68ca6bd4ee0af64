/** Promises of the search: how what is missing is found, checked and given up. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MeshError } from '../../../node/mesh/index.ts'
import { hash, type Item, ProtocolError } from '../../../protocol/index.ts'
import { DIGEST, evidenceIn, SIGNATURE } from '../fakes.ts'
import { blob, create, domains, envelope, id, message, vote } from './playing.ts'

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

/** Nothing has these ids: what a leader may name at no cost. */
const madeUp = Array.from({ length: 64 }, (_, index) => (index + 1).toString(16).padStart(64, '0'))

test('what nobody has keeps nobody from what somebody has: after one look at every peer it gives its place to the next', async (t) => {
  const parts = create(t, {
    connected: ['b'],
    answers: {
      b: () => {
        if (asked.at(-1)?.data === id) return envelope({ kind: 'message', message })
        throw new MeshError('REFUSED', { reason: 'not here' })
      },
    },
  })
  const { network, settled, asked } = parts
  for (const nobodys of madeUp) network.fetch('message', nobodys)
  network.fetch('message', id)
  while (asked.length <= madeUp.length) await new Promise((resolve) => setImmediate(resolve))
  assert.ok(
    asked.every(({ data }) => data !== id),
    'each has one look first',
  )
  network.fetch('message', id)
  assert.deepEqual(await settled, { what: 'item', item: { kind: 'message', message }, from: 'b' })
})

test('a miner’s code waits for no message that a proposal names', async (t) => {
  const { network, settled } = create(t, { connected: ['b'], answers: { b: () => blob } })
  for (const nobodys of madeUp) network.fetch('message', nobodys)
  network.fetch('blob', hash(blob))
  assert.deepEqual(await settled, { what: 'blob', digest: hash(blob), bytes: blob })
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
