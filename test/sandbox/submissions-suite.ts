/** What every engine must make of test/submissions: each gets the verdict that lies beside it, honest, wrong or cheating. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { COMPETITIONS, matrixRulesOf } from '../../protocol/index.ts'
import { openBubblewrap } from '../../sandbox/engine/bubblewrap.ts'
import { buildPool, createEvaluator, type PoolInfo, readBaseline, recipeFor, runLimits } from '../../sandbox/index.ts'
import { type Case, readCases } from '../verdicts/case.ts'
import { judge, matrixBench } from '../verdicts/judge.ts'
import { chooseMatrices } from '../verdicts/matrices.ts'
import { mustRun, testImage } from './engine/setup.ts'

const submissions = join(import.meta.dirname, '../submissions')

/** Honest calls take milliseconds; the endless ones are waited for. What takes too long on a slow machine is judged again by the real limits. */
const short = { ...runLimits, loadMsMax: 3_000, callMsMax: 3_000, memoryBytes: 256 * 1024 * 1024 }
const patient = { ...short, loadMsMax: 15_000 }

const skip = mustRun ? false : 'needs root on Debian to be sure that the engine runs'

/** Registers the verdicts for one engine. `start` makes it reachable, `stop` takes it down again. */
export function describeSubmissions(candidate: {
  readonly prefer: 'bubblewrap' | 'docker'
  /** Which cases; all of them by `npm run -s submissions`. */
  readonly isCase: (one: Case) => boolean
  readonly start?: () => Promise<void>
  readonly stop?: () => Promise<void>
}) {
  describe(`submissions on ${candidate.prefer}`, { skip }, () => describeVerdicts(candidate))
}

const MATRIX_COMPETITIONS = [...COMPETITIONS.keys()].filter((competition) => matrixRulesOf(competition) !== undefined)

/** Of the first competition all; of another, which shares its sandbox and contract, those that are its own. */
const casesOf = (competition: string, index: number): readonly (readonly [string, Case])[] =>
  readCases(submissions, competition)
    .filter(({ expectation }) => index === 0 || expectation?.competitions?.includes(competition))
    .map((one) => [competition, one])

function describeVerdicts({ prefer, isCase, start, stop }: Parameters<typeof describeSubmissions>[0]) {
  const home = mkdtempSync(join(tmpdir(), 'evalmesh-submissions-'))
  let pool: PoolInfo

  const evaluatorFor = async (source: string) => {
    const { rootfs } = await testImage(recipeFor(source))
    return createEvaluator({ engine: { prefer, imageDirectory: join(rootfs, '..') }, lockPath: join(home, 'lock') })
  }

  before(async () => {
    await start?.()
    const { rootfs, digest: imageDigest } = await testImage()
    const engine = await openBubblewrap({ root: { kind: 'built', rootfs, digest: imageDigest } })
    pool = await buildPool({ engine, preset: 'demo', outDir: join(home, 'pool') }).finally(() => engine.close())
  })
  after(async () => {
    rmSync(home, { recursive: true, force: true })
    await stop?.()
  })

  for (const [competition, one] of MATRIX_COMPETITIONS.flatMap(casesOf).filter(([, candidate]) => isCase(candidate))) {
    const { verdict, reasons } = one.expectation ?? { verdict: one.problem, reasons: [] }
    test(`${competition}: ${one.name} ${verdict === 'pass' ? 'is measured' : `is the ${verdict}'s fault: ${reasons.join(' or ')}`}`, async () => {
      const matrices = chooseMatrices({ competition, pool, count: 2, folder: home })
      // What needs PyTorch's image needs its memory too; a server must be up before anybody can say where it listens.
      const limits = one.name === 'http-apex' ? runLimits : one.name.startsWith('http-') ? patient : short
      const job = { competition, partner: readBaseline(competition), matrices, seed: '5e'.repeat(32), limits }
      const first = await judge(one, matrixBench({ evaluatorFor, job }))
      const isLate = !first.ok && first.reason === 'TIMEOUT'
      const slowly = { ...job, limits: { ...runLimits, loadMsMax: patient.loadMsMax, memoryBytes: limits.memoryBytes } }
      const { ok, got, reason, line } = isLate ? await judge(one, matrixBench({ evaluatorFor, job: slowly })) : first
      assert.ok(ok, `${got} ${reason}: ${line}`)
    })
  }
}
