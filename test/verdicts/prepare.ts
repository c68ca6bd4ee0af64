/** Makes this machine ready to judge: packages, image, an engine that runs, matrices, and a watch over what is left behind. */
import { hash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { buildersOf } from '../../node/demo/prepare.ts'
import { ensureSystemPackages } from '../../node/setup/system.ts'
import type { SystemNeed } from '../../node/setup/system-plan.ts'
import { COMPETITIONS } from '../../protocol/index.ts'
import { ownRoot, socketOf } from '../../sandbox/engine/daemon.ts'
import { connectDocker } from '../../sandbox/engine/docker/connect.ts'
import { isOwnerAlive } from '../../sandbox/engine/process-owner.ts'
import {
  buildImage,
  buildPool,
  type ContractName,
  createEvaluator,
  createHostsEvaluator,
  defaultCacheDirectory,
  type Engine,
  type EngineOptions,
  imageDirectory,
  localHardware,
  openEngine,
  type RecipeName,
  readBaseline,
  readContract,
  readReference,
  recipeFor,
  runLimits,
} from '../../sandbox/index.ts'
import { defaultHostLock, takeLock } from '../../sandbox/lock.ts'
import { type Bench, matrixBench, trainingBench } from './judge.ts'
import { type Containers, watchHost } from './leftovers.ts'
import { chooseMatrices } from './matrices.ts'

/** The engines by name. */
export const ENGINES = ['bubblewrap', 'docker', 'podman'] as const
export type EngineName = (typeof ENGINES)[number]

export type Ready = {
  readonly bench: Bench
  /** Cases that it can measure at the same time. */
  readonly atOnce: number
  /** Waits until nobody else on this host measures, where others do; what it returns lets them. */
  readonly takeTurn: () => Promise<() => void>
  /** `bubblewrap 0.8.0`. */
  readonly engine: string
  /** What was left over since the last call or the start. */
  readonly leftSinceLastCase: () => Promise<readonly string[]>
  /** Ends the engine and all of ours; what is on this host then that was not before. */
  readonly close: () => Promise<readonly string[]>
}

type Options = {
  readonly competition: string
  readonly engine: EngineName
  /** Quads of each measurement on matrices, and of each training run. */
  readonly matrixCount: number
  readonly quads: number
  /** The contract of training runs. */
  readonly preset: ContractName
  /** What data, order and questions are drawn from. */
  readonly seed: number
  readonly say: (line: string) => void
  readonly signal: AbortSignal
}

type Watched = Containers & { readonly stop: () => void }

/** Asks the engine, and listens to what it makes from now on. */
const watchContainers = async (dockerRoot: string, kind: 'docker' | 'podman'): Promise<Watched> => {
  const path = socketOf(ownRoot(dockerRoot, kind), kind)
  const { docker } = await connectDocker(existsSync(path) ? { kind: 'unix', path } : undefined, kind)
  const events = await docker.getEvents({ filters: { type: ['container'], event: ['create'] } })
  const ids = new Set<string>()
  const lines = createInterface({ input: events })
  lines.on('line', (line) => ids.add((JSON.parse(line) as { readonly id: string }).id))
  // The engine ends before we do.
  events.on('error', () => undefined)
  const orphans = async (): Promise<readonly string[]> => {
    const containers = await docker.listContainers({ all: true, filters: { label: ['evalmesh.owner'] } })
    return containers
      .filter(({ Labels }) => !isOwnerAlive(Labels['evalmesh.owner'] ?? ''))
      .map(({ Id, Labels }) => `${Labels['evalmesh.name'] ?? 'unnamed'} ${Id.slice(0, 12)}`)
  }
  return { orphans, ids, stop: () => lines.close() }
}

const findPool = (engine: Engine, signal: AbortSignal) => {
  const outDir = join(defaultCacheDirectory(), `pool-demo-${engine.imageDigest?.slice(0, 16) ?? 'host'}`)
  return buildPool({ engine, preset: 'demo', outDir, signal })
}

type Measuring = { readonly options: EngineOptions; readonly lockPath: string }

type MatrixMeasuring = Measuring & {
  readonly engine: Engine
  readonly materials: string
  /** Folder of that image, which is built when it is missing. */
  readonly imageOf: (recipe: RecipeName) => Promise<string>
}

const toMatrixBench = async (
  { competition, matrixCount, seed, signal }: Options,
  { options, lockPath, engine, materials, imageOf }: MatrixMeasuring,
): Promise<Bench> => {
  const pool = await findPool(engine, signal)
  const matrices = chooseMatrices({ competition, pool, count: matrixCount, folder: materials })
  const evaluatorOn = async (recipe: RecipeName) =>
    createEvaluator({ engine: { ...options, imageDirectory: await imageOf(recipe) }, lockPath })
  const evaluators = new Map<RecipeName, ReturnType<typeof evaluatorOn>>()
  const evaluatorFor = (source: string) => {
    const recipe = recipeFor(source)
    const evaluator = evaluators.get(recipe) ?? evaluatorOn(recipe)
    evaluators.set(recipe, evaluator)
    return evaluator
  }
  const job = { competition, partner: readBaseline(competition), matrices, seed: toSeed(seed), limits: runLimits }
  return matrixBench({ evaluatorFor, job, signal })
}

/** Half of a case is one process at work. Each may fill 4 GiB. */
const TRAINING_AT_ONCE_MAX = 4

const toTrainingBench = (
  { competition, preset, quads, seed, signal }: Options,
  { options, lockPath, atOnce }: Measuring & { readonly atOnce: number },
): Bench =>
  trainingBench({
    evaluator: createHostsEvaluator({
      hosts: [
        { name: 'local', engine: options, isLocal: true, timed: Array(atOnce).fill(null), hardware: localHardware() },
      ],
      lockPath,
    }).training,
    job: {
      ...{
        competition,
        partner: readReference(),
        contract: readContract(preset).contract,
        quads,
        thetaPpm: null,
        driftMaxPpm: null,
      },
      ...{ roundSeed: toSeed(seed), seed: toSeed(seed) },
    },
    signal,
  })

/** A round's seed from a small number. */
const toSeed = (seed: number): string => hash('sha256', `submissions ${seed}`)

/**
 * Image and pool are found in the cache or made; an engine of ours is started where none answers.
 * @throws SetupError or SandboxError with what this machine lacks; the signal's reason
 */
export const prepare = async (o: Options): Promise<Ready> => {
  const { say, signal } = o
  // The command's own children carry the mark, and its own /tmp: what they leave can be told from a neighbour's.
  const hostLock = defaultHostLock()
  const scratch = mkdtempSync(join(tmpdir(), 'evalmesh-submissions-'))
  const [name, value] = ['EVALMESH_SUBMISSIONS', scratch]
  process.env[name] = value
  process.env['TMPDIR'] = scratch
  const watch = { mark: `${name}=${value}`, scratch }
  const leftAtTheEnd = await watchHost(watch)
  const interactive = process.stdin.isTTY === true
  const ensure = (need: readonly SystemNeed[]) =>
    ensureSystemPackages({ need, yes: false, interactive, report: say, signal })
  await ensure([o.engine])
  const imageOf = async (recipe: RecipeName): Promise<string> => {
    const directory = imageDirectory(defaultCacheDirectory(), recipe)
    await ensure(await buildersOf(directory, recipe))
    await buildImage({ recipe, directory, onProgress: say, signal })
    return directory
  }
  const isTraining = COMPETITIONS.get(o.competition)?.kind === 'training'
  const isGpu = isTraining && readContract(o.preset).contract.device === 'cuda'
  const directory = await imageOf(isGpu ? 'cuda' : isTraining ? 'torch' : 'numpy')
  const [dockerRoot, materials] = [join(scratch, 'docker'), join(scratch, 'materials')]
  const options: EngineOptions = {
    ...{ prefer: o.engine, imageDirectory: directory, dockerRoot },
    ...(isGpu ? { gpus: ['0'] } : {}),
  }
  say(`starting ${o.engine} …`)
  const engine = await openEngine(options)
  let containers: Watched | undefined
  const close = async (): Promise<readonly string[]> => {
    containers?.stop()
    await engine.close()
    rmSync(dockerRoot, { recursive: true, force: true })
    rmSync(materials, { recursive: true, force: true })
    const left = await leftAtTheEnd()
    if (left.length === 0) rmSync(scratch, { recursive: true, force: true })
    return left
  }
  try {
    mkdirSync(materials, { recursive: true })
    if (o.engine !== 'bubblewrap') containers = await watchContainers(dockerRoot, o.engine)
    const measuring = { options, lockPath: join(materials, 'lock') }
    // One GPU, one measurement.
    const atOnce = isTraining && !isGpu ? Math.min(availableParallelism(), TRAINING_AT_ONCE_MAX) : 1
    return {
      atOnce,
      // Verdicts do not depend on times, but where others measure, theirs must not suffer from hostile code beside them.
      takeTurn: async () => (existsSync(hostLock) ? takeLock(hostLock, signal) : () => undefined),
      bench: isTraining
        ? toTrainingBench(o, { ...measuring, atOnce })
        : await toMatrixBench(o, { ...measuring, engine, materials, imageOf }),
      engine: `${engine.kind} ${engine.version}`,
      leftSinceLastCase: await watchHost(containers === undefined ? watch : { ...watch, containers }),
      close,
    }
  } catch (thrown) {
    await close()
    throw thrown
  }
}
