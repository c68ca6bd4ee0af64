/** What every engine must make of test/submissions: each gets the verdict that lies beside it, honest, wrong or cheating. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { openBubblewrap } from '../../sandbox/bubblewrap.ts'
import {
  buildPool,
  createEvaluator,
  defaultCacheDirectory,
  imageDirectory,
  readBaseline,
  runLimits,
} from '../../sandbox/index.ts'
import { readCases } from '../verdicts/case.ts'
import { type Bench, judge } from '../verdicts/judge.ts'
import { mustRun, testImage } from './engine-setup.ts'

const submissions = join(import.meta.dirname, '../submissions')

/** Honest calls take milliseconds; the endless ones are waited for. */
const limits = { ...runLimits, loadMsMax: 3_000, callMsMax: 3_000, memoryBytes: 256 * 1024 * 1024 }

const skip = mustRun ? false : 'needs root on Debian to be sure that the engine runs'

/** Registers the verdicts for one engine. `start` makes it reachable, `stop` takes it down again. */
export function describeSubmissions(candidate: {
  readonly prefer: 'bubblewrap' | 'docker'
  readonly start?: () => Promise<void>
  readonly stop?: () => Promise<void>
}) {
  describe(`submissions on ${candidate.prefer}`, { skip }, () => describeVerdicts(candidate))
}

function describeVerdicts({ prefer, start, stop }: Parameters<typeof describeSubmissions>[0]) {
  const home = mkdtempSync(join(tmpdir(), 'evalmesh-submissions-'))
  let bench: Bench

  before(async () => {
    await start?.()
    const { rootfs, digest: imageDigest } = await testImage()
    const engine = await openBubblewrap({ root: { kind: 'built', rootfs, digest: imageDigest } })
    const pool = await buildPool({ engine, preset: 'demo', outDir: join(home, 'pool') }).finally(() => engine.close())
    const first = pool.digests.slice(0, 2)
    const matrices = first.map((digest) => ({ digest, path: join(pool.dir, `${digest}.bin`) }))
    const options = { prefer, imageDirectory: imageDirectory(defaultCacheDirectory()) } as const
    const evaluator = createEvaluator({ engine: options, lockPath: join(home, 'lock') })
    bench = { evaluator, job: { partner: readBaseline(), matrices, seed: '5e'.repeat(32), limits } }
  })
  after(async () => {
    rmSync(home, { recursive: true, force: true })
    await stop?.()
  })

  for (const one of readCases(submissions, 'matrix-lossless')) {
    const { verdict, reasons } = one.expectation ?? { verdict: one.problem, reasons: [] }
    test(`${one.name} ${verdict === 'pass' ? 'is measured' : `is the ${verdict}'s fault: ${reasons.join(' or ')}`}`, async () => {
      const { ok, got, reason, line } = await judge(one, bench)
      assert.ok(ok, `${got} ${reason}: ${line}`)
    })
  }
}
