/** Promises of the HTTP interface over a real round: what each route shows, and how a question that makes no sense is answered. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { offenceLines } from '../../../node/api/evidence.ts'
import { createApi } from '../../../node/api/server.ts'
import { createViews } from '../../../node/api/views.ts'
import {
  rounds as application,
  createRounds,
  encodeSs58,
  printGenesis,
  restoreMachine,
} from '../../../protocol/index.ts'
import { MINERS, params, VALIDATORS } from '../../protocol/round/mesh.ts'
import { DIGEST, evidenceIn } from '../fakes.ts'
import { create, decided, genesis, get, members, self, world } from './world.ts'

test('health is 200 while a quorum is connected', async () => {
  const { status, body } = await get('/health')
  assert.equal(status, 200)
  assert.deepEqual([body.ready, body.name, body.block], [true, 'anna', 200])
})

test('health is 503 and says why while the connected members are no quorum', async () => {
  const { status, body } = await get('/health', create({ connected: [1] }))
  assert.equal(status, 503)
  assert.equal(body.ready, false)
  assert.match(body.reason, /2 of 4 are away/)
  assert.equal(body.connectedPpm, 580_000)
})

test('health is 503 until the chain is seen', async () => {
  const machine = restoreMachine({ genesis, self, application, rounds: createRounds({ genesis, self }), records: [] })
  const { status, body } = await get('/health', create({ machine }))
  assert.equal(status, 503)
  assert.match(body.reason, /waits for the chain/)
})

test('liveness is 200 also where nothing can be decided, so that nobody restarts a node for want of others', async () => {
  const app = create({ connected: [] })
  assert.equal((await get('/health/ready', app)).status, 503)
  assert.equal((await get('/health/live', app)).status, 200)
})

test('a node that has heard a copy of itself says that it votes no more, also after a restart', async () => {
  const [sessionKey = ''] = world.machine.rounds.committee.members.flatMap((m) =>
    m.hotkey === self ? m.sessionKey : [],
  )
  const reasonAfter = async (key: string) => {
    const records = [...world.records, { kind: 'cloned', sessionKey: key } as const]
    const machine = restoreMachine({ genesis, self, application, rounds: createRounds({ genesis, self }), records })
    machine.rounds.head = world.machine.rounds.head
    return (await get('/health', create({ machine }))).body.reason
  }
  assert.match(await reasonAfter(sessionKey), /votes no more: another copy signs .* `evalmesh keys renew`/)
  assert.equal(await reasonAfter(DIGEST), 'a quorum is connected')
})

test('the parameters in force are shown', async () => {
  const { status, body } = await get('/params')
  assert.equal(status, 200)
  assert.deepEqual(
    body.targets.map((target: { competition: string | null }) => target.competition),
    [null, params.id],
  )
  assert.equal(body.targets[0].params.deltaMs, genesis.deltaMs)
})

test('health is 503 while the node catches up, with how far it is, how fast, and when it will be there', async () => {
  const sync = { kind: 'catching-up', height: 1200, target: 5000, perSecond: 350 } as const
  const { status, body } = await get('/health', create({ sync }))
  assert.equal(status, 503)
  assert.equal(body.reason, 'catching up: height 1200 of 5000, 350/s, about 11 s left')
  assert.deepEqual(body.sync, sync)
})

test('a node that nobody helps says which height it lacks and whom it asked', async () => {
  const asked = [{ peerId: 'peer-a', fault: 'withheld' }] as const
  const stuck = { kind: 'stuck', height: 17, target: 90, asked } as const
  const reasonOf = async (o: Parameters<typeof create>[0]) => (await get('/health', create(o))).body.reason
  const sentence = 'cannot catch up: no peer serves height 17 of 90; asked peer-a (withheld)'
  assert.equal(await reasonOf({ sync: { ...stuck, isVouched: true } }), sentence)
  assert.equal(await reasonOf({ sync: { ...stuck, isVouched: false }, connected: [] }), sentence)
})

test('heights that only strangers claim do not make a node unready that is connected with a quorum', async () => {
  const sync = { kind: 'stuck', height: 17, target: 1_000_000, isVouched: false, asked: [] } as const
  const { status, body } = await get('/health', create({ sync }))
  assert.equal(status, 200)
  assert.equal(body.reason, 'a quorum is connected')
})

test('the status tells members, height and log root', async () => {
  const { body } = await get('/status')
  assert.equal(body.height, decided.length + 1)
  assert.equal(body.logSize, decided.length)
  assert.equal(body.logRoot, world.machine.consensus.log.root)
  assert.match(body.blocking.sentence, /^any 2 of 4 can stop it: /)
  assert.deepEqual(body.blocking.hotkeys, VALIDATORS.slice(0, 2).map(encodeSs58))
  assert.equal(body.hotkey, encodeSs58(self))
  const mine = body.members.filter((member: { self: boolean }) => member.self)
  assert.deepEqual(mine, [{ hotkey: encodeSs58(self), weightPpm: 300_000, self: true, connected: true }])
})

test('competitions tell their limits and when the next round closes', async () => {
  const { body } = await get('/competitions')
  const [competition] = body.competitions
  assert.equal(competition.id, params.id)
  assert.equal(competition.incumbent, world.id)
  assert.equal(competition.bundleBytesMax, params.bundleBytesMax)
  assert.equal(competition.closesAtBlock, 220)
})

test('the leaderboard shows the leader and the newest round, of the named competition or the first', async () => {
  for (const path of ['/leaderboard', `/leaderboard?competition=${params.id}`, '/leaderboard/']) {
    const { status, body } = await get(path)
    assert.equal(status, 200)
    assert.equal(body.leader.submission, world.id)
    assert.equal(body.leader.hotkey, encodeSs58(MINERS[0] ?? ''))
    assert.equal(body.round.winner, world.id)
  }
})

test('a submission has its certified values, and each validator’s own beside them', async () => {
  const { body } = await get(`/submissions/${world.id}`)
  assert.deepEqual([body.verdict, body.board, body.metricPpm, body.rank], ['pass', 'record', 1_200_000, 1])
  const { body: evaluations } = await get(`/submissions/${world.id}/evaluations`)
  assert.deepEqual(
    evaluations.evaluations.map((one: { validator: string }) => one.validator).sort(),
    VALIDATORS.map(encodeSs58).sort(),
  )
})

test('a submission that waits has no verdict, and no evaluations', async () => {
  const { status, body } = await get(`/submissions/${world.waiting}`)
  assert.deepEqual([status, body.verdict, body.competition], [200, null, params.id])
  assert.equal((await get(`/submissions/${world.waiting}/evaluations`)).status, 404)
})

test('a decided round comes with its certificate: signers and their stake', async () => {
  const height = decided.find(({ header }) => header.entry.kind === 'result')
  const { status, body } = await get(`/rounds/${params.id}/1`)
  assert.equal(status, 200)
  assert.equal(body.certificate.height, height?.header.height)
  assert.equal(body.certificate.digest, height?.certificate.value)
  assert.deepEqual(
    body.certificate.signers,
    members.slice(0, 3).map(({ hotkey }) => encodeSs58(hotkey)),
  )
  assert.deepEqual([body.certificate.stake, body.certificate.total], ['80', '100'])
})

test('every validator has its tally of decided rounds beside its seat, the heaviest first', async () => {
  const { body } = await get('/validators')
  const tally = { competition: params.id, counted: 1, flagged: 0, noisy: 0, missing: 0 }
  assert.deepEqual(
    body.validators,
    VALIDATORS.map((hotkey, index) => ({
      hotkey: encodeSs58(hotkey),
      weightPpm: [300_000, 280_000, 220_000, 200_000][index],
      competitions: [tally],
    })),
  )
})

test('a decided round tells how each member’s reveal went, and each hardware class’s medians', async () => {
  const { body } = await get(`/rounds/${params.id}/1`)
  assert.deepEqual(
    body.validators.map((one: { mark: string; hardwareClass: string }) => [one.mark, one.hardwareClass]),
    VALIDATORS.map(() => ['counted', 'test-x2']),
  )
  const [submission] = body.submissions
  assert.deepEqual(submission.classes, [
    { hardwareClass: 'test-x2', weightPpm: 1_000_000, metricPpm: 1_200_000, rawMilli: null },
  ])
  assert.deepEqual([submission.flag, submission.rawMilli], ['none', null])
})

test('a decided round’s attestations are there, those of another round are not', async () => {
  const { status, body } = await get(`/rounds/${params.id}/1/attestations`)
  assert.equal(status, 200)
  assert.ok(Array.isArray(body.envelopes))
  assert.equal((await get(`/rounds/${params.id}/2/attestations`)).status, 404)
})

const absent = [
  '/',
  '/nothing',
  `/submissions/${DIGEST}`,
  `/submissions/${DIGEST}/evaluations`,
  `/submissions/${DIGEST}/code`,
  '/rounds/matrix-lossless/99',
  '/rounds/other/1',
  '/rounds/other/1/attestations',
  '/leaderboard?competition=other',
]
for (const path of absent) {
  test(`${path} is a problem document with 404`, async () => {
    const { status, type, body } = await get(path)
    assert.equal(status, 404)
    assert.match(String(type), /^application\/problem\+json/)
    assert.deepEqual([body.type, body.status], ['about:blank', 404])
  })
}

const senseless = [
  '/submissions/xyz',
  `/submissions/${DIGEST.toUpperCase()}`,
  '/submissions/..%2F..%2Fetc',
  '/rounds/matrix-lossless/-1',
  '/rounds/matrix-lossless/one',
  '/rounds/Not_A_Name/1',
  '/leaderboard?competition=%00',
]
for (const path of senseless) {
  test(`${path} is a problem document with 400`, async () => {
    const { status, type, body } = await get(path)
    assert.equal(status, 400)
    assert.match(String(type), /^application\/problem\+json/)
    assert.equal(body.status, 400)
  })
}

test('the interface only tells: every other method is refused', async () => {
  const app = create()
  for (const method of ['POST', 'PUT', 'DELETE'] as const) {
    const response = await app.inject({ method, url: '/status', payload: '' })
    assert.equal(response.statusCode, 404)
  }
  const large = await app.inject({
    method: 'POST',
    url: '/status',
    payload: 'much',
    headers: { 'content-type': 'text/plain' },
  })
  assert.ok(large.statusCode >= 400)
})

/** Also by a reset. */
const closed = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    socket.once('close', () => resolve())
    if (socket.closed) resolve()
  })

