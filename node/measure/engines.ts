/** From a validator's configuration to the engines that measure for it. */
import { join } from 'node:path'
import {
  createHostsEvaluator,
  defaultCacheDirectory,
  type EngineFacts,
  type EngineHost,
  type Evaluator,
  imageDirectory,
  localHardware,
  openEngine,
  planCores,
  readPhysicalCores,
  runLimits,
  toEngineFacts,
} from '../../sandbox/index.ts'
import type { ValidatorConfig } from '../home/config.ts'
import type { Log } from '../log.ts'
import type { EngineConfig } from './engines-config.ts'

type Settings = Pick<ValidatorConfig, 'engine' | 'engines' | 'image' | 'startAhead'>

/** What `engine` alone says: one engine on this machine, wherever it answers. */
const HERE = { name: 'local', address: null, gpus: [], hardware: null, timedRuns: 1, cores: [] } as const

type Wanted = Omit<EngineConfig, 'address'> & { readonly address: EngineConfig['address'] | null }

const isLocal = ({ address }: Wanted): boolean =>
  address === null || address === 'bubblewrap' || address.kind === 'unix'

/** The hosts, and the cores that are left for referees. @throws SandboxError `TOO_FEW_CORES` */
export const toHosts = (
  settings: Settings,
): { readonly hosts: readonly EngineHost[]; readonly others: string | null } => {
  const wanted: readonly Wanted[] = settings.engines.length === 0 ? [HERE] : settings.engines
  const cache = defaultCacheDirectory()
  // Engines of one machine share its cores: they take turns on the same ones, those of the one with the most runs.
  const [first = HERE] = wanted.filter(isLocal).sort((a, b) => b.timedRuns - a.timedRuns)
  const plan = planCores({ runs: first.timedRuns, physical: readPhysicalCores(), chosen: first.cores })
  const hosts = wanted.map((one): EngineHost => {
    const { name, address, runtime, gpus, hardware, timedRuns, cores, seccompFolder } = one
    const local = isLocal(one)
    const remote = cores.length === 0 ? Array.from({ length: timedRuns }, () => null) : cores
    const place = address === null || address === 'bubblewrap' ? {} : { address }
    return {
      name,
      isLocal: local,
      timed: local ? plan.timed.slice(0, timedRuns) : remote,
      hardware: hardware ?? (local ? localHardware() : null),
      engine: {
        prefer: address === null ? settings.engine : address === 'bubblewrap' ? 'bubblewrap' : 'auto',
        imageDirectory: imageDirectory(cache, settings.image),
        ...(address === null ? { dockerRoot: join(cache, 'docker') } : {}),
        ...place,
        ...(runtime === undefined ? {} : { runtime }),
        ...(seccompFolder === undefined ? {} : { seccompFolder }),
        gpus,
      },
    }
  })
  return { hosts, others: plan.others }
}

/**
 * Opens each engine once; those that do not answer are warned of, for they may come back.
 * @throws the last engine's error when none answers: a validator that cannot measure should say so before it joins
 */
export const openEngines = async (
  settings: Settings,
  log: Pick<Log, 'info' | 'warn'>,
): Promise<{
  readonly evaluator: Evaluator
  readonly facts: EngineFacts
}> => {
  const { hosts, others } = toHosts(settings)
  let facts: EngineFacts | null = null
  let failure: unknown = new Error('no engine')
  for (const { name, engine: options } of hosts) {
    try {
      const engine = await openEngine(options)
      facts ??= { ...toEngineFacts(engine), host: name }
      await engine.close()
      log.info(
        { engine: name, kind: engine.kind, version: engine.version, strength: engine.strength },
        'engine answers',
      )
    } catch (error) {
      failure = error
      log.warn({ engine: name, error: `${error}` }, 'engine lost')
    }
  }
  if (facts === null) throw failure
  const evaluator = createHostsEvaluator({
    hosts,
    others,
    insist: true,
    ahead: settings.startAhead ? runLimits : null,
    onChange: ({ host, isWell, reason }) =>
      isWell ? log.info({ engine: host }, 'engine answers') : log.warn({ engine: host, error: reason }, 'engine lost'),
  })
  return { evaluator, facts }
}
