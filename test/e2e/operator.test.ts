/** What docs/VALIDATOR.md promises a new operator, by its own commands: a fifth validator joins, attests in the next epoch, moves and is restored, and there is no evidence against it. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { CertifiedRoundView, StatusView } from '../../node/api/views.ts'
import { BLOCK_MS, waitForWindow } from '../../node/demo/mesh.ts'
import { type Child, startProcess } from '../../node/demo/process.ts'
import { apiOf, statusOf } from '../../node/demo/watch.ts'
import { commandsUnder } from './guide.ts'
import { evalmesh, get, startTestMesh, type TestMesh, until } from './mesh-process.ts'

const COMPETITION = 'matrix-lossless'
/** Blocks of an epoch: half a minute. */
const TEMPO = 60

const solution = fileURLToPath(new URL('../submissions/byte-planes/submission/solution.py', import.meta.url))

let mesh: TestMesh
/** What the guide's examples stand for here. */
let places: Readonly<Record<string, string>>
let erik: Child | null = null
let hotkey = ''
/** What its last start took. */
let startMs = 0

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })

before(async () => {
  mesh = await startTestMesh({ miners: ['byte-planes'], change: { extendBlocks: 400 }, tempo: TEMPO })
  places = {
    'http://127.0.0.1:8080': apiOf(mesh.member('anna')),
    'http://127.0.0.1:9944': mesh.chainEndpoint,
    '/tmp/evalmesh-demo-abc123': mesh.dir,
    './': `${mesh.dir}/`,
    '4005': `${await freePort()}`,
    '8085': `${await freePort()}`,
  }
  await waitForWindow(mesh, AbortSignal.timeout(60_000))
  // It leads from its first round on, so that every later one measures it again.
  await mesh.submit({ miner: 'byte-planes', solution: await readFile(solution), to: mesh.member('anna') })
})

after(async () => {
  await erik?.kill('SIGTERM')
  await mesh?.destroy()
})

const logOfErik = (): Promise<string> => readFile(join(mesh.dir, 'erik.log'), 'utf8')

const start = async (args: readonly string[]): Promise<string> => {
  const logFile = join(mesh.dir, 'erik.log')
  const from = performance.now()
  erik = startProcess({ entry: 'node/main.ts', args: [...args, '--lifeline'], logFile })
  const { api } = await erik.ready
  startMs = performance.now() - from
  return String(api)
}

/** Who starts right before an epoch begins has its seat in the one after it: waits for one to begin. */
const inYoungEpoch = async (): Promise<void> => {
  const { epoch } = await mesh.status(mesh.member('anna'))
  await until('an epoch that has just begun', async () => {
    const status = await statusOf(mesh.member('anna'))
    return status !== null && status.epoch > epoch ? true : null
  })
}

/** Types the guide's commands, the validator left running; resolves to its HTTP interface. It is started once `isTime` resolves. */
const follow = async (heading: string, isTime = async (): Promise<unknown> => undefined): Promise<string> => {
  let api = ''
  for (const args of commandsUnder(heading, places)) {
    if (args[0] === 'validator') {
      await isTime()
      api = await start(args)
    } else {
      const end = await evalmesh(...args)
      assert.equal(end.code, 0, `${args.join(' ')}: ${end.stdout}${end.stderr}`)
    }
  }
  assert.notEqual(api, '', `${heading} ends with a running validator`)
  return api
}

const statusAt = async (api: string): Promise<StatusView> => (await (await fetch(`${api}/status`)).json()) as StatusView

/** Waits for an epoch after this one in which erik has a seat and is there; resolves to the epochs that began meanwhile. */
const seatedAfter = async (epoch: number): Promise<number> => {
  const begun = new Set<number>()
  await until(
    `a seat for erik after epoch ${epoch}`,
    async () => {
      const status = await statusOf(mesh.member('anna'))
      if (status === null || status.epoch === epoch) return null
      // A number may be left out: a mesh that was slow takes the newest.
      begun.add(status.epoch)
      return status.members.some((member) => member.hotkey === hotkey && member.connected) ? true : null
    },
    240_000,
  )
  return begun.size
}

