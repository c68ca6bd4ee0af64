/** Engines on other machines: by TCP with TLS and by ssh, with nothing of ours in sight of them. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import Docker from 'dockerode'
import { parseAddress } from '../../sandbox/address.ts'
import { parseCoreList, planCores, readPhysicalCores } from '../../sandbox/cores.ts'
import { openDocker } from '../../sandbox/docker.ts'
import { isSandboxError } from './engine-errors.ts'
import { type RemoteEngine, startRemoteEngine, startSshMachine } from './engine-remote-setup.ts'
import { mustRun, runProgram, testImage } from './engine-setup.ts'

describe('an engine on another machine', { skip: mustRun ? false : 'needs root on Debian to start one' }, () => {
  const root = mkdtempSync(join(tmpdir(), 'evalmesh-remote-'))
  let remote: RemoteEngine
  before(async () => {
    remote = await startRemoteEngine(root)
  })
  after(async () => {
    await remote?.stop()
    rmSync(root, { recursive: true, force: true })
  })

  test('by TCP with TLS it runs our files, though it can see none of ours', async () => {
    const cores = planCores(1, readPhysicalCores()).timed[0] ?? undefined
    const engine = await openDocker({ image: await testImage(), address: remote.address, cores })
    try {
      const { stdout: affinity } = await runProgram(engine, { code: 'import os; print(*os.sched_getaffinity(0))' })
      if (cores !== undefined)
        assert.deepEqual(parseCoreList(affinity.trim().replaceAll(' ', ',')), parseCoreList(cores))
      assert.equal(engine.strength.cores, cores === undefined ? 'shared' : 'cpuset')
      const { stdout, stderr } = await runProgram(engine, { file: 'numbers.py' })
      assert.match(stdout, /^250082833\.250 1 /, stderr)
      const docker = new Docker({ socketPath: remote.socketPath })
      const bind = {
        Image: `evalmesh-image-${engine.imageDigest}`,
        HostConfig: { Binds: [`${import.meta.dirname}:/x`] },
      }
      const container = await docker.createContainer({ ...bind, Cmd: ['/usr/bin/test', '-e', '/x/engine-setup.ts'] })
      await container.start()
      const { StatusCode: code } = await container.wait()
      await container.remove()
      assert.equal(code, 1, 'the test would prove nothing if it saw our checkout')
      assert.deepEqual(await docker.listContainers({ all: true }), [])
    } finally {
      await engine.close()
    }
  })

  test('without our certificate nobody gets in', async () => {
    const { address } = remote
    assert.ok(address.kind === 'tcp')
    const image = await testImage()
    const tls = { ...address.tls, cert: join(root, 'tls/engine.pem'), key: join(root, 'tls/engine.key') }
    // Signed by the same authority, but for a server's use.
    await assert.rejects(openDocker({ image, address: { ...address, tls } }), isSandboxError('ENGINE_UNAVAILABLE'))
  })

  test('by ssh it runs our files, and a host with another key is not talked to', async () => {
    const machine = await startSshMachine({ folder: root, socketPath: remote.socketPath })
    const image = await testImage()
    try {
      const { text, key, fingerprint } = machine
      const engine = await openDocker({ image, address: parseAddress(text, { ssh: { key, hostKey: fingerprint } }) })
      const { stdout, stderr } = await runProgram(engine, { code: 'print(7)' })
      assert.equal(stdout, '7\n', stderr)
      await engine.close()
      const wrong = parseAddress(text, { ssh: { key, hostKey: `SHA256:${'A'.repeat(43)}` } })
      await assert.rejects(openDocker({ image, address: wrong }), isSandboxError('ENGINE_UNAVAILABLE'))
    } finally {
      machine.close()
    }
  })
})
