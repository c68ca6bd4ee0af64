/** Hash commits that wait for their reveal: what opens them is on disk before they are sent, since nothing else can. */
import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { count, digest, type Infer, key, list, struct, u8, u16, u64 } from '../../../protocol/index.ts'
import { isMissing, replaceFile, syncFolder } from '../../files.ts'
import { ChainError } from '../port.ts'

/** Uids of a subnet are u16; Subtensor allows 256 today. */
const ROW_MAX = 4096
const SALT_MAX = 64

const pendingReveal = struct({
  netuid: u16,
  mechanism: u8,
  hotkey: key,
  uids: list(u16, ROW_MAX),
  values: list(u16, ROW_MAX),
  versionKey: u64,
  salt: list(u16, SALT_MAX),
  /** What the commit says. */
  hash: digest,
  /** The finalised head before the commit was signed: it lies above. */
  afterBlock: count,
})
export type PendingReveal = Infer<typeof pendingReveal>

export type PendingReveals = {
  /** Durable, for this user alone, before it resolves. */
  keep(pending: PendingReveal): Promise<void>
  drop(pending: PendingReveal): Promise<void>
  all(): Promise<readonly PendingReveal[]>
}

/** For a process that sets no weights: what it forgets was never asked for. */
export const FORGETFUL: PendingReveals = {
  keep: async () => undefined,
  drop: async () => undefined,
  all: async () => [],
}

const read = async (path: string): Promise<PendingReveal> => {
  try {
    return pendingReveal.fromWire(JSON.parse(await readFile(path, 'utf8')), 'pending')
  } catch (error) {
    throw new ChainError('BAD_REQUEST', { path, why: 'no salt can be read from it: move it away' }, { cause: error })
  }
}

/** One file each in a folder that is made when it is needed; the chain lets a hotkey have ten. */
export const createPendingReveals = (dir: string): PendingReveals => {
  const pathOf = ({ hash }: PendingReveal): string => join(dir, `${hash}.json`)
  return {
    async keep(pending) {
      await mkdir(dir, { recursive: true, mode: 0o700 })
      await replaceFile(pathOf(pending), `${JSON.stringify(pendingReveal.toJson(pending))}\n`)
    },
    async drop(pending) {
      await rm(pathOf(pending), { force: true })
      await syncFolder(dir)
    },
    async all() {
      const names = await readdir(dir).catch((error: unknown) => {
        if (isMissing(error)) return []
        throw error
      })
      return Promise.all(names.filter((name) => name.endsWith('.json')).map((name) => read(join(dir, name))))
    },
  }
}
