/** Promises of the inbox: what a peer's bytes become, and what a bad one costs the peer that passed it on. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createInbox } from '../../../node/peers/inbox.ts'
import {
  type Decided,
  encodeEnvelopes,
  headerDigest,
  type Input,
  ProtocolError,
  type Signed,
} from '../../../protocol/index.ts'
import { createFakeDriver, createFakeLog, DIGEST, evidenceIn, gate, receipt, SIGNATURE } from '../fakes.ts'

const STRANGER = 'ee'.repeat(32)
const domains = { chain: DIGEST, mesh: DIGEST }

const bytesOf = (content: Parameters<typeof encodeEnvelopes>[0]): Uint8Array => {
  const [only] = encodeEnvelopes(content)
  assert.ok(only)
  return only
}
const signed = (block = 1, hotkey = DIGEST): Signed => {
  const message = receipt(block)
  return { kind: 'receipt', body: { ...message.body, hotkey }, signature: SIGNATURE }
}
const submission: Signed = {
  kind: 'submission',
  body: { competition: 'c', hotkey: STRANGER, scheme: 'sr25519', bundle: DIGEST, sizeBytes: 1, payment: null },
  signature: SIGNATURE,
}
const decidedAt = (height: number): Decided => {
  const entry = {
    kind: 'epoch',
    epoch: 1,
    block: 1,
    blockHash: DIGEST,
    members: [],
    owner: DIGEST,
    released: [],
  } as const
  const header = { height, previous: DIGEST, logRoot: DIGEST, block: 1, epoch: 0, entry, evidence: [] }
  const signatures = [{ member: 0, signature: SIGNATURE }]
  return { header, certificate: { phase: 'finalize', height, view: 0, value: headerDigest(header), signatures } }
}

const evidence = evidenceIn(domains)

/** `holds`: what the verifier says of every signature; heights count up with each decided one. */
const create = (o: { holds?: boolean; wants?: boolean; verify?: () => Promise<void> } = {}) => {
  const fake = createFakeDriver({})
  const heightOf = (state: readonly Input[]): number => 5 + state.filter(({ kind }) => kind === 'decided').length
  const inbox = createInbox<readonly Input[]>({
    driver: () => fake.driver,
    verify: async (claims) => {
      await o.verify?.()
      return claims.map(() => o.holds ?? true)
    },
    context: () => ({
      domains,
      sessionKeysOf: ({ body }) => (body.hotkey === DIGEST ? [DIGEST] : []),
      certificateClaims: ({ signatures }) => {
        if (signatures.length === 0) throw new ProtocolError('BAD_CERTIFICATE')
        const message = new Uint8Array()
        return [{ scheme: 'ed25519', publicKey: DIGEST, message, signature: SIGNATURE }]
      },
    }),
    hotkeyOfPeer: (_, peerId) => (peerId === 'member' ? DIGEST : null),
    heightOf,
    wantsEvidence: () => o.wants ?? true,
    now: () => 7,
    log: createFakeLog(),
  })
  const receive = (data: Uint8Array, from = 'member', via: 'gossip' | 'direct' = 'gossip') =>
    inbox.receive({ via, from, data })
  return { ...fake, inbox, receive }
}

test('a message whose signature holds is accepted and becomes an input', async () => {
  const { receive, seen, driver } = create()
  assert.equal(await receive(bytesOf({ kind: 'message', message: signed() })), 'accept')
  await driver.idle()
  assert.deepEqual(seen(), [{ kind: 'message', at: 7, message: signed() }])
})

test('bytes that are no envelope are rejected, and the machine sees nothing of them', async () => {
  const { receive, seen, driver } = create()
  for (const data of [Uint8Array.of(1, 2, 3), new Uint8Array(), new Uint8Array((1 << 20) + 1)]) {
    assert.equal(await receive(data), 'reject')
  }
  await driver.idle()
  assert.deepEqual(seen(), [])
})

test('only what is wrong in itself counts against its relay: a bad signature under a key that may have changed does not', async () => {
  const { receive, driver, seen } = create({ holds: false })
  const verdicts = await Promise.all([
    receive(bytesOf({ kind: 'message', message: submission })),
    receive(bytesOf({ kind: 'message', message: signed() })),
    receive(bytesOf({ kind: 'message', message: signed(1, STRANGER) })),
    receive(bytesOf({ kind: 'certificate', certificate: { ...decidedAt(5).certificate, signatures: [] } })),
    receive(bytesOf({ kind: 'decided', decided: [decidedAt(5)] })),
  ])
  assert.deepEqual(verdicts, ['reject', 'ignore', 'ignore', 'ignore', 'ignore'])
  await driver.idle()
  assert.deepEqual(seen(), [])
})

