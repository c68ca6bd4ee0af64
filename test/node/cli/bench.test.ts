/** Promises of `evalmesh bench run`: the report of a real run, its arithmetic by hand, and what it answers to mistakes. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { text } from 'node:stream/consumers'
import { after, type TestContext, test } from 'node:test'
import { type BenchReport, judge } from '../../../node/bench/bench.ts'
import type { Outlook } from '../../../node/bench/mesh.ts'
import type { TrainingReport } from '../../../node/bench/training.ts'
import { matrixRulesOf } from '../../../protocol/index.ts'
import { type MatrixTimes, type Measurement, readContract } from '../../../sandbox/index.ts'
import { mustRun } from '../../sandbox/engine/setup.ts'

const root = join(import.meta.dirname, '../../..')
const solutions = join(root, 'node/demo/solutions')
const folder = mkdtempSync(join(tmpdir(), 'evalmesh-bench-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const skip = mustRun ? false : 'needs root on Debian to be sure that bubblewrap runs'

async function bench(...args: string[]) {
  const command = [join(root, 'node/main.ts'), 'bench', 'run', '--engine', 'bubblewrap', '--yes', ...args]
  const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'pipe'] })
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { code: child.exitCode, stdout, stderr }
}

test('bench tells score, arithmetic and outcome of a better submission, and its seed repeats the draw', {
  skip,
}, async () => {
  const args = ['--matrices', '8', '--seed', 'seven', '--json', join(solutions, 'byte-planes.py')]
  const first = await bench(...args)
  assert.equal(first.code, 0, first.stderr)
  const report = JSON.parse(first.stdout) as BenchReport
  assert.deepEqual([report.verdict, report.seed, report.matrices.length], ['pass', 'seven', 8])
  assert.match(report.engine?.imageDigest ?? '', /^[0-9a-f]{64}$/)
  assert.ok(report.score && report.host)
  const { candidate, partner } = report.score
  assert.match(candidate.score, /^0\.\d{14}$/)
  const formula = (1 - Number(candidate.ratio)) * (1 - Number(candidate.seconds) / 1.012)
  assert.ok(Math.abs(Number(candidate.score) - formula) < 1e-12, `${candidate.score} ${formula}`)
  assert.ok(Number(candidate.score) > Number(partner.score))
  const again = await bench(...args)
  // At eight quads the bounds are the extremes, all far above 1: where no neighbour took the core for most of a quad.
  const found = [report, JSON.parse(again.stdout) as BenchReport].map(({ score }) => [score?.pair, score?.takesLead])
  assert.ok(
    found.some((one) => one.join() === 'better,true'),
    found.join(' '),
  )
  const drawn = ({ matrices }: BenchReport) => matrices.map(({ digest, candidate: { ratio } }) => [digest, ratio])
  assert.deepEqual(drawn(JSON.parse(again.stdout) as BenchReport), drawn(report))
})

test('bench of the lossy competition tells similarities, no time in the score, and where the time goes', {
  skip,
}, async () => {
  const quantiser = join(solutions, 'matrix-lossy/quantiser.py')
  const args = ['--competition', 'matrix-lossy', '--matrices', '8', '--profile', '--json', quantiser]
  const { code, stdout, stderr } = await bench(...args)
  assert.equal(code, 0, stderr)
  const report = JSON.parse(stdout) as BenchReport
  assert.ok(report.score && report.profile)
  assert.deepEqual([report.score.pair, report.score.takesLead, report.score.madPpm], ['better', true, 0])
  assert.equal(Number(report.score.candidate.score).toFixed(12), (1 - Number(report.score.candidate.ratio)).toFixed(12))
  for (const { candidate } of report.matrices) {
    assert.ok(candidate.similarityPpb !== null && candidate.similarityPpb > 990_000_000)
  }
  for (const role of ['compress', 'decompress'] as const) {
    assert.ok(report.profile[role].some((row) => row.function.startsWith('solution.py:') && row.calls > 0))
  }
  assert.match(stderr, /^submission: compress 8\/8$/m)
  const coarse = await bench(
    '--competition',
    'matrix-lossy',
    '--matrices',
    '1',
    join(solutions, 'matrix-lossy/coarse.py'),
  )
  assert.equal(coarse.code, 5)
  assert.match(
    coarse.stdout,
    /^miner {2}NOT_SIMILAR: .* \(matrix [0-9a-f]{16}: similarity 0\.\d{6}: cosine 0\.\d{6}, relative error 0\.\d{6}\)$/m,
  )
})

test('bench against another solution says that its twin does not take the lead', { skip }, async () => {
  const twin = join(solutions, 'byte-planes.py')
  const { code, stdout, stderr } = await bench('--matrices', '8', '--preset', 'demo', '--against', twin, twin)
  assert.equal(code, 0, stderr)
  assert.match(
    stdout,
    /^submission {2}max\(0, 1 − C\) · max\(0, 1 − t \/ 1\.012 s\) with C = 0\.\d{14}, t = 0\.\d{14} s: 0\.\d{14}$/m,
  )
  // A neighbour that takes the core for a moment leaves it open.
  assert.match(stdout, /^PAIR-1 {6}(not better|inconclusive)$/m)
  assert.match(stdout, /^on a mesh {3}it would not take the lead/m)
  assert.match(stdout, /^again: --seed [0-9a-f]{32}$/m)
})

test('bench of a submission at fault exits with 5 and says the code and what to do', { skip }, async () => {
  const cheat = await bench('--matrices', '1', join(solutions, 'stash.py'))
  assert.equal(cheat.code, 5)
  assert.match(cheat.stdout, /^miner {2}NOT_LOSSLESS: decompress\(compress\(x\)\) must equal x/)
  writeFileSync(join(folder, 'solution.py'), `#${'x'.repeat(20_000)}`)
  const large = await bench('--json', folder)
  assert.equal(large.code, 5)
  const { verdict, code, matrices, engine } = JSON.parse(large.stdout) as BenchReport
  assert.deepEqual([verdict, code, matrices, engine], ['miner', 'OVERSIZE', [], null])
})

test('bench on the host’s own Python works and says loudly that it is no vote', { skip }, async () => {
  const args = ['--host-python', '--matrices', '1', '--json', join(solutions, 'baseline.py')]
  const child = await bench(...args)
  assert.equal(child.code, 0, child.stderr)
  const { engine } = JSON.parse(child.stdout) as BenchReport
  assert.deepEqual([engine?.strength.image, engine?.imageDigest], ['host', null])
  assert.match(child.stderr, /^WARNING: --host-python .* can ever be a vote\.$/m)
})

test('bench answers mistakes in its arguments before it prepares anything', async () => {
  const baseline = join(solutions, 'baseline.py')
  const cases: [number, string[]][] = [
    [3, ['no-such-file.py']],
    [3, ['--competition', 'chess', baseline]],
    [2, ['--preset', 'easy', baseline]],
    [2, ['--matrices', '0', baseline]],
    [2, ['--against', 'leader', baseline]],
    [2, ['--home', '.', baseline]],
    [6, ['--api', 'http://127.0.0.1:1', baseline]],
    [2, ['--host-python', '--engine', 'docker', baseline]],
    [2, ['--quads', '8', baseline]],
    [2, ['--competition', 'training-speed', '--matrices', '8', baseline]],
    [2, ['--competition', 'training-speed', '--host-python', baseline]],
    [2, ['--competition', 'training-speed', '--image', 'numpy', baseline]],
    [6, ['--competition', 'training-speed', '--api', 'http://127.0.0.1:1', baseline]],
  ]
  for (const [code, args] of cases) {
    const answer = await bench(...args)
    assert.deepEqual([answer.code, answer.stdout], [code, ''], answer.stderr)
    assert.match(answer.stderr, /^error: /)
  }
})

/** A validator's interface, as far as `--api` asks it. */
const meshOf = async (t: TestContext, poolManifest: string): Promise<string> => {
  const competition = 'training-speed'
  const params = { thetaPpm: 50_000, confirmRounds: 2, bundleBytesMax: 65_536, poolManifest }
  const answers: readonly (readonly [start: string, answer: object])[] = [
    ['/params', { targets: [{ competition, params }] }],
    ['/leaderboard', { leader: null }],
    ['/bundles/', { submissions: [] }],
  ]
  const server = createServer((request, response) => {
    const [, answer] = answers.find(([start]) => request.url?.startsWith(start)) ?? []
    response.statusCode = answer === undefined ? 404 : 200
    response.end(JSON.stringify(answer ?? { detail: 'not here' }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
const training = ['--competition', 'training-speed', '--json', '--api']

test('bench of a training submission trains by the mesh’s contract, and says what the mesh would do', {
  skip,
}, async (t) => {
  const api = await meshOf(t, readContract('tiny').digest)
  const lazy = join(root, 'test/submissions/training-speed/skips-last-1/submission')
  const child = await bench(...training, api, '--quads', '1', lazy)
  assert.equal(child.code, 5, child.stderr)
  const { preset, code, mesh } = JSON.parse(child.stdout) as TrainingReport & { mesh: Outlook }
  assert.deepEqual([preset, code, mesh.would], ['tiny', 'WRONG_MEMORY', 'fault'])
  writeFileSync(join(folder, 'train.py'), `#${'x'.repeat(65_536)}`)
  const large = await bench(...training, api, join(folder, 'train.py'))
  assert.equal(large.code, 5)
  assert.equal((JSON.parse(large.stdout) as { mesh: Outlook }).mesh.would, 'too large')
})

test('bench does not train by another contract than the mesh’s', async (t) => {
  const api = await meshOf(t, digest)
  const child = await bench(...training, api, join(solutions, 'training-speed/fused.py'))
  const { error } = JSON.parse(child.stdout) as { error: { exitCode: number; message: string } }
  assert.deepEqual([child.code, error.exitCode], [3, 3])
  assert.match(error.message, /does not have the contract/)
  assert.match(child.stderr, /does not have the contract/)
})

const digest = 'd'.repeat(64)

/** `milliseconds` of each of the two compressions; decompression takes none. */
const side = (compressed: number, milliseconds: readonly [number, number]): MatrixTimes['candidate'] => ({
  compressedBytes: [compressed, compressed],
  compressNs: [`${milliseconds[0]}000000`, `${milliseconds[1]}000000`],
  decompressNs: ['0', '0'],
  similarityPpb: null,
})

const measured = (matrix: Pick<MatrixTimes, 'candidate' | 'partner'>): Measurement => ({
  ...{ verdict: 'pass', code: 'PASS', line: '', transcript: [], stderr: '', engine: null, elapsedMs: 0 },
  matrices: [{ digest, rawBytes: 1_000, ...matrix }],
})

test('bench counts the host’s noise in the competition’s metric, and times as this host takes them', () => {
  const rules = matrixRulesOf('matrix-lossless')
  assert.ok(rules)
  const params = rules.presets.real({ image: digest, poolManifest: digest, poolRoot: digest, referenceNanos: 1n })
  const steady = side(500, [100, 100])
  const { score, host } = judge({
    rules,
    params,
    measurement: measured({ candidate: side(250, [506, 506]), partner: steady }),
    // One side takes 100 ms, the other 200 ms: 912 / 812 of a score, 12.3 % too much.
    aa: measured({ candidate: steady, partner: side(500, [200, 200]) }),
  })
  assert.ok(score && host)
  assert.deepEqual(host, { noisePpm: 123_152, baselineNanos: '150000000' })
  assert.deepEqual(score.candidate, {
    ratio: '0.25000000000000',
    seconds: '0.50600000000000',
    score: '0.37500000000000',
    // 1 KB in 0.506 s, over links of 10 MB/s in the geometric mean.
    linkPpm: 197,
  })
  assert.deepEqual([score.partner.ratio, score.partner.seconds], ['0.50000000000000', '0.10000000000000'])
})
