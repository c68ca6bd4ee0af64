/** Promises of the doctor: it finds what keeps a validator from its work, says what mends it, and changes nothing. */
import assert from 'node:assert/strict'
import { chmodSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Check } from '../../../node/doctor/check.ts'
import { examineHome } from '../../../node/doctor/doctor.ts'
import { checkClock, checkMesh } from '../../../node/doctor/world.ts'
import { printConfig } from '../../../node/home/config-file.ts'
import { completeValidatorKeys } from '../../../node/home/keys.ts'
import { openStore } from '../../../node/store/index.ts'
import { printGenesis } from '../../../protocol/index.ts'
import { evalmesh, lastJson } from '../../e2e/mesh-process.ts'
import { genesisOf } from '../../protocol/round/mesh.ts'
import { create } from '../api/world.ts'
import { startDevnet } from '../chain/devnet.ts'
import { newFolder } from '../store/folder.ts'

type Test = Parameters<typeof newFolder>[0]

const NOBODY = 'http://127.0.0.1:1'

const createHome = async (t: Test, o: { chain: string; chainGenesis?: string; port?: number }) => {
  const home = newFolder(t)
  const keys = await completeValidatorKeys(home, null)
  const document = {
    ...genesisOf(),
    netuid: 1,
    competitions: [],
    ...(o.chainGenesis ? { chainGenesis: o.chainGenesis } : {}),
  }
  writeFileSync(join(home, 'genesis.json'), printGenesis(document))
  const api = { host: '127.0.0.1', port: o.port ?? 0 }
  writeFileSync(
    join(home, 'config.json'),
    printConfig({ chain: o.chain, listen: ['/ip4/127.0.0.1/tcp/0'], api, engine: 'bubblewrap' }),
  )
  return { home, hotkey: keys.hotkey.publicKey }
}

const rows = async (home: string): Promise<ReadonlyMap<string, Check>> => {
  const told: Check[] = []
  const checks = await examineHome(home, (check) => told.push(check))
  assert.deepEqual(told, checks)
  for (const { name, state, found, mend } of checks) {
    assert.ok(found !== '', name)
    if (state === 'fail') assert.ok(mend !== '', `${name} says how to mend it`)
  }
  return new Map(checks.map((check) => [check.name, check]))
}

test('a home without a configuration is told so, and what else can be seen without one', async (t) => {
  const found = await rows(newFolder(t))
  assert.equal(found.get('configuration')?.state, 'fail')
  assert.match(found.get('configuration')?.mend ?? '', /evalmesh init/)
  assert.equal(found.get('keys')?.state, 'fail')
  assert.equal(found.get('node')?.state, 'ok')
})

test('a registered validator with stake and permit passes what the chain is asked for, and a stranger does not', async (t) => {
  const hotkeys: string[] = []
  const first = await createHome(t, { chain: NOBODY })
  hotkeys.push(first.hotkey)
  const owner = 'ee'.repeat(32)
  const chain = await startDevnet({
    subnet: { netuid: 1, tempo: 1_000, ownerHotkey: owner },
    neurons: [
      { hotkey: owner, coldkey: owner, stakeRao: '0', permit: false },
      { hotkey: first.hotkey, coldkey: owner, stakeRao: '5500000000', permit: true },
    ],
  })
  t.after(() => chain.destroy())
  const { chainGenesis } = { chainGenesis: chain.genesisHash }
  writeFileSync(
    join(first.home, 'config.json'),
    printConfig({ chain: `${chain.endpoint}`, api: { host: '127.0.0.1', port: 0 } }),
  )
  writeFileSync(
    join(first.home, 'genesis.json'),
    printGenesis({ ...genesisOf(), netuid: 1, competitions: [], chainGenesis }),
  )
  const found = await rows(first.home)
  for (const name of ['chain', 'clock', 'registration', 'permit', 'stake', 'weights'])
    assert.equal(found.get(name)?.state, 'ok', `${name}: ${found.get(name)?.found}`)
  assert.match(found.get('stake')?.found ?? '', /^5\.500, rank 1 of 1$/)
  const stranger = await createHome(t, { chain: chain.endpoint, chainGenesis })
  const seen = await rows(stranger.home)
  assert.equal(seen.get('registration')?.state, 'fail')
  assert.equal(seen.get('stake')?.state, 'skip')
  const other = await createHome(t, { chain: chain.endpoint, chainGenesis: '11'.repeat(32) })
  assert.match((await rows(other.home)).get('chain')?.found ?? '', /another chain than the mesh’s/)
})

test('a chain that nobody serves, a port that is taken and a key that others may read each have their row and their mend', async (t) => {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  t.after(() => server.close())
  const { port } = server.address() as AddressInfo
  const { home } = await createHome(t, { chain: NOBODY, port })
  const found = await rows(home)
  assert.equal(found.get('chain')?.state, 'fail')
  assert.equal(found.get('registration')?.state, 'skip')
  assert.match(found.get('ports')?.found ?? '', new RegExp(`api 127.0.0.1:${port} \\(EADDRINUSE\\)`))
  chmodSync(join(home, 'session.json'), 0o644)
  assert.match((await rows(home)).get('keys')?.found ?? '', /session\.json: others may read it: chmod 600/)
})

test('beside the running validator it opens neither store nor engine, and tells what that says of itself', async (t) => {
  const app = create()
  const { port } = new URL(await app.listen({ host: '127.0.0.1', port: 0 }))
  t.after(() => app.close())
  const { home } = await createHome(t, { chain: NOBODY, port: Number(port) })
  const store = await openStore({ dir: join(home, 'store') })
  const found = await rows(home)
  const nobody = { api: { host: '127.0.0.1', port: 1 } } as Parameters<typeof checkMesh>[0]
  await store.close()
  assert.equal((await checkMesh(nobody)).state, 'warn')
  assert.match(found.get('mesh')?.found ?? '', /^height \d+: a quorum is connected$/)
  assert.equal(found.get('store')?.found, 'the validator is running')
  assert.equal(found.get('engine')?.state, 'skip')
  assert.equal(found.get('ports')?.state, 'ok')
})

test('a clock that is off is found by the chain’s own, and one that nobody tells is no failure', async (t) => {
  const startClock = async (offMs: number): Promise<string> => {
    const server = createServer((_, response) => {
      response.setHeader('date', new Date(Date.now() + offMs).toUTCString())
      response.statusCode = 405
      response.end()
    }).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    t.after(() => server.close())
    return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`
  }
  const right = await startClock(0)
  const wrong = await startClock(60_000)
  const config = (chain: string) => checkClock({ chain } as Parameters<typeof checkClock>[0])
  assert.equal((await config(right)).state, 'ok')
  assert.match((await config(wrong)).found, /^(5[7-9]|6[0-3])\.\d s behind/)
  assert.equal((await config(wrong)).state, 'fail')
  assert.equal((await config(`${right},${wrong},${await startClock(100)}`)).state, 'ok', 'one of three is outvoted')
  assert.equal((await config('ws://127.0.0.1:1')).state, 'warn')
})

test('the command ends with 6 and one JSON object while something is to be mended', async (t) => {
  const { home } = await createHome(t, { chain: NOBODY })
  const end = await evalmesh('doctor', '--home', home, '--json')
  assert.equal(end.code, 6, end.stderr)
  const { ok, checks } = lastJson<{ ok: boolean; checks: readonly Check[] }>(end.stdout)
  assert.equal(ok, false)
  assert.ok(checks.some(({ name, state }) => name === 'chain' && state === 'fail'))
})
