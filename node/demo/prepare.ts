/** What a development mesh needs of its machine: packages, the sandbox image, a pool of matrices, the baseline's time on this host. */
import { join } from 'node:path'
import { type CompetitionParams, matrixRulesOf } from '../../protocol/index.ts'
import {
  buildImage,
  buildPool,
  createEvaluator,
  defaultCacheDirectory,
  type Engine,
  type EngineOptions,
  imageDirectory,
  openEngine,
  openImage,
  type PoolInfo,
  type PoolProgress,
  type RecipeName,
  readBaseline,
  runLimits,
} from '../../sandbox/index.ts'
import { CliError, EXIT } from '../cli/output.ts'
import { toRuns } from '../measure/noise.ts'
import { ensureSystemPackages } from '../setup/system.ts'
import type { SystemNeed } from '../setup/system-plan.ts'

/** Matrices on which the baseline's time on this host is pinned. */
const REFERENCE_MATRICES = 8

export type PrepareOptions = {
  readonly engine: 'auto' | 'docker' | 'podman' | 'bubblewrap'
  /** Installs missing packages without asking. */
  readonly yes: boolean
  readonly say: (line: string) => void
  readonly signal: AbortSignal
}

/** A sandbox that was seen to work, and what is measured in it. Close the engine. */
type Prepared = {
  readonly engine: Engine
  readonly options: EngineOptions
  readonly pool: PoolInfo
}

/** A line whenever training has given more matrices. */
export const tellPool = (say: (line: string) => void) => {
  let told = -1
  return ({ last, matrices }: PoolProgress): void => {
    if (matrices === told) return
    told = matrices
    say(`pool: step ${last.step} of training, loss ${last.loss.toFixed(3)}, ${matrices} matrices`)
  }
}

export type PresetName = 'real' | 'demo'

/**
 * Parameters of one matrix competition: its rules with this machine's image, pool and reference time, which is measured.
 * @throws CliError when the baseline does not run here; the signal's reason
 */
export const matrixParams = async (o: {
  readonly competition: string
  readonly preset: PresetName
  readonly image: string
  readonly pool: PoolInfo
  readonly options: EngineOptions
  readonly signal: AbortSignal
}): Promise<CompetitionParams> => {
  const { competition, pool } = o
  const rules = matrixRulesOf(competition)
  if (rules === undefined) throw new Error(`no competition ${competition}`)
  const facts = { image: o.image, poolManifest: pool.manifestDigest, poolRoot: pool.root, referenceNanos: 1n }
  const params = rules.presets[o.preset](facts)
  const matrices = pool.digests
    .slice(0, REFERENCE_MATRICES)
    .map((digest) => ({ digest, path: join(pool.dir, `${digest}.bin`) }))
  const baseline = readBaseline(competition)
  const job = { competition, candidate: baseline, partner: baseline, matrices, seed: pool.root, limits: runLimits }
  const evaluator = createEvaluator({ engine: o.options })
  const measurement = await evaluator.evaluate(job, { signal: o.signal }).finally(() => evaluator.close())
  if (measurement.verdict !== 'pass') {
    throw new CliError({
      exitCode: EXIT.unavailable,
      message: `the baseline does not run in the sandbox: ${measurement.line}`,
    })
  }
  const { hereNanos } = rules.certifyHost({ params, matrices: measurement.matrices.map(toRuns) })
  return { ...params, referenceNanos: hereNanos }
}

/** What an image is built with. */
const IMAGE_BUILDERS: Readonly<Record<RecipeName, readonly SystemNeed[]>> = {
  numpy: ['mmdebstrap'],
  torch: ['mmdebstrap', 'pip'],
  cuda: ['docker'],
}

/** What the machine needs for that image: its own Python for none, nothing for one that is there. */
export const buildersOf = async (directory: string | null, image: RecipeName): Promise<readonly SystemNeed[]> => {
  if (directory === null) return ['python']
  const isThere = await openImage(directory).then(
    () => true,
    () => false,
  )
  return isThere ? [] : IMAGE_BUILDERS[image]
}

type SandboxOptions = PrepareOptions & {
  readonly image: RecipeName
  readonly hostPython: boolean
  /** Ids of the GPUs that may be lent; none if not given. */
  readonly gpus?: readonly string[]
}

/**
 * An engine that was seen to work, on the image, which is made once a machine and found again in the cache after that. Close the engine.
 * `hostPython`: no image, the machine's own Python by bubblewrap; nothing measured so may become a vote.
 * @throws CliError, SetupError or SandboxError with what this machine lacks; the signal's reason
 */
export const openSandbox = async (o: SandboxOptions): Promise<Omit<Prepared, 'pool'>> => {
  try {
    return await makeSandbox(o)
  } catch (error) {
    // What was ended in the middle fails for other reasons than those that count.
    throw o.signal.aborted ? o.signal.reason : error
  }
}

const makeSandbox = async (o: SandboxOptions): Promise<Omit<Prepared, 'pool'>> => {
  const { hostPython, image, say, signal } = o
  const prefer = hostPython ? 'bubblewrap' : o.engine
  const cache = defaultCacheDirectory()
  const directory = hostPython ? null : imageDirectory(cache, image)
  const builders = await buildersOf(directory, image)
  await ensureSystemPackages({
    need: [prefer === 'auto' ? 'bubblewrap' : prefer, ...builders],
    yes: o.yes,
    interactive: process.stdin.isTTY === true,
    report: say,
    signal,
  })
  if (directory !== null) await buildImage({ recipe: image, directory, onProgress: say, signal })
  const options: EngineOptions = { prefer, imageDirectory: directory, dockerRoot: join(cache, 'docker'), gpus: o.gpus }
  return { engine: await openEngine(options), options }
}

/**
 * The same with the demo's pool, which is made once a machine and image.
 * @throws as `openSandbox`
 */
export const prepareSandbox = async (o: SandboxOptions): Promise<Prepared> => {
  const { say, signal } = o
  const { engine, options } = await openSandbox(o)
  try {
    const outDir = join(defaultCacheDirectory(), `pool-demo-${engine.imageDigest?.slice(0, 16) ?? 'host'}`)
    const pool = await buildPool({ engine, preset: 'demo', outDir, onProgress: tellPool(say), signal })
    say(
      `sandbox: ${engine.kind} ${engine.version}; pool of ${pool.digests.length} matrices, root ${pool.root.slice(0, 16)}`,
    )
    return { engine, options, pool }
  } catch (error) {
    await engine.close()
    throw error
  }
}

/**
 * The demo's parameters of these competitions, which share what is handed out, and their pool; the reference times are measured each time.
 * @throws as `prepareSandbox`
 */
export const prepareMachine = async (
  o: PrepareOptions & { readonly competitions: readonly string[] },
): Promise<{ readonly competitions: readonly CompetitionParams[]; readonly poolDir: string }> => {
  const { engine, options, pool } = await prepareSandbox({ ...o, image: 'numpy', hostPython: false })
  try {
    if (engine.imageDigest === null) throw new Error('an engine without an image')
    const competitions: CompetitionParams[] = []
    // One after the other: what is timed runs alone.
    for (const competition of o.competitions) {
      const params = await matrixParams({
        competition,
        preset: 'demo',
        image: engine.imageDigest,
        pool,
        options,
        signal: o.signal,
      })
      const count = o.competitions.length
      // Rounds that are measured at the same time take turns on one host.
      const commitBlocks = params.commitBlocks * count
      competitions.push({ ...params, sharePpm: Math.floor(params.sharePpm / count), commitBlocks })
    }
    return { competitions, poolDir: pool.dir }
  } finally {
    await engine.close()
  }
}
