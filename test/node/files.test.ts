/** Promises about files that must be whole or not there, also on a file system without second names for a file. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { createFile, giveName } from '../../node/files.ts'
import { newFolder } from './store/folder.ts'

const noLinks = async (): Promise<void> => {
  throw Object.assign(new Error('operation not permitted'), { code: 'EPERM' })
}
const isThere = { code: 'EEXIST' }

test('a new file is never written over one that is there, and leaves nothing beside it', async (t) => {
  const folder = newFolder(t)
  await createFile(join(folder, 'a'), 'first')
  await assert.rejects(createFile(join(folder, 'a'), 'second'), isThere)
  assert.equal(readFileSync(join(folder, 'a'), 'utf8'), 'first')
  assert.deepEqual(readdirSync(folder), ['a'])
})

test('a memory stick that knows no second name for a file takes one all the same, and keeps what is there', async (t) => {
  const folder = newFolder(t)
  const [part, name] = [join(folder, 'part'), join(folder, 'name')]
  writeFileSync(part, 'first')
  await giveName(part, name, noLinks)
  assert.deepEqual(readdirSync(folder), ['name'])
  writeFileSync(part, 'second')
  await assert.rejects(giveName(part, name, noLinks), isThere)
  assert.equal(readFileSync(name, 'utf8'), 'first')
})

test('any other error is told as it is', async (t) => {
  const folder = newFolder(t)
  await assert.rejects(giveName(join(folder, 'nothing'), join(folder, 'name')), { code: 'ENOENT' })
  assert.deepEqual(readdirSync(folder), [])
})
