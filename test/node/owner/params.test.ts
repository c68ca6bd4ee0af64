/** Promises to the subnet's owner: what is in force is shown, a change is checked before it is signed, and says what it changes. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { type ParamsView, paramsView } from '../../../node/api/params-view.ts'
import { createHotkey, type Hotkey } from '../../../node/home/keys.ts'
import { nextCounter, prepareChange } from '../../../node/owner/params.ts'
import {
  rounds as application,
  createMachine,
  createRounds,
  domainsOf,
  encodeSs58,
  type Genesis,
  ProtocolError,
  printGenesis,
  type Signed,
  signatureClaim,
  step,
  type Verified,
  verifySignature,
} from '../../../protocol/index.ts'
import { blockAt, genesisOf, params } from '../../protocol/round/mesh.ts'
import { newFolder } from '../store/folder.ts'

/** An owner with a home, the mesh's genesis document, and a machine that follows it. */
const createWorld = async (t: TestContext) => {
  const dir = newFolder(t)
  const home = join(dir, 'owner')
  const owner = await createHotkey(home)
  const genesis: Genesis = { ...genesisOf(), owner: owner.publicKey }
  writeFileSync(join(dir, 'genesis.json'), printGenesis(genesis))
  const machine = createMachine({ genesis, self: null, application, rounds: createRounds({ genesis, self: null }) })
  step(machine, { kind: 'head', at: 0, block: blockAt(100) })
  const hear = (message: Signed): unknown =>
    step(machine, { kind: 'message', at: 1, message: message as Verified<Signed> })
  return { dir, home, owner, genesis, domains: domainsOf(genesis), machine, hear, view: () => paramsView(machine) }
}
type World = Awaited<ReturnType<typeof createWorld>>

const targetOf = (view: ParamsView, competition: string | null) =>
  view.targets.find((target) => target.competition === competition) ?? assert.fail()

const prepare = (world: World, set: readonly string[], competition: string | null = null, hotkey?: Hotkey) => {
  const target = targetOf(world.view(), competition)
  return prepareChange({
    target,
    counter: nextCounter(target) ?? assert.fail(),
    founded: competition === null ? world.genesis : params,
    set,
    activationHeight: 11,
    hotkey: hotkey ?? world.owner,
    domains: world.domains,
  })
}

test('what is in force is shown of the mesh and of every competition, with the owner', async (t) => {
  const { view, owner } = await createWorld(t)
  const shown = view()
  assert.equal(shown.owner, encodeSs58(owner.publicKey))
  assert.equal(shown.height, 1)
  assert.deepEqual(
    shown.targets.map(({ competition, counter, pending, proposed }) => [competition, counter, pending, proposed]),
    [
      [null, 0, null, null],
      [params.id, 0, null, null],
    ],
  )
  assert.deepEqual(targetOf(shown, params.id).params, params)
})

test('a change is the object in force but for what is set, its signature holds, and a validator takes it', async (t) => {
  const world = await createWorld(t)
  const { message, changes } = prepare(world, ['thetaPpm=20000', 'referenceNanos=5'], params.id)
  assert.deepEqual(message.body.change, {
    kind: 'competition',
    ...params,
    thetaPpm: 20_000,
    referenceNanos: 5n,
  })
  assert.deepEqual(changes, [
    { name: 'thetaPpm', from: `${params.thetaPpm}`, to: '20000' },
    { name: 'referenceNanos', from: '1000000', to: '5' },
  ])
  const claim = signatureClaim(message, { domains: world.domains, sessionKeyOf: () => null })
  assert.ok(claim !== null && claim.publicKey === world.owner.publicKey && verifySignature(claim))
  world.hear(message)
  const { proposed } = targetOf(world.view(), params.id)
  assert.deepEqual([proposed?.counter, proposed?.activationHeight, proposed?.params['thetaPpm']], [1, 11, 20_000])
  assert.equal(prepare(world, ['thetaPpm=30000'], params.id).message.body.counter, 2, 'the next one replaces it')
  assert.equal(prepare(world, ['deltaMs=500']).message.body.counter, 1, 'each target counts by itself')
})

test('who gets the fee is named by an address, its bytes, or as the owner', async (t) => {
  const world = await createWorld(t)
  const { publicKey } = world.owner
  const set = (value: string) => {
    const { change } = prepare(world, ['feeRao=100000000', `feeRecipient=${value}`], params.id).message.body
    return change.kind === 'competition' ? [change.feeRao, change.feeRecipient] : null
  }
  assert.deepEqual(set(encodeSs58(publicKey)), [100_000_000n, publicKey])
  assert.deepEqual(set(publicKey), [100_000_000n, publicKey])
  assert.deepEqual(set('owner'), [100_000_000n, null])
  assert.throws(() => set('5Nobody'), ProtocolError)
})