const newestRound = async (): Promise<CertifiedRoundView | null> =>
  (await get<{ round: CertifiedRoundView | null }>(mesh.member('anna'), `/leaderboard?competition=${COMPETITION}`)).body
    .round

/** Waits for a round after all that are decided now in which erik's measurement counts. */
const counted = async (): Promise<CertifiedRoundView> => {
  const last = (await newestRound())?.round ?? 0
  return until(
    `a round after ${last} with erik’s measurement`,
    async () => {
      const round = await newestRound()
      if (round === null || round.round <= last) return null
      return round.validators.some(({ validator, mark }) => validator === hotkey && mark === 'counted') ? round : null
    },
    240_000,
  )
}

const noEvidence = async (): Promise<void> => {
  for (const { name } of mesh.devnet.members)
    assert.deepEqual((await get(mesh.member(name), '/evidence')).body, { offences: [] }, name)
  assert.doesNotMatch(await logOfErik(), /another copy of this node|"level":60/)
}

test('a fifth validator joins a running mesh with the commands of the tutorial, and attests in the next epoch', async () => {
  const api = await follow('Tutorial: a fifth validator', inYoungEpoch)
  hotkey = (await statusAt(api)).hotkey
  const { epoch, block } = await mesh.status(mesh.member('anna'))
  // Where its start took half an epoch, word of it may come too late for the next.
  const epochsMax = block % TEMPO < TEMPO / 2 ? 1 : 2
  const epochs = await seatedAfter(epoch)
  assert.ok(epochs <= epochsMax, `seated in epoch ${epochs} after its start in block ${block}`)
  const { round } = await counted()
  const anna = mesh.member('anna')
  await until('erik’s attestation', async () => {
    const path = `/rounds/${COMPETITION}/${round}/attestations`
    const { status, body } = await get<{ envelopes?: readonly unknown[] }>(anna, path)
    // Only the newest round's are at hand.
    return status === 404 || body.envelopes?.length === 5 ? true : null
  })
  await noEvidence()
})

test('it is moved with the commands of the guide: it starts at the new place only, goes on attesting, and nothing speaks against it', async () => {
  await erik?.kill('SIGTERM')
  const api = await follow('Move a validator to another folder or host')
  const refused = await evalmesh('validator', '--home', join(mesh.dir, 'erik'))
  assert.equal(refused.code, 4)
  assert.match(refused.stderr, /exported to .*erik\.evalmesh.*never here/)
  assert.equal((await statusAt(api)).hotkey, hotkey)
  await counted()
  await noEvidence()
})

test('it stops at the block that it is told to, and is not started past it', async () => {
  await erik?.kill('SIGTERM')
  const moved = join(mesh.dir, 'erik-moved')
  // It must be up before, and know the log: twenty seconds here, more on a slow machine.
  const ahead = 20 + Math.ceil((3 * startMs) / BLOCK_MS)
  const stopAt = (await mesh.status(mesh.member('anna'))).block + ahead
  const args = ['validator', '--home', moved, '--stop-at-block', `${stopAt}`]
  await start(args)
  await erik?.exited
  assert.match(await logOfErik(), /stopping at the block that it was told to/)
  assert.ok((await mesh.status(mesh.member('anna'))).block >= stopAt)
  const end = await evalmesh(...args)
  assert.equal(end.code, 2)
  assert.match(end.stderr, /stopAtBlock has passed/)
})

test('it is restored from a backup with the commands of the guide: it follows until the next epoch, then attests under its new keys', async () => {
  const api = await follow('Back up and restore')
  assert.equal((await statusAt(api)).hotkey, hotkey)
  const { epoch } = await mesh.status(mesh.member('anna'))
  assert.ok((await seatedAfter(epoch)) <= 2)
  await counted()
  await noEvidence()
})

test('an auditor finds nothing wrong with a log in which a validator joined, moved and came back', async () => {
  const peer = mesh.peerOf(mesh.member('bela'))
  const end = await evalmesh(
    'audit',
    'verify',
    '--genesis',
    mesh.genesisPath,
    '--chain',
    mesh.chainEndpoint,
    '--peer',
    peer,
  )
  assert.equal(end.code, 0, end.stdout + end.stderr)
})
