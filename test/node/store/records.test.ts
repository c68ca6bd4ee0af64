/** What the store promises about records: order, durability, all or nothing, and no silent damage. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import fc from 'fast-check'
import { Level } from 'level'
import {
  fromSequenceKey,
  openStore,
  StoreError,
  type StoreErrorCode,
  toSequenceKey,
} from '../../../node/store/index.ts'
import { createWriter } from '../../../node/store/writer.ts'
import { bytes, collect, newFolder, text } from './folder.ts'

const failsWith =
  (code: StoreErrorCode, facts: Record<string, unknown> = {}) =>
  (e: unknown): boolean => {
    assert.ok(e instanceof StoreError, String(e))
    assert.equal(e.code, code, e.message)
    for (const [name, value] of Object.entries(facts)) assert.deepEqual(e.facts[name], value)
    return true
  }

const entry = (n: number) => ({ kind: 'journal', key: toSequenceKey(n), value: bytes(`entry ${n}`) })

/** Writes past the store, as a failing disk would. */
const damage = async (dir: string, change: (db: Level<string, Uint8Array>) => Promise<void>): Promise<void> => {
  const db = new Level<string, Uint8Array>(join(dir, 'level'), { valueEncoding: 'view' })
  await change(db)
  await db.close()
}

test('what was appended is read back by key and in key order, also after a restart', async (t) => {
  const dir = newFolder(t)
  const first = await openStore({ dir })
  await first.append([
    { kind: 'certificate', key: 'b', value: bytes('2') },
    { kind: 'certificate', key: 'a', value: bytes('1') },
    { kind: 'certificates', key: 'a', value: bytes('another kind') },
    { kind: 'certificate', key: 'c', value: new Uint8Array() },
  ])
  await first.append([{ kind: 'certificate', key: 'b', value: bytes('replaced') }])
  await first.remove('certificate', ['a', 'never there'])
  await first.close()

  const second = await openStore({ dir })
  t.after(() => second.close())
  const found = (await collect(second.records('certificate'))).map(({ key, value }) => [key, text(value)])
  assert.deepEqual(found, [
    ['b', 'replaced'],
    ['c', ''],
  ])
  assert.deepEqual(
    (await collect(second.records('certificate', 'bb'))).map((r) => r.key),
    ['c'],
  )
  assert.equal(text(second.get('certificate', 'b')), 'replaced')
  assert.equal(second.get('certificate', 'a'), undefined)
  assert.equal(statSync(dir).mode & 0o777, 0o700)
})

test('sequence keys sort as their numbers and are read back, and nothing else is one', () => {
  const sequence = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })
  fc.assert(
    fc.property(sequence, sequence, (a, b) => {
      assert.equal(toSequenceKey(a) < toSequenceKey(b), a < b)
      assert.equal(fromSequenceKey(toSequenceKey(a)), a)
    }),
  )
  for (const bad of [-1, 0.5, Number.NaN, 2 ** 53]) assert.throws(() => toSequenceKey(bad), failsWith('BAD_KEY'))
  for (const bad of ['', '1', 'x'.repeat(16), '9'.repeat(16)])
    assert.throws(() => fromSequenceKey(bad), failsWith('BAD_KEY'))
})

test('the journal takes only the next number, and a refused append leaves nothing behind', async (t) => {
  const dir = newFolder(t)
  const store = await openStore({ dir })
  await store.append([entry(0), entry(1)])
  await assert.rejects(store.append([entry(3)]), failsWith('OUT_OF_ORDER', { expected: toSequenceKey(2) }))
  await assert.rejects(store.append([entry(2), entry(2)]), failsWith('OUT_OF_ORDER'))
  const tooLarge = { kind: 'guard', key: 'x', value: new Uint8Array(16 * 1024 * 1024 + 1) }
  await assert.rejects(store.append([entry(2), tooLarge]), failsWith('TOO_LARGE'))
  for (const kind of ['', 'UPPER', 'a/b', 'a'.repeat(33)]) {
    await assert.rejects(store.append([{ kind, key: 'k', value: bytes('') }]), failsWith('BAD_KEY'))
  }
  await assert.rejects(store.append([{ kind: 'a', key: '\ud800', value: bytes('') }]), failsWith('BAD_KEY'))
  assert.equal(store.nextSequence(), 2)
  await store.append([entry(2)])
  await store.remove('journal', [toSequenceKey(0)])
  await store.close()
  await assert.rejects(store.append([entry(3)]), failsWith('CLOSED'))
  assert.throws(() => store.get('journal', toSequenceKey(1)), failsWith('CLOSED'))

  const again = await openStore({ dir })
  t.after(() => again.close())
  assert.equal(again.nextSequence(), 3)
  assert.deepEqual(
    (await collect(again.records('journal'))).map((r) => text(r.value)),
    ['entry 1', 'entry 2'],
  )
})

test('a thousand callers at once all become durable, in the order of their calls', async (t) => {
  const dir = newFolder(t)
  const store = await openStore({ dir })
  const order: number[] = []
  await Promise.all(Array.from({ length: 1000 }, (_, n) => store.append([entry(n)]).then(() => order.push(n))))
  assert.deepEqual(
    order,
    Array.from({ length: 1000 }, (_, n) => n),
  )
  // Closing waits for what was handed in.
  const last = store.append([entry(1000)])
  await store.close()
  await last
  const again = await openStore({ dir })
  t.after(() => again.close())
  assert.equal((await collect(again.records('journal'))).length, 1001)
})