/** Strangers who connect to a listening interface and send this. */
const strangers = async (t: TestContext, o: { readonly count: number; readonly text: string }) => {
  const app = create()
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  const sockets = Array.from({ length: o.count }, () => connect(port, '127.0.0.1'))
  t.after(async () => {
    for (const socket of sockets) socket.destroy()
    await app.close()
  })
  for (const socket of sockets) socket.on('error', () => undefined).write(o.text)
  await Promise.all(sockets.map((socket) => once(socket, 'connect')))
  return { app, sockets }
}

const HALF = 'GET /health HTTP/1.1\r\nHost: x\r\n'
for (const [what, text] of [
  ['sends nothing', ''],
  ['sends half a question', HALF],
  ['sends the body of its question slowly', `${HALF}Content-Length: 1000\r\n\r\na`],
] as const) {
  test(`who ${what} does not keep the node from stopping`, async (t) => {
    const { app, sockets } = await strangers(t, { count: 1, text })
    const [socket] = sockets
    assert.ok(socket)
    const ended = closed(socket)
    await app.close()
    await ended
  })
}

test('strangers get no more connections than the node can spare', async (t) => {
  const { app, sockets } = await strangers(t, { count: 300, text: HALF })
  const { maxConnections } = app.server
  assert.ok(maxConnections < sockets.length)
  let left = sockets.length - maxConnections
  // Any of them: where the kernel's queue is short they do not come in order.
  await new Promise<void>((resolve) => {
    for (const socket of sockets) {
      void closed(socket).then(() => {
        left -= 1
        if (left === 0) resolve()
      })
    }
  })
  assert.equal(sockets.filter((socket) => !socket.destroyed).length, maxConnections)
})

