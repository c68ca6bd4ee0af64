/** Adds an operator's own tensors to a pool, from .npy, .safetensors and raw .bin files. */
import { hash } from 'node:crypto'
import { link, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, extname, join, resolve } from 'node:path'
import { SandboxError } from '../errors.ts'
import { takeLock } from '../lock.ts'
import { toBfloat16 } from '../tensor/bfloat16.ts'
import { placeOfNpy } from '../tensor/npy.ts'
import { placesOfSafetensors } from '../tensor/safetensors.ts'
import { elementsOf, type Source, type TensorPlace, unfit, withSource } from '../tensor/source.ts'
import { ELEMENTS_MAX, type PoolRow, parsePoolManifest, ROWS_MAX } from './manifest.ts'
import { checkPoolFolder, matrixFile, type PoolInfo, readPool, writeRecord } from './pool.ts'

/** What a matrix is, where its name does not tell. */
export type Traits = Partial<Pick<PoolRow, 'layer' | 'step' | 'direction'>>

export type AddOptions = {
  /** Of the pool; made when it is not there. */
  readonly dir: string
  readonly files: readonly string[]
  /** Names of tensors to take from .safetensors files; all when it is not given. */
  readonly tensors?: readonly string[] | undefined
  /** Of raw .bin files; one row when it is not given. */
  readonly shape?: { readonly rows: number; readonly columns: number } | undefined
  readonly traits?: Traits | undefined
  readonly signal?: AbortSignal | undefined
}

/** A matrix that was in a file. */
export type AddedMatrix = {
  readonly row: PoolRow
  readonly file: string
  /** Elements that are infinite or NaN. */
  readonly strange: number
  /** False for one that the pool had already. */
  readonly isNew: boolean
}

const NAME_CHARACTERS_MAX = 64

/** One row a matrix where there is one dimension; else all but the last dimension are rows. */
const rowsAndColumns = (path: string, shape: readonly number[]) => {
  const elements = elementsOf(path, shape)
  const columns = shape.at(-1) ?? 1
  if (elements > ELEMENTS_MAX) throw unfit(path, `more than ${ELEMENTS_MAX} elements: cut it into pieces`, { shape })
  return { rows: elements / columns, columns }
}

const firstNumber = (pattern: RegExp, text: string): number | undefined => {
  const found = pattern.exec(text)?.[1]
  return found === undefined ? undefined : Number(found)
}

/** `model.layers.3.mlp-step120.grad`: layer 3, step 120, backward. */
const traitsIn = (name: string): Required<Traits> => ({
  layer: firstNumber(/(?:^|[^a-z])(?:layers?|blocks?|h|l)[._-]?(\d{1,4})(?!\d)/i, name) ?? 0,
  step: firstNumber(/(?:^|[^a-z])(?:steps?|s)[._-]?(\d{1,9})(?!\d)/i, name) ?? 0,
  direction: /grad|backward/i.test(name) ? 'backward' : 'forward',
})

const toName = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, NAME_CHARACTERS_MAX)
    .replace(/^-|-$/g, '') || 'matrix'

const placesOf = async (source: Source, { shape, tensors }: AddOptions): Promise<readonly TensorPlace[]> => {
  const { path, size } = source
  const kind = extname(path).toLowerCase()
  if (kind === '.npy') return [await placeOfNpy(source)]
  if (kind === '.safetensors') return placesOfSafetensors(source, (name) => tensors?.includes(name) ?? true)
  if (kind !== '.bin') throw unfit(path, 'neither .npy nor .safetensors nor .bin')
  const { rows, columns } = shape ?? { rows: 1, columns: size / 2 }
  if (size === 0 || size % 2 !== 0 || rows * columns * 2 !== size)
    throw unfit(path, 'not two bytes for each element', { size, rows, columns })
  return [{ name: '', dtype: 'bf16', shape: [rows, columns], start: 0, size }]
}

