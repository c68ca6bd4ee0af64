/** Promises about training runs with real PyTorch: honest ones pass, and what is missing, forged or in the way is named. */
import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import {
  createHostsEvaluator,
  createTrainingEvaluator,
  readContract,
  readReference,
  type TrainingEvaluator,
  type TrainingJob,
  type TrainingMeasurement,
} from '../../../sandbox/index.ts'
import { mustRun, testImage } from '../engine/setup.ts'

const skip = mustRun ? false : 'needs root on Debian to be sure that the engine runs'
const cases = join(import.meta.dirname, '../../submissions/training-speed')
const home = mkdtempSync(join(tmpdir(), 'evalmesh-training-'))
let evaluator: TrainingEvaluator

before(async () => {
  if (!mustRun) return
  const { rootfs } = await testImage('torch')
  const engine = { prefer: 'bubblewrap', imageDirectory: join(rootfs, '..') } as const
  evaluator = createTrainingEvaluator({ engine, lockPath: join(home, 'lock') })
})
after(() => rmSync(home, { recursive: true, force: true }))

const jobOf = (name: string): TrainingJob => ({
  ...{ competition: 'training-speed', partner: readReference(), contract: readContract('tiny').contract },
  candidate: readFileSync(join(cases, name, 'submission/train.py'), 'utf8'),
  ...{ roundSeed: hash('sha256', 'test'), quads: 1, thetaPpm: null, driftMaxPpm: null, seed: 'test' },
})

const measure = (name: string): Promise<TrainingMeasurement> => evaluator.evaluate(jobOf(name))

test('the reference is what the checks expect to the last bit, and its tokens are the referee’s own count', {
  skip,
}, async () => {
  const { verdict, gates, quads, transcript, line } = await measure('honest-reference')
  assert.equal(verdict, 'pass', line)
  assert.equal(gates.length, 6)
  for (const { name, foundPpb } of gates) assert.equal(foundPpb, 0, name)
  const [quad] = quads
  assert.ok(quad !== undefined && quad.steps >= 9 && quad.steps <= 11)
  assert.equal(quad.tokens, quad.steps * 4 * 64)
  // No two runs of one code see the same data: what it remembers of the first is worth nothing in the second.
  assert.equal(transcript.length, 2)
  assert.notEqual(transcript[0], transcript[1])
})

test('bfloat16 passes, though every number of it differs', { skip }, async () => {
  const { verdict, gates, line } = await measure('honest-bfloat16')
  assert.equal(verdict, 'pass', line)
  for (const { name, foundPpb, limitPpb } of gates) assert.ok(foundPpb > 0 && foundPpb <= limitPpb, name)
})

test('a training run goes to another engine when its own is gone', { skip }, async () => {
  const { rootfs } = await testImage('torch')
  const imageDirectory = join(rootfs, '..')
  const host = { isLocal: true, timed: [null], hardware: { model: 'this', cores: 1 } }
  const gone = { kind: 'unix', path: join(home, 'no-engine.sock') } as const
  const said: string[] = []
  const several = createHostsEvaluator({
    hosts: [
      { ...host, name: 'gone', engine: { prefer: 'docker', imageDirectory, address: gone } },
      { ...host, name: 'here', engine: { prefer: 'bubblewrap', imageDirectory } },
    ],
    ...{ insist: true, lockPath: join(home, 'lock') },
    onChange: ({ host: name, isWell }) => said.push(`${name} ${isWell}`),
  })
  const { verdict, engine, line } = await several.training.evaluate(jobOf('honest-reference'))
  await several.close()
  assert.equal(verdict, 'pass', line)
  assert.equal(engine?.host, 'here')
  assert.deepEqual(said, ['gone false'])
})

const refused: readonly (readonly [name: string, code: string, line: RegExp])[] = [
  ['skips-last-1', 'WRONG_MEMORY', /step (8|9|10) contributes nothing: coefficient −1\.00 ± 0\.00/],
  ['drops-a-sequence', 'WRONG_MEMORY', /at most 0\.000/],
  ['drains-ahead', 'RAN_AHEAD', /at most two ahead/],
  ['lies-about-tokens', 'WRONG_TOKENS', /were handed out/],
  ['finishes-before-the-dump', 'ANSWER_CHANGED', /finish before you return/],
  ['extra-keys', 'WRONG_STATE', /extra/],
  ['forges-frames', 'BAD_FRAME', /channel/],
  ['closes-its-channel', 'NO_ANSWER', /ended/],
  ['floods-stdout', 'LOG_TOO_LARGE', /too much/],
]

for (const [name, code, line] of refused) {
  test(`${name} is refused as ${code}, in words`, { skip }, async () => {
    const got = await measure(name)
    assert.equal(got.code, code, got.line)
    assert.equal(got.verdict, 'miner')
    assert.match(got.line, line)
    assert.equal(got.quads.length, 0)
  })
}
