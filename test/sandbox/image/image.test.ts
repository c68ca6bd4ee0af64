/** The image's digest and record: what they notice, and what they leave out. */
import assert from 'node:assert/strict'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { type TestContext, test } from 'node:test'
import Docker from 'dockerode'
import { defaultCacheDirectory, imageDirectory, openImage, writeRecord } from '../../../sandbox/image/image.ts'
import { digestTree, pruneTree } from '../../../sandbox/image/tree.ts'
import { buildImage, openEngine, SandboxError } from '../../../sandbox/index.ts'
import { isSandboxError } from '../engine/errors.ts'

// Folders get their mode from it, and the mode is part of the digest.
process.umask(0o022)

/** A small image root in a folder that goes with the test. */
function makeTree(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'evalmesh-image-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const rootfs = join(directory, 'rootfs')
  for (const folder of [
    'usr/bin',
    'etc/apt',
    ...'boot dev home media mnt opt proc root run srv sys tmp var/log'.split(' '),
  ]) {
    mkdirSync(join(rootfs, folder), { recursive: true })
  }
  writeFileSync(join(rootfs, 'usr/bin/tool'), 'tool', { mode: 0o755 })
  symlinkSync('usr/bin', join(rootfs, 'bin'))
  writeFileSync(join(rootfs, 'etc/hostname'), `host-${Math.random()}`)
  writeFileSync(join(rootfs, 'etc/apt/sources.list'), `deb mirror-${Math.random()}`)
  writeFileSync(join(rootfs, 'var/log/dpkg.log'), new Date().toISOString())
  return directory
}

/** Points the usual environment variable elsewhere, for one test. */
function withDockerHost(t: TestContext, value: string): void {
  const before = process.env['DOCKER_HOST']
  process.env['DOCKER_HOST'] = value
  t.after(() => {
    if (before === undefined) delete process.env['DOCKER_HOST']
    else process.env['DOCKER_HOST'] = before
  })
}

const rootOf = (directory: string): string => join(directory, 'rootfs')

test('two builds on different hosts, mirrors and days have one digest', async (t) => {
  const digests = await Promise.all(
    [makeTree(t), makeTree(t)].map((directory, index) => {
      pruneTree(rootOf(directory))
      utimesSync(join(rootOf(directory), 'usr/bin/tool'), index, index)
      return digestTree(rootOf(directory))
    }),
  )
  assert.equal(digests[0], digests[1])
  // Fixed once and for all: members sign it.
  assert.equal(digests[0], 'a83d9faf2106e4182492f8fe6e2a7085e3869c305b40020a0878fd87cfea66b6')
})

test('any other content, mode, link or name is another digest', async (t) => {
  const directory = makeTree(t)
  pruneTree(rootOf(directory))
  const tool = join(rootOf(directory), 'usr/bin/tool')
  const digests = [await digestTree(rootOf(directory))]
  const change = async (work: () => void) => {
    work()
    digests.push(await digestTree(rootOf(directory)))
  }
  await change(() => writeFileSync(tool, 'fool'))
  await change(() => chmodSync(tool, 0o700))
  await change(() => symlinkSync('tool', `${tool}-link`))
  await change(() => cpSync(tool, `${tool}2`))
  assert.equal(new Set(digests).size, digests.length)
})

test('pruning takes the setuid bit', async (t) => {
  const directory = makeTree(t)
  const tool = join(rootOf(directory), 'usr/bin/tool')
  pruneTree(rootOf(directory))
  const clean = await digestTree(rootOf(directory))
  chmodSync(tool, 0o4755)
  assert.notEqual(await digestTree(rootOf(directory)), clean)
  pruneTree(rootOf(directory))
  assert.equal(await digestTree(rootOf(directory)), clean)
})

