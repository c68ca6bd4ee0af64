/** Sandboxes started ahead: each for one run, the same limits, and a measurement that comes sooner. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { text } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { openBubblewrap } from '../../../sandbox/engine/bubblewrap.ts'
import type { Engine, Sandbox, SandboxSpec } from '../../../sandbox/engine/engine.ts'
import { createHostsEvaluator } from '../../../sandbox/evaluator.ts'
import { basePolicy, type Job, localHardware, readBaseline } from '../../../sandbox/index.ts'
import { takeLock } from '../../../sandbox/lock.ts'
import { stockEngine } from '../../../sandbox/referee/ahead.ts'
import { mustRun, testImage } from '../engine/setup.ts'
import { layMatrices, testLimits } from '../evaluator-setup.ts'

const skip = mustRun ? false : 'needs root on Debian to be sure that bubblewrap runs'

// Says that it is there, then tells who it is when it is asked.
const code = 'import sys, uuid; print("warm", flush=True); sys.stdin.readline(); print(uuid.uuid4())'
const spec: SandboxSpec = {
  name: 'ahead',
  argv: ['/usr/bin/python3', '-I', '-B', '-c', code],
  mounts: [],
  env: {},
  policy: { ...basePolicy, wallMs: 60_000 },
}

let engine: Engine
let starts = 0
let newest: Sandbox | undefined
before(async () => {
  if (skip !== false) return
  const { rootfs, digest } = await testImage()
  const opened = await openBubblewrap({ root: { kind: 'built', rootfs, digest } })
  const start: Engine['start'] = async (wanted) => {
    starts += 1
    newest = await opened.start(wanted)
    return newest
  }
  engine = { ...opened, start }
})
after(() => engine?.close())

/** What one sandbox says, from its start on. */
async function ask(from: Engine, wanted: SandboxSpec) {
  const sandbox = await from.start(wanted)
  sandbox.stdin.end('\n')
  const [said, exit] = await Promise.all([text(sandbox.stdout), sandbox.exited])
  assert.equal(exit.status, 'exited', exit.stderr)
  const [warm, id] = said.trim().split('\n')
  assert.equal(warm, 'warm')
  return id
}

test('each sandbox in stock serves once, and when none is left one is started', { skip }, async () => {
  starts = 0
  const stocked = stockEngine(engine, spec, 2)
  await stocked.stocked
  assert.equal(starts, 2)
  const shorter = { ...spec, name: 'run', policy: { ...spec.policy, wallMs: 5_000 } }
  const ids = [await ask(stocked, shorter), await ask(stocked, shorter)]
  assert.equal(starts, 2)
  ids.push(await ask(stocked, shorter))
  assert.deepEqual([starts, new Set(ids).size], [3, 3])
})

test('another limit, program or filter never gets what is in stock', { skip }, async () => {
  starts = 0
  const stocked = stockEngine(engine, spec, 1)
  for (const other of [
    { ...spec, policy: { ...spec.policy, memoryBytes: spec.policy.memoryBytes / 2 } },
    { ...spec, argv: [...spec.argv, 'x'] },
    { ...spec, env: { A: '1' } },
    { ...spec, seccomp: 'loopback' as const },
    { ...spec, cacheBytes: 1 },
  ]) {
    const before = starts
    await ask(stocked, other)
    assert.equal(starts, before + 1)
  }
  const last = starts
  await ask(stocked, spec)
  assert.equal(starts, last)
})

test('the life of a run begins when it gets its sandbox, and one that died in stock is passed over', {
  skip,
}, async () => {
  const brief = { ...spec, policy: { ...spec.policy, wallMs: 500 } }
  const stocked = stockEngine(engine, spec, 1)
  await stocked.stocked
  await delay(700)
  const late = await stocked.start(brief)
  late.stdout.resume()
  assert.equal((await late.exited).status, 'timeout')
  const dying = stockEngine(engine, brief, 1)
  await dying.stocked
  await newest?.exited
  assert.match((await ask(dying, spec)) ?? '', /-/)
})

test('with referees started ahead a measurement comes sooner, and nothing is left when the evaluator closes', {
  skip,
}, async (t) => {
  const { rootfs } = await testImage()
  const { matrices, remove } = layMatrices(1)
  const codes = { candidate: readBaseline('matrix-lossless'), partner: readBaseline('matrix-lossless') }
  const job: Job = { competition: 'matrix-lossless', ...codes, matrices, seed: '5e'.repeat(32), limits: testLimits }
  const options = { prefer: 'bubblewrap', imageDirectory: join(rootfs, '..') } as const
  const host = { name: 'here', engine: options, isLocal: true, timed: [null], hardware: localHardware() }
  const lockPath = join(matrices[0]?.path ?? '', '../lock')
  const [cold, warm] = [null, testLimits].map((ahead) => createHostsEvaluator({ hosts: [host], lockPath, ahead }))
  assert.ok(cold !== undefined && warm !== undefined)
  const timed = async (evaluator: typeof cold) => {
    // Whoever starts the next referee ahead holds the lock meanwhile.
    const release = await takeLock(lockPath)
    release()
    const from = performance.now()
    const { verdict, line } = await evaluator.evaluate(job)
    assert.equal(verdict, 'pass', line)
    return performance.now() - from
  }
  try {
    const pairs: [number, number][] = []
    for (let round = 0; round < 3; round += 1) pairs.push([await timed(cold), await timed(warm)])
    for (const [without, ahead] of pairs) t.diagnostic(`${without.toFixed()} ms without, ${ahead.toFixed()} ms ahead`)
    const ratios = pairs.map(([without, ahead]) => ahead / without).sort((a, b) => a - b)
    assert.ok((ratios[1] ?? 1) < 0.6, ratios.join(' '))
  } finally {
    await Promise.all([cold.close(), warm.close()])
    assert.equal(readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8'), '')
    remove()
  }
})
