/** The field `engines` of a validator's configuration: where its sandboxes run, beside or instead of this machine. */
import { resolve } from 'node:path'
import { type EngineAddress, parseAddress, SandboxError } from '../../sandbox/index.ts'

/** One engine, with absolute paths. */
export type EngineConfig = {
  readonly name: string
  /** `bubblewrap` on this machine, or where a Docker or Podman engine listens. */
  readonly address: EngineAddress | 'bubblewrap'
  readonly runtime?: 'runsc'
  /** Ids of GPUs that may be lent. */
  readonly gpus: readonly string[]
  /** Of its machine, when what the machine says of itself is not to be believed. */
  readonly hardware: { readonly model: string; readonly cores: number } | null
  /** Timed runs at once. */
  readonly timedRuns: number
  /** Cores of each timed run; on this machine they are chosen if none are given. */
  readonly cores: readonly string[]
  /** For Podman on another machine: the folder there that holds our seccomp profiles. */
  readonly seccompFolder?: string
}

/** Runs at once that a configuration may ask for; what the machine bears is checked later. */
const TIMED_RUNS_MAX = 64
const FIELDS = ['name', 'address', 'tls', 'ssh', 'runtime', 'gpus', 'hardware', 'timedRuns', 'cores', 'seccompFolder']

type Fields = Readonly<Record<string, unknown>>
/** Ends the parsing with what a field must be. */
type Bad = (field: string, want: string) => never

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''
const isCount = (value: unknown, max: number): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 1 && value <= max
const hasOnly = (value: Fields, names: readonly string[]): boolean =>
  Object.keys(value).every((name) => names.includes(name))

const parsePlace = (given: Fields, home: string, bad: Bad): EngineConfig['address'] => {
  const { address, tls, ssh } = given
  if (!isText(address)) return bad('address', 'bubblewrap, unix:///path, tcp://host:port or ssh://user@host')
  const isTls = isObject(tls) && hasOnly(tls, ['ca', 'cert', 'key'])
  if (tls !== undefined && !(isTls && isText(tls['ca']) && isText(tls['cert']) && isText(tls['key'])))
    return bad('tls', '{ "ca": path, "cert": path, "key": path }')
  const isSsh = isObject(ssh) && hasOnly(ssh, ['key', 'hostKey']) && isText(ssh['hostKey'])
  if (ssh !== undefined && !(isSsh && (ssh['key'] === undefined || isText(ssh['key']))))
    return bad('ssh', '{ "hostKey": "SHA256:…", "key": path }')
  if (address === 'bubblewrap') return address
  const path = (value: unknown): string => resolve(home, String(value))
  try {
    return parseAddress(address, {
      tls: isTls ? { ca: path(tls['ca']), cert: path(tls['cert']), key: path(tls['key']) } : undefined,
      ssh: isSsh
        ? { hostKey: String(ssh['hostKey']), ...(ssh['key'] === undefined ? {} : { key: path(ssh['key']) }) }
        : undefined,
    })
  } catch (error) {
    if (error instanceof SandboxError) return bad('address', String(error.facts['reason']))
    throw error
  }
}

const parseHardware = (value: unknown, bad: Bad): EngineConfig['hardware'] => {
  if (value === undefined) return null
  if (!isObject(value) || !hasOnly(value, ['model', 'cores']))
    return bad('hardware', '{ "model": text, "cores": number }')
  const { model, cores } = value
  if (!isText(model) || !isCount(cores, 4_096)) return bad('hardware', '{ "model": text, "cores": number }')
  return { model, cores }
}

const parseOne = (given: unknown, home: string, bad: Bad): EngineConfig => {
  if (!isObject(given)) return bad('', 'an object')
  const unknown = Object.keys(given).find((field) => !FIELDS.includes(field))
  if (unknown !== undefined) return bad(unknown, `one of ${FIELDS.join(', ')}`)
  const { name, runtime, gpus = [], timedRuns = 1, cores = [], seccompFolder } = given
  if (!isText(name) || !/^[\w.-]{1,40}$/.test(name)) return bad('name', 'letters, digits, dots and dashes, at most 40')
  if (runtime !== undefined && runtime !== 'runsc') return bad('runtime', 'runsc')
  if (!Array.isArray(gpus) || !gpus.every(isText)) return bad('gpus', 'a list of ids')
  if (!isCount(timedRuns, TIMED_RUNS_MAX)) return bad('timedRuns', `1 to ${TIMED_RUNS_MAX}`)
  const isCores = Array.isArray(cores) && cores.every((list) => isText(list) && /^\d+([,-]\d+)*$/.test(list))
  if (!isCores || (cores.length !== 0 && cores.length !== timedRuns))
    return bad('cores', 'a list such as "2-3" a timed run')
  if (seccompFolder !== undefined && !isText(seccompFolder))
    return bad('seccompFolder', 'a path on the engine’s machine')
  return {
    name,
    address: parsePlace(given, home, bad),
    ...(runtime === undefined ? {} : { runtime }),
    gpus,
    hardware: parseHardware(given['hardware'], bad),
    timedRuns,
    cores,
    ...(seccompFolder === undefined ? {} : { seccompFolder }),
  }
}

/** The list as the file gives it. `bad` gets the path of the field that is wrong, such as `engines[1].tls`. */
export const parseEngines = (given: unknown, home: string, bad: Bad): readonly EngineConfig[] => {
  if (!Array.isArray(given)) return bad('engines', 'a list of engines')
  const engines = given.map((one: unknown, index) =>
    parseOne(one, home, (field, want) => bad(`engines[${index}]${field === '' ? '' : `.${field}`}`, want)),
  )
  if (new Set(engines.map(({ name }) => name)).size !== engines.length)
    return bad('engines', 'engines of different names')
  return engines
}
