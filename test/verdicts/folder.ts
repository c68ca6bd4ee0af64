/** Makes a bundle of a folder that somebody else filled: as a miner's client would, and whatever lies there. */
import { lstatSync, readdirSync, readFileSync, type Stats } from 'node:fs'
import { join } from 'node:path'
import { BUNDLE_BYTES_MAX } from '../../protocol/index.ts'
import { RunFault } from '../../sandbox/index.ts'

/** More names than this, or longer ones, say nothing new. */
const ENTRIES_MAX = 1_000
const PATH_CHARACTERS_MAX = 256

export type BundleFile = { readonly path: string; readonly content: Uint8Array }

/** A bundle has plain files only, and names that are text. */
const refuse = (path: string, what: string): never => {
  throw new RunFault('BAD_BUNDLE', { text: `${path} is ${what}` })
}

const kindOf = (stat: Stats): string | null => {
  if (stat.isFile() || stat.isDirectory()) return null
  if (stat.isSymbolicLink()) return 'a link'
  return stat.isFIFO() ? 'a pipe' : stat.isSocket() ? 'a socket' : 'a device'
}

/**
 * The plain files below `folder`, sorted by path; none when it is missing. No link is followed and nothing but a plain
 * file is opened. An empty folder counts as a file that no bundle may have.
 * @throws RunFault `BAD_BUNDLE` or `OVERSIZE`.
 */
export const readFolder = (folder: string): readonly BundleFile[] => {
  const top = lstatSync(folder, { throwIfNoEntry: false })
  if (top === undefined) return []
  if (!top.isDirectory()) refuse('the submission', 'not a folder')
  const found: { path: string; bytes: number }[] = []
  const walk = (below: string): void => {
    const names = readdirSync(join(folder, below), { encoding: 'buffer' })
    if (names.length === 0 && below !== '') refuse(below, 'an empty folder')
    for (const raw of names) {
      const name = raw.toString('utf8')
      const path = below === '' ? name : `${below}/${name}`
      if (!Buffer.from(name).equals(raw)) refuse(path, 'a name that is no text')
      if (path.length > PATH_CHARACTERS_MAX) refuse(path.slice(0, PATH_CHARACTERS_MAX), 'too long a name')
      const stat = lstatSync(join(folder, path))
      const kind = kindOf(stat)
      if (kind !== null) refuse(path, kind)
      if (stat.isDirectory()) walk(path)
      else found.push({ path, bytes: stat.size })
      if (found.length > ENTRIES_MAX) refuse('a submission', `not of more than ${ENTRIES_MAX} files`)
    }
  }
  walk('')
  const bytes = found.reduce((sum, file) => sum + file.bytes, 0)
  // Before anything is read: a sparse file may claim terabytes.
  if (found.length === 1 && bytes > BUNDLE_BYTES_MAX) throw new RunFault('OVERSIZE', { text: `${bytes} bytes` })
  return found
    .sort((a, b) => (a.path < b.path ? -1 : 1))
    .map(({ path }) => ({
      path,
      content: bytes > BUNDLE_BYTES_MAX ? Buffer.alloc(0) : readFileSync(join(folder, path)),
    }))
}
