/** A built image on disk: where it lies, what its record says, and whether it still is what it was. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { SandboxError } from '../errors.ts'
import { type RecipeName, recipeKey, recipeOfKey } from './recipe.ts'
import { digestTree, stampTree } from './tree.ts'

/** An image that was checked against its record. */
export type Image = {
  readonly recipe: RecipeName
  /** Absolute path of the unpacked tree. */
  readonly rootfs: string
  /** Hex SHA-256 of the tree. */
  readonly digest: string
  /** Debian packages as `name version`, sorted, then wheels as `name==version`, sorted; what a member compares when digests differ. */
  readonly packages: readonly string[]
}

type ImageRecord = { readonly recipe: string; readonly digest: string; readonly stamp: string; packages: string[] }

/** `EVALMESH_CACHE`, else `XDG_CACHE_HOME/evalmesh`, else `~/.cache/evalmesh`. */
export function defaultCacheDirectory(env: NodeJS.ProcessEnv = process.env): string {
  const given = env['EVALMESH_CACHE']
  if (given) return given
  return join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'evalmesh')
}

/** The folder of this version's image of that name below a cache folder. */
export function imageDirectory(cacheDirectory: string, recipe: RecipeName = 'numpy'): string {
  return join(cacheDirectory, `image-${recipeKey(recipe)}`)
}

const recordPath = (directory: string): string => join(directory, 'image.json')

/** Writes the record of a finished tree; whoever sees the record sees a whole image. */
export async function writeRecord(
  directory: string,
  recipe: RecipeName,
  installed: readonly string[],
): Promise<string> {
  const rootfs = join(directory, 'rootfs')
  const digest = await digestTree(rootfs)
  const stamp = stampTree(rootfs)
  const record: ImageRecord = { recipe: recipeKey(recipe), digest, stamp, packages: [...installed] }
  const aside = `${recordPath(directory)}.new`
  writeFileSync(aside, `${JSON.stringify(record, null, 2)}\n`)
  renameSync(aside, recordPath(directory))
  return digest
}

/**
 * The image in `directory`. Cheap when nothing touched the tree (50–200 ms); a tree with other change times is digested
 * again, a second a gigabyte or two.
 * @throws SandboxError `IMAGE_MISSING` (nothing there, or of another recipe) or `IMAGE_DAMAGED`.
 */
export async function openImage(directory: string): Promise<Image> {
  const rootfs = join(directory, 'rootfs')
  if (!existsSync(recordPath(directory)) || !existsSync(rootfs)) throw new SandboxError('IMAGE_MISSING', { directory })
  const record = parseRecord(readFileSync(recordPath(directory), 'utf8'))
  if (record === null) throw new SandboxError('IMAGE_DAMAGED', { directory, reason: 'its record cannot be read' })
  const recipe = recipeOfKey(record.recipe)
  if (recipe === undefined) throw new SandboxError('IMAGE_MISSING', { directory, recipe: record.recipe })
  if (stampTree(rootfs) !== record.stamp) {
    const digest = await digestTree(rootfs)
    if (digest !== record.digest)
      throw new SandboxError('IMAGE_DAMAGED', { directory, digest, recorded: record.digest })
    await writeRecord(directory, recipe, record.packages)
  }
  return { recipe, rootfs, digest: record.digest, packages: record.packages }
}

function parseRecord(text: string): ImageRecord | null {
  try {
    const value = JSON.parse(text) as Partial<ImageRecord> | null
    const { recipe, digest, stamp, packages } = value ?? {}
    const isWhole = [recipe, digest, stamp].every((field) => typeof field === 'string') && Array.isArray(packages)
    return isWhole ? (value as ImageRecord) : null
  } catch {
    return null
  }
}
