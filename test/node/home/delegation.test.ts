/** Promises of who speaks for a hotkey: one counter is never signed twice, a month away costs a seat and no more, and two nodes do not fight over one. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { createDelegator, delegationFileOf, loadDelegation, planDelegation } from '../../../node/home/delegation.ts'
import { createValidatorKeys, KeyError } from '../../../node/home/keys.ts'
import {
  type Delegation,
  type Machine,
  parseSignedDelegation,
  type RoundState,
  type Signed,
} from '../../../protocol/index.ts'
import { createFakeLog, DIGEST } from '../fakes.ts'
import { newFolder } from '../store/folder.ts'

const key = (name: string): string => Buffer.from(name).toString('hex').padEnd(64, '0')
const speaker = {
  netuid: 1,
  hotkey: key('hotkey'),
  scheme: 'sr25519',
  sessionKey: key('session'),
  sealingKey: key('sealing'),
  peerId: 'peer',
} as const
const by = (change: Partial<Delegation> = {}): Delegation => ({
  ...speaker,
  fromBlock: 0,
  toBlock: 1_000,
  counter: 5,
  ...change,
})
const other = by({ sessionKey: key('another'), counter: 9 })
const plan = (o: Partial<Parameters<typeof planDelegation>[0]>) =>
  planDelegation({ speaker, newest: null, kept: null, block: 100, unixSeconds: 1_000, ...o })

test('a hotkey that nobody speaks for is delegated to this node, from this block on', () => {
  const planned = plan({})
  assert.ok(planned.kind === 'sign')
  assert.deepEqual(planned.body, { ...speaker, fromBlock: 100, toBlock: 216_100, counter: 1_000 })
})

test('who speaks already signs nothing, until half of the time is over', () => {
  assert.equal(plan({ newest: by() }).kind, 'speaks')
  assert.equal(plan({ newest: by(), kept: by() }).kind, 'speaks')
  assert.equal(plan({ newest: by(), kept: by(), block: 499 }).kind, 'speaks')
  assert.equal(plan({ newest: by(), kept: by(), block: 500 }).kind, 'sign')
})

test('what was signed and did not arrive is sent again, not signed again', () => {
  assert.equal(plan({ kept: by() }).kind, 'send')
  assert.equal(plan({ newest: other, kept: by({ counter: 10 }) }).kind, 'send')
})

test('a node whose hotkey now speaks by another one does not take the seat back', () => {
  assert.deepEqual(plan({ newest: other, kept: by() }), { kind: 'superseded', by: other })
})

test('a home with new keys takes over from the node before it', () => {
  for (const kept of [null, by({ sessionKey: key('old'), counter: 3 })]) {
    const planned = plan({ newest: other, kept })
    assert.ok(planned.kind === 'sign' && planned.body.counter === 1_000)
  }
})

test('no counter is ever signed twice, whatever the clock says', () => {
  const counters = fc.nat({ max: 2 ** 32 - 2 })
  const known = fc.option(counters.map((counter) => by({ sessionKey: key('old'), counter })))
  fc.assert(
    fc.property(known, known, counters, (newest, kept, unixSeconds) => {
      const planned = plan({ newest, kept, unixSeconds })
      assert.ok(planned.kind === 'sign')
      for (const one of [newest, kept]) assert.ok(planned.body.counter > (one?.counter ?? -1))
    }),
  )
  const last = by({ sessionKey: key('old'), counter: 2 ** 32 - 1 })
  assert.throws(() => plan({ newest: last }), { code: 'KEY_SPENT' })
})

test('a delegation is on disk before anybody hears of it, and told again until there is a seat', async (t) => {
  const home = newFolder(t)
  const keys = await createValidatorKeys(home)
  const log = createFakeLog()
  const sent: (readonly [counter: number, isRepeat: boolean])[] = []
  const rounds = { delegations: new Map(), inForce: new Map() }
  const told = (isRepeat: boolean) => (message: Signed<'delegation'>) => {
    assert.deepEqual(parseSignedDelegation(readFileSync(delegationFileOf(home))).body, message.body)
    sent.push([message.body.counter, isRepeat])
    rounds.delegations.set(message.body.hotkey, { id: DIGEST, message, since: 0 })
  }
  const { look } = createDelegator({
    home,
    keys,
    peerId: 'peer',
    netuid: 1,
    domains: { chain: DIGEST, mesh: DIGEST },
    kept: await loadDelegation(home),
    state: () => ({ rounds }) as unknown as Machine<RoundState>,
    send: told(false),
    repeat: told(true),
    unixSeconds: () => 77,
    log,
  })
  await look(7)
  const kept = await loadDelegation(home)
  assert.equal(kept?.body.counter, 77)
  await look(8)
  await look(40)
  assert.deepEqual(sent, [
    [77, false],
    [77, true],
  ])
  rounds.inForce.set(keys.hotkey.publicKey, kept?.body)
  await look(60)
  assert.equal(sent.length, 2)
  const taken = by({ hotkey: keys.hotkey.publicKey, sessionKey: key('another'), counter: 78 })
  rounds.delegations.set(taken.hotkey, {
    id: DIGEST,
    message: { kind: 'delegation', body: taken, signature: '' },
    since: 0,
  })
  await look(61)
  await look(62)
  assert.equal(sent.length, 2)
  assert.equal(log.calls.filter(([level]) => level === 'error').length, 1)
})

test('a damaged delegation file is named, with what to do', async (t) => {
  const home = newFolder(t)
  assert.equal(await loadDelegation(home), null)
  writeFileSync(delegationFileOf(home), '{}')
  await assert.rejects(loadDelegation(home), (error) => error instanceof KeyError && /remove it/.test(error.message))
})