test('an owner is told what a validator puts under the signature beside what is set', async (t) => {
  const world = await createWorld(t)
  assert.deepEqual(prepare(world, ['thetaPpm=20000'], params.id).along, [])
  const twist = (view: ParamsView): ParamsView => ({
    ...view,
    targets: view.targets.map((target) =>
      target.competition === null ? target : { ...target, params: { ...params, burnPpm: 1 } },
    ),
  })
  const api = await serveApi(t, () => twist(world.view()))
  const genesis = join(world.dir, 'genesis.json')
  const flags = ['--genesis', genesis, '--api', api, '--home', world.home, '--competition', params.id]
  const { code, stdout, stderr } = await evalmesh('sign', ...flags, '--set', 'thetaPpm=20000', '--dry-run', '--json')
  assert.equal(code, 0, stderr)
  assert.deepEqual(JSON.parse(stdout).along, [{ name: 'burnPpm', from: `${params.burnPpm}`, to: '1' }])
  assert.match(stderr, /^signed along, as in force by the word of http.*: burnPpm 1 \(the genesis document: \d+\)$/m)
})

test('an owner signs no counter that only a lying validator could have come to: it would be the last', async (t) => {
  const world = await createWorld(t)
  const told = (counter: unknown) => ({ ...targetOf(world.view(), null), counter: counter as number })
  const lies = [2 ** 32 - 2, 1_000_000, 1.5, 'many']
  assert.deepEqual([999_999, ...lies].map(told).map(nextCounter), [1_000_000, null, null, null, null])
  const api = await serveApi(t, () => ({ ...world.view(), targets: [told(lies[0])] }))
  const flags = ['--genesis', join(world.dir, 'genesis.json'), '--api', api, '--home', world.home]
  const { code, stderr } = await evalmesh('sign', ...flags, '--set', 'deltaMs=500', '--dry-run')
  assert.equal(code, 6, stderr)
  assert.match(stderr, /tells a counter of mesh that no owner comes to/)
})

test('a name that is none, a value that is no number and one outside its range are refused before anything is signed', async (t) => {
  const world = await createWorld(t)
  for (const set of ['colour=1', 'deltaMs', 'deltaMs=', 'deltaMs=fast', 'deltaMs=-1', 'deltaMs=99', 'id=other']) {
    assert.throws(
      () => prepare(world, [set]),
      (error) => error instanceof ProtocolError && error.code === 'BAD_SHAPE',
      set,
    )
  }
  assert.throws(() => prepare(world, ['id=other'], params.id), ProtocolError)
})

/** A validator's HTTP interface, as far as the command asks it. */
const serveApi = async (t: TestContext, view: () => ParamsView): Promise<string> => {
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(view(), (_, item: unknown) => (typeof item === 'bigint' ? `${item}` : item)))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  return `http://127.0.0.1:${address.port}`
}

const evalmesh = async (...args: readonly string[]) => {
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, ['node/main.ts', 'params', ...args])
    return { code: 0, stdout, stderr }
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string }
    return { code, stdout, stderr }
  }
}

test('the command shows what is in force and what is to come', async (t) => {
  const world = await createWorld(t)
  const api = await serveApi(t, world.view)
  world.hear(prepare(world, ['deltaMs=500']).message)
  const { code, stdout } = await evalmesh('show', '--api', api)
  assert.equal(code, 0)
  assert.match(stdout, /^height 1 {2}owner 5/)
  assert.match(stdout, /deltaMs +1000 +500 from height 11 \(not decided\)/)
  assert.match(stdout, /weightCapPpm +330000\n/)
  const { targets } = JSON.parse((await evalmesh('show', '--api', api, '--json')).stdout)
  assert.equal(targets[0].proposed.params.deltaMs, 500)
})

test('the command signs for the owner alone, and says with its exit code what is wrong', async (t) => {
  const world = await createWorld(t)
  const api = await serveApi(t, world.view)
  const base = ['sign', '--genesis', join(world.dir, 'genesis.json'), '--api', api]
  const own = [...base, '--home', world.home]
  const dry = await evalmesh(...own, '--set', 'deltaMs=500', 'weightCapPpm=300000', '--dry-run', '--json')
  assert.equal(dry.code, 0, dry.stderr)
  const { id, sent, counter, activationHeight, changes } = JSON.parse(dry.stdout)
  assert.match(id, /^[0-9a-f]{64}$/)
  assert.deepEqual([sent, counter, activationHeight], [false, 1, 11])
  assert.deepEqual(
    changes.map(({ name }: { name: string }) => name),
    ['deltaMs', 'weightCapPpm'],
  )
  const stranger = join(world.dir, 'stranger')
  await createHotkey(stranger)
  const wrong: readonly (readonly [readonly string[], number, RegExp])[] = [
    [[...base, '--home', stranger, '--set', 'deltaMs=500', '--dry-run'], 4, /only the subnet owner/],
    [[...own, '--set', 'colour=1', '--dry-run'], 2, /NAME=VALUE/],
    [[...own, '--set', 'deltaMs=500', '--activation', 'soon', '--dry-run'], 2, /no height/],
    [[...own, '--set', 'thetaPpm=1', '--competition', 'other', '--dry-run'], 3, /it runs: matrix-lossless/],
    [[...own, '--set', 'deltaMs=500'], 2, /--peer/],
  ]
  for (const [args, code, says] of wrong) {
    const seen = await evalmesh(...args)
    assert.equal(seen.code, code, args.join(' '))
    assert.match(seen.stderr, says)
  }
})
