/** What docs/VALIDATOR.md promises a new operator: a fifth validator joins a running mesh, attests in the next epoch, and moves without evidence against it. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { CertifiedRoundView, StatusView } from '../../node/api/views.ts'
import { waitForWindow } from '../../node/demo/mesh.ts'
import { type Child, startProcess } from '../../node/demo/process.ts'
import { apiOf, statusOf } from '../../node/demo/watch.ts'
import { evalmesh, get, lastJson, startTestMesh, type TestMesh, until } from './mesh-process.ts'

const COMPETITION = 'matrix-lossless'
/** Blocks of an epoch: forty seconds. */
const TEMPO = 80

const solution = fileURLToPath(new URL('../submissions/byte-planes/submission/solution.py', import.meta.url))

let mesh: TestMesh
let erik: Child | null = null
let home = ''
let hotkey = ''
/** Number of the newest round in which erik counted. */
let counted = 0

before(async () => {
  mesh = await startTestMesh({ miners: ['byte-planes'], change: { extendBlocks: 400 }, tempo: TEMPO })
  home = join(mesh.dir, 'erik')
})

after(async () => {
  await erik?.kill('SIGTERM')
  await mesh?.destroy()
})

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })

const ok = async (...args: readonly string[]): Promise<string> => {
  const end = await evalmesh(...args)
  assert.equal(end.code, 0, `${args.join(' ')}: ${end.stdout}${end.stderr}`)
  return end.stdout
}

const start = async (folder: string, ...more: readonly string[]): Promise<string> => {
  const args = ['validator', '--home', folder, '--lifeline']
  erik = startProcess({ entry: 'node/main.ts', args: [...args, ...more], logFile: join(mesh.dir, 'erik.log') })
  return String((await erik.ready)['api'])
}

/** The newest decided round in which this validator's reveal counts; null while there is none after `after`. */
const countedAfter = async (after: number): Promise<CertifiedRoundView | null> => {
  const witness = mesh.member('anna')
  const { body } = await get<{ round: CertifiedRoundView | null }>(witness, `/leaderboard?competition=${COMPETITION}`)
  const { round } = body
  if (round === null || round.round <= after) return null
  const isCounted = round.validators.some(({ validator, mark }) => validator === hotkey && mark === 'counted')
  return isCounted ? round : null
}

test('a fifth validator joins a running mesh with the commands of the guide, and attests in the next epoch', async () => {
  const anna = mesh.member('anna')
  await waitForWindow(mesh, AbortSignal.timeout(60_000))
  await mesh.submit({ miner: 'byte-planes', solution: await readFile(solution), to: anna })
  const api = `127.0.0.1:${await freePort()}`
  const listen = `/ip4/127.0.0.1/tcp/${await freePort()}`
  const flags = ['--join', apiOf(anna), '--chain', mesh.chainEndpoint, '--name', 'erik', '--listen', listen]
  const made = lastJson<{ hotkey: string; peers: readonly string[] }>(
    await ok('init', '--home', home, ...flags, '--api', api, '--engine', 'bubblewrap', '--json'),
  )
  assert.equal(made.peers.length, 4)
  hotkey = made.hotkey
  const funded = lastJson<{ nextEpochBlock: number }>(
    await ok('devnet', 'fund', '--home', home, '--dir', mesh.dir, '--json'),
  )
  const url = await start(home)
  const seated = await until('a seat for erik', async () => {
    const status = await statusOf(anna)
    return status?.members.some((member) => member.hotkey === hotkey) ? status : null
  })
  assert.ok(seated.block < funded.nextEpochBlock + TEMPO, 'it is the very next epoch')
  const round = await until('a round with erik’s measurement', () => countedAfter(0), 240_000)
  counted = round.round
  const attested = await until('erik’s attestation', async () => {
    const { body } = await get<{ envelopes: readonly unknown[] }>(
      anna,
      `/rounds/${COMPETITION}/${round.round}/attestations`,
    )
    const status = (await (await fetch(`${url}/status`)).json()) as StatusView
    return body.envelopes.length === 5 && status.members.length === 5 ? status : null
  })
  assert.deepEqual(attested.offences, [])
})

test('it is moved to another folder: it starts there only, goes on attesting, and there is no evidence against it', async () => {
  const anna = mesh.member('anna')
  await erik?.kill('SIGTERM')
  const file = join(mesh.dir, 'erik.evalmesh')
  const moved = join(mesh.dir, 'moved')
  await ok('keys', 'export', '--home', home, '--out', file)
  const refused = await evalmesh('validator', '--home', home)
  assert.equal(refused.code, 4)
  assert.match(refused.stderr, /exported to .*erik\.evalmesh.*never here/)
  await ok('keys', 'import', file, '--home', moved)
  const url = await start(moved)
  const last = (await get<{ round: CertifiedRoundView }>(anna, `/leaderboard?competition=${COMPETITION}`)).body.round
    .round
  await until('a round with erik’s measurement after the move', () => countedAfter(Math.max(last, counted)), 240_000)
  const views = [apiOf(anna), apiOf(mesh.member('dino')), url].map(async (api) =>
    (await fetch(`${api}/evidence`)).json(),
  )
  for (const view of await Promise.all(views)) assert.deepEqual(view, { offences: [] })
  const log = await readFile(join(mesh.dir, 'erik.log'), 'utf8')
  assert.doesNotMatch(log, /another copy of this node|another node speaks|"level":60/)
})

test('it stops at the block that it is told to, and is not started past it', async () => {
  await erik?.kill('SIGTERM')
  const moved = join(mesh.dir, 'moved')
  const { block } = await mesh.status(mesh.member('anna'))
  await start(moved, '--stop-at-block', `${block + 20}`)
  await erik?.exited
  const log = async () => (await readFile(join(mesh.dir, 'erik.log'), 'utf8')).trimEnd().split('\n')
  assert.ok((await log()).some((line) => line.includes('stopping at the block that it was told to')))
  const end = await evalmesh('validator', '--home', moved, '--stop-at-block', `${block + 20}`)
  assert.equal(end.code, 2)
  assert.match(end.stderr, /stopAtBlock has passed/)
  assert.ok((await mesh.status(mesh.member('anna'))).block >= block + 20)
})
