/** Small files that must be whole or not there at all, whatever happens while they are written. */
import { randomBytes } from 'node:crypto'
import { access, link, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Nobody else reads what a home folder holds. */
const MODE = 0o600

/** Makes the names in a folder durable. */
export const syncFolder = async (path: string): Promise<void> => {
  const folder = await open(path)
  await folder.sync().finally(() => folder.close())
}

/** What a file system without second names for a file says to one, as those of memory sticks are. */
const HAS_NO_LINKS: ReadonlySet<string | undefined> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'])

/**
 * Gives a finished file its name, never over one that is there. Where there are no second names the name is taken empty first. `linkTo`: of
 * tests. @throws EEXIST
 */
export const giveName = async (temporary: string, path: string, linkTo: typeof link = link): Promise<void> => {
  try {
    await linkTo(temporary, path)
  } catch (error) {
    if (!HAS_NO_LINKS.has((error as NodeJS.ErrnoException).code)) throw error
    await (await open(path, 'wx', MODE)).close()
    await rename(temporary, path)
  }
}

/** Writes beside `path`, durably, hands the finished file to `place`, and makes its name durable. */
const write = async (
  path: string,
  content: string | Uint8Array,
  place: (temporary: string) => Promise<void>,
): Promise<void> => {
  const temporary = `${path}.${process.pid}-${randomBytes(4).toString('hex')}`
  try {
    const file = await open(temporary, 'wx', MODE)
    try {
      await file.writeFile(content)
      await file.sync()
    } finally {
      await file.close()
    }
    await place(temporary)
  } finally {
    await rm(temporary, { force: true })
  }
  await syncFolder(dirname(path))
}

/** A new file of mode 0600, never over one that is there, whoever runs at the same time. @throws EEXIST */
export const createFile = (path: string, content: string | Uint8Array): Promise<void> =>
  write(path, content, (temporary) => giveName(temporary, path))

/** The same in place of whatever is there. */
export const replaceFile = (path: string, content: string | Uint8Array): Promise<void> =>
  write(path, content, (temporary) => rename(temporary, path))

/** True when the error says that there is no such file. */
export const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException | null)?.code === 'ENOENT'

/** Whether anything bears this name. */
export const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )
