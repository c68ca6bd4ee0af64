/** Docker against the promises of every engine; the test starts an engine of its own and ends it. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import Docker from 'dockerode'
import { openDocker } from '../../sandbox/docker.ts'
import { type DockerDaemon, startDockerDaemon } from '../../sandbox/docker-daemon.ts'
import { describeEngine } from './engine-compliance.ts'
import { mustRun, testImage } from './engine-setup.ts'

if (!mustRun) {
  test('docker', { skip: 'needs root on Debian to start an engine of its own' }, () => undefined)
} else {
  const root = mkdtempSync(join(tmpdir(), 'evalmesh-docker-'))
  let daemon: DockerDaemon | undefined
  describeEngine(
    'docker',
    async () => {
      const image = await testImage()
      daemon = await startDockerDaemon({ root })
      return openDocker({ image, socketPath: daemon.socketPath })
    },
    async (engine) => {
      await engine.close()
      const containers = await new Docker({ socketPath: daemon?.socketPath }).listContainers({ all: true })
      await daemon?.stop()
      rmSync(root, { recursive: true, force: true })
      assert.deepEqual(containers, [])
      assert.doesNotMatch(readFileSync('/proc/self/mounts', 'utf8'), new RegExp(root))
    },
  )
}
