/** The durable store of one node: records in `level`, synced before they are acknowledged, and blobs as files. */
import { chmod, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { openBlobs } from './blobs.ts'
import { checkDamage, checkFormat, codeOf, type Database, openDatabase } from './database.ts'
import { StoreError } from './errors.ts'
import {
  fromDiskValue,
  fromSequenceKey,
  JOURNAL,
  type StoredRecord,
  toDiskKey,
  toDiskRange,
  toDiskValue,
  toSequenceKey,
} from './record.ts'
import { type Change, createWriter } from './writer.ts'

export type Store = {
  /**
   * Durable (fsync) before it resolves; all or nothing; in the order of the calls. Callers that meet share one synced write.
   * A key written again is replaced, except in the kind `journal`, whose keys are `toSequenceKey(n)` with n growing by one.
   * Throws `BAD_KEY`, `TOO_LARGE`, `OUT_OF_ORDER` before anything is written; `WRITE_FAILED`, `CLOSED`.
   */
  append(records: readonly StoredRecord[]): Promise<void>
  /**
   * The records of a kind by key, as they are at the first step; `from` is the first key wanted. Throws `CORRUPT` at the
   * first damaged record, and at a gap in the journal.
   */
  records(kind: string, from?: string): AsyncIterable<{ readonly key: string; readonly value: Uint8Array }>
  /** A durable value or undefined; throws `CORRUPT`. */
  get(kind: string, key: string): Uint8Array | undefined
  /** Durable like `append`. A journal may lose its oldest entries, never its newest: the caller's care. */
  remove(kind: string, keys: readonly string[]): Promise<void>
  /** Keeps at most 64 MiB under their SHA-256, durable before it resolves to the digest in hex. */
  putBlob(bytes: Uint8Array): Promise<string>
  /** A blob, checked against its digest, or undefined, also for what is no digest; throws `CORRUPT`, which `putBlob` mends. */
  getBlob(digest: string): Promise<Uint8Array | undefined>
  hasBlob(digest: string): Promise<boolean>
  /** Number that the next journal entry must have. */
  nextSequence(): number
  /** Waits for what was handed in, then lets go of the directory. */
  close(): Promise<void>
}

const findNextSequence = async (db: Database): Promise<number> => {
  const [last] = await db.keys({ ...toDiskRange(JOURNAL), reverse: true, limit: 1 }).all()
  return last === undefined ? 0 : fromSequenceKey(last.slice(JOURNAL.length + 1)) + 1
}

/** What the database throws while reading, in our words. */
const toReadError = (error: unknown, facts: Readonly<Record<string, unknown>>): unknown => {
  switch (codeOf(error)) {
    case 'LEVEL_CORRUPTION':
      return new StoreError('CORRUPT', facts, error)
    case 'LEVEL_DATABASE_NOT_OPEN':
    case 'LEVEL_ITERATOR_NOT_OPEN':
      return new StoreError('CLOSED', facts, error)
    default:
      return error
  }
}

async function* readRecords(db: Database, kind: string, from: string | undefined) {
  let expected: string | undefined
  try {
    for await (const [diskKey, bytes] of db.iterator(toDiskRange(kind, from))) {
      const key = diskKey.slice(kind.length + 1)
      if (kind === JOURNAL) {
        if (expected !== undefined && key !== expected) throw new StoreError('CORRUPT', { kind, key: expected })
        expected = toSequenceKey(fromSequenceKey(key) + 1)
      }
      yield { key, value: fromDiskValue(diskKey, bytes) }
    }
  } catch (error) {
    throw toReadError(error, { kind })
  }
}

/** Opens or makes the store in `dir` (mode 0700: nothing inside is anybody else's). Throws `STORE_LOCKED`, `FORMAT`, `CORRUPT`, `OPEN_FAILED`. */
export const openStore = async (o: { readonly dir: string }): Promise<Store> => {
  await mkdir(o.dir, { recursive: true, mode: 0o700 })
  await chmod(o.dir, 0o700)
  const db = await openDatabase(o.dir)
  try {
    await checkFormat(db, o.dir)
    await checkDamage(db, o.dir)
    return await createStore(db, o.dir)
  } catch (error) {
    await db.close()
    throw error
  }
}

const createStore = async (db: Database, dir: string): Promise<Store> => {
  const blobs = await openBlobs(join(dir, 'blobs'))
  const writer = createWriter((changes) => db.batch(changes, { sync: true }))
  let next = await findNextSequence(db)

  return {
    async append(records) {
      let sequence = next
      const changes = records.map(({ kind, key, value }): Change => {
        const diskKey = toDiskKey(kind, key)
        if (kind === JOURNAL) {
          if (key !== toSequenceKey(sequence))
            throw new StoreError('OUT_OF_ORDER', { key, expected: toSequenceKey(sequence) })
          sequence += 1
        }
        return { type: 'put', key: diskKey, value: toDiskValue(diskKey, value) }
      })
      next = sequence
      await writer.write(changes)
    },
    records: (kind, from) => readRecords(db, kind, from),
    get(kind, key) {
      const diskKey = toDiskKey(kind, key)
      let bytes: Uint8Array | undefined
      try {
        bytes = db.getSync(diskKey)
      } catch (error) {
        throw toReadError(error, { kind, key })
      }
      return bytes === undefined ? undefined : fromDiskValue(diskKey, bytes)
    },
    async remove(kind, keys) {
      await writer.write(keys.map((key): Change => ({ type: 'del', key: toDiskKey(kind, key) })))
    },
    putBlob: blobs.put,
    getBlob: blobs.get,
    hasBlob: blobs.has,
    nextSequence: () => next,
    async close() {
      await writer.close()
      await db.close()
    },
  }
}
