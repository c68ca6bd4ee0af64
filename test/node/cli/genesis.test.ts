/** Promises of `evalmesh genesis`: members and weights follow from the chain and what hotkeys signed, and anyone can check that they did. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { loadHotkey } from '../../../node/home/keys.ts'
import {
  competitionParams,
  encodeSs58,
  parseGenesis,
  parseSignedDelegation,
  printGenesis,
} from '../../../protocol/index.ts'
import { evalmesh, lastJson } from '../../e2e/mesh-process.ts'
import { genesisOf } from '../../protocol/round/mesh.ts'
import { type Devnet, startDevnet } from '../chain/devnet.ts'
import { newFolder } from '../store/folder.ts'

const NETUID = '7'
const TAO = 1_000_000_000n
/** In thousands of TAO; gina has a permit and delegates nothing, hugo delegates and has none. */
const STAKES = { anna: 40n, bela: 30n, cora: 20n, dino: 10n, gina: 25n, hugo: 50n } as const
type Name = keyof typeof STAKES
const names = Object.keys(STAKES) as Name[]
const founders = ['anna', 'bela', 'cora', 'dino'] as const

let net: Devnet
let dir = ''
const removals: (() => void)[] = []
const homeOf = (name: Name): string => join(dir, name)
const delegationOf = (name: Name): string => join(homeOf(name), 'delegation.json')
const hotkeys = new Map<Name, string>()

const run = async (...args: readonly string[]) => evalmesh('genesis', ...args)
const delegate = (name: Name) => run('delegate', '--home', homeOf(name), '--chain', net.endpoint, '--netuid', NETUID)

before(async () => {
  dir = newFolder({ after: (work: () => void) => removals.push(work) })
  const made = await Promise.all(names.map((name) => evalmesh('keys', 'new', '--home', homeOf(name))))
  for (const { code, stderr } of made) assert.equal(code, 0, stderr)
  for (const name of names) hotkeys.set(name, (await loadHotkey(homeOf(name))).publicKey)
  const neurons = names.map((name) => {
    const hotkey = hotkeys.get(name) ?? ''
    return { hotkey, coldkey: hotkey, stakeRao: `${STAKES[name] * 1_000n * TAO}`, permit: name !== 'hugo' }
  })
  const subnet = { netuid: Number(NETUID), tempo: 10_000, ownerHotkey: hotkeys.get('anna') ?? '' }
  net = await startDevnet({ name: 'founding', subnet, neurons }, ['--block-ms', '100'])
  const ends = await Promise.all([...founders, 'hugo' as const].map(delegate))
  for (const { code, stderr } of ends) assert.equal(code, 0, stderr)
  const [params] = genesisOf().competitions
  if (params === undefined) throw new Error('a competition')
  writeFileSync(join(dir, 'params.json'), JSON.stringify(competitionParams.toJson(params)))
})

after(async () => {
  await net?.destroy()
  for (const remove of removals) remove()
})

const make = (members: readonly Name[], ...more: readonly string[]) =>
  run(
    'make',
    ...['--chain', net.endpoint, '--netuid', NETUID, '--params', join(dir, 'params.json')],
    ...['--delegation', ...members.map(delegationOf), '--json'],
    ...more,
  )

test('four hotkeys that delegated become the committee, no weight above the cap, and who is absent is named', async () => {
  const out = join(dir, 'genesis.json')
  const end = await make(founders, '--out', out, '--set', 'weightCapPpm=300000')
  assert.equal(end.code, 0, end.stderr)
  const told = lastJson<{ mesh: string; absent: readonly { hotkey: string }[] }>(end.stdout)
  assert.deepEqual(
    told.absent.map(({ hotkey }) => hotkey),
    [encodeSs58(hotkeys.get('gina') ?? '')],
  )
  const genesis = parseGenesis(readFileSync(out))
  const total = genesis.members.reduce((sum, { weight }) => sum + weight, 0n)
  for (const { hotkey, weight } of genesis.members) assert.ok(weight * 1_000_000n <= 300_000n * total, hotkey)
  assert.equal(genesis.members.length, 4)
  const check = await run('check', out, '--chain', net.endpoint, '--json')
  assert.equal(check.code, 0, check.stdout)
  assert.equal(lastJson<{ mesh: string }>(check.stdout).mesh, told.mesh)
  const dry = await make(founders, '--out', join(dir, 'dry.json'), '--dry-run')
  assert.equal(dry.code, 0, dry.stderr)
  assert.ok(!existsSync(join(dir, 'dry.json')))
  // A file that is there is somebody's genesis document.
  assert.equal((await make(founders, '--out', out)).code, 2)
})

test('delegating again hands in the same delegation', async () => {
  const earlier = readFileSync(delegationOf('anna'))
  assert.equal((await delegate('anna')).code, 0)
  assert.deepEqual(readFileSync(delegationOf('anna')), earlier)
})

test('what would not count is refused by name: no permit, a stranger’s signature, too few', async () => {
  const out = join(dir, 'never.json')
  const unpermitted = await make([...founders, 'hugo'], '--out', out)
  assert.equal(unpermitted.code, 5)
  assert.match(unpermitted.stderr, new RegExp(`${encodeSs58(hotkeys.get('hugo') ?? '')}.*no permit`))
  const { body, signature } = parseSignedDelegation(readFileSync(delegationOf('dino')))
  const forged = { body: { ...body, counter: body.counter + 1 }, signature }
  const path = join(dir, 'forged.json')
  writeFileSync(path, JSON.stringify(forged))
  const end = await make(founders, '--delegation', path, ...founders.map(delegationOf), '--out', out)
  assert.equal(end.code, 5, end.stderr)
  assert.match(end.stderr, /forged\.json|does not hold/)
  const few = await make(founders.slice(1), '--out', out)
  assert.equal(few.code, 5)
  assert.match(few.stderr, /at least 4/)
  assert.ok(!existsSync(out))
})

test('parameters outside their ranges, or of no name, found no mesh', async () => {
  const out = join(dir, 'never.json')
  const wide = await make(founders, '--out', out, '--set', 'weightCapPpm=900000')
  assert.equal(wide.code, 5, wide.stderr)
  assert.equal((await make(founders, '--out', out, '--set', 'nothing=1')).code, 2)
  assert.ok(!existsSync(out))
})

test('a document whose members are not the chain’s is told from one whose are', async () => {
  const out = join(dir, 'other.json')
  assert.equal((await make(founders, '--out', out)).code, 0)
  const genesis = parseGenesis(readFileSync(out))
  const members = genesis.members.map((member, place) =>
    place === 0 ? { ...member, weight: member.weight - 1n } : member,
  )
  writeFileSync(out, printGenesis({ ...genesis, members }))
  const end = await run('check', out, '--chain', net.endpoint, '--json')
  assert.equal(end.code, 9, end.stdout)
  const { checks } = lastJson<{ checks: readonly { name: string; ok: boolean }[] }>(end.stdout)
  assert.deepEqual(
    checks.filter(({ ok }) => !ok).map(({ name }) => name),
    ['committee'],
  )
})