test('certificates and decided heights of another height are dropped without blame or work', async () => {
  let checks = 0
  const { receive, driver, seen } = create({
    verify: async () => {
      checks += 1
    },
  })
  for (const height of [4, 6]) {
    assert.equal(await receive(bytesOf({ kind: 'decided', decided: [decidedAt(height)] })), 'accept')
    assert.equal(await receive(bytesOf({ kind: 'certificate', certificate: decidedAt(height).certificate })), 'accept')
  }
  await driver.idle()
  assert.equal(checks, 0)
  assert.deepEqual(seen(), [])
})

test('a batch of decided heights is taken one by one, each judged by what the one before it made', async () => {
  const { receive, driver, seen } = create()
  const decided = [decidedAt(5), decidedAt(6), decidedAt(7)]
  assert.equal(await receive(bytesOf({ kind: 'decided', decided })), 'accept')
  await driver.idle()
  assert.deepEqual(
    seen().map((input) => input.kind === 'decided' && input.decided.header.height),
    [5, 6, 7],
  )
})

test('a status counts for the hotkey whose peer sent it, and for nobody when a stranger did', async () => {
  const { receive, driver, seen } = create()
  const status = { height: 5, view: 0, missingViews: [] }
  await receive(bytesOf({ kind: 'status', status }))
  await receive(bytesOf({ kind: 'status', status }), 'stranger')
  await driver.idle()
  assert.deepEqual(seen(), [{ kind: 'status', at: 7, from: DIGEST, status }])
})

test('what overflows a sender’s places is ignored, and what it gossips takes none of those of its own votes', async () => {
  const hold = gate()
  const { receive, driver, seen } = create({ verify: () => hold.promise })
  const flood = Array.from({ length: 600 }, (_, block) =>
    receive(bytesOf({ kind: 'message', message: signed(block) }), 'relay'),
  )
  const direct = receive(bytesOf({ kind: 'message', message: signed(1_000) }), 'relay', 'direct')
  hold.resolve()
  const verdicts = await Promise.all(flood)
  assert.ok(verdicts.includes('ignore'))
  assert.ok(!verdicts.includes('reject'))
  assert.equal(await direct, 'accept')
  await driver.idle()
  assert.equal(seen().length, verdicts.filter((verdict) => verdict === 'accept').length + 1)
})

test('who hands a decoded message in learns the error itself', async () => {
  const { inbox, driver, seen } = create({ holds: false })
  await assert.rejects(
    inbox.accept({ kind: 'message', message: submission }, 'miner'),
    (error) => error instanceof ProtocolError && error.code === 'FORGED',
  )
  await driver.idle()
  assert.deepEqual(seen(), [])
})

test('an error that is no peer’s fault is not turned into a verdict', async () => {
  const { receive } = create({ verify: () => Promise.reject(new Error('a bug')) })
  await assert.rejects(receive(bytesOf({ kind: 'message', message: signed() })), /a bug/)
})

test('evidence names its own keys: it becomes an input when it holds, and counts against its relay when it does not', async () => {
  const { receive, driver, seen } = create()
  assert.equal(await receive(bytesOf({ kind: 'evidence', evidence })), 'accept')
  await driver.idle()
  assert.deepEqual(seen(), [{ kind: 'evidence', at: 7, evidence }])
  const forged = create({ holds: false })
  assert.equal(await forged.receive(bytesOf({ kind: 'evidence', evidence })), 'reject')
  const [first] = evidence.messages
  assert.ok(first)
  const nothing = { ...evidence, messages: [first] }
  assert.equal(await create().receive(bytesOf({ kind: 'evidence', evidence: nothing })), 'reject')
})

test('evidence that the machine would drop is neither checked nor passed on, and nobody’s fault', async () => {
  let checks = 0
  const { receive, driver, seen } = create({
    wants: false,
    verify: async () => {
      checks += 1
    },
  })
  assert.equal(await receive(bytesOf({ kind: 'evidence', evidence })), 'ignore')
  await driver.idle()
  assert.deepEqual([checks, seen()], [0, []])
})
