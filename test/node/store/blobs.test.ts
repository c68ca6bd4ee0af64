/** What the store promises about blobs: a digest gives back its bytes or nothing, and damage is found and mended. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { openStore, StoreError } from '../../../node/store/index.ts'
import { bytes, newFolder, text } from './folder.ts'

const digestOf = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex')

test('a blob is found under its SHA-256, also after a restart, and readable by its owner only', async (t) => {
  const dir = newFolder(t)
  const first = await openStore({ dir })
  const data = bytes('a bundle')
  const digest = digestOf(data)
  assert.equal(await first.hasBlob(digest), false)
  assert.equal(await first.getBlob(digest), undefined)
  assert.deepEqual(await Promise.all([first.putBlob(data), first.putBlob(data), first.putBlob(data)]), [
    digest,
    digest,
    digest,
  ])
  assert.equal(await first.putBlob(data), digest)
  assert.equal(await first.putBlob(new Uint8Array()), digestOf(new Uint8Array()))
  await first.close()

  const second = await openStore({ dir })
  t.after(() => second.close())
  assert.equal(await second.hasBlob(digest), true)
  assert.equal(text(await second.getBlob(digest)), 'a bundle')
  assert.equal(statSync(join(dir, 'blobs', digest.slice(0, 2), digest)).mode & 0o777, 0o600)
  assert.deepEqual(readdirSync(join(dir, 'blobs', 'incoming')), [])
})

test('a damaged blob is CORRUPT when it is read, and writing it again mends it', async (t) => {
  const dir = newFolder(t)
  const store = await openStore({ dir })
  t.after(() => store.close())
  const digest = await store.putBlob(bytes('a bundle'))
  writeFileSync(join(dir, 'blobs', digest.slice(0, 2), digest), 'a bundlf')
  await assert.rejects(store.getBlob(digest), (e) => {
    assert.ok(e instanceof StoreError)
    assert.equal(e.code, 'CORRUPT')
    assert.equal(e.facts['digest'], digest)
    return true
  })
  await store.putBlob(bytes('a bundle'))
  assert.equal(text(await store.getBlob(digest)), 'a bundle')
})

test('a name that is no digest names nothing, whatever path it spells', async (t) => {
  const dir = newFolder(t)
  const store = await openStore({ dir })
  t.after(() => store.close())
  for (const name of ['', '../../level/CURRENT', '../level/LOCK', 'A'.repeat(64), `${'a'.repeat(63)}/`]) {
    assert.equal(await store.getBlob(name), undefined)
    assert.equal(await store.hasBlob(name), false)
  }
})

test('a blob over 64 MiB is refused, and what a cut-short write left is removed at the next start', async (t) => {
  const dir = newFolder(t)
  mkdirSync(join(dir, 'blobs', 'incoming'), { recursive: true })
  writeFileSync(join(dir, 'blobs', 'incoming', 'half'), 'ha')
  const store = await openStore({ dir })
  t.after(() => store.close())
  assert.deepEqual(readdirSync(join(dir, 'blobs', 'incoming')), [])
  await assert.rejects(
    store.putBlob(new Uint8Array(64 * 1024 * 1024 + 1)),
    (e) => e instanceof StoreError && e.code === 'TOO_LARGE',
  )
})
