/** What a development mesh needs of its machine: packages, the sandbox image, a pool of matrices, the baseline's time on this host. */
import { join } from 'node:path'
import { COMPETITIONS, type CompetitionParams } from '../../protocol/index.ts'
import {
  buildImage,
  buildPool,
  createEvaluator,
  defaultCacheDirectory,
  type EngineOptions,
  imageDirectory,
  openEngine,
  type PoolInfo,
  type PoolProgress,
  readBaseline,
  runLimits,
} from '../../sandbox/index.ts'
import { CliError, EXIT } from '../cli/output.ts'
import { toRuns } from '../measure.ts'
import { ensureSystemPackages } from '../setup/system.ts'

const COMPETITION = 'matrix-lossless'
/** Matrices on which the baseline's time on this host is pinned. */
const REFERENCE_MATRICES = 8

type PrepareOptions = {
  readonly engine: 'auto' | 'docker' | 'bubblewrap'
  /** Installs missing packages without asking. */
  readonly yes: boolean
  readonly say: (line: string) => void
  readonly signal: AbortSignal
}

/** One line a training step. */
const tellPool = (say: (line: string) => void) => {
  let told = -1
  return ({ last, matrices }: PoolProgress): void => {
    if (last.step === told) return
    told = last.step
    say(`pool: step ${last.step} of training, loss ${last.loss.toFixed(3)}, ${matrices} matrices`)
  }
}

/** The demo's parameters: the competition's rules with this machine's image, pool and reference time. */
const toParams = async (o: {
  image: string
  pool: PoolInfo
  options: EngineOptions
  signal: AbortSignal
}): Promise<CompetitionParams> => {
  const rules = COMPETITIONS.get(COMPETITION)
  if (rules === undefined) throw new Error(`no competition ${COMPETITION}`)
  const { pool } = o
  const facts = { image: o.image, poolManifest: pool.manifestDigest, poolRoot: pool.root, referenceNanos: 1n }
  const params = rules.presets.demo(facts)
  const matrices = pool.digests
    .slice(0, REFERENCE_MATRICES)
    .map((digest) => ({ digest, path: join(pool.dir, `${digest}.bin`) }))
  const baseline = readBaseline()
  const job = { candidate: baseline, partner: baseline, matrices, seed: pool.root, limits: runLimits }
  const measurement = await createEvaluator({ engine: o.options }).evaluate(job, { signal: o.signal })
  if (measurement.verdict !== 'pass') {
    throw new CliError({
      exitCode: EXIT.unavailable,
      message: `the baseline does not run in the sandbox: ${measurement.line}`,
    })
  }
  const { hereNanos } = rules.certifyHost({ params, matrices: measurement.matrices.map(toRuns) })
  return { ...params, referenceNanos: hereNanos }
}

/**
 * The image and the pool are made once a machine and found again in the cache after that; the reference time is measured each time.
 * @throws CliError, SetupError or SandboxError with what this machine lacks; the signal's reason
 */
export const prepareMachine = async (
  o: PrepareOptions,
): Promise<{ readonly params: CompetitionParams; readonly poolDir: string }> => {
  const { engine: prefer, say, signal } = o
  await ensureSystemPackages({
    need: prefer === 'docker' ? ['docker', 'mmdebstrap'] : ['bubblewrap', 'mmdebstrap'],
    yes: o.yes,
    interactive: process.stdin.isTTY === true,
    report: say,
    signal,
  })
  const cache = defaultCacheDirectory()
  const directory = imageDirectory(cache)
  const image = await buildImage({ directory, onProgress: say, signal })
  const options: EngineOptions = { prefer, imageDirectory: directory, dockerRoot: join(cache, 'docker') }
  const engine = await openEngine(options)
  try {
    const outDir = join(cache, `pool-demo-${image.digest.slice(0, 16)}`)
    const pool = await buildPool({ engine, preset: 'demo', outDir, onProgress: tellPool(say), signal })
    say(
      `sandbox: ${engine.kind} ${engine.version}; pool of ${pool.digests.length} matrices, root ${pool.root.slice(0, 16)}`,
    )
    return { params: await toParams({ image: image.digest, pool, options, signal }), poolDir: pool.dir }
  } finally {
    await engine.close()
  }
}