test('a newcomer gets the genesis document byte for byte, and each address of a validator once', async () => {
  const answer = await create().inject('/genesis')
  assert.deepEqual(new Uint8Array(answer.rawPayload), printGenesis(genesis))
  const { addresses } = (await get('/peers')).body as { addresses: readonly string[] }
  assert.deepEqual(addresses, ['/ip4/127.0.0.1/tcp/4001/p2p/A', '/ip4/127.0.0.1/tcp/4002/p2p/B'])
})

test('an error of this node’s own tells nothing about its insides, but to its log', async () => {
  const faults: unknown[] = []
  const views = {
    metrics: () => '',
    ...createViews({
      machine: () => {
        throw new Error('secret path')
      },
      name: 'anna',
      self,
      certificates: { ofRound: () => null },
      isConnected: () => false,
      sync: () => ({ kind: 'live' }),
      engine: '',
      addresses: () => [],
      blob: async () => undefined,
      pool: { read: async () => undefined },
      poolIndex: { isSecret: async () => false, isRevealed: async () => false, inputsOf: async () => null },
    }),
  }
  const app = createApi(views, (fault) => faults.push(fault))
  const { status, body } = await get('/status', app)
  assert.equal(status, 500)
  assert.ok(!JSON.stringify(body).includes('secret'))
  assert.deepEqual(faults, [{ path: '/status', error: 'Error: secret path' }])
  await get('/rounds/matrix-lossless/-1', app)
  assert.equal(faults.length, 1, 'what was asked wrongly is no fault of this node’s')
})

test('evidence tells who was convicted, of what and until when, and whose waits for a header', async () => {
  assert.deepEqual((await get('/evidence')).body, { offences: [] })
  const [convict = '', suspect = ''] = VALIDATORS.slice(2)
  const id = '5e'.repeat(32)
  const conviction = { evidence: id, offence: 'commits', height: 4, epoch: 1, sessionKey: '', counter: 1 } as const
  const { rounds } = world.machine
  const held = evidenceIn(rounds.domains)
  rounds.convicted.set(convict, { ...conviction, isReleased: false })
  rounds.evidence.set(id, { id, offence: 'notarizes', hotkey: suspect, evidence: held, since: null })
  const offences = [
    { hotkey: encodeSs58(convict), offence: 'commits', evidence: id, height: 4, untilEpoch: 4 },
    { hotkey: encodeSs58(suspect), offence: 'notarizes', evidence: id, height: null, untilEpoch: null },
  ]
  assert.deepEqual((await get('/evidence')).body, { offences })
  assert.deepEqual((await get('/status')).body.offences, offences)
  const lines = offenceLines(offences)
  assert.match(lines[0] ?? '', /commits: convicted at height 4, no seat up to epoch 4$/)
  assert.match(lines[1] ?? '', /notarizes: evidence waits for a header$/)
  rounds.convicted.set(convict, { ...conviction, isReleased: true })
  assert.equal((await get('/evidence')).body.offences[0].untilEpoch, null)
  rounds.convicted.clear()
  rounds.evidence.clear()
})
