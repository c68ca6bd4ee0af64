/** A validator's configuration: one JSON file with comments in its home directory; flags win over it. */
import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { type RecipeName, recipeNames } from '../../sandbox/index.ts'
import { type EngineConfig, parseEngines } from '../measure/engines-config.ts'

/** Paths are absolute or relative to the home directory. */
export type ValidatorConfig = {
  /** Shown in logs and status. */
  readonly name: string
  readonly home: string
  /** The hotkey's file: our own, or one of a Bittensor wallet. */
  readonly hotkey: string
  /** The mesh's genesis document. */
  readonly genesis: string
  /** The chain: an http endpoint of a local chain, or ws endpoints of Subtensor nodes with commas between, the most trusted first. */
  readonly chain: string
  /** Sent with every vector; subnets refuse one below their own. */
  readonly weightsVersionKey: number
  readonly listen: readonly string[]
  /** Multiaddrs of other validators, with /p2p/. */
  readonly peers: readonly string[]
  readonly api: { readonly host: string; readonly port: number }
  readonly engine: 'auto' | 'docker' | 'podman' | 'bubblewrap'
  /** Engines by address, instead of the one of this machine that `engine` finds. */
  readonly engines: readonly EngineConfig[]
  /** Sandboxes wait, warm, for the next run: a run starts sooner, and 250 MB of memory are taken. */
  readonly startAhead: boolean
  /** The image that this node measures in; its digest must be the one that the mesh's parameters name. */
  readonly image: RecipeName
  /** Directories with pool matrices that this node serves to the committee. */
  readonly pools: readonly string[]
  /** The node stops at this finalised block, for an upgrade that all make at once; null: never. */
  readonly stopAtBlock: number | null
  readonly logLevel: string
}

export class ConfigError extends Error {
  readonly code = 'BAD_CONFIG'
  /** Wrong usage: to start again mends nothing. */
  readonly exitCode = 2
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''
const isTexts = (value: unknown): value is readonly string[] => Array.isArray(value) && value.every(isText)

export const DEFAULTS = {
  name: 'validator',
  hotkey: 'hotkey.json',
  genesis: 'genesis.json',
  listen: ['/ip4/0.0.0.0/tcp/4001'],
  peers: [],
  api: { host: '127.0.0.1', port: 8080 },
  engine: 'auto',
  engines: [],
  startAhead: false,
  image: 'numpy',
  weightsVersionKey: 0,
  pools: [],
  stopAtBlock: null,
  logLevel: 'info',
} as const

/** What a file may say; a misspelt field would silently do nothing. */
const FIELDS: readonly string[] = [...Object.keys(DEFAULTS), 'chain']

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const ENGINES = ['auto', 'docker', 'podman', 'bubblewrap'] as const
/** Those of pino. */
const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
const PORT_MAX = 65_535

const isPort = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= PORT_MAX

/** `~/` is the user's own folder, as in a shell; anything else that is not absolute lies in the home. */
const pathIn = (home: string, path: string): string =>
  path.startsWith('~/') ? join(homedir(), path.slice(2)) : resolve(home, path)

/** @throws ConfigError naming the field that is wrong or unknown. */
export const parseConfig = (raw: unknown, home: string): ValidatorConfig => {
  const given = { ...DEFAULTS, ...(isObject(raw) ? raw : {}) } as Record<string, unknown>
  const bad = (field: string, want: string): never => {
    throw new ConfigError(`config: ${field} must be ${want}`)
  }
  const unknown = Object.keys(given).find((field) => !FIELDS.includes(field))
  if (unknown !== undefined) bad(unknown, `one of ${FIELDS.join(', ')}`)
  const textOf = (field: string): string => {
    const value = given[field]
    return isText(value) ? value : bad(field, 'a non-empty text')
  }
  const textsOf = (field: string): readonly string[] => {
    const value = given[field]
    return isTexts(value) ? value : bad(field, 'a list of texts')
  }
  const flagOf = (field: string): boolean => {
    const value = given[field]
    return typeof value === 'boolean' ? value : bad(field, 'true or false')
  }
  const wholeOf = (field: string): number => {
    const value = given[field]
    return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : bad(field, 'a whole number')
  }
  const api = given['api'] as { host?: unknown; port?: unknown }
  if (!isText(api?.host) || !isPort(api.port)) return bad('api', '{ "host": text, "port": 0 to 65535 }')
  const engine = ENGINES.find((name) => name === given['engine']) ?? bad('engine', ENGINES.join(', '))
  return {
    name: textOf('name'),
    home,
    hotkey: pathIn(home, textOf('hotkey')),
    genesis: pathIn(home, textOf('genesis')),
    chain: textOf('chain'),
    weightsVersionKey: wholeOf('weightsVersionKey'),
    listen: textsOf('listen'),
    peers: textsOf('peers'),
    api: { host: api.host, port: api.port },
    engine,
    engines: parseEngines(given['engines'], home, bad),
    startAhead: flagOf('startAhead'),
    image: recipeNames.find((name) => name === given['image']) ?? bad('image', recipeNames.join(', ')),
    pools: textsOf('pools').map((dir) => pathIn(home, dir)),
    stopAtBlock: given['stopAtBlock'] === null ? null : wholeOf('stopAtBlock'),
    logLevel: LOG_LEVELS.find((level) => level === given['logLevel']) ?? bad('logLevel', LOG_LEVELS.join(', ')),
  }
}

/** JSON has no comments; our file has those that begin with two slashes. What stands in a text stays. */
const withoutComments = (text: string): string =>
  text.replace(/("(?:[^"\\]|\\.)*")|\/\/.*$/gm, (_, quoted: string | undefined) => quoted ?? '')

export const configFileOf = (home: string): string => join(home, 'config.json')

/** Reads HOME/config.json, with `flags` (undefined = not given) before it. */
export const loadConfig = async (home: string, flags: Readonly<Record<string, unknown>>): Promise<ValidatorConfig> => {
  const path = configFileOf(home)
  let file: unknown = {}
  try {
    file = JSON.parse(withoutComments(await readFile(path, 'utf8')))
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    if (!missing) throw new ConfigError(`config: ${path}: ${error instanceof Error ? error.message : 'unreadable'}`)
  }
  if (!isObject(file)) throw new ConfigError(`config: ${path}: it must hold one JSON object`)
  if (!('chain' in file) && flags['chain'] === undefined)
    throw new ConfigError(`config: ${path} names no chain; make a home with \`evalmesh init\`, or give --chain`)
  const set = Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined))
  return parseConfig({ ...file, ...set }, resolve(home))
}
