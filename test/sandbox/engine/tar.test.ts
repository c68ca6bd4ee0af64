/** Our files as a tar: what any tar unpacks, the same bytes whatever the files' times. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { packMounts } from '../../../sandbox/engine/tar.ts'

const root = mkdtempSync(join(tmpdir(), 'evalmesh-tar-'))
after(() => rmSync(root, { recursive: true, force: true }))
const MIB = 1024 * 1024

test('a folder and a file arrive as they are, and times and owners do not change the bytes', () => {
  const folder = join(root, 'folder')
  mkdirSync(join(folder, 'inner'), { recursive: true })
  writeFileSync(join(folder, 'inner/some.py'), 'print(1)\n')
  writeFileSync(join(folder, 'empty'), '')
  writeFileSync(join(folder, 'block'), Buffer.alloc(512, 7))
  const mounts = [
    { source: folder, target: '/harness' },
    { source: join(folder, 'block'), target: '/one' },
  ]
  const packed = packMounts(mounts, MIB)
  utimesSync(join(folder, 'block'), 1, 1)
  assert.deepEqual(packMounts(mounts, MIB), packed)
  const into = join(root, 'into')
  mkdirSync(into)
  execFileSync('tar', ['-x', '-C', into], { input: packed })
  for (const name of ['inner/some.py', 'empty', 'block'])
    assert.deepEqual(readFileSync(join(into, 'harness', name)), readFileSync(join(folder, name)), name)
  assert.deepEqual(readFileSync(join(into, 'one')), Buffer.alloc(512, 7))
})

test('a link, a missing source, a long name and too many bytes are refused', () => {
  const folder = mkdtempSync(join(root, 'bad-'))
  const pack = (source: string) => () => packMounts([{ source, target: '/x' }], 1_000)
  assert.throws(pack(join(folder, 'absent')), /ENOENT/)
  writeFileSync(join(folder, 'large'), Buffer.alloc(1_000))
  assert.throws(pack(folder), /at most 1000/)
  rmSync(join(folder, 'large'))
  writeFileSync(join(folder, 'n'.repeat(120)), '')
  assert.throws(pack(folder), /too long/)
  rmSync(join(folder, 'n'.repeat(120)))
  symlinkSync('/etc/passwd', join(folder, 'link'))
  assert.throws(pack(folder), /neither a file nor a folder/)
})
