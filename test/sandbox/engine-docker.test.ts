/** Docker against the promises of every engine; the test starts an engine of its own and ends it. */
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import Docker from 'dockerode'
import { openDocker } from '../../sandbox/docker.ts'
import { type DockerDaemon, startDockerDaemon } from '../../sandbox/docker-daemon.ts'
import { ownerTag } from '../../sandbox/process-owner.ts'
import { describeEngine } from './engine-compliance.ts'
import { mustRun, testImage } from './engine-setup.ts'

if (!mustRun) {
  test('docker', { skip: 'needs root on Debian to start an engine of its own' }, () => undefined)
} else {
  const root = mkdtempSync(join(tmpdir(), 'evalmesh-docker-'))
  let daemon: DockerDaemon | undefined
  const owners = async () => {
    const containers = await new Docker({ socketPath: daemon?.socketPath }).listContainers({ all: true })
    return containers.map(({ Labels }) => Labels['evalmesh.owner'] ?? 'nobody')
  }
  const copies = () => readdirSync('/dev/shm').filter((name) => name.startsWith(`evalmesh-stage-${ownerTag()}`))
  describeEngine({
    name: 'docker',
    open: async () => {
      const image = await testImage()
      daemon = await startDockerDaemon({ root })
      return openDocker({ image, socketPath: daemon.socketPath })
    },
    close: async (engine) => {
      await engine.close()
      const left = [...(await owners()), ...copies()]
      await daemon?.stop()
      rmSync(root, { recursive: true, force: true })
      assert.deepEqual(left, [])
      assert.doesNotMatch(readFileSync('/proc/self/mounts', 'utf8'), new RegExp(root))
    },
    remains: async (owner) => (await owners()).filter((label) => label === owner),
    orphanArgs: () => ['docker', daemon?.socketPath ?? ''],
  })
}
