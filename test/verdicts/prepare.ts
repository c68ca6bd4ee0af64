/** Makes this machine ready to judge: packages, image, an engine that runs, matrices, and a watch over what is left behind. */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { ensureSystemPackages } from '../../node/setup/system.ts'
import type { SystemNeed } from '../../node/setup/system-plan.ts'
import { ownRoot, socketOf } from '../../sandbox/daemon.ts'
import { connectDocker } from '../../sandbox/docker-connect.ts'
import {
  buildImage,
  buildPool,
  createEvaluator,
  defaultCacheDirectory,
  type Engine,
  type EngineOptions,
  imageDirectory,
  openEngine,
  type RecipeName,
  readBaseline,
  recipeFor,
  runLimits,
} from '../../sandbox/index.ts'
import { defaultHostLock } from '../../sandbox/lock.ts'
import { isOwnerAlive } from '../../sandbox/process-owner.ts'
import type { Bench } from './judge.ts'
import { type Containers, watchHost } from './leftovers.ts'
import { chooseMatrices } from './matrices.ts'

/** The engines by name. */
export const ENGINES = ['bubblewrap', 'docker', 'podman'] as const
export type EngineName = (typeof ENGINES)[number]

export type Ready = {
  readonly bench: Bench
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
  /** Quads of each measurement. */
  readonly matrixCount: number
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
  await ensure([o.engine, 'mmdebstrap'])
  const directory = imageDirectory(defaultCacheDirectory())
  await buildImage({ recipe: 'numpy', directory, onProgress: say, signal })
  const [dockerRoot, materials] = [join(scratch, 'docker'), join(scratch, 'materials')]
  const options: EngineOptions = { prefer: o.engine, imageDirectory: directory, dockerRoot }
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
    const pool = await findPool(engine, signal)
    mkdirSync(materials, { recursive: true })
    const { competition } = o
    const matrices = chooseMatrices({ competition, pool, count: o.matrixCount, folder: materials })
    if (o.engine !== 'bubblewrap') containers = await watchContainers(dockerRoot, o.engine)
    // Verdicts do not depend on times, but where others measure, theirs must not suffer from hostile code beside them.
    const lockPath = existsSync(hostLock) ? hostLock : join(materials, 'lock')
    const evaluatorOn = async (recipe: RecipeName) => {
      if (recipe === 'torch') await ensure(['pip'])
      const directory = imageDirectory(defaultCacheDirectory(), recipe)
      await buildImage({ recipe, directory, onProgress: say, signal })
      return createEvaluator({ engine: { ...options, imageDirectory: directory }, lockPath })
    }
    const evaluators = new Map<RecipeName, ReturnType<typeof evaluatorOn>>()
    const evaluatorFor = (source: string) => {
      const recipe = recipeFor(source)
      const evaluator = evaluators.get(recipe) ?? evaluatorOn(recipe)
      evaluators.set(recipe, evaluator)
      return evaluator
    }
    const partner = readBaseline(competition)
    const job = { competition, partner, matrices, seed: '5e'.repeat(32), limits: runLimits }
    return {
      bench: { evaluatorFor, job, signal },
      engine: `${engine.kind} ${engine.version}`,
      leftSinceLastCase: await watchHost(containers === undefined ? watch : { ...watch, containers }),
      close,
    }
  } catch (thrown) {
    await close()
    throw thrown
  }
}
