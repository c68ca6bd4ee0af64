/** A validator's configuration: one JSON file in its home directory; flags win over it. */
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'

/** Paths are absolute or relative to the home directory. */
export type ValidatorConfig = {
  /** Shown in logs and status. */
  readonly name: string
  readonly home: string
  /** The mesh's genesis document. */
  readonly genesis: string
  /** Endpoint of the chain. */
  readonly chain: string
  readonly listen: readonly string[]
  /** Multiaddrs of other validators, with /p2p/. */
  readonly peers: readonly string[]
  readonly api: { readonly host: string; readonly port: number }
  readonly engine: 'auto' | 'docker' | 'bubblewrap'
  /** Directories with pool matrices that this node serves to the committee. */
  readonly pools: readonly string[]
  readonly logLevel: string
}

export class ConfigError extends Error {
  readonly code = 'BAD_CONFIG'
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''
const isTexts = (value: unknown): value is readonly string[] => Array.isArray(value) && value.every(isText)

const DEFAULTS = {
  name: 'validator',
  genesis: 'genesis.json',
  listen: ['/ip4/0.0.0.0/tcp/4001'],
  peers: [],
  api: { host: '127.0.0.1', port: 8080 },
  engine: 'auto',
  pools: [],
  logLevel: 'info',
} as const

const ENGINES = ['auto', 'docker', 'bubblewrap'] as const

/** @throws ConfigError naming the field that is wrong. */
export const parseConfig = (raw: unknown, home: string): ValidatorConfig => {
  const given = { ...DEFAULTS, ...(typeof raw === 'object' && raw !== null ? raw : {}) } as Record<string, unknown>
  const bad = (field: string, want: string): never => {
    throw new ConfigError(`config: ${field} must be ${want}`)
  }
  const textOf = (field: string): string => {
    const value = given[field]
    return isText(value) ? value : bad(field, 'a non-empty text')
  }
  const textsOf = (field: string): readonly string[] => {
    const value = given[field]
    return isTexts(value) ? value : bad(field, 'a list of texts')
  }
  const api = given['api'] as { host?: unknown; port?: unknown }
  if (!isText(api?.host) || !Number.isInteger(api.port)) return bad('api', '{ "host": text, "port": number }')
  const engine = ENGINES.find((name) => name === given['engine']) ?? bad('engine', ENGINES.join(', '))
  return {
    name: textOf('name'),
    home,
    genesis: resolve(home, textOf('genesis')),
    chain: textOf('chain'),
    listen: textsOf('listen'),
    peers: textsOf('peers'),
    api: { host: api.host, port: Number(api.port) },
    engine,
    pools: textsOf('pools').map((dir) => resolve(home, dir)),
    logLevel: textOf('logLevel'),
  }
}

/** Reads HOME/config.json, with `flags` (undefined = not given) before it. */
export const loadConfig = async (home: string, flags: Readonly<Record<string, unknown>>): Promise<ValidatorConfig> => {
  const path = join(home, 'config.json')
  let file: unknown = {}
  try {
    file = JSON.parse(await readFile(path, 'utf8'))
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    if (!missing) throw new ConfigError(`config: ${path}: ${error instanceof Error ? error.message : 'unreadable'}`)
  }
  const set = Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined))
  return parseConfig({ ...(file as object), ...set }, resolve(home))
}
