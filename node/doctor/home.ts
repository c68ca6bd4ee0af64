/** What the doctor looks at in a home folder and on the machine: nothing here asks the chain or another validator. */
import { statfs } from 'node:fs/promises'
import { createServer } from 'node:net'
import { availableParallelism, totalmem, userInfo } from 'node:os'
import { join } from 'node:path'
import { multiaddr } from '@multiformats/multiaddr'
import type { Genesis } from '../../protocol/index.ts'
import { defaultCacheDirectory, type Engine, openEngine, SandboxError } from '../../sandbox/index.ts'
import { isThere } from '../files.ts'
import type { ValidatorConfig } from '../home/config.ts'
import { loadDelegation } from '../home/delegation.ts'
import { checkNotMoved } from '../home/guard.ts'
import type { ValidatorKeys } from '../home/keys.ts'
import { toHosts } from '../measure/engines.ts'
import { openStore, StoreError } from '../store/index.ts'
import { fail, messageOf, ok, skip, type Verdict, warn } from './check.ts'
import { runProgram } from './program.ts'

const NODE_VERSION_MIN = 24
const GIB = 2 ** 30
/** The node, and the two sandboxes of one measurement. */
const MEMORY_BYTES_MIN = 2.5 * GIB
/** An image, a round's matrices and some weeks of the log; below the second even a round may not fit. */
const DISK_BYTES = { enough: 10 * GIB, least: 2 * GIB }

const gib = (bytes: number): string => `${(bytes / GIB).toFixed(1)} GiB`

export const checkNode = (): Verdict => {
  const { version } = process
  return Number.parseInt(version.slice(1), 10) >= NODE_VERSION_MIN
    ? ok(version)
    : fail(version, `Node ${NODE_VERSION_MIN} or later; \`npm ci\` brings one along`)
}

export const checkMemory = (): Verdict => {
  const found = `${gib(totalmem())}, ${availableParallelism()} cores`
  return totalmem() >= MEMORY_BYTES_MIN
    ? ok(found)
    : warn(found, `${gib(MEMORY_BYTES_MIN)} are needed while a round is measured`)
}

/** Free room where the folder is, or will be. */
const freeBytes = async (folder: string): Promise<number> => {
  const { bavail, bsize } = await statfs((await isThere(folder)) ? folder : join(folder, '..')).catch(() => statfs('/'))
  return bavail * bsize
}

export const checkDisk = async (home: string): Promise<Verdict> => {
  const [store, cache] = await Promise.all([freeBytes(home), freeBytes(defaultCacheDirectory())])
  const found = `${gib(store)} free for the home, ${gib(cache)} for the cache`
  const least = Math.min(store, cache)
  if (least < DISK_BYTES.least)
    return fail(found, `free ${gib(DISK_BYTES.least)}, or set EVALMESH_CACHE to another disk`)
  return least < DISK_BYTES.enough ? warn(found, `${gib(DISK_BYTES.enough)} last for weeks`) : ok(found)
}

/** Whether the store may be opened: `running` when a validator has it open now. */
export const checkStore = async (home: string): Promise<Verdict & { readonly isRunning: boolean }> => {
  const dir = join(home, 'store')
  try {
    await checkNotMoved(home)
    if (!(await isThere(join(dir, 'level'))))
      return { ...ok('empty: this validator has never run here'), isRunning: false }
    const store = await openStore({ dir })
    const entries = store.nextSequence()
    await store.close()
    return { ...ok(`${entries} journal entries`), isRunning: false }
  } catch (error) {
    if (error instanceof StoreError && error.code === 'STORE_LOCKED')
      return { ...ok('the validator is running'), isRunning: true }
    const mend =
      error instanceof StoreError && error.code === 'CORRUPT'
        ? `evalmesh keys renew --home ${home}`
        : 'docs/VALIDATOR.md, “Never two”'
    return { ...fail(messageOf(error), mend), isRunning: false }
  }
}

export const checkDelegation = async (home: string, keys: ValidatorKeys): Promise<Verdict> => {
  const kept = await loadDelegation(home)
  if (kept === null) return ok('none yet: signed at the first start, where nobody speaks for the hotkey')
  const { counter, toBlock, sessionKey } = kept.body
  return sessionKey === keys.session.publicKey
    ? ok(`counter ${counter}, up to block ${toBlock}`)
    : ok(`counter ${counter} is to other keys: a new one is signed at the next start`)
}

/** Digests of the images that the mesh's competitions are measured in. */
const imagesOf = ({ competitions }: Genesis): ReadonlySet<string> => new Set(competitions.map(({ image }) => image))

export type EngineVerdicts = { readonly engine: Verdict; readonly image: Verdict }

/** What enforces the limits: docs/SANDBOX.md. */
const strengthOf = ({ strength }: Engine): string => {
  const { memory, cpu } = strength
  return `memory by ${memory}, cpu by ${cpu}`
}

