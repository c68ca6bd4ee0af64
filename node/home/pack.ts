/** Packs: several files of a home in one file of mode 0600, each with its digest, whole or not there at all. */
import { createHash, type Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { giveName, isMissing, syncFolder } from '../files.ts'
import { HomeError } from './errors.ts'

/** `move`: a whole home, to be started once. `backup`: what a new home is made from, under new session keys. */
export type PackKind = 'move' | 'backup'
/** A file of a pack: its name there, and where it lies. */
export type Source = { readonly path: string; readonly from: string }
export type Manifest = {
  readonly format: 'evalmesh home 1'
  readonly kind: PackKind
  readonly hotkey: string
  readonly madeAt: string
  readonly files: readonly { readonly path: string; readonly sizeBytes: number; readonly sha256: string }[]
}

const FORMAT = 'evalmesh home 1'
/** Room for the manifest of a store with a hundred thousand blobs; what claims more is none of ours. */
const MANIFEST_BYTES_MAX = 32 << 20
/** A relative path without tricks. */
const PATH = /^[\w@+-][\w.@+-]*(\/[\w@+-][\w.@+-]*)*$/

const DIGEST_BYTES = 32
const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest()

const digestOf = async (path: string): Promise<{ sizeBytes: number; sha256: string }> => {
  const hash = createHash('sha256')
  let sizeBytes = 0
  for await (const part of createReadStream(path)) {
    hash.update(part as Buffer)
    sizeBytes += (part as Buffer).length
  }
  return { sizeBytes, sha256: hash.digest('hex') }
}

/** Said of a file that is in the way. */
export const TAKEN = 'there already, and never overwritten: choose another name'

/** @throws HomeError BAD_PACK for a file that no pack can hold under its name */
export const checkNames = (sources: readonly Source[]): void => {
  const foreign = sources.find(({ path }) => !PATH.test(path))
  if (foreign !== undefined)
    throw new HomeError('BAD_PACK', foreign.from, 'a name that no pack can hold: move the file out of the home')
}

/** Writes the files, which must not change meanwhile, to a new file. @throws HomeError FILE_EXISTS */
export const writePack = async (o: {
  readonly out: string
  readonly kind: PackKind
  readonly hotkey: string
  readonly sources: readonly Source[]
}): Promise<Manifest> => {
  checkNames(o.sources)
  const files = []
  for (const { path, from } of o.sources) files.push({ path, ...(await digestOf(from)) })
  const manifest: Manifest = { format: FORMAT, kind: o.kind, hotkey: o.hotkey, madeAt: new Date().toISOString(), files }
  const head = Buffer.from(JSON.stringify(manifest))
  const size = Buffer.alloc(4)
  size.writeUInt32BE(head.length)
  const partial = `${o.out}.partial`
  await rm(partial, { force: true })
  try {
    const file = await open(partial, 'wx', 0o600)
    try {
      await file.writeFile(Buffer.concat([Buffer.from(`${FORMAT}\n`), size, sha256(head), head]))
      for (const [index, { from }] of o.sources.entries()) {
        const hash = createHash('sha256')
        for await (const part of createReadStream(from)) {
          hash.update(part as Buffer)
          await file.writeFile(part as Buffer)
        }
        if (hash.digest('hex') !== files[index]?.sha256)
          throw new HomeError('BAD_PACK', from, 'it changed while it was packed: stop what writes to it, and try again')
      }
      await file.sync()
    } finally {
      await file.close()
    }
    await giveName(partial, o.out)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    throw new HomeError('FILE_EXISTS', o.out, TAKEN)
  } finally {
    await rm(partial, { force: true })
  }
  await syncFolder(dirname(o.out))
  return manifest
}

/** Reads exactly so many bytes, in parts. */
async function* bytesOf(file: FileHandle, count: number, path: string): AsyncGenerator<Buffer> {
  for (let left = count; left > 0; ) {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(Math.min(left, 1 << 20)))
    if (bytesRead === 0) throw new HomeError('BAD_PACK', path, 'it ends too soon: copy it again')
    left -= bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}

const whole = async (file: FileHandle, count: number, path: string): Promise<Buffer> => {
  const parts: Buffer[] = []
  for await (const part of bytesOf(file, count, path)) parts.push(part)
  return Buffer.concat(parts)
}

const isManifest = (value: unknown): value is Manifest => {
  const { format, kind, hotkey, files } = (value ?? {}) as Partial<Manifest>
  const isFile = ({ path, sizeBytes, sha256 }: Manifest['files'][number]): boolean =>
    PATH.test(path) && Number.isSafeInteger(sizeBytes) && sizeBytes >= 0 && /^[0-9a-f]{64}$/.test(sha256)
  const isKind = kind === 'move' || kind === 'backup'
  return format === FORMAT && isKind && typeof hotkey === 'string' && Array.isArray(files) && files.every(isFile)
}

const readHead = async (file: FileHandle, path: string, kind: PackKind): Promise<Manifest> => {
  const bad = (what: string): never => {
    throw new HomeError('BAD_PACK', path, what)
  }
  const isOurs = (await file.read(Buffer.alloc(FORMAT.length + 1))).buffer.toString() === `${FORMAT}\n`
  if (!isOurs) return bad('no file that `evalmesh keys export` or `evalmesh backup` has written')
  const length = (await whole(file, 4, path)).readUInt32BE()
  if (length > MANIFEST_BYTES_MAX) return bad('its manifest is damaged')
  const digest = await whole(file, DIGEST_BYTES, path)
  const head = await whole(file, length, path)
  if (!sha256(head).equals(digest)) return bad('its manifest is damaged: copy it again')
  const manifest: unknown = JSON.parse(head.toString())
  if (!isManifest(manifest)) return bad('its manifest is none of ours')
  if (manifest.kind === kind) return manifest
  return bad(
    kind === 'move' ? 'a backup: give it to `evalmesh restore`' : 'a moved home: give it to `evalmesh keys import`',
  )
}

const unpackFile = async (file: FileHandle, entry: Manifest['files'][number], o: { to: string; path: string }) => {
  const target = join(o.to, entry.path)
  await mkdir(dirname(target), { recursive: true, mode: 0o700 })
  const hash: Hash = createHash('sha256')
  const written = await open(target, 'wx', 0o600)
  try {
    for await (const part of bytesOf(file, entry.sizeBytes, o.path)) {
      hash.update(part)
      await written.writeFile(part)
    }
    await written.sync()
  } finally {
    await written.close()
  }
  await syncFolder(dirname(target))
  if (hash.digest('hex') !== entry.sha256)
    throw new HomeError('BAD_PACK', o.path, `${entry.path} in it is damaged: copy it again`)
}

const checkEmpty = async (home: string): Promise<void> => {
  const names = await readdir(home).catch((error: unknown) => {
    if (isMissing(error)) return []
    throw error
  })
  if (names.length > 0) throw new HomeError('HOME_IN_USE', home, 'not empty: choose a new folder')
}

/** Unpacks into a home that is not there or empty; `finish` completes it before it gets its name. @throws HomeError */
export const unpack = async (o: {
  readonly file: string
  readonly kind: PackKind
  readonly home: string
  readonly finish: (folder: string, manifest: Manifest) => Promise<void>
}): Promise<Manifest> => {
  const partial = `${o.home}.partial-${process.pid}`
  const file = await open(o.file)
  try {
    const manifest = await readHead(file, o.file, o.kind)
    await checkEmpty(o.home)
    await mkdir(partial, { recursive: true, mode: 0o700 })
    for (const entry of manifest.files) await unpackFile(file, entry, { to: partial, path: o.file })
    if ((await file.read(Buffer.alloc(1))).bytesRead > 0)
      throw new HomeError('BAD_PACK', o.file, 'it goes on after its end: copy it again')
    await o.finish(partial, manifest)
    await rename(partial, o.home)
    await syncFolder(dirname(o.home))
    return manifest
  } finally {
    await file.close()
    await rm(partial, { recursive: true, force: true })
  }
}
