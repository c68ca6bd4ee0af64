/** What every engine must make of test/submissions: each gets the verdict that lies beside it, honest, wrong or cheating. */
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { openBubblewrap } from '../../sandbox/bubblewrap.ts'
import {
  buildPool,
  checkBundle,
  createEvaluator,
  defaultCacheDirectory,
  type Evaluator,
  imageDirectory,
  type MatrixFile,
  RunFault,
  readBaseline,
  runLimits,
} from '../../sandbox/index.ts'
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
  let evaluator: Evaluator
  let matrices: readonly MatrixFile[]

  before(async () => {
    await start?.()
    const { rootfs, digest: imageDigest } = await testImage()
    const engine = await openBubblewrap({ root: { kind: 'built', rootfs, digest: imageDigest } })
    const pool = await buildPool({ engine, preset: 'demo', outDir: join(home, 'pool') }).finally(() => engine.close())
    const first = pool.digests.slice(0, 2)
    matrices = first.map((digest) => ({ digest, path: join(pool.dir, `${digest}.bin`) }))
    const options = { prefer, imageDirectory: imageDirectory(defaultCacheDirectory()) } as const
    evaluator = createEvaluator({ engine: options, lockPath: join(home, 'lock') })
  })
  after(async () => {
    rmSync(home, { recursive: true, force: true })
    await stop?.()
  })

  /** As a validator does: what the bundle check refuses never runs. */
  async function judge(content: Buffer) {
    try {
      const candidate = checkBundle([{ path: 'solution.py', content }])
      const job = { candidate, partner: readBaseline(), matrices, seed: '5e'.repeat(32), limits }
      return await evaluator.evaluate(job)
    } catch (thrown) {
      if (thrown instanceof RunFault) return { verdict: 'miner', code: thrown.code, line: thrown.message }
      throw thrown
    }
  }

  for (const name of readdirSync(submissions).sort()) {
    const folder = join(submissions, name)
    const expected = JSON.parse(readFileSync(join(folder, 'expect.json'), 'utf8')) as {
      readonly verdict: 'pass' | 'miner'
      /** Several where it depends on the host which limit is met first. */
      readonly reason?: string | readonly string[]
    }
    const { verdict, reason = 'PASS' } = expected
    const reasons = [reason].flat()
    test(`${name} ${verdict === 'pass' ? 'is measured' : `is the miner's fault: ${reasons.join(' or ')}`}`, async () => {
      const judged = await judge(readFileSync(join(folder, 'submission/solution.py')))
      assert.equal(judged.verdict, verdict, judged.line)
      assert.ok(reasons.includes(judged.code), `${judged.code}: ${judged.line}`)
      if ('engine' in judged) assert.equal(judged.engine?.kind, prefer)
    })
  }
}
