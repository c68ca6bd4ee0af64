/** The image with PyTorch: what is in it, and that its compiler works behind our walls. */
import assert from 'node:assert/strict'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { openBubblewrap } from '../../../sandbox/engine/bubblewrap.ts'
import { recipes, wheelLines } from '../../../sandbox/image/recipe.ts'
import { mustRun, runProgram, testImage } from '../engine/setup.ts'

const MIB = 1024 * 1024

test('image torch imports all that Apex’s image has on one thread, and compiles a model into /cache', {
  skip: !mustRun,
}, async (t) => {
  const { rootfs, digest } = await testImage('torch')
  const engine = await openBubblewrap({ root: { kind: 'built', rootfs, digest } })
  try {
    const { stdout, stderr, status } = await runProgram(engine, {
      file: 'compiles.py',
      cacheBytes: 512 * MIB,
      // Its precompiled headers go to the folder of temporary files, and are larger than /tmp.
      env: { TORCHINDUCTOR_CACHE_DIR: '/cache', TMPDIR: '/cache' },
      policy: { memoryBytes: 2048 * MIB, wallMs: 600_000 },
    })
    assert.notEqual(stdout, '', `${status} ${stderr}`)
    const { torch, modules, threads, distance, moved, objects, seconds } = JSON.parse(stdout)
    t.diagnostic(`compiled and trained in ${seconds} s`)
    assert.equal(torch, '2.13.0+cpu')
    assert.equal(modules.length, 11)
    // A fork of a process with more than one has locks that nobody ever opens.
    assert.equal(threads, 1)
    assert.ok(distance < 1e-5, `${distance}`)
    assert.equal(moved, true)
    assert.ok(objects > 0)
  } finally {
    await engine.close()
  }
})

test('image torch keeps no trace of where it was built, and every source of its packages compiled', {
  skip: !mustRun,
}, async () => {
  const { rootfs, packages } = await testImage('torch')
  const site = join(rootfs, 'usr/local/lib/python3.11/dist-packages')
  const names = readdirSync(site, { recursive: true, encoding: 'utf8' })
  for (const name of names) assert.doesNotMatch(name, /(^bin\/|\.dist-info\/(RECORD|INSTALLER)$|\.pth$|\/tests\/)/)
  for (const name of names) assert.ok([0o644, 0o755].includes(statSync(join(site, name)).mode & 0o7777), name)
  const compiled = names.filter((name) => name.endsWith('.pyc')).length
  const sources = names.filter((name) => name.endsWith('.py')).length
  // A few are of a newer Python.
  assert.ok(compiled > 0.99 * sources, `${compiled} of ${sources}`)
  const wheels = wheelLines(recipes.torch)
  assert.ok(wheels.length >= 30 && wheels.every((line) => / --hash=sha256:[0-9a-f]{64}$/.test(line)))
  assert.ok(packages.includes('torch==2.13.0') && packages.includes('fastapi==0.124.2'))
})
