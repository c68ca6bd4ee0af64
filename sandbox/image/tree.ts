/** The digest of an image root: the same tree gives the same 32 bytes on every machine. */
import { createHash } from 'node:crypto'
import { chmodSync, lstatSync, readdirSync, readlinkSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { emptiedFolders, prunedPaths, unreadablePaths } from './recipe.ts'

type Entry = {
  /** Relative to the root, parts joined by '/'. */
  readonly path: string
  readonly kind: 'file' | 'folder' | 'link' | 'other'
  /** Permission bits, with setuid and its like. */
  readonly mode: number
  readonly sizeBytes: number
  readonly ctimeNs: bigint
}

/** Every entry below `root`, in the order of UTF-16 code units of its path. */
function listTree(root: string): Entry[] {
  const entries: Entry[] = []
  const visit = (folder: string) => {
    for (const name of readdirSync(join(root, folder))) {
      const path = folder === '' ? name : `${folder}/${name}`
      const stat = lstatSync(join(root, path), { bigint: true })
      const kind = stat.isFile() ? 'file' : stat.isDirectory() ? 'folder' : stat.isSymbolicLink() ? 'link' : 'other'
      const mode = Number(stat.mode & 0o7777n)
      entries.push({ path, kind, mode, sizeBytes: Number(stat.size), ctimeNs: stat.ctimeNs })
      if (kind === 'folder') visit(path)
    }
  }
  visit('')
  return entries.sort((a, b) => (a.path < b.path ? -1 : 1))
}

/** Removes what would differ between two builds, the setuid bits, which a sandbox ignores anyway, and some read bits. */
export function pruneTree(root: string): void {
  for (const path of prunedPaths) rmSync(join(root, path), { recursive: true, force: true })
  for (const folder of emptiedFolders) {
    for (const name of readdirSync(join(root, folder))) rmSync(join(root, folder, name), { recursive: true })
  }
  for (const { path, kind, mode } of listTree(root)) {
    if (kind !== 'link' && (mode & 0o6000) !== 0) chmodSync(join(root, path), mode & 0o1777)
    if (kind === 'file' && unreadablePaths.some((name) => name === path)) chmodSync(join(root, path), 0o711)
  }
}

/**
 * Hex SHA-256 over one line an entry: kind, mode in octal, SHA-256 of the file's content or the link's target, path as a
 * JSON string. Times and owners are left out: they differ between builds and no program inside can use them.
 */
export async function digestTree(root: string): Promise<string> {
  const total = createHash('sha256')
  const sha256 = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest('hex')
  for (const { path, kind, mode } of listTree(root)) {
    const full = join(root, path)
    const content = kind === 'file' ? sha256(await readFile(full)) : kind === 'link' ? sha256(readlinkSync(full)) : '-'
    const modeText = kind === 'link' ? '-' : mode.toString(8)
    total.update(`${kind} ${modeText} ${content} ${JSON.stringify(path)}\n`)
  }
  return total.digest('hex')
}

/**
 * Cheap stand-in for the digest on one machine: content cannot change without its change time, which no program can set
 * back. A copied or restored tree has another stamp and must be digested again.
 */
export function stampTree(root: string): string {
  const total = createHash('sha256')
  for (const { path, kind, mode, sizeBytes, ctimeNs } of listTree(root)) {
    total.update(`${kind} ${mode} ${sizeBytes} ${ctimeNs} ${JSON.stringify(path)}\n`)
  }
  return total.digest('hex')
}
