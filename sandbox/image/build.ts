/** Builds the image root from Debian packages, by mmdebstrap with no registry and no daemon, else by Docker. */
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import process from 'node:process'
import type { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { connectDocker } from '../engine/docker/connect.ts'
import { isOwnerAlive, ownerTag } from '../engine/process-owner.ts'
import { SandboxError } from '../errors.ts'
import { takeLock } from '../lock.ts'
import { type CommandOptions, startCommand } from './command.ts'
import { exportBuild } from './docker-build.ts'
import { type Image, openImage, writeRecord } from './image.ts'
import { type Recipe, type RecipeName, recipes, suite } from './recipe.ts'
import { pruneTree } from './tree.ts'
import { installWheels } from './wheels.ts'

// The bootstrap writes and syncs 300 MB of small files: four times slower on a disk than in memory.
const ROOMY_BYTES = 2 * 1024 ** 3
const MEMORY_FOLDER = '/dev/shm'

/** What a build can be told. */
export type BuildOptions = {
  readonly recipe: RecipeName
  /** Folder of this one image (`imageDirectory(…)`); made if missing. */
  readonly directory: string
  /** One line a phase, for people. */
  readonly onProgress?: (line: string) => void
  readonly signal?: AbortSignal
  /** Docker engine to build with where mmdebstrap is absent; otherwise the usual ones are tried. */
  readonly socketPath?: string
}

/**
 * The image in `directory`, built if it is missing or damaged (docs/SANDBOX.md says how long and how large). Callers in several
 * processes wait for one another; what they see is a whole image or none.
 * @throws SandboxError `TOOLS_MISSING` with the `packages` to install, `IMAGE_BUILD_FAILED`, `LOCK_FAILED`.
 */
export async function buildImage(options: BuildOptions): Promise<Image> {
  const { directory, recipe, signal } = options
  const findPresent = async () => {
    const image = await openImage(directory).catch(asMissing)
    return image?.recipe === recipe ? image : null
  }
  mkdirSync(dirname(directory), { recursive: true })
  const present = await findPresent()
  if (present !== null) return present
  const unlock = await takeLock(`${directory}.lock`, signal)
  try {
    return (await findPresent()) ?? (await buildAside(options))
  } finally {
    unlock()
  }
}

/** A missing or damaged image is one to build; anything else is an error. */
function asMissing(thrown: unknown): null {
  if (thrown instanceof SandboxError && /^IMAGE_/.test(thrown.code)) return null
  throw thrown
}

async function buildAside(options: BuildOptions): Promise<Image> {
  const { directory, recipe: name, onProgress, signal } = options
  const recipe = recipes[name]
  removeLeftovers(directory)
  const aside = `${directory}.building.${ownerTag()}`
  const rootfs = join(aside, 'rootfs')
  mkdirSync(rootfs, { recursive: true })
  try {
    onProgress?.(`fetching and unpacking Debian ${suite} with ${recipe.packages.join(', ')}`)
    await bootstrap(rootfs, options)
    const installed = [...installedPackages(rootfs), ...(await installWheels({ rootfs, recipe, onProgress, signal }))]
    pruneTree(rootfs)
    onProgress?.('computing the image digest')
    const digest = await writeRecord(aside, name, installed)
    rmSync(directory, { recursive: true, force: true })
    renameSync(aside, directory)
    onProgress?.(`image ${digest.slice(0, 16)} is ready`)
    return await openImage(directory)
  } finally {
    rmSync(aside, { recursive: true, force: true })
  }
}

/** Half-built trees of processes that are no more. */
function removeLeftovers(directory: string): void {
  const prefix = `${directory}.building.`
  for (const name of readdirSync(dirname(directory))) {
    const path = join(dirname(directory), name)
    if (path.startsWith(prefix) && !isOwnerAlive(path.slice(prefix.length))) rmSync(path, { recursive: true })
  }
}

// Devices need root, and an engine leaves a mark.
const EXCLUDED = ['./dev/*', 'dev/*', '.dockerenv'].map((pattern) => `--exclude=${pattern}`)

/** Both ways write a tar that we unpack ourselves: without devices and owners it works for an ordinary user too. */
async function bootstrap(rootfs: string, { recipe: name, signal, socketPath }: BuildOptions): Promise<void> {
  const recipe: Recipe = recipes[name]
  const env = { ...process.env, TMPDIR: scratchFolder(), LC_ALL: 'C' }
  const start = (command: readonly string[], options: Partial<CommandOptions> = {}) =>
    startCommand(command, { env, signal, ...options })
  const unpack = ['tar', '-x', '-p', '--no-same-owner', ...EXCLUDED, '-C', rootfs]
  if (recipe.base !== undefined || !(await hasMmdebstrap())) {
    const address = socketPath === undefined ? undefined : ({ kind: 'unix', path: socketPath } as const)
    const { docker } = await connectDocker(address).catch((thrown: unknown) => {
      const packages = [recipe.base === undefined ? 'mmdebstrap' : 'docker.io']
      throw new SandboxError('TOOLS_MISSING', { packages }, thrown)
    })
    const { tar, remove } = await exportBuild(docker, name, recipe)
    await start(unpack, { stdin: tar }).done.finally(remove)
    return
  }
  const options = ['--quiet', '--variant=minbase', '--format=tar', `--include=${recipe.packages.join(',')}`]
  const apt = ['Acquire::Languages "none"', 'Acquire::Check-Valid-Until "false"'].map((text) => `--aptopt=${text}`)
  const dpkg = recipe.excludedPaths.map((path) => `--dpkgopt=path-exclude=${path}`)
  const build = ['mmdebstrap', ...options, ...apt, ...dpkg, suite, '-', ...hostSources()]
  const from = start(build)
  const into = start(unpack, { stdin: from.child.stdout as Readable })
  const results = await Promise.allSettled([from.done, into.done])
  const failed = results.find((result) => result.status === 'rejected')
  if (failed !== undefined) throw failed.reason
}

async function hasMmdebstrap(): Promise<boolean> {
  return promisify(execFile)('mmdebstrap', ['--version']).then(
    () => true,
    () => false,
  )
}

/** The machine's own Debian mirror, as it stands in its apt; none on other distributions: mmdebstrap has a default. */
function hostSources(): string[] {
  const files = ['/etc/apt/sources.list.d/debian.sources', '/etc/apt/sources.list']
  const usable = files.find((path) => existsSync(path) && readFileSync(path, 'utf8').includes(suite))
  return usable === undefined ? [] : [usable]
}

function scratchFolder(): string {
  try {
    const { bavail, bsize } = statfsSync(MEMORY_FOLDER)
    return bavail * bsize > ROOMY_BYTES ? MEMORY_FOLDER : tmpdir()
  } catch {
    return tmpdir()
  }
}

/** `name version` of every installed package, from dpkg's own record. */
function installedPackages(rootfs: string): string[] {
  const status = readFileSync(join(rootfs, 'var/lib/dpkg/status'), 'utf8')
  const field = (block: string, name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1] ?? ''
  return status
    .split('\n\n')
    .filter((block) => block.trim() !== '')
    .map((block) => `${field(block, 'Package')} ${field(block, 'Version')}`)
    .sort((a, b) => (a < b ? -1 : 1))
}
