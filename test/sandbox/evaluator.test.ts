/** A whole evaluation on bubblewrap: what is measured, who is blamed, and that nothing outlives it. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, truncateSync } from 'node:fs'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { after, test } from 'node:test'
import { isOwnerAlive, ownerTag } from '../../sandbox/engine/process-owner.ts'
import {
  createEvaluator,
  defaultCacheDirectory,
  type Evaluator,
  imageDirectory,
  type Job,
  type Measurement,
  openEngine,
  readBaseline,
} from '../../sandbox/index.ts'
import { takeLock } from '../../sandbox/lock.ts'
import { mustRun } from './engine/setup.ts'
import { layMatrices, testEvaluator, testLimits } from './evaluator-setup.ts'

const { matrices, remove } = layMatrices(4)
const [first] = matrices
assert.ok(first)
const folder = dirname(first.path)
const baseline = readBaseline('matrix-lossless')
const job: Job = {
  competition: 'matrix-lossless',
  candidate: baseline,
  partner: baseline,
  matrices,
  seed: 'seed',
  limits: testLimits,
}
const skip = mustRun ? false : 'needs root on Debian to be sure that bubblewrap runs'
after(remove)

const children = (pid: number): number[] => {
  const list = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
  return list === '' ? [] : list.split(' ').map(Number)
}

const refereeOf = (parent: number): number => {
  const isReferee = (pid: number) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('referee/main.ts')
  const pid = children(parent).find(isReferee)
  assert.ok(pid !== undefined, 'the referee is a process of its own')
  return pid
}

/** The process and everything below it. */
const family = (pid: number): number[] => [pid, ...children(pid).flatMap(family)]

/** The same by their tags: a number may be another's by the time that it is looked for. */
const tagsOf = (pid: number): string[] => family(pid).map(ownerTag)

const open = (): Promise<Evaluator> => testEvaluator(folder)
const verdictOf = ({ verdict, code }: Measurement) => `${verdict} ${code}`

test('evaluator: a pass carries the raw numbers of every run', { skip }, async () => {
  const seen: string[] = []
  const evaluator = await open()
  const measurement = await evaluator.evaluate(job, {
    onProgress: ({ phase, done, total }) => seen.push(`${phase} ${done}/${total}`),
  })
  assert.equal(verdictOf(measurement), 'pass PASS', measurement.line)
  assert.deepEqual(
    measurement.matrices.map(({ digest }) => digest),
    matrices.map(({ digest }) => digest),
  )
  for (const { rawBytes, candidate, partner } of measurement.matrices) {
    assert.equal(rawBytes, 16_384)
    assert.deepEqual(candidate.compressedBytes, partner.compressedBytes)
    const times = [candidate, partner].flatMap((side) => [...side.compressNs, ...side.decompressNs])
    assert.equal(times.length, 8)
    for (const time of times) assert.ok(BigInt(time) > 10_000n && BigInt(time) < 5_000_000_000n, time)
  }
  assert.equal(measurement.transcript.length, 8)
  assert.equal(new Set(measurement.transcript).size, 4)
  assert.equal(measurement.engine?.kind, 'bubblewrap')
  assert.match(measurement.engine?.imageDigest ?? '', /^[0-9a-f]{64}$/)
  assert.deepEqual(seen.slice(-2), ['decompress 3/4', 'decompress 4/4'])
  assert.equal(seen.length, 8)
})

test('evaluator: the partner failing is never the fault of the candidate', { skip }, async () => {
  const evaluator = await open()
  const measurement = await evaluator.evaluate({ ...job, partner: 'def compress(data): 1 / 0\ndecompress = compress' })
  assert.equal(verdictOf(measurement), 'infra PARTNER_FAILED')
  assert.match(measurement.line, /EXCEPTION/)
})

test('evaluator: a code that stretches time is measured as slow', { skip }, async () => {
  const slow = `import time\n${baseline}\nquick = compress\ndef compress(data):\n    time.sleep(0.05)\n    time.perf_counter = time.monotonic = lambda: 0\n    return quick(data)\n`
  const measurement = await (await open()).evaluate({ ...job, candidate: slow })
  assert.equal(measurement.verdict, 'pass', measurement.line)
  for (const { candidate } of measurement.matrices) {
    for (const time of candidate.compressNs) assert.ok(BigInt(time) > 50_000_000n, time)
  }
})

test('evaluator: memory that runs out once is tried again in clean sandboxes', { skip }, async () => {
  const hungry = `def compress(data):\n    print('try', flush=True)\n    return bytes([1]) * (1 << 33)\ndecompress = compress`
  const measurement = await (await open()).evaluate({ ...job, candidate: hungry })
  assert.equal(verdictOf(measurement), 'miner OUT_OF_MEMORY')
  assert.equal(measurement.stderr.match(/try/g)?.length, 2)
})

