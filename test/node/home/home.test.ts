/** Promises of a home: it is started in one place only, never with a store that has forgotten, and comes through a move byte for byte. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { Level } from 'level'
import { loadConfig } from '../../../node/home/config.ts'
import { printConfig } from '../../../node/home/config-file.ts'
import { checkNotMoved, countStart } from '../../../node/home/guard.ts'
import { createValidatorKeys, loadValidatorKeys } from '../../../node/home/keys.ts'
import { backUp, exportHome, importHome, missingBeside, renewKeys, restoreHome } from '../../../node/home/move.ts'
import { writePack } from '../../../node/home/pack.ts'
import { createJournal } from '../../../node/machine/journal.ts'
import { openStore, toSequenceKey } from '../../../node/store/index.ts'
import { domainsOf, messageId } from '../../../protocol/index.ts'
import { genesisOf } from '../../protocol/round/mesh.ts'
import { receipt, SIGNATURE } from '../fakes.ts'
import { collect, newFolder } from '../store/folder.ts'

type Test = Parameters<typeof newFolder>[0]

/** A home with three journal entries and a blob. */
const createHome = async (t: Test) => {
  const folder = newFolder(t)
  const home = join(folder, 'home')
  const keys = await createValidatorKeys(home)
  writeFileSync(join(home, 'genesis.json'), '{}')
  writeFileSync(join(home, 'config.json'), printConfig({ chain: 'http://127.0.0.1:1' }))
  const store = await openStore({ dir: join(home, 'store') })
  for (const n of [0, 1, 2]) await store.append([{ kind: 'journal', key: toSequenceKey(n), value: Uint8Array.of(n) }])
  const blob = await store.putBlob(new Uint8Array(3_000_000).fill(7))
  await store.close()
  mkdirSync(join(home, 'work'))
  writeFileSync(join(home, 'work', 'matrix'), 'made anew')
  return { folder, home, keys, blob, out: join(folder, 'pack'), target: join(folder, 'target') }
}

const start = async (home: string) => {
  const keys = await loadValidatorKeys(home)
  const store = await openStore({ dir: join(home, 'store') })
  try {
    await checkNotMoved(home)
    return await countStart({ home, store, sessionKey: keys.session.publicKey })
  } finally {
    await store.close()
  }
}

const journalOf = async (home: string): Promise<readonly number[]> => {
  const store = await openStore({ dir: join(home, 'store') })
  const values: number[] = []
  for await (const { value } of store.records('journal')) values.push(value[0] ?? -1)
  await store.close()
  return values
}

test('a moved home has its keys, votes and blobs at the new place, and starts only there', async (t) => {
  const { home, keys, blob, out, target } = await createHome(t)
  assert.equal(await start(home), 1)
  await exportHome({ home, out, isAgain: false })
  assert.equal(statSync(out).mode & 0o777, 0o600)
  await assert.rejects(start(home), { code: 'MOVED', message: /exported to .*pack/ })
  await importHome({ file: out, home: target })
  assert.equal((await loadValidatorKeys(target)).session.publicKey, keys.session.publicKey)
  assert.deepEqual(await journalOf(target), [0, 1, 2])
  const store = await openStore({ dir: join(target, 'store') })
  assert.equal((await store.getBlob(blob))?.length, 3_000_000)
  await store.close()
  assert.ok(!existsSync(join(target, 'work')) && !existsSync(join(target, 'moved.json')))
  assert.equal(statSync(join(target, 'hotkey.json')).mode & 0o777, 0o600)
  assert.equal(await start(target), 2)
})

test('an exported file is imported once: it is gone afterwards, and a second export needs to be told that it is lost', async (t) => {
  const { home, out, target, folder } = await createHome(t)
  await exportHome({ home, out, isAgain: false })
  await importHome({ file: out, home: target })
  assert.ok(!existsSync(out))
  await assert.rejects(importHome({ file: out, home: join(folder, 'second') }), { code: 'BAD_PACK' })
  await assert.rejects(exportHome({ home, out, isAgain: false }), { code: 'MOVED', message: /--again/ })
  await exportHome({ home, out, isAgain: true })
  assert.ok(existsSync(out))
})

