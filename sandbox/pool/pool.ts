/** Builds a pool of real activations and gradients inside a sandbox, and reads one from disk. */
import { hash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { merkleRoot } from '../../protocol/index.ts'
import type { Engine } from '../engine/engine.ts'
import { SandboxError } from '../errors.ts'
import { basePolicy, type Policy } from '../limits.ts'
import { takeLock } from '../lock.ts'
import { type PoolLoss, receivePool } from './channel.ts'
import { matrixBytes, type PoolRow, parsePoolManifest, writePoolManifest } from './manifest.ts'

const MIB = 1024 * 1024

/** `demo`: 128 matrices of 64 KiB, seconds. `full`: 256×192 … 2048×2048, minutes. */
export type PoolPreset = 'demo' | 'full'

const policies: Readonly<Record<PoolPreset, Policy>> = {
  // Takes 5 s alone on one core; a busy machine needs a few times that.
  demo: { ...basePolicy, wallMs: 120_000, stdoutBytesMax: 64 * MIB },
  // The widest model keeps about 1 GiB between its forward and its backward pass.
  full: { ...basePolicy, memoryBytes: 4096 * MIB, wallMs: 60 * 60_000 },
}

/** A pool on disk: `manifest.csv`, `pool.json` and one `<sha256>.bin` a matrix. */
export type PoolInfo = {
  /** Absolute path. */
  readonly dir: string
  /** RFC 6962 root over the digests, hex. */
  readonly root: string
  /** Hex SHA-256 of manifest.csv. */
  readonly manifestDigest: string
  /** Hex SHA-256 of each matrix, in the manifest's order. */
  readonly digests: readonly string[]
  /** In the same order. */
  readonly rows: readonly PoolRow[]
  /** Hex SHA-256 of the program that made it. */
  readonly generator: string
  /** Of what the generator made; `added` once matrices of other origin are in it. */
  readonly preset: PoolPreset | 'added'
  /** Training loss of every step, in order; each model starts again at step 1. */
  readonly losses: readonly PoolLoss[]
}

/** How far a build is: the last loss that came, and the matrices written so far. */
export type PoolProgress = { readonly last: PoolLoss; readonly matrices: number }

type BuildPoolOptions = {
  readonly engine: Engine
  readonly preset: PoolPreset
  readonly outDir: string
  readonly onProgress?: ((progress: PoolProgress) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

const harness = join(import.meta.dirname, '../harness')
const sha256 = (bytes: Uint8Array): string => hash('sha256', bytes)
export const matrixFile = (digest: string): string => `${digest}.bin`

/**
 * Trains the preset's models inside a sandbox and writes what they made to `outDir`. A whole pool of the same generator
 * and preset there is returned as it is; any other pool there is replaced. Callers in several processes wait for one another;
 * nobody ever sees half a pool.
 * @throws SandboxError `POOL_BUILD_FAILED`, or what the engine throws; the signal's reason when aborted
 */
export async function buildPool(options: BuildPoolOptions): Promise<PoolInfo> {
  const { preset, signal } = options
  const outDir = resolve(options.outDir)
  const generator = sha256(await readFile(join(harness, 'pool_build.py')))
  const isWanted = (pool: PoolInfo) => pool.generator === generator && pool.preset === preset
  const findWanted = async () => {
    const present = await readPool(outDir).catch(() => null)
    return present !== null && isWanted(present) ? present : null
  }
  const present = await findWanted()
  if (present !== null) return present
  await checkReplaceable(outDir)
  await mkdir(dirname(outDir), { recursive: true })
  const unlock = await takeLock(`${outDir}.lock`, signal)
  try {
    // Whoever held the lock before us may have built it.
    return (await findWanted()) ?? (await buildAside(outDir, { ...options, generator }))
  } finally {
    unlock()
  }
}

async function buildAside(
  outDir: string,
  options: BuildPoolOptions & { readonly generator: string },
): Promise<PoolInfo> {
  const aside = await mkdtemp(join(dirname(outDir), `.${basename(outDir)}-`))
  try {
    await runGenerator(aside, options)
    options.signal?.throwIfAborted()
    await rm(outDir, { recursive: true, force: true })
    await rename(aside, outDir)
    return await readPool(outDir)
  } finally {
    await rm(aside, { recursive: true, force: true })
  }
}

/** Only a pool that can be built again, whole or damaged, may be replaced: never an operator's other files or matrices. */
async function checkReplaceable(outDir: string): Promise<void> {
  await checkPoolFolder(outDir)
  const record = await readFile(join(outDir, 'pool.json')).catch(() => null)
  if (record !== null && parseRecord(record)?.preset === 'added')
    throw new SandboxError('POOL_BUILD_FAILED', { outDir, reason: 'holds matrices that were added' })
}

/**
 * There is nothing but a pool in the folder, or no folder.
 * @throws SandboxError `POOL_BUILD_FAILED`
 */
export async function checkPoolFolder(outDir: string): Promise<void> {
  const names = await readdir(outDir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw new SandboxError('POOL_BUILD_FAILED', { outDir, reason: error.code })
  })
  const foreign = names.find((name) => !/^(manifest\.csv|pool\.json|[0-9a-f]{64}\.bin)$/.test(name))
  if (foreign !== undefined)
    throw new SandboxError('POOL_BUILD_FAILED', { outDir, reason: 'holds other files', foreign })
}

async function runGenerator(dir: string, options: BuildPoolOptions & { readonly generator: string }): Promise<void> {
  const { engine, preset, generator, onProgress, signal } = options
  signal?.throwIfAborted()
  const sandbox = await engine.start({
    name: 'pool',
    argv: ['/usr/bin/python3', '-I', '-B', '/harness/pool_build.py', preset],
    mounts: [{ source: harness, target: '/harness' }],
    env: {},
    policy: policies[preset],
  })
  const stop = () => void sandbox.kill()
  signal?.addEventListener('abort', stop, { once: true })
  const losses: PoolLoss[] = []
  const rows: PoolRow[] = []
  let failure: unknown = null
  try {
    sandbox.stdin.end()
    await receivePool(sandbox.stdout, {
      onLoss: (last) => {
        losses.push(last)
        onProgress?.({ last, matrices: rows.length })
      },
      onMatrix: async ({ bytes, ...matrix }, { loss }) => {
        const digest = sha256(bytes)
        const { model, kind, direction, layer, step } = matrix
        const name = `${model}-${kind}-l${layer}-s${step}-${direction}`
        rows.push({ ...matrix, name, loss, digest })
        await writeFile(join(dir, matrixFile(digest)), bytes)
      },
    })
  } catch (thrown) {
    failure = thrown
    await sandbox.kill()
  } finally {
    signal?.removeEventListener('abort', stop)
  }
  const { status, code, stderr } = await sandbox.exited
  signal?.throwIfAborted()
  if (failure !== null || status !== 'exited' || code !== 0) {
    const reason = failure instanceof Error ? failure.message : null
    throw new SandboxError('POOL_BUILD_FAILED', { status, code, stderr: stderr.slice(-2_000), reason }, failure)
  }
  await writeRecord(dir, { rows, preset, generator, losses })
}

/** Manifest and record of the matrices that lie in `dir`. */
export async function writeRecord(
  dir: string,
  o: { readonly rows: readonly PoolRow[] } & Pick<PoolInfo, 'preset' | 'generator' | 'losses'>,
): Promise<void> {
  const { rows, preset, generator, losses } = o
  const manifest = Buffer.from(writePoolManifest(rows))
  const { digests } = parsePoolManifest(manifest)
  const bytes = rows.reduce((total, row) => total + matrixBytes(row), 0)
  const [root, manifestDigest] = [merkleRoot(digests), sha256(manifest)]
  const record = { preset, generator, root, manifestDigest, count: rows.length, bytes, losses }
  await writeFile(join(dir, 'manifest.csv'), manifest)
  await writeFile(join(dir, 'pool.json'), `${JSON.stringify(record, null, 2)}\n`)
}

/**
 * The pool in `dir`: its manifest is checked against its record and every matrix is there in its size; whoever reads a
 * matrix checks its digest.
 * @throws SandboxError `POOL_MISSING`, `POOL_DAMAGED`
 */
export async function readPool(dir: string): Promise<PoolInfo> {
  const absolute = resolve(dir)
  const read = (file: string, code: 'POOL_MISSING' | 'POOL_DAMAGED') =>
    readFile(join(absolute, file)).catch((error: NodeJS.ErrnoException) => {
      throw new SandboxError(code, { dir: absolute, file, reason: error.code })
    })
  const damaged = (file: string) => new SandboxError('POOL_DAMAGED', { dir: absolute, file })
  const record = parseRecord(await read('pool.json', 'POOL_MISSING'))
  if (record === null) throw damaged('pool.json')
  const manifest = await read('manifest.csv', 'POOL_DAMAGED')
  const { digests, rows } = parsePoolManifest(manifest)
  const [root, manifestDigest] = [merkleRoot(digests), sha256(manifest)]
  if (root !== record.root || manifestDigest !== record.manifestDigest) throw damaged('manifest.csv')
  for (const row of rows) {
    const file = matrixFile(row.digest)
    const size = await stat(join(absolute, file)).then(
      (found) => found.size,
      () => null,
    )
    if (size !== matrixBytes(row)) throw damaged(file)
  }
  const { generator, preset, losses } = record
  return { dir: absolute, root, manifestDigest, digests, rows, generator, preset, losses }
}

type PoolRecord = Omit<PoolInfo, 'dir' | 'digests' | 'rows'>

function parseRecord(bytes: Buffer): PoolRecord | null {
  try {
    const value = JSON.parse(bytes.toString('utf8')) as Partial<PoolRecord> | null
    const { root, manifestDigest, generator, preset, losses } = value ?? {}
    const isText = [root, manifestDigest, generator].every((field) => typeof field === 'string')
    const isWhole = isText && (preset === 'demo' || preset === 'full' || preset === 'added') && Array.isArray(losses)
    return isWhole ? (value as PoolRecord) : null
  } catch {
    return null
  }
}