test('an image opens as it was recorded, also after a copy, and not after a change', async (t) => {
  const directory = makeTree(t)
  pruneTree(rootOf(directory))
  await assert.rejects(openImage(directory), isSandboxError('IMAGE_MISSING'))
  const digest = await writeRecord(directory, 'numpy', ['python3 3.11'])
  const packages = ['python3 3.11']
  assert.deepEqual(await openImage(directory), { recipe: 'numpy', rootfs: rootOf(directory), digest, packages })
  const copy = `${directory}-copy`
  t.after(() => rmSync(copy, { recursive: true, force: true }))
  cpSync(directory, copy, { recursive: true, verbatimSymlinks: true })
  assert.equal((await openImage(copy)).digest, digest)
  writeFileSync(join(rootOf(copy), 'usr/bin/tool'), 'evil')
  await assert.rejects(openImage(copy), isSandboxError('IMAGE_DAMAGED'))
  writeFileSync(join(directory, 'image.json'), '{"recipe":1}')
  await assert.rejects(openImage(directory), isSandboxError('IMAGE_DAMAGED'))
})

test('a machine without builders is told which package it lacks, and keeps nothing half-built', async (t) => {
  const tools = mkdtempSync(join(tmpdir(), 'evalmesh-tools-'))
  const path = process.env['PATH']
  t.after(() => {
    process.env['PATH'] = path
    rmSync(tools, { recursive: true, force: true })
  })
  for (const tool of ['flock', 'sh']) symlinkSync(`/usr/bin/${tool}`, join(tools, tool))
  process.env['PATH'] = tools
  const directory = join(tools, 'cache', 'image')
  await assert.rejects(buildImage({ recipe: 'numpy', directory, socketPath: join(tools, 'no.sock') }), (thrown) => {
    assert.ok(thrown instanceof SandboxError)
    assert.deepEqual([thrown.code, thrown.facts], ['TOOLS_MISSING', { packages: ['mmdebstrap'] }])
    return true
  })
  assert.deepEqual(readdirSync(join(tools, 'cache')), ['image.lock'])
})

test('the cache lies where the environment says', () => {
  assert.equal(defaultCacheDirectory({ EVALMESH_CACHE: '/c', XDG_CACHE_HOME: '/x' }), '/c')
  assert.equal(defaultCacheDirectory({ XDG_CACHE_HOME: '/x' }), '/x/evalmesh')
  assert.match(imageDirectory('/c'), /^\/c\/image-[0-9a-f]{16}$/)
})

test('without an image or an engine nothing runs, and the error says what would help', async (t) => {
  const missing = openEngine({ prefer: 'bubblewrap', imageDirectory: '/no/such/folder' })
  await assert.rejects(missing, isSandboxError('IMAGE_MISSING'))
  const directory = makeTree(t)
  pruneTree(rootOf(directory))
  await writeRecord(directory, 'numpy', [])
  withDockerHost(t, 'unix:///no/such/socket')
  await assert.rejects(openEngine({ prefer: 'auto', imageDirectory: directory }), (thrown) => {
    assert.ok(thrown instanceof SandboxError)
    assert.equal(thrown.code, 'ENGINE_UNAVAILABLE')
    const { probed, mend } = thrown.facts as { probed: Record<string, { code: string }>; mend: string }
    assert.deepEqual(Object.keys(probed), ['docker', 'bubblewrap'])
    assert.equal(probed['docker']?.code, 'ENGINE_UNAVAILABLE')
    assert.match(mend, /^apt-get install/)
    return true
  })
})

const mayStart = process.getuid?.() === 0 && existsSync('/usr/sbin/dockerd')
const skip = mayStart ? false : 'needs root and the docker.io package'

test('root without an engine gets one of its own, shared by a second caller and gone with the first', {
  skip,
}, async (t) => {
  const directory = makeTree(t)
  pruneTree(rootOf(directory))
  await writeRecord(directory, 'numpy', [])
  withDockerHost(t, 'unix:///no/such/socket')
  const dockerRoot = join(directory, 'docker')
  const options = { prefer: 'docker', imageDirectory: directory, dockerRoot } as const
  const first = await openEngine(options)
  const second = await openEngine(options)
  assert.deepEqual([first.kind, second.kind], ['docker', 'docker'])
  assert.equal(first.imageDigest, (await openImage(directory)).digest)
  const docker = new Docker({ socketPath: join(dockerRoot, 'run/docker.sock') })
  await second.close()
  await docker.ping()
  await first.close()
  await assert.rejects(docker.ping())
})