const imageVerdict = (digest: string | null, config: ValidatorConfig, genesis: Genesis | null): Verdict => {
  if (digest === null) return fail('none', `evalmesh image build --image ${config.image}`)
  const short = `${config.image} ${digest.slice(0, 16)}`
  if (genesis === null) return skip(short)
  const wanted = imagesOf(genesis)
  if (wanted.size === 0 || wanted.has(digest)) return ok(short)
  const other = [...wanted].map((one) => one.slice(0, 16)).join(', ')
  return fail(
    `${short}; the mesh measures in ${other}`,
    `another \`image\` in config.json, or remove this one and evalmesh image build`,
  )
}

/** Why each kind of engine cannot, in a line; null where the facts do not say. */
const toldOf = ({ probed }: Readonly<Record<string, unknown>>): string | null => {
  if (typeof probed !== 'object' || probed === null) return null
  const told = Object.entries(probed).map(
    ([kind, why]) => `${kind}: ${typeof why === 'string' ? why : JSON.stringify(why)}`,
  )
  return told.join('; ')
}

const engineFault = (error: unknown, config: ValidatorConfig): EngineVerdicts => {
  const facts = error instanceof SandboxError ? error.facts : {}
  const code = error instanceof SandboxError ? error.code : ''
  const build = `evalmesh image build --image ${config.image}`
  if (code === 'IMAGE_MISSING' || code === 'IMAGE_DAMAGED') {
    const folder = String(facts['directory'] ?? '')
    const mend = code === 'IMAGE_MISSING' ? build : `remove ${folder}, then ${build}`
    return { engine: skip('an engine needs its image first'), image: fail(`${code} ${folder}`, mend) }
  }
  const image = skip('needs an engine')
  // An image that root has built holds folders that only its owner may look into.
  const isForeign = /EACCES/.test(messageOf(error))
  const own = `as root: chown -R ${userInfo().username} ${defaultCacheDirectory()}`
  const mend = isForeign ? own : String(facts['mend'] ?? 'docs/SANDBOX.md')
  return { engine: fail(toldOf(facts) ?? messageOf(error), mend), image }
}

/** Opens every engine as the validator would. */
export const checkEngines = async (config: ValidatorConfig, genesis: Genesis | null): Promise<EngineVerdicts> => {
  const found: string[] = []
  const lost: string[] = []
  let digest: string | null = null
  let fault: unknown = new Error('no engine')
  try {
    for (const { name, engine: options } of toHosts(config).hosts) {
      try {
        const engine = await openEngine(options)
        digest ??= engine.imageDigest
        found.push(`${name}: ${engine.kind} ${engine.version}, ${strengthOf(engine)}`)
        await engine.close()
      } catch (error) {
        fault = error
        lost.push(`${name}: ${messageOf(error)}`)
      }
    }
  } catch (error) {
    return engineFault(error, config)
  }
  if (found.length === 0) return engineFault(fault, config)
  const engine =
    lost.length === 0
      ? ok(found.join('; '))
      : warn([...found, ...lost].join('; '), 'it is asked again until it answers')
  return { engine, image: imageVerdict(digest, config, genesis) }
}

export const checkGpu = async (config: ValidatorConfig): Promise<Verdict> => {
  const isWanted = config.image === 'cuda' || config.engines.some(({ gpus }) => gpus.length > 0)
  const listed = await runProgram('nvidia-smi', [
    '--query-gpu=name,driver_version,memory.total',
    '--format=csv,noheader',
  ])
  const gpus = listed?.trim().split('\n').join('; ') ?? ''
  if (gpus !== '') return ok(isWanted ? gpus : `${gpus}; not lent to submissions`)
  if (!isWanted) return ok('none, and none is needed')
  return fail(
    'none answers',
    'install the driver until `nvidia-smi` lists it, or take image and gpus out of config.json',
  )
}

const placesOf = ({
  listen,
  api,
}: ValidatorConfig): readonly { readonly host: string; readonly port: number; readonly field: string }[] => [
  ...listen.flatMap((address) => {
    const parts = multiaddr(address).getComponents()
    const port = parts.find(({ name }) => name === 'tcp')?.value
    const host = parts.find(({ name }) => name === 'ip4' || name === 'ip6')?.value
    return port === undefined || host === undefined ? [] : [{ host, port: Number(port), field: 'listen' }]
  }),
  { ...api, field: 'api' },
]

const isFree = (o: { host: string; port: number }): Promise<string | null> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    server.listen(o.port, o.host, () => server.close(() => resolve(null)))
  })

export const checkPorts = async (config: ValidatorConfig): Promise<Verdict> => {
  const taken: string[] = []
  const places = placesOf(config)
  for (const place of places) {
    const why = await isFree(place)
    if (why !== null) taken.push(`${place.field} ${place.host}:${place.port} (${why})`)
  }
  const ports = places.map(({ port }) => port).join(', ')
  if (taken.length > 0) return fail(taken.join('; '), 'stop what has the port, or change that field of config.json')
  return ok(`${ports} are free; the others must reach the libp2p port through every firewall`)
}
