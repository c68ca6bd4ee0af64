/** Promises of `evalmesh init`: a home that a validator can start from, nothing overwritten, nothing taken from a stranger unseen. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { loadConfig } from '../../../node/home/config.ts'
import { completeValidatorKeys, loadValidatorKeys } from '../../../node/home/keys.ts'
import { domainsOf, encodeSs58, printGenesis, printSignedDelegation } from '../../../protocol/index.ts'
import { evalmesh, lastJson } from '../../e2e/mesh-process.ts'
import { genesisOf } from '../../protocol/round/mesh.ts'
import { create } from '../api/world.ts'
import { newFolder } from '../store/folder.ts'

const document = genesisOf()
const { mesh } = domainsOf(document)
const CHAIN = ['--chain', 'http://127.0.0.1:9944']

const setUp = (t: Parameters<typeof newFolder>[0]) => {
  const folder = newFolder(t)
  const file = join(folder, 'given.json')
  writeFileSync(file, printGenesis(document))
  return { home: join(folder, 'home'), given: ['--genesis', file, ...CHAIN] }
}

test('flags alone make a home that a validator starts from, private, with a comment above every field', async (t) => {
  const { home, given } = setUp(t)
  const peer = '/ip4/10.0.0.5/tcp/4001/p2p/12D3KooWA'
  const end = await evalmesh(
    'init',
    '--home',
    home,
    ...given,
    '--name',
    'erik',
    '--peer',
    peer,
    '--api',
    '127.0.0.1:8085',
    '--json',
  )
  assert.equal(end.code, 0, end.stderr)
  const config = await loadConfig(home, {})
  assert.deepEqual([config.name, config.peers, config.api.port], ['erik', [peer], 8085])
  assert.deepEqual(readFileSync(config.genesis), Buffer.from(printGenesis(document)))
  const { hotkey } = await loadValidatorKeys(home)
  const told = lastJson<{ hotkey: string; mesh: string }>(end.stdout)
  assert.deepEqual([told.hotkey, told.mesh], [encodeSs58(hotkey.publicKey), mesh])
  for (const name of ['config.json', 'hotkey.json', 'session.json', 'genesis.json'])
    assert.equal(statSync(join(home, name)).mode & 0o777, 0o600, name)
})

test('a home that is configured is refused, and one that was cut short is finished with the keys it has', async (t) => {
  const { home, given } = setUp(t)
  assert.equal((await evalmesh('init', '--home', home, ...given)).code, 0)
  const before = readFileSync(join(home, 'session.json'), 'utf8')
  const again = await evalmesh('init', '--home', home, ...given)
  assert.equal(again.code, 2)
  assert.match(again.stderr, /is there already and is never overwritten/)
  rmSync(join(home, 'config.json'))
  assert.equal((await evalmesh('init', '--home', home, ...given)).code, 0)
  assert.equal(readFileSync(join(home, 'session.json'), 'utf8'), before)
})

test('a home that was delegated to by one hotkey is not given another', async (t) => {
  const { home, given } = setUp(t)
  const [signed] = document.delegations
  assert.ok(signed)
  mkdirSync(home, { mode: 0o700 })
  writeFileSync(join(home, 'delegation.json'), printSignedDelegation(signed))
  const made = await evalmesh('init', '--home', home, ...given)
  assert.equal(made.code, 2)
  assert.match(made.stderr, new RegExp(`of hotkey ${encodeSs58(signed.body.hotkey)}, and a new hotkey would be made`))
  assert.deepEqual(readdirSync(home), ['delegation.json'])
  const { hotkey } = await completeValidatorKeys(join(home, '../other'), null)
  const other = await evalmesh('init', '--home', home, ...given, '--hotkey', join(home, '../other/hotkey.json'))
  assert.match(other.stderr, new RegExp(`and ${encodeSs58(hotkey.publicKey)} was given`))
  const body = { ...signed.body, hotkey: hotkey.publicKey }
  writeFileSync(join(home, 'delegation.json'), printSignedDelegation({ ...signed, body }))
  const end = await evalmesh('init', '--home', home, ...given, '--hotkey', join(home, '../other/hotkey.json'))
  assert.equal(end.code, 0, end.stderr)
})

test('a dry run writes nothing, and says all', async (t) => {
  const { home, given } = setUp(t)
  const end = await evalmesh('init', '--home', home, ...given, '--dry-run')
  assert.equal(end.code, 0, end.stderr)
  assert.match(end.stdout, /"chain": "http:\/\/127\.0\.0\.1:9944"/)
  assert.ok(!existsSync(home))
})

test('another mesh than the one that was meant is refused before anything is written', async (t) => {
  const { home, given } = setUp(t)
  assert.equal((await evalmesh('init', '--home', home, ...given, '--mesh', mesh.slice(0, 12), '--dry-run')).code, 0)
  const end = await evalmesh('init', '--home', home, ...given, '--mesh', 'ffffffffffff')
  assert.equal(end.code, 9)
  assert.ok(!existsSync(home))
})

test('what is missing or wrong is named, with the flag that mends it', async (t) => {
  const { home, given } = setUp(t)
  const refused = async (message: RegExp, ...args: readonly string[]) => {
    const end = await evalmesh('init', '--home', home, ...args)
    assert.notEqual(end.code, 0)
    assert.match(end.stderr, message)
    assert.ok(!existsSync(home))
  }
  await refused(/give --join URL, or --genesis FILE/, ...CHAIN)
  await refused(/give --chain/, ...given.slice(0, 2))
  await refused(/engine must be auto, docker/, ...given, '--engine', 'lxc')
  await refused(/no HOST:PORT/, ...given, '--api', '127.0.0.1')
  await refused(/no validator answers/, ...CHAIN, '--join', 'http://127.0.0.1:1')
  await refused(/no such key/, ...given, '--wallet', 'nobody', '--wallet-path', home)
})

test('joining by a validator’s interface takes its genesis document and the addresses of all', async (t) => {
  const { home } = setUp(t)
  const app = create()
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  t.after(() => app.close())
  const end = await evalmesh('init', '--home', home, '--join', url, ...CHAIN, '--json')
  assert.equal(end.code, 0, end.stderr)
  assert.deepEqual((await loadConfig(home, {})).peers, [
    '/ip4/127.0.0.1/tcp/4001/p2p/A',
    '/ip4/127.0.0.1/tcp/4002/p2p/B',
  ])
})

const script = '/usr/bin/script'
/** Runs `evalmesh` at a terminal of its own and types. */
const typing = async (typed: string, ...args: readonly string[]) => {
  const main = fileURLToPath(new URL('../../../node/main.ts', import.meta.url))
  const command = [process.execPath, main, ...args].map((word) => `'${word}'`).join(' ')
  const child = spawn(script, ['-qec', command, '/dev/null'], { stdio: ['pipe', 'pipe', 'ignore'] })
  const shown: string[] = []
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    // Not before it asks: what comes earlier the terminal itself would take.
    if (shown.length === 0) child.stdin.write(typed)
    shown.push(part)
  })
  await once(child, 'close')
  return { code: child.exitCode, shown: shown.join('') }
}
const skip = existsSync(script) ? false : 'needs script(1) of util-linux'

test('at a terminal it asks for what was not given, and takes answers that are pasted all at once', {
  skip,
}, async (t) => {
  const { home, given } = setUp(t)
  const [, file = ''] = given
  const peer = '/ip4/10.0.0.5/tcp/4001/p2p/12D3KooWA'
  const answers = [
    '',
    file,
    `${peer} ${peer.replace('5', '6')}`,
    'ws://10.0.0.1:9944',
    'erik',
    '',
    '',
    '127.0.0.1:9999',
  ]
  const { code, shown } = await typing(`${answers.join('\n')}\n`, 'init', '--home', home)
  assert.equal(code, 0, shown)
  const { name, chain, api, peers, listen } = await loadConfig(home, {})
  assert.deepEqual([name, chain, api.port, peers.length], ['erik', 'ws://10.0.0.1:9944', 9999, 2])
  assert.deepEqual(listen, ['/ip4/0.0.0.0/tcp/4001'])
})

test('Ctrl-C at a question writes nothing', { skip }, async (t) => {
  const { home } = setUp(t)
  const { code, shown } = await typing('\n\u0003', 'init', '--home', home)
  assert.equal(code, 130, shown)
  assert.match(shown, /interrupted; nothing was written/)
  assert.ok(!existsSync(home))
})
