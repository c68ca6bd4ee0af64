/** What bubblewrap lends of a GPU: device nodes and the driver's own libraries, and to those alone who ask. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { openBubblewrap } from '../../../sandbox/engine/bubblewrap.ts'
import { findGpus, findLibraries } from '../../../sandbox/engine/gpu.ts'
import { toBubblewrapArgs } from '../../../sandbox/engine/policy.ts'
import { basePolicy, SandboxError } from '../../../sandbox/index.ts'
import { mustRun, testImage } from './setup.ts'

const folder = mkdtempSync(join(tmpdir(), 'evalmesh-gpu-'))
after(() => rmSync(folder, { recursive: true, force: true }))

/** A driver's folder as its installer leaves it, and the lines that the loader's cache has of it. */
const driver = (name: string, files: readonly string[]): string => {
  const place = join(folder, name)
  mkdirSync(place)
  for (const file of files) writeFileSync(join(place, file), '')
  symlinkSync('libcuda.so.580.159.04', join(place, 'libcuda.so.1'))
  return [
    '3 libs found in cache',
    '\tlibcuda.so.1 (libc6) => /usr/lib32/libcuda.so.1',
    `\tlibcuda.so.1 (libc6,x86-64) => ${join(place, 'libcuda.so.1')}`,
    '\tlibc.so.6 (libc6,x86-64) => /lib/x86_64-linux-gnu/libc.so.6',
  ].join('\n')
}

test('the libraries are those of the driver that the loader knows, under the names they are loaded by', () => {
  const there = [
    'libcuda.so',
    'libnvidia-ml.so',
    'libnvidia-ptxjitcompiler.so',
    'libnvidia-nvvm.so',
    'libnvidia-gpucomp.so',
  ]
  const cache = driver('whole', [
    ...there.map((name) => `${name}.580.159.04`),
    'libnvidia-glcore.so.580.159.04',
    'libnvidia-ml.so.535.1',
  ])
  assert.deepEqual(
    findLibraries(cache).map(({ source, target }) => [source.slice(folder.length), target]),
    [
      ['/whole/libcuda.so.580.159.04', '/nvidia/libcuda.so.1'],
      ['/whole/libnvidia-ml.so.580.159.04', '/nvidia/libnvidia-ml.so.1'],
      ['/whole/libnvidia-ptxjitcompiler.so.580.159.04', '/nvidia/libnvidia-ptxjitcompiler.so.1'],
      ['/whole/libnvidia-nvvm.so.580.159.04', '/nvidia/libnvidia-nvvm.so.4'],
      ['/whole/libnvidia-gpucomp.so.580.159.04', '/nvidia/libnvidia-gpucomp.so.580.159.04'],
    ],
  )
})

test('an older driver has fewer of them; a machine without one is told so', () => {
  const cache = driver('older', ['libcuda.so.580.159.04', 'libnvidia-ml.so.580.159.04'])
  assert.equal(findLibraries(cache).length, 2)
  assert.throws(() => findLibraries('\tlibc.so.6 (libc6,x86-64) => /lib/libc.so.6'), /no NVIDIA driver/)
})

test('a GPU is named by its number, and its nodes must be there', async () => {
  await assert.rejects(findGpus(['GPU-5f3c']), /by its number, 0 for \/dev\/nvidia0/)
  const dev = join(folder, 'dev')
  mkdirSync(dev)
  await assert.rejects(findGpus(['0'], dev), /no NVIDIA device at all: run nvidia-modprobe/)
  for (const name of ['nvidia0', 'nvidiactl', 'nvidia-uvm']) writeFileSync(join(dev, name), '')
  await assert.rejects(findGpus(['0', '1'], dev), /there is no .*nvidia1, but .*nvidia0/)
})

test('devices are bound before /dev is closed, and nobody has any who did not ask', () => {
  const spec = { name: 'one', argv: ['/usr/bin/true'], mounts: [], env: {}, policy: basePolicy }
  const common = { spec, system: [], mounts: [], seccompFd: 4, statusFd: 5, rlimitsAlone: false }
  const line = toBubblewrapArgs({ ...common, devices: ['/dev/nvidiactl', '/dev/nvidia0'] }).options.join(' ')
  assert.match(
    line,
    /--dev \/dev .*--dev-bind \/dev\/nvidiactl \/dev\/nvidiactl --dev-bind \/dev\/nvidia0 \/dev\/nvidia0 --remount-ro \/dev/,
  )
  assert.doesNotMatch(toBubblewrapArgs(common).options.join(' '), /--dev-bind/)
})

test('an engine that may lend none starts nothing that asks for one', { skip: !mustRun }, async () => {
  const { rootfs, digest } = await testImage()
  const engine = await openBubblewrap({ root: { kind: 'built', rootfs, digest } })
  const spec = { name: 'one', argv: ['/usr/bin/true'], mounts: [], env: {}, policy: basePolicy, gpus: 1 }
  await assert.rejects(engine.start(spec), (thrown) => {
    assert.ok(thrown instanceof SandboxError)
    assert.match(String(thrown.facts['reason']), /1 GPUs asked for, 0 may be lent/)
    return true
  })
  await engine.close()
})
