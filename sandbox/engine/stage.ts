/** Copies a job's small mounts to a neutral place: the host's own path of a bind can be read inside, in mountinfo. */
import { chmodSync, cpSync, existsSync, lstatSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import type { Bind } from './policy.ts'
import { isOwnerAlive, ownerTag } from './process-owner.ts'

// A harness is a few small files; what is larger is bound as it lies, not copied.
const COPY_BYTES_MAX = 4 * 1024 * 1024
const FOLDER = '/dev/shm'
const PREFIX = 'evalmesh-stage-'

/** Bytes below `path`, or more than `COPY_BYTES_MAX` as soon as that is sure. */
function sizeOf(path: string): number {
  const stat = lstatSync(path)
  if (!stat.isDirectory()) return stat.size
  let total = 0
  for (const name of readdirSync(path)) {
    total += sizeOf(join(path, name))
    if (total > COPY_BYTES_MAX) break
  }
  return total
}

/** Mounts of one sandbox whose small sources are copies. */
export type Copies = {
  readonly mounts: readonly Bind[]
  /** Ends the copies. */
  remove(): void
}

/** Path of a folder of this process up to the letters that make it unique, for `mkdtemp`; swept like copies. */
export function stagePrefix(): string {
  return join(existsSync(FOLDER) ? FOLDER : tmpdir(), `${PREFIX}${ownerTag()}-`)
}

/** Whether a source is a copy of ours, which everybody may reach and read. */
export function isCopy(source: string): boolean {
  return source.startsWith(join(FOLDER, PREFIX))
}

/** Copies what is small into memory, readable for everybody. @throws Error when a source is not there. */
export function stageCopies(mounts: readonly Bind[]): Copies {
  if (process.platform !== 'linux' || mounts.length === 0) return { mounts: [...mounts], remove: () => undefined }
  const folder = mkdtempSync(stagePrefix())
  const remove = () => rmSync(folder, { recursive: true, force: true })
  try {
    chmodSync(folder, 0o711)
    const staged = mounts.map(({ source, target }, index) => {
      if (sizeOf(source) > COPY_BYTES_MAX) return { source, target }
      const copy = join(folder, String(index))
      cpSync(source, copy, { recursive: true, verbatimSymlinks: true })
      makeReadable(copy)
      return { source: copy, target }
    })
    return { mounts: staged, remove }
  } catch (thrown) {
    remove()
    throw thrown
  }
}

function makeReadable(path: string): void {
  const stat = lstatSync(path)
  if (stat.isSymbolicLink()) return
  chmodSync(path, stat.isDirectory() ? 0o755 : 0o644)
  if (stat.isDirectory()) for (const name of readdirSync(path)) makeReadable(join(path, name))
}

/** Removes the copies of processes that are no more. */
export function sweepCopies(): void {
  const names = existsSync(FOLDER) ? readdirSync(FOLDER).filter((name) => name.startsWith(PREFIX)) : []
  for (const name of names) {
    const owner = name.slice(PREFIX.length).split('-').slice(0, 2).join('-')
    if (!isOwnerAlive(owner)) rmSync(join(FOLDER, name), { recursive: true, force: true })
  }
}