test('evaluator: a damaged matrix and a missing image are the fault of this host', { skip }, async () => {
  const { matrices: damaged, remove: removeDamaged } = layMatrices(1)
  try {
    truncateSync(damaged[0]?.path ?? '', 100)
    const measurement = await (await open()).evaluate({ ...job, matrices: damaged })
    assert.equal(verdictOf(measurement), 'infra REFEREE_FAILED')
    assert.match(measurement.line, /damaged/)
  } finally {
    removeDamaged()
  }
  const evaluator = createEvaluator({
    engine: { prefer: 'bubblewrap', imageDirectory: `${folder}/none` },
    lockPath: `${folder}/lock`,
  })
  assert.equal(verdictOf(await evaluator.evaluate(job)), 'infra ENGINE_FAILED')
})

const endless = 'def compress(data):\n    while True: pass\ndecompress = compress'

test('evaluator: a referee that dies is the fault of this host, and its sandboxes die too', { skip }, async () => {
  const evaluator = await open()
  const measurement = evaluator.evaluate({
    ...job,
    candidate: `${endless}`,
    limits: { ...testLimits, callMsMax: 300_000 },
  })
  const referee = await untilRunning()
  const members = tagsOf(referee)
  process.kill(referee, 'SIGKILL')
  assert.equal(verdictOf(await measurement), 'infra REFEREE_FAILED')
  await untilGone(members)
})

test('evaluator: an aborted run rejects with its reason and leaves nothing', { skip }, async () => {
  const controller = new AbortController()
  const evaluator = await open()
  const measurement = evaluator.evaluate(
    { ...job, candidate: endless, limits: { ...testLimits, callMsMax: 300_000 } },
    { signal: controller.signal },
  )
  measurement.catch(() => undefined)
  const members = tagsOf(await untilRunning())
  controller.abort(new Error('shutting down'))
  await assert.rejects(measurement, /shutting down/)
  await untilGone(members)
  assert.deepEqual(groupsOf(members), [])
})

/** A validator's part in this, as a process that measures an endless submission and can be killed. */
async function startValidator() {
  const patient = { ...testLimits, callMsMax: 300_000 }
  const given = { job: { ...job, candidate: endless, limits: patient }, folder }
  const validator = spawn(process.execPath, [join(import.meta.dirname, 'evaluator-orphan.ts'), JSON.stringify(given)], {
    stdio: 'ignore',
  })
  const pid = validator.pid
  assert.ok(pid !== undefined)
  const referee = await untilRunning(pid)
  return { pid, referee, members: tagsOf(pid) }
}

test('evaluator: a validator killed by SIGKILL leaves no sandbox, group, copy or lock behind', { skip }, async () => {
  const { pid, members } = await startValidator()
  assert.notDeepEqual(groupsOf(members), [])
  process.kill(pid, 'SIGKILL')
  await untilGone(members)
  assert.deepEqual([...groupsOf(members), ...copiesOf(members)], [])
  const release = await takeLock(join(folder, 'lock'), AbortSignal.timeout(60_000))
  release()
})

test('evaluator: what a validator and its referee leave when both are killed at once, the next start removes', {
  skip,
}, async () => {
  const { pid, referee, members } = await startValidator()
  assert.notDeepEqual(groupsOf(members), [])
  // Nobody is left to remove the empty groups; another engine that opens here at this moment may be the next start.
  process.kill(referee, 'SIGKILL')
  process.kill(pid, 'SIGKILL')
  await untilGone(members)
  const engine = await openEngine({ prefer: 'bubblewrap', imageDirectory: imageDirectory(defaultCacheDirectory()) })
  await engine.close()
  assert.deepEqual([...groupsOf(members), ...copiesOf(members)], [])
})

/** Control groups that one of these processes made. */
const groupsOf = (tags: readonly string[]): string[] => {
  const folders = ['memory', 'pids', 'cpu', ''].map((name) => `/sys/fs/cgroup/${name}/evalmesh`).filter(existsSync)
  const isTheirs = (name: string) => tags.some((tag) => name.startsWith(`${tag}.`))
  return folders.flatMap((path) => readdirSync(path).filter(isTheirs))
}

/** Copies of the harness in memory that one of these processes made. */
const copiesOf = (tags: readonly string[]): string[] =>
  readdirSync('/dev/shm').filter((name) => tags.some((tag) => name.startsWith(`evalmesh-stage-${tag}-`)))

/** The referee, once a harness in one of its sandboxes has forked a child for a call. */
async function untilRunning(parent = process.pid): Promise<number> {
  return poll(() => {
    if (children(parent).length === 0) return null
    const referee = refereeOf(parent)
    const isHarness = (pid: number) => nameOf(pid) === 'python3' && children(pid).length > 0
    return family(referee).some(isHarness) ? referee : null
  })
}

const nameOf = (pid: number) => readFileSync(`/proc/${pid}/comm`, 'utf8').trim()

/** Nobody need wait for a dead orphan, init in a container does not: a dead one counts as gone. */
const untilGone = (tags: readonly string[]) => poll(() => (tags.some(isOwnerAlive) ? null : true))

/** Looks again until there is something to see; it takes a second, and the machine may be slow. */
async function poll<T>(look: () => T | null): Promise<T> {
  const end = performance.now() + 60_000
  for (;;) {
    try {
      const seen = look()
      if (seen !== null) return seen
    } catch (thrown) {
      // A process vanished while it was looked at.
      if (performance.now() > end) throw thrown
    }
    assert.ok(performance.now() < end, 'it did not happen within a minute')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