test('an import that was cut short leaves the file under its other name, and says so', async (t) => {
  const { home, out, target } = await createHome(t)
  await exportHome({ home, out, isAgain: false })
  renameSync(out, `${out}.importing`)
  await assert.rejects(importHome({ file: out, home: target }), {
    code: 'BAD_PACK',
    message: /cut short.*pack\.importing back/,
  })
  renameSync(`${out}.importing`, out)
  await importHome({ file: out, home: target })
})

test('a running validator is not exported, and stays as it was', async (t) => {
  const { home, out } = await createHome(t)
  const store = await openStore({ dir: join(home, 'store') })
  await assert.rejects(exportHome({ home, out, isAgain: false }), { code: 'STORE_LOCKED' })
  await store.close()
  assert.ok(!existsSync(out))
  assert.equal(await start(home), 1)
})

test('an export that cannot begin locks nothing: a file of its name, or no folder for it', async (t) => {
  const { home, out } = await createHome(t)
  writeFileSync(out, 'in the way')
  await assert.rejects(exportHome({ home, out, isAgain: false }), { code: 'FILE_EXISTS' })
  await assert.rejects(exportHome({ home, out: join(out, '..', 'away', 'x'), isAgain: false }), { code: 'ENOENT' })
  assert.equal(await start(home), 1)
})

test('an export that was cut short leaves the home locked, and is made again', async (t) => {
  const { home, out, target } = await createHome(t)
  mkdirSync(`${out}.partial`)
  await assert.rejects(exportHome({ home, out, isAgain: false }))
  await assert.rejects(start(home), { code: 'MOVED', message: /cut short: run `evalmesh keys export` again/ })
  rmSync(`${out}.partial`, { recursive: true })
  await exportHome({ home, out, isAgain: false })
  await importHome({ file: out, home: target })
  assert.deepEqual(await journalOf(target), [0, 1, 2])
})

test('what no file can hold is found before the home is locked: a name that is none of ours, a folder that lies elsewhere', async (t) => {
  const { home, out, folder } = await createHome(t)
  const foreign = join(home, 'not a name of ours')
  writeFileSync(foreign, '')
  await assert.rejects(exportHome({ home, out, isAgain: false }), { code: 'BAD_PACK', message: /not a name of ours/ })
  rmSync(foreign)
  renameSync(join(home, 'store'), join(folder, 'data'))
  symlinkSync(join(folder, 'data'), join(home, 'store'))
  await assert.rejects(exportHome({ home, out, isAgain: false }), {
    code: 'BAD_PACK',
    message: /store: a link to a folder/,
  })
  assert.equal(await start(home), 1)
})

test('a key that is a link to a file elsewhere moves with its home', async (t) => {
  const { home, out, target, keys, folder } = await createHome(t)
  renameSync(join(home, 'hotkey.json'), join(folder, 'wallet'))
  symlinkSync(join(folder, 'wallet'), join(home, 'hotkey.json'))
  await exportHome({ home, out, isAgain: false })
  await importHome({ file: out, home: target })
  assert.equal((await loadValidatorKeys(target)).hotkey.publicKey, keys.hotkey.publicKey)
})

test('an export whose file has its name is whole, whatever ended it before that was noted: no second one is made', async (t) => {
  const { folder, home, out, target } = await createHome(t)
  await exportHome({ home, out, isAgain: false })
  const noted = join(home, 'moved.json')
  writeFileSync(noted, JSON.stringify({ ...JSON.parse(readFileSync(noted, 'utf8')), isComplete: false }))
  const second = join(folder, 'second')
  await assert.rejects(exportHome({ home, out: second, isAgain: false }), { code: 'MOVED', message: /--again/ })
  assert.ok(!existsSync(second))
  await importHome({ file: out, home: target })
})

test('a file that is cut, changed or not ours makes no home, and stays for another try', async (t) => {
  const { home, out, target, folder } = await createHome(t)
  await exportHome({ home, out, isAgain: false })
  const whole = readFileSync(out)
  const changed = Buffer.from(whole)
  changed[whole.length - 9] = (changed[whole.length - 9] ?? 0) ^ 1
  const variants: readonly Uint8Array[] = [changed, whole.subarray(0, -1), whole.subarray(0, 40), Buffer.from('hello')]
  for (const bytes of variants) {
    writeFileSync(out, bytes)
    await assert.rejects(importHome({ file: out, home: target }), { code: 'BAD_PACK' })
    assert.ok(existsSync(out) && !existsSync(target))
  }
  writeFileSync(out, whole)
  mkdirSync(target)
  writeFileSync(join(target, 'mine'), '')
  await assert.rejects(importHome({ file: out, home: target }), { code: 'HOME_IN_USE' })
  await importHome({ file: out, home: join(folder, 'free') })
})

