/** Opens the `level` database of a store, and refuses one that is in use, of another format, or damaged. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Level } from 'level'
import { StoreError } from './errors.ts'
import { fromDiskValue, toDiskKey, toDiskValue } from './record.ts'

export type Database = Level<string, Uint8Array>

const FORMAT = '1'
const FORMAT_KEY = toDiskKey('meta', 'format')
const DAMAGE_KEY = toDiskKey('meta', 'damage')

/** The `code` of an error, if it has one. */
export const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined)

const toLevelFolder = (dir: string): string => join(dir, 'level')

const readText = (db: Database, key: string): string | undefined => {
  const bytes = db.getSync(key)
  return bytes === undefined ? undefined : new TextDecoder().decode(fromDiskValue(key, bytes))
}

const writeText = (db: Database, key: string, text: string): Promise<void> =>
  db.batch([{ type: 'put', key, value: toDiskValue(key, new TextEncoder().encode(text)) }], { sync: true })

/** Throws `STORE_LOCKED`, `CORRUPT`, `OPEN_FAILED`. */
export const openDatabase = async (dir: string): Promise<Database> => {
  const db: Database = new Level(toLevelFolder(dir), { keyEncoding: 'utf8', valueEncoding: 'view' })
  try {
    await db.open()
    return db
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined
    if (codeOf(cause) === 'LEVEL_LOCKED') {
      const remedy = 'another process uses this directory: stop it, or choose another directory'
      throw new StoreError('STORE_LOCKED', { dir, remedy }, error)
    }
    const code = codeOf(cause) === 'LEVEL_CORRUPTION' ? 'CORRUPT' : 'OPEN_FAILED'
    throw new StoreError(code, { dir, reason: String(cause ?? error) }, error)
  }
}

/** Marks an empty database with our format; throws `FORMAT` for one of another, `CORRUPT`. */
export const checkFormat = async (db: Database, dir: string): Promise<void> => {
  const found = readText(db, FORMAT_KEY)
  if (found === FORMAT) return
  const [first] = await db.keys({ limit: 1 }).all()
  if (first === undefined) return await writeText(db, FORMAT_KEY, FORMAT)
  throw new StoreError('FORMAT', { dir, found: found ?? 'no format record', expected: FORMAT })
}

/**
 * Throws `CORRUPT` if the database lost acknowledged writes when it was opened, now or ever. LevelDB drops damaged entries of
 * its log with no more than a line in its text log, and at the next start not even that is left; a node that votes after
 * such a loss may contradict itself. So the finding is kept. What LevelDB cannot see either is a log cut off between entries.
 */
export const checkDamage = async (db: Database, dir: string): Promise<void> => {
  const report = await readFile(join(toLevelFolder(dir), 'LOG'), 'utf8')
  const dropped = report.match(/dropping \d+ bytes; .*/)?.[0]
  if (dropped !== undefined) await writeText(db, DAMAGE_KEY, dropped)
  const reason = readText(db, DAMAGE_KEY)
  if (reason === undefined) return
  const remedy = 'keep this directory aside, and start in a new one with a new session key'
  throw new StoreError('CORRUPT', { dir, reason, remedy })
}
