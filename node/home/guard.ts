/** Keeps a home from being started where it must not be: after it was exported, and with a store older than its keys. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Key } from '../../protocol/index.ts'
import { isMissing, replaceFile } from '../files.ts'
import type { Store } from '../store/index.ts'
import { HomeError } from './errors.ts'

/** What an exported home keeps instead of starting. `isComplete`: the file is whole; else the export was cut short and may be made again. */
export type Moved = {
  readonly file: string
  readonly at: string
  readonly isComplete: boolean
}

const readObject = async (path: string): Promise<Readonly<Record<string, unknown>> | null> => {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Readonly<Record<string, unknown>>
  } catch (error) {
    if (isMissing(error)) return null
    // Whatever it says, it is there: a home that may have been moved is one that was.
    return {}
  }
}

const movedFileOf = (home: string): string => join(home, 'moved.json')

/** Null for a home that was not exported. */
export const readMoved = async (home: string): Promise<Moved | null> => {
  const found = await readObject(movedFileOf(home))
  if (found === null) return null
  const { file, at, isComplete } = found
  return { file: String(file ?? 'a file'), at: String(at ?? 'some time'), isComplete: isComplete !== false }
}

export const writeMoved = (home: string, moved: Moved): Promise<void> =>
  replaceFile(movedFileOf(home), `${JSON.stringify(moved, null, 2)}\n`)

/** @throws HomeError MOVED */
export const checkNotMoved = async (home: string): Promise<void> => {
  const moved = await readMoved(home)
  if (moved === null) return
  const what = moved.isComplete
    ? `exported to ${moved.file} at ${moved.at}: start the validator where that is imported, never here`
    : 'an export was cut short: run `evalmesh keys export` again'
  throw new HomeError('MOVED', home, what)
}

/** Kind of the store's record of how often it was started, by session key. */
const STARTS = 'starts'

const startsFileOf = (home: string): string => join(home, 'starts.json')

/**
 * Counts a start, in the store first and then beside the keys. A store that counts fewer than the keys have seen was restored from a backup,
 * or is a new one under old keys: it does not know what those keys have signed (R-32 finds that out only once others hold the proof).
 * @throws HomeError ROLLED_BACK
 */
export const countStart = async (o: {
  readonly home: string
  readonly store: Pick<Store, 'get' | 'append'>
  readonly sessionKey: Key
}): Promise<number> => {
  const { home, store, sessionKey } = o
  const noted = await readObject(startsFileOf(home))
  const seen = noted?.['sessionKey'] === sessionKey ? Number(noted['starts']) : 0
  const stored = store.get(STARTS, sessionKey)
  const known = stored === undefined ? 0 : Buffer.from(stored).readUInt32BE()
  if (known < seen) {
    const what = `its store has seen ${known} of the ${seen} starts of its session key, so it has forgotten votes: \`evalmesh keys renew --home ${home}\` makes new session keys, which get their seat at the next epoch`
    throw new HomeError('ROLLED_BACK', home, what)
  }
  const value = Buffer.alloc(4)
  value.writeUInt32BE(known + 1)
  await store.append([{ kind: STARTS, key: sessionKey, value }])
  await replaceFile(startsFileOf(home), `${JSON.stringify({ sessionKey, starts: known + 1 })}\n`)
  return known + 1
}
