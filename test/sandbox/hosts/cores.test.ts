/** Cores for timed runs: how they are shared out, and that a sandbox cannot leave its own. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openBubblewrap } from '../../../sandbox/engine/bubblewrap.ts'
import { parseCoreList, planCores } from '../../../sandbox/hosts/cores.ts'
import { isSandboxError } from '../engine/errors.ts'
import { lastCore, mustRun, runProgram, strong, testImage } from '../engine/setup.ts'

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
  const plan = (runs: number) => planCores({ runs, physical: hyperthreaded })
  assert.deepEqual(plan(1), { timed: ['3,7'], others: '0,4,1,5,2,6' })
  assert.deepEqual(plan(3), { timed: ['1,5', '2,6', '3,7'], others: '0,4' })
  assert.throws(() => plan(4), isSandboxError('TOO_FEW_CORES'))
})

test('a small machine pins nothing by itself, and bears fewer runs than it has cores', () => {
  assert.deepEqual(planCores({ runs: 1, physical: [[0, 1]] }), { timed: [null], others: null })
  assert.throws(() => planCores({ runs: 2, physical: [[0, 1]] }), isSandboxError('TOO_FEW_CORES'))
  const three = [[0], [1], [2]]
  assert.deepEqual(planCores({ runs: 2, physical: three }), { timed: [null, null], others: null })
  assert.throws(() => planCores({ runs: 3, physical: three }), isSandboxError('TOO_FEW_CORES'))
})

test('cores that the operator chose are taken, and must leave one', () => {
  const two = [[0], [1]]
  assert.deepEqual(planCores({ runs: 1, physical: two, chosen: ['1'] }), { timed: ['1'], others: '0' })
  assert.throws(() => planCores({ runs: 1, physical: two, chosen: ['0-1'] }), isSandboxError('TOO_FEW_CORES'))
})

const skip = !mustRun ? 'needs root on Debian' : lastCore() === undefined ? 'this machine has one core' : false

test('a sandbox runs on its own cores, whatever it asks for, and says so in its facts', { skip }, async () => {
  const { rootfs, digest } = await testImage()
  const engine = await openBubblewrap({ root: { kind: 'built', rootfs, digest }, cores: lastCore() })
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
    const own = `[${parseCoreList(lastCore() ?? '').join(', ')}]`
    assert.equal(stdout, `${own} ${own}\n`, stderr)
  } finally {
    await engine.close()
  }
})
