/** Several engines: who gets a place, who waits, and what happens when one is ill. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Checkup, EngineHost } from '../../../sandbox/hosts/host.ts'
import { createHosts } from '../../../sandbox/hosts/hosts.ts'
import { isSandboxError } from '../engine/errors.ts'

const fast = { model: 'Fast 9', cores: 8 }
const slow = { model: 'Slow 1', cores: 2 }
const host = (name: string, o: Partial<EngineHost> = {}): EngineHost => ({
  name,
  engine: { prefer: 'auto', imageDirectory: null },
  isLocal: true,
  timed: [null],
  hardware: fast,
  ...o,
})

/** Hosts whose health the test decides. */
function create(given: readonly EngineHost[]) {
  const ill = new Set<string>()
  const looks: string[] = []
  const changes: string[] = []
  const check = async ({ name }: EngineHost): Promise<Checkup> => {
    looks.push(name)
    return ill.has(name) ? { isWell: false, reason: 'gone' } : { isWell: true, hardware: slow }
  }
  const onChange = (change: { host: string; isWell: boolean }) => changes.push(`${change.host} ${change.isWell}`)
  return { hosts: createHosts({ hosts: given, check, onChange, recheckMsMin: 1 }), ill, looks, changes }
}

const isWaiting = async (promise: Promise<unknown>) =>
  (await Promise.race([promise.then(() => 'settled'), new Promise((resolve) => setTimeout(resolve, 20, 'waits'))])) ===
  'waits'

test('places go in the order of the list, and who finds none waits for the next that is given back', async () => {
  const { hosts } = create([host('a', { timed: ['1', '2'] }), host('b')])
  const leases = [await hosts.lease({}), await hosts.lease({}), await hosts.lease({})]
  assert.deepEqual(
    leases.map((lease) => `${lease.host.name} ${lease.slot}`),
    ['a 0', 'a 1', 'b 0'],
  )
  const next = hosts.lease({})
  assert.ok(await isWaiting(next))
  leases[1]?.release()
  leases[1]?.release()
  assert.deepEqual([(await next).host.name, (await next).slot], ['a', 1])
  assert.ok(await isWaiting(hosts.lease({})), 'a place given back twice is one place')
})

test('a host that is ill gets nobody until a later look finds it well, and each change is told once', async () => {
  const { hosts, ill, changes } = create([host('a'), host('b')])
  ill.add('a')
  assert.equal(await hosts.check('a'), false)
  const b = await hosts.lease({})
  assert.equal(b.host.name, 'b')
  const waiting = hosts.lease({})
  assert.ok(await isWaiting(waiting))
  ill.delete('a')
  assert.equal((await waiting).host.name, 'a')
  assert.deepEqual(changes, ['a false', 'a true'])
  hosts.close()
})

test('a run that has just failed on a host goes elsewhere when that is possible, and there again when it is not', async () => {
  const { hosts } = create([host('a'), host('b')])
  const elsewhere = await hosts.lease({ avoid: 'a' })
  assert.equal(elsewhere.host.name, 'b')
  assert.equal((await hosts.lease({ avoid: 'a' })).host.name, 'a')
})

test('a run that must stay on one class of hardware waits for it, and is told when only others are left', async () => {
  const { hosts, ill } = create([host('a'), host('b', { hardware: slow }), host('c')])
  const first = await hosts.lease({ like: 'a' })
  const second = await hosts.lease({ like: 'a' })
  assert.deepEqual([first.host.name, second.host.name], ['a', 'c'])
  assert.ok(await isWaiting(hosts.lease({ like: 'a' })))
  ill.add('a').add('c')
  await Promise.all([hosts.check('a'), hosts.check('c')])
  await assert.rejects(hosts.lease({ like: 'a' }), isSandboxError('ENGINE_LOST'))
  await assert.rejects(hosts.lease({ host: 'a' }), isSandboxError('ENGINE_LOST'))
  hosts.close()
})

test('when no host is well a run waits, and gives up when it is told to', async () => {
  const { hosts, ill } = create([host('a')])
  ill.add('a')
  await hosts.check('a')
  const stopping = new AbortController()
  const waiting = hosts.lease({ signal: stopping.signal })
  assert.ok(await isWaiting(waiting))
  stopping.abort(new Error('the round is over'))
  await assert.rejects(waiting, /the round is over/)
  hosts.close()
})

test('a machine is asked what it is when nobody has said so, once', async () => {
  const { hosts, looks } = create([host('a'), host('far', { hardware: null })])
  assert.deepEqual(await hosts.hardwareOf('a'), fast)
  assert.deepEqual(await hosts.hardwareOf('far'), slow)
  assert.deepEqual(await hosts.hardwareOf('far'), slow)
  assert.deepEqual(looks, ['far'])
})
