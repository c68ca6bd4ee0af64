/** Blobs: files named by the SHA-256 of their bytes, so that what is read can be checked by its name. */
import { hash, randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { access, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { StoreError } from './errors.ts'

/** Bundles, raw runs, logs: what must cross the mesh as one answer. */
const BLOB_BYTES_MAX = 64 * 1024 * 1024

const isDigest = (text: string): boolean => /^[0-9a-f]{64}$/.test(text)

const isMissing = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT'

const digestOf = (bytes: Uint8Array): string => hash('sha256', bytes, 'hex')

const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

export type Blobs = {
  put(bytes: Uint8Array): Promise<string>
  get(digest: string): Promise<Uint8Array | undefined>
  has(digest: string): Promise<boolean>
}

/** Opens the folder, and removes what writes that a crash cut short have left. */
export const openBlobs = async (folder: string): Promise<Blobs> => {
  const incoming = join(folder, 'incoming')
  await mkdir(incoming, { recursive: true, mode: 0o700 })
  for (const name of await readdir(incoming)) await rm(join(incoming, name))

  // 256 folders: a listing stays short with a million blobs.
  const folderOf = (digest: string): string => join(folder, digest.slice(0, 2))
  const pathOf = (digest: string): string => join(folderOf(digest), digest)

  const get = async (digest: string): Promise<Uint8Array | undefined> => {
    if (!isDigest(digest)) return undefined
    try {
      const bytes = await readFile(pathOf(digest))
      if (digestOf(bytes) !== digest) throw new StoreError('CORRUPT', { digest })
      return bytes
    } catch (error) {
      if (isMissing(error)) return undefined
      throw error
    }
  }

  /** True when a whole copy is there; a damaged one is as good as none, so that the next write mends it. */
  const isWhole = (digest: string): Promise<boolean> =>
    get(digest).then(
      (bytes) => bytes !== undefined,
      () => false,
    )

  return {
    get,
    async has(digest) {
      if (!isDigest(digest)) return false
      return await access(pathOf(digest), constants.R_OK).then(
        () => true,
        () => false,
      )
    },
    async put(bytes) {
      if (bytes.byteLength > BLOB_BYTES_MAX) {
        throw new StoreError('TOO_LARGE', { bytes: bytes.byteLength, bytesMax: BLOB_BYTES_MAX })
      }
      const digest = digestOf(bytes)
      if (await isWhole(digest)) return digest
      const temporary = join(incoming, randomUUID())
      try {
        const file = await open(temporary, 'wx', 0o600)
        try {
          await file.writeFile(bytes)
          await file.sync()
        } finally {
          await file.close()
        }
        const isNewFolder = (await mkdir(folderOf(digest), { recursive: true, mode: 0o700 })) !== undefined
        await rename(temporary, pathOf(digest))
        await syncFolder(folderOf(digest))
        if (isNewFolder) await syncFolder(folder)
      } catch (error) {
        await rm(temporary, { force: true })
        throw new StoreError('WRITE_FAILED', { digest, reason: String(error) }, error)
      }
      return digest
    },
  }
}
