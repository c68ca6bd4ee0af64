/** Cores for timed runs: how they are shared out, and that a sandbox cannot leave its own. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openBubblewrap } from '../../sandbox/bubblewrap.ts'
import { parseCoreList, planCores, readPhysicalCores } from '../../sandbox/cores.ts'
import { isSandboxError } from './engine-errors.ts'
import { mustRun, runProgram, strong, testImage } from './engine-setup.ts'

test('lists of the kernel are read', () => {
  assert.deepEqual(parseCoreList('0-2,5,8-9\n'), [0, 1, 2, 5, 8, 9])
  assert.deepEqual(parseCoreList('\n'), [])
})

test('each timed run gets a physical core with all its threads, and one is left for everything else', () => {
  const hyperthreaded = [
    [0, 4],
    [1, 5],
    [2, 6],
    [3, 7],
  ]
  assert.deepEqual(planCores(1, hyperthreaded), { timed: ['3,7'], others: '0,4,1,5,2,6' })
  assert.deepEqual(planCores(3, hyperthreaded), { timed: ['1,5', '2,6', '3,7'], others: '0,4' })
  assert.throws(() => planCores(4, hyperthreaded), isSandboxError('TOO_FEW_CORES'))
})

test('a machine with one core pins nothing and bears one run', () => {
  assert.deepEqual(planCores(1, [[0, 1]]), { timed: [null], others: null })
  assert.throws(() => planCores(2, [[0, 1]]), isSandboxError('TOO_FEW_CORES'))
})

const timed = planCores(1, readPhysicalCores()).timed[0]
const skip = !mustRun ? 'needs root on Debian' : timed == null ? 'this machine has one core' : false

test('a sandbox runs on its own cores, whatever it asks for, and says so in its facts', { skip }, async () => {
  const { rootfs, digest } = await testImage()
  const engine = await openBubblewrap({ root: { kind: 'built', rootfs, digest }, cores: timed ?? '' })
  try {
    assert.deepEqual(engine.strength, { ...strong, cores: 'cpuset' })
    const code = [
      'import os',
      'mine = os.sched_getaffinity(0)',
      'try: os.sched_setaffinity(0, range(os.cpu_count()))',
      'except OSError: pass',
      'print(sorted(mine), sorted(os.sched_getaffinity(0)))',
    ].join('\n')
    const { stdout, stderr } = await runProgram(engine, { code })
    const own = `[${parseCoreList(timed ?? '').join(', ')}]`
    assert.equal(stdout, `${own} ${own}\n`, stderr)
  } finally {
    await engine.close()
  }
})