test('whichever byte of an exported file is changed, it makes no home', async (t) => {
  const { home, out, target } = await createHome(t)
  await exportHome({ home, out, isAgain: false })
  const whole = readFileSync(out)
  const places = fc.oneof(fc.nat({ max: 4_000 }), fc.nat({ max: whole.length - 1 }))
  await fc.assert(
    fc.asyncProperty(places, fc.integer({ min: 1, max: 255 }), async (place, flip) => {
      const changed = Buffer.from(whole)
      changed[place] = (changed[place] ?? 0) ^ flip
      writeFileSync(out, changed)
      await assert.rejects(importHome({ file: out, home: target }), { code: 'BAD_PACK' })
      assert.ok(!existsSync(target))
    }),
    { numRuns: 60 },
  )
  writeFileSync(out, Buffer.concat([whole, Buffer.from('x')]))
  await assert.rejects(importHome({ file: out, home: target }), { code: 'BAD_PACK' })
})

test('a path that leads out of the home is refused, however well it is packed', async (t) => {
  const { out, target } = await createHome(t)
  for (const path of ['../x', '/x', 'a/../../x', 'a//x', './x', ''])
    await assert.rejects(writePack({ out, kind: 'move', hotkey: '', sources: [{ path, from: '/etc/hostname' }] }), {
      code: 'BAD_PACK',
    })
  const manifest = {
    format: 'evalmesh home 1',
    kind: 'move',
    hotkey: '',
    files: [{ path: '../x', sizeBytes: 0, sha256: '0'.repeat(64) }],
  }
  const head = Buffer.from(JSON.stringify(manifest))
  const size = Buffer.alloc(4)
  size.writeUInt32BE(head.length)
  const digest = createHash('sha256').update(head).digest()
  writeFileSync(out, Buffer.concat([Buffer.from('evalmesh home 1\n'), size, digest, head]))
  await assert.rejects(importHome({ file: out, home: target }), { code: 'BAD_PACK', message: /none of ours/ })
})

test('a file that changes while it is packed is found out before anything has a name', async (t) => {
  const { out } = await createHome(t)
  const sources = [{ path: 'x', from: '/proc/sys/kernel/random/uuid' }]
  await assert.rejects(writePack({ out, kind: 'move', hotkey: '', sources }), {
    code: 'BAD_PACK',
    message: /changed while/,
  })
  assert.ok(!existsSync(out) && !existsSync(`${out}.partial`))
})

test('a store that was rolled back or replaced does not start under keys that have signed more', async (t) => {
  const { home } = await createHome(t)
  assert.equal(await start(home), 1)
  cpSync(join(home, 'store'), join(home, 'old'), { recursive: true })
  assert.equal(await start(home), 2)
  rmSync(join(home, 'store'), { recursive: true })
  cpSync(join(home, 'old'), join(home, 'store'), { recursive: true })
  await assert.rejects(start(home), { code: 'ROLLED_BACK', message: /1 of the 2 starts.*keys renew/ })
  rmSync(join(home, 'store'), { recursive: true })
  await assert.rejects(start(home), { code: 'ROLLED_BACK' })
  await renewKeys(home)
  assert.equal(await start(home), 1)
})

test('keys are renewed for a damaged store, which is set aside, and not for a running or a moved home', async (t) => {
  const { home, keys, out } = await createHome(t)
  const open = await openStore({ dir: join(home, 'store') })
  await assert.rejects(renewKeys(home), { code: 'STORE_LOCKED' })
  await open.close()
  truncateSync(join(home, 'store', 'level', 'CURRENT'), 3)
  const aside = await renewKeys(home).catch((error: unknown) => String(error))
  assert.match(String(aside), /damaged-\d+$/)
  const renewed = await loadValidatorKeys(home)
  assert.equal(renewed.hotkey.publicKey, keys.hotkey.publicKey)
  assert.notEqual(renewed.session.publicKey, keys.session.publicKey)
  assert.equal(await start(home), 1)
  await exportHome({ home, out, isAgain: false })
  await assert.rejects(renewKeys(home), { code: 'MOVED' })
})

