/** Bubblewrap against the promises of every engine as an ordinary user: rlimits instead of control groups. */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import process from 'node:process'
import { test } from 'node:test'
import { openBubblewrap } from '../../../sandbox/engine/bubblewrap.ts'
import { describeEngine } from './compliance.ts'
import { mustRun, strong, testImage } from './setup.ts'

const ORDINARY_UID = '64001'
const childFlag = 'EVALMESH_TEST_AS_USER'

if (process.env[childFlag] !== undefined) {
  describeEngine({
    name: 'bubblewrap as an ordinary user',
    open: async () => {
      const { rootfs, digest } = await testImage()
      const engine = await openBubblewrap({ root: { kind: 'built', rootfs, digest } })
      assert.deepEqual(engine.strength, {
        ...strong,
        ...{ memory: 'rlimit', cpu: 'none', pids: 'rlimit', oom: 'inferred' },
      })
      return engine
    },
    close: (engine) => engine.close(),
    remains: async () => [],
    orphanArgs: () => [],
  })
} else {
  const skip = mustRun ? false : 'needs root on Debian, to become another user'
  test('an ordinary user without control groups gets the same walls', { skip }, async (t) => {
    const as = ['--reuid', ORDINARY_UID, '--regid', ORDINARY_UID, '--clear-groups']
    if (spawnSync('setpriv', [...as, 'test', '-r', import.meta.filename]).status !== 0) {
      t.skip('the sources lie where another user may not read')
      return
    }
    const { rootfs } = await testImage()
    const cache = mkdtempSync(join(tmpdir(), 'evalmesh-user-'))
    try {
      const folder = dirname(rootfs)
      mkdirSync(join(cache, basename(folder)))
      execFileSync('cp', ['-a', `${folder}/.`, join(cache, basename(folder))])
      execFileSync('chown', ['-R', `${ORDINARY_UID}:${ORDINARY_UID}`, cache])
      const env = { PATH: process.env['PATH'], HOME: cache, EVALMESH_CACHE: cache, [childFlag]: '1' }
      const args = [...as, process.execPath, '--test-reporter=spec', import.meta.filename]
      const { status, stdout, stderr } = spawnSync('setpriv', args, { env, encoding: 'utf8', timeout: 600_000 })
      assert.equal(status, 0, `${stdout}\n${stderr}`)
    } finally {
      rmSync(cache, { recursive: true, force: true })
    }
  })
}