test('everything acknowledged before kill -9 is there afterwards, and each append is there whole or not at all', async (t) => {
  const dir = newFolder(t)
  let acknowledged = -1
  for (let round = 0; round < 3; round++) {
    const child = spawn(process.execPath, [new URL('./child-appender.ts', import.meta.url).pathname, dir], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    t.after(() => child.kill('SIGKILL'))
    let count = 0
    for await (const line of createInterface({ input: child.stdout })) {
      acknowledged = Math.max(acknowledged, Number(line))
      count += 1
      if (count === 50) await assert.rejects(openStore({ dir }), failsWith('STORE_LOCKED', { dir }))
      if (count === 100 + 37 * round) child.kill('SIGKILL')
    }
    if (child.signalCode === null) await once(child, 'exit')

    const store = await openStore({ dir })
    const found = await collect(store.records('journal'))
    const twins = await collect(store.records('guard'))
    assert.ok(found.length > acknowledged, `${found.length} entries, ${acknowledged} was acknowledged`)
    for (const [n, { key, value }] of found.entries()) {
      assert.equal(key, toSequenceKey(n))
      assert.equal(text(value), `entry ${n}`)
    }
    assert.deepEqual(
      twins.map((r) => r.key),
      found.map((r) => `twin-${r.key}`),
    )
    await store.close()
  }
})

test('a damaged value, a value under another key and a hole in the journal are found and named', async (t) => {
  const dir = newFolder(t)
  const store = await openStore({ dir })
  await store.append([0, 1, 2, 3].map(entry))
  await store.append([
    { kind: 'guard', key: 'flipped', value: bytes('flipped') },
    { kind: 'guard', key: 'swapped', value: bytes('swapped') },
    { kind: 'guard', key: 'torn', value: bytes('torn') },
    { kind: 'guard', key: 'whole', value: bytes('whole') },
  ])
  await store.close()
  await damage(dir, async (db) => {
    const flipped = (await db.get('guard/flipped')).slice()
    flipped[6] = (flipped[6] ?? 0) ^ 1
    await db.put('guard/flipped', flipped)
    await db.put('guard/swapped', await db.get('guard/whole'))
    await db.put('guard/torn', (await db.get('guard/torn')).slice(0, 3))
    await db.del(`journal/${toSequenceKey(2)}`)
  })
  const again = await openStore({ dir })
  t.after(() => again.close())
  for (const key of ['flipped', 'swapped', 'torn']) {
    assert.throws(() => again.get('guard', key), failsWith('CORRUPT', { kind: 'guard', key }))
  }
  assert.equal(text(again.get('guard', 'whole')), 'whole')
  await assert.rejects(collect(again.records('guard')), failsWith('CORRUPT', { key: 'flipped' }))
  await assert.rejects(collect(again.records('journal')), failsWith('CORRUPT', { key: toSequenceKey(2) }))
})

test('a store whose last acknowledged write was damaged on disk is refused, at every start', async (t) => {
  const dir = newFolder(t)
  const store = await openStore({ dir })
  for (let n = 0; n < 10; n++) await store.append([entry(n)])
  await store.close()
  const log = readdirSync(join(dir, 'level')).find((name) => name.endsWith('.log')) ?? ''
  const content = readFileSync(join(dir, 'level', log))
  content[content.length - 3] = (content[content.length - 3] ?? 0) ^ 1
  writeFileSync(join(dir, 'level', log), content)
  for (let start = 0; start < 2; start++) await assert.rejects(openStore({ dir }), failsWith('CORRUPT', { dir }))
})

test('a second opener is told which directory is in use and what to do, and a directory of another format is refused', async (t) => {
  const dir = newFolder(t)
  const store = await openStore({ dir })
  await assert.rejects(openStore({ dir }), (e) => {
    failsWith('STORE_LOCKED', { dir })(e)
    assert.match(String(e), /stop it, or choose another directory/)
    return true
  })
  await store.close()
  await damage(dir, (db) => db.del('meta/format').then(() => db.put('something', bytes('else'))))
  await assert.rejects(openStore({ dir }), failsWith('FORMAT', { dir }))
  await damage(dir, (db) => db.put('meta/format', bytes('xxxx1')))
  await assert.rejects(openStore({ dir }), failsWith('CORRUPT', { kind: 'meta', key: 'format' }))
})

test('after a failed write the store takes no more, and everybody who waited is told', async () => {
  let calls = 0
  const writer = createWriter(async () => {
    calls += 1
    if (calls === 2) throw new Error('disk full')
  })
  const change = [{ type: 'del' as const, key: 'k' }]
  const results = await Promise.allSettled([writer.write(change), writer.write(change), writer.write(change)])
  assert.deepEqual(
    results.map((r) => r.status),
    ['fulfilled', 'rejected', 'rejected'],
  )
  await assert.rejects(writer.write(change), failsWith('WRITE_FAILED'))
  await writer.close()
  assert.equal(calls, 2)
})