test('keys are renewed for a store of which one record is damaged or lost: it is set aside too, and the home starts', async (t) => {
  const message = { ...receipt(1), signature: SIGNATURE }
  const domains = domainsOf(genesisOf())
  const breaks: readonly ((db: Level<string, Uint8Array>, key: string) => Promise<void>)[] = [
    (db, key) => db.put(key, Uint8Array.of(1, 2, 3, 4, 5)),
    (db, key) => db.del(key),
  ]
  for (const breakRecord of breaks) {
    const { home } = await createHome(t)
    const dir = join(home, 'store')
    rmSync(dir, { recursive: true })
    const store = await openStore({ dir })
    await createJournal({ store, domains }).append([{ kind: 'message', message }])
    await store.close()
    const db = new Level<string, Uint8Array>(join(dir, 'level'), { keyEncoding: 'utf8', valueEncoding: 'view' })
    await breakRecord(db, `message/${messageId(message, domains)}`)
    await db.close()
    const damaged = await openStore({ dir })
    await assert.rejects(collect(createJournal({ store: damaged, domains }).records()), {
      code: 'CORRUPT',
      exitCode: 4,
    })
    await damaged.close()
    assert.match(String(await renewKeys(home)), /damaged-\d+$/)
    assert.equal(await start(home), 1)
  }
})

test('a backup holds no session key and no votes, is written while the validator runs, and gives a home with new keys', async (t) => {
  const { home, keys, out, target } = await createHome(t)
  const running = await openStore({ dir: join(home, 'store') })
  await backUp({ home, out })
  await running.close()
  const secret = JSON.parse(readFileSync(join(home, 'session.json'), 'utf8')).secretSeed
  assert.ok(!readFileSync(out, 'latin1').includes(secret))
  await assert.rejects(importHome({ file: out, home: target }), { code: 'BAD_PACK', message: /evalmesh restore/ })
  await restoreHome({ file: out, home: target })
  const restored = await loadValidatorKeys(target)
  assert.equal(restored.hotkey.publicKey, keys.hotkey.publicKey)
  assert.deepEqual(restored.peerSeed, keys.peerSeed)
  assert.notEqual(restored.session.publicKey, keys.session.publicKey)
  assert.deepEqual(await missingBeside(await loadConfig(target, {})), [])
  assert.equal(await start(target), 1)
})

test('that a copy was heard moves with the votes and stays beside new keys, but is in no backup', async (t) => {
  const { folder, home, keys, out, target } = await createHome(t)
  const sessionKey = keys.session.publicKey
  const open = async (at: string) => {
    const store = await openStore({ dir: join(at, 'store') })
    return { store, journal: createJournal({ store, domains: domainsOf(genesisOf()) }) }
  }
  rmSync(join(home, 'store'), { recursive: true })
  const { store, journal } = await open(home)
  await journal.append([{ kind: 'cloned', sessionKey }])
  await store.close()
  const heardIn = async (at: string) => {
    const { store, journal } = await open(at)
    const records = await collect(journal.records())
    await store.close()
    return records
  }
  const backup = join(folder, 'backup')
  await backUp({ home, out: backup })
  await exportHome({ home, out, isAgain: false })
  await importHome({ file: out, home: target })
  assert.deepEqual(await heardIn(target), [{ kind: 'cloned', sessionKey }])
  await renewKeys(target)
  assert.deepEqual(await heardIn(target), [{ kind: 'cloned', sessionKey }])
  assert.notEqual((await loadValidatorKeys(target)).session.publicKey, sessionKey)
  const again = join(folder, 'again')
  await restoreHome({ file: backup, home: again })
  assert.deepEqual(await heardIn(again), [])
  assert.notEqual((await loadValidatorKeys(again)).session.publicKey, sessionKey)
})

test('what lies outside a home does not move with it, and is named', async (t) => {
  const { home, out, target, folder } = await createHome(t)
  const wallet = join(folder, 'wallet')
  cpSync(join(home, 'hotkey.json'), wallet)
  rmSync(join(home, 'hotkey.json'))
  writeFileSync(
    join(home, 'config.json'),
    printConfig({ chain: 'http://127.0.0.1:1', hotkey: wallet, pools: [join(folder, 'pool')] }),
  )
  await exportHome({ home, out, isAgain: false })
  rmSync(wallet)
  await importHome({ file: out, home: target })
  assert.deepEqual(await missingBeside(await loadConfig(target, {})), [wallet, join(folder, 'pool')])
})
