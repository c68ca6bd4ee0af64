/** Engines on other machines: by TCP with TLS and by ssh, with nothing of ours in sight of them. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { after, before, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import Docker from 'dockerode'
import { parseAddress } from '../../../sandbox/engine/address.ts'
import { openDocker } from '../../../sandbox/engine/docker/docker.ts'
import { hostTag, ownerTag } from '../../../sandbox/engine/process-owner.ts'
import { parseCoreList } from '../../../sandbox/hosts/cores.ts'
import { isSandboxError } from './errors.ts'
import { type RemoteEngine, startRemoteEngine, startSshMachine } from './remote-setup.ts'
import { lastCore, mustRun, runProgram, testImage } from './setup.ts'

const skip = mustRun ? false : 'needs root on Debian to start an engine elsewhere'
const root = mkdtempSync(join(tmpdir(), 'evalmesh-remote-'))
let remote: RemoteEngine
before(async () => {
  if (skip === false) remote = await startRemoteEngine(root)
})
after(async () => {
  await remote?.stop()
  rmSync(root, { recursive: true, force: true })
})

test('by TCP with TLS it runs our files, though it can see none of ours', { skip }, async () => {
  const cores = lastCore()
  const engine = await openDocker({ image: await testImage(), address: remote.address, cores })
  try {
    const { stdout: affinity } = await runProgram(engine, { code: 'import os; print(*os.sched_getaffinity(0))' })
    if (cores !== undefined) assert.deepEqual(parseCoreList(affinity.trim().replaceAll(' ', ',')), parseCoreList(cores))
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

test('validators on several machines take turns in the engine, and one that dies gives its turn back', {
  skip,
}, async () => {
  const image = await testImage()
  const [one, two] = [
    await openDocker({ image, address: remote.address }),
    await openDocker({ image, address: remote.address }),
  ]
  const docker = new Docker({ socketPath: remote.socketPath })
  const waits = async (turn: Promise<unknown> | undefined) =>
    (await Promise.race([turn?.then(() => 'has it'), delay(1_500, 'waits')])) === 'waits'
  try {
    const giveBack = await one.takeTurn?.(0)
    const other = await two.takeTurn?.(1)
    await other?.()
    const next = two.takeTurn?.(0)
    assert.ok(await waits(next), 'one turn, two owners')
    await giveBack?.()
    await (await next)?.()
    const script = join(import.meta.dirname, 'turn.ts')
    const child = spawn(process.execPath, [script, JSON.stringify(remote.address)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(child.stdout, 'data')
    const late = one.takeTurn?.(0)
    assert.ok(await waits(late))
    child.kill('SIGKILL')
    await (await late)?.()
    assert.deepEqual(await docker.listContainers({ all: true }), [])
  } finally {
    await Promise.all([one.close(), two.close()])
  }
})

test('without our certificate nobody gets in', { skip }, async () => {
  const { address } = remote
  assert.ok(address.kind === 'tcp')
  const image = await testImage()
  const tls = { ...address.tls, cert: join(root, 'tls/engine.pem'), key: join(root, 'tls/engine.key') }
  // Signed by the same authority, but for a server's use.
  await assert.rejects(openDocker({ image, address: { ...address, tls } }), isSandboxError('ENGINE_UNAVAILABLE'))
})

test('by ssh it runs our files, and a host with another key is not talked to', { skip }, async () => {
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

test('a sweep takes what dead owners of this machine left, and what is past its moment of any, and nothing else', {
  skip,
}, async () => {
  const engine = await openDocker({ image: await testImage(), address: remote.address })
  const docker = new Docker({ socketPath: remote.socketPath })
  const seconds = Math.round(Date.now() / 1_000)
  const dead = '1-1'
  const made = {
    'our dead': { owner: dead, host: hostTag(), until: seconds + 600 },
    'our living': { owner: ownerTag(), host: hostTag(), until: seconds + 600 },
    'dead elsewhere': { owner: dead, host: 'another', until: seconds + 600 },
    'late elsewhere': { owner: ownerTag(), host: 'another', until: seconds - 1 },
  }
  try {
    for (const [name, { owner, host, until }] of Object.entries(made)) {
      const labels = { 'evalmesh.owner': owner, 'evalmesh.host': host, 'evalmesh.until': `${until}` }
      const Labels = { ...labels, 'evalmesh.name': name }
      await docker.createContainer({ Image: `evalmesh-image-${engine.imageDigest}`, Cmd: ['/bin/true'], Labels })
    }
    await docker.createContainer({ Image: `evalmesh-image-${engine.imageDigest}`, Cmd: ['/bin/true'] })
    await engine.sweep()
    const left = await docker.listContainers({ all: true })
    const names = left.map(({ Labels }) => Labels['evalmesh.name'] ?? 'a stranger’s')
    assert.deepEqual(names.sort(), ['a stranger’s', 'dead elsewhere', 'our living'])
    await Promise.all(left.map(({ Id }) => docker.getContainer(Id).remove()))
  } finally {
    await engine.close()
  }
})
