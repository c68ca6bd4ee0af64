/** Promises of the configuration: defaults for all that has one, flags before the file, and a wrong field is named. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { ConfigError, loadConfig, parseConfig } from '../../../node/home/config.ts'
import { printConfig } from '../../../node/home/config-file.ts'
import { newFolder } from '../store/folder.ts'

const chain = 'http://127.0.0.1:9944'
const names = (field: string) => (error: unknown) => error instanceof ConfigError && error.message.includes(field)

test('a home with nothing but a chain runs with the defaults, the API on this machine only', () => {
  assert.deepEqual(parseConfig({ chain }, '/home/anna'), {
    name: 'validator',
    home: '/home/anna',
    hotkey: '/home/anna/hotkey.json',
    genesis: '/home/anna/genesis.json',
    chain,
    listen: ['/ip4/0.0.0.0/tcp/4001'],
    peers: [],
    api: { host: '127.0.0.1', port: 8080 },
    engine: 'auto',
    engines: [],
    startAhead: false,
    image: 'numpy',
    weightsVersionKey: 0,
    pools: [],
    stopAtBlock: null,
    logLevel: 'info',
  })
})

test('paths of the file are under the home unless they are absolute, or under the user’s own folder', () => {
  const { hotkey } = parseConfig({ chain, hotkey: '~/.bittensor/wallets/a/hotkeys/b' }, '/home/anna')
  assert.equal(hotkey, join(homedir(), '.bittensor/wallets/a/hotkeys/b'))
  const config = parseConfig({ chain, genesis: 'mesh/g.json', pools: ['pool', '/srv/pool'] }, '/home/anna')
  assert.equal(config.genesis, '/home/anna/mesh/g.json')
  assert.deepEqual(config.pools, ['/home/anna/pool', '/srv/pool'])
})

test('flags win over the file, the file over the defaults, and a flag that was not given over nothing', async (t) => {
  const home = newFolder(t)
  writeFileSync(join(home, 'config.json'), JSON.stringify({ chain, name: 'of the file', engine: 'docker' }))
  const config = await loadConfig(home, { name: 'of the flag', engine: undefined })
  assert.equal(config.name, 'of the flag')
  assert.equal(config.engine, 'docker')
  assert.equal(config.logLevel, 'info')
})

test('a home without a file is configured by flags alone', async (t) => {
  assert.equal((await loadConfig(newFolder(t), { chain })).chain, chain)
})

const bad: readonly (readonly [string, unknown])[] = [
  ['chain', undefined],
  ['chain', ''],
  ['weightsVersionKey', -1],
  ['weightsVersionKey', '3'],
  ['name', 7],
  ['genesis', null],
  ['listen', '/ip4/127.0.0.1/tcp/1'],
  ['listen', [7]],
  ['peers', {}],
  ['api', null],
  ['api', { host: '127.0.0.1' }],
  ['api', { host: '', port: 1 }],
  ['api', { host: '127.0.0.1', port: '80' }],
  ['api', { host: '127.0.0.1', port: 65_536 }],
  ['api', { host: '127.0.0.1', port: -1 }],
  ['engine', 'lxc'],
  ['pools', ['']],
  ['logLevel', true],
  ['logLevel', 'loud'],
]
for (const [field, value] of bad) {
  test(`${field} as ${JSON.stringify(value)} is refused, and the error names it`, () => {
    assert.throws(() => parseConfig({ chain, [field]: value }, '/home/anna'), names(field))
  })
}

test('a field that nobody knows is refused: a misspelt one would silently do nothing', () => {
  assert.throws(() => parseConfig({ chain, peer: [] }, '/home/anna'), names('peer'))
})

test('a file that is no JSON object is refused, and the error names the file', async (t) => {
  for (const text of ['{', '[]', '7', 'null']) {
    const home = newFolder(t)
    writeFileSync(join(home, 'config.json'), text)
    await assert.rejects(loadConfig(home, { chain }), names(join(home, 'config.json')))
  }
})

test('the file that init writes says what every field means, and reads back as what was chosen', async (t) => {
  const home = newFolder(t)
  const chosen = {
    chain: 'wss://a.example:443,ws://127.0.0.1:9944',
    name: 'slashes // in "a" name',
    peers: ['/ip4/1.2.3.4/tcp/1/p2p/x'],
  }
  const text = printConfig(chosen)
  writeFileSync(join(home, 'config.json'), text)
  assert.deepEqual(await loadConfig(home, {}), parseConfig(chosen, home))
  const fields = Object.keys(parseConfig(chosen, home)).filter((field) => field !== 'home')
  for (const field of fields) assert.match(text, new RegExp(`// .+\\n {2}"${field}": `))
})

test('a home that names no chain is told how to make one, as wrong usage: to start it again mends nothing', async (t) => {
  const missing = loadConfig(newFolder(t), {})
  await assert.rejects(
    missing,
    (error) => error instanceof ConfigError && error.exitCode === 2 && /evalmesh init/.test(error.message),
  )
})