/** Writes the file's matrices to `dir`; `known` holds the pool's digests and grows. */
const takeFile = (path: string, o: AddOptions & { readonly into: string; readonly known: Set<string> }) =>
  withSource(path, async (source): Promise<readonly AddedMatrix[]> => {
    const added: AddedMatrix[] = []
    const places = await placesOf(source, o)
    if (places.length === 0) throw unfit(path, 'no tensor of these names')
    for (const place of places) {
      o.signal?.throwIfAborted()
      const size = rowsAndColumns(path, place.shape)
      const { bytes, strange } = toBfloat16(await source.read(place.start, place.size), place.dtype)
      const digest = hash('sha256', bytes)
      const isNew = !o.known.has(digest)
      if (isNew) await writeFile(join(o.into, matrixFile(digest)), bytes)
      o.known.add(digest)
      const full = [basename(path, extname(path)), place.name].filter((part) => part !== '').join('.')
      const row = { name: toName(full), ...size, ...traitsIn(full), ...o.traits, loss: 0, digest }
      added.push({ row, file: path, strange, isNew })
    }
    return added
  })

/**
 * Adds what these files hold; float32 and float16 are rounded to the nearest bfloat16, ties to even, and other types refused. A matrix that
 * the pool has is not added twice. Either all files are added or none; nobody ever sees half a pool.
 * @throws SandboxError `POOL_ADD_FAILED` with the file and what is wrong with it, `POOL_DAMAGED`, `POOL_BUILD_FAILED`; the signal's reason
 */
export async function addToPool(
  o: AddOptions,
): Promise<{ readonly pool: PoolInfo; readonly added: readonly AddedMatrix[] }> {
  const dir = resolve(o.dir)
  await mkdir(dirname(dir), { recursive: true })
  const unlock = await takeLock(`${dir}.lock`, o.signal)
  try {
    await bringBack(dir)
    await checkPoolFolder(dir)
    const before = await readPool(dir).catch((error: unknown) => {
      if (error instanceof SandboxError && error.code === 'POOL_MISSING') return null
      throw error
    })
    const rows = before === null ? [] : parsePoolManifest(await readFile(join(dir, 'manifest.csv'))).rows
    const aside = await mkdtemp(join(dirname(dir), `.${basename(dir)}-`))
    try {
      for (const { digest } of rows) await link(join(dir, matrixFile(digest)), join(aside, matrixFile(digest)))
      const known = new Set(rows.map(({ digest }) => digest))
      const added: AddedMatrix[] = []
      for (const file of o.files) added.push(...(await takeFile(file, { ...o, into: aside, known })))
      const all = [...rows, ...added.filter(({ isNew }) => isNew).map(({ row }) => row)]
      if (all.length > ROWS_MAX) throw unfit(dir, `a pool has at most ${ROWS_MAX} matrices`)
      await writeRecord(aside, { rows: all, preset: 'added', generator: 'added', losses: before?.losses ?? [] })
      await replace(dir, aside)
      return { pool: await readPool(dir), added }
    } finally {
      await rm(aside, { recursive: true, force: true })
    }
  } finally {
    unlock()
  }
}

/** Where the old pool waits for as long as the new one takes its place. */
const waitingOf = (dir: string): string => join(dirname(dir), `.${basename(dir)}.replaced`)

/** False where there is nothing of that name. */
const renamed = (from: string, to: string): Promise<boolean> =>
  rename(from, to).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error
      return false
    },
  )

/** What a crash in the middle of `replace` left: the old pool where it waited, with a new one in its place or none. */
async function bringBack(dir: string): Promise<void> {
  const old = waitingOf(dir)
  const isThere = await stat(dir).then(
    () => true,
    () => false,
  )
  if (!isThere) await renamed(old, dir)
  else {
    await checkPoolFolder(old)
    await rm(old, { recursive: true, force: true })
  }
}

/** The old pool steps aside until the new one is in its place. */
async function replace(dir: string, next: string): Promise<void> {
  const old = waitingOf(dir)
  await renamed(dir, old)
  await rename(next, dir)
  await rm(old, { recursive: true, force: true })
}
