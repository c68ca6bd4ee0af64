/** A validator's way to another folder or host: out of a home that is then locked, into a new one, with everything it has ever voted. */
import { constants } from 'node:fs'
import { access, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { encodeSs58 } from '../../protocol/index.ts'
import { isMissing, isThere, syncFolder } from '../files.ts'
import { readRecords } from '../machine/journal.ts'
import { openStore, type Store, StoreError } from '../store/index.ts'
import { configFileOf, loadConfig, type ValidatorConfig } from './config.ts'
import { delegationFileOf } from './delegation.ts'
import { HomeError } from './errors.ts'
import { checkNotMoved, readMoved, writeMoved } from './guard.ts'
import { completeValidatorKeys, hotkeyFileOf, loadHotkey, loadValidatorKeys, renewSession } from './keys.ts'
import { checkNames, type Manifest, type Source, TAKEN, unpack, writePack } from './pack.ts'

/** Not taken along: what a round makes anew, the lock of this very folder, and what LevelDB makes anew. */
const LEFT = new Set(['work', 'moved.json', 'LOCK', 'LOG.old'])

/** What a validator cannot go on without; a pool that lies elsewhere is named by the import. */
const OWN = /^(store|reveals)(\/|$)/

/** A key may be a link to a wallet's. @throws HomeError BAD_PACK where a folder of this home's own lies elsewhere: it would be left out */
const isFileBehind = async (home: string, link: string): Promise<boolean> => {
  const found = await stat(link).catch(() => null)
  if (found?.isDirectory() && OWN.test(relative(home, link)))
    throw new HomeError('BAD_PACK', link, 'a link to a folder, which no pack can hold: move the folder itself here')
  return found?.isFile() ?? false
}

const filesOf = async (home: string, folder = home): Promise<readonly Source[]> => {
  const entries = await readdir(folder, { withFileTypes: true })
  const found = entries
    .filter(({ name }) => !LEFT.has(name) && !name.includes('.partial'))
    .map(async (entry): Promise<readonly Source[]> => {
      const from = join(folder, entry.name)
      if (entry.isDirectory()) return filesOf(home, from)
      const isFile = entry.isFile() || (entry.isSymbolicLink() && (await isFileBehind(home, from)))
      return isFile ? [{ path: relative(home, from), from }] : []
    })
  return (await Promise.all(found)).flat().sort((a, b) => (a.path < b.path ? -1 : 1))
}

const keepIf = async <T>(items: readonly T[], test: (item: T) => Promise<boolean>): Promise<readonly T[]> => {
  const isKept = await Promise.all(items.map(test))
  return items.filter((_, index) => isKept[index])
}

/** Files that the configuration names, outside its home, and that are not here. */
export const missingBeside = ({ genesis, hotkey, pools }: ValidatorConfig): Promise<readonly string[]> =>
  keepIf([genesis, hotkey, ...pools], async (path) => !(await isThere(path)))

const storeDirOf = (home: string): string => join(home, 'store')

/**
 * Writes the whole home to a new file and locks it: it never starts again. The lock is durable before the file has a name, so that there are
 * never two that may start. `isAgain`: the file of an earlier export was lost before anything was started from it.
 * @throws HomeError MOVED for a home that was exported before; FILE_EXISTS; StoreError STORE_LOCKED while the validator runs
 */
export const exportHome = async (o: {
  readonly home: string
  readonly out: string
  readonly isAgain: boolean
}): Promise<Manifest> => {
  const { home, out } = o
  const config = await loadConfig(home, {})
  const keys = await loadValidatorKeys(home, config.hotkey)
  const before = await readMoved(home)
  // A file gets its name last: one that has it is whole, also where the power went before that was noted.
  const isWhole = before !== null && (before.isComplete || (await isThere(before.file)))
  if (isWhole && !o.isAgain) {
    const what = `exported to ${before.file} at ${before.at}; if that file is lost and was never imported, add --again`
    throw new HomeError('MOVED', home, what)
  }
  // What can be known before is no reason to lock a home that then has no file to go on from.
  if (await isThere(out)) throw new HomeError('FILE_EXISTS', out, TAKEN)
  await access(dirname(out), constants.W_OK)
  checkNames(await filesOf(home))
  // Open while the lock is written: from here on nobody else can start it.
  const store: Store = await openStore({ dir: storeDirOf(home) })
  const at = new Date().toISOString()
  try {
    await writeMoved(home, { file: out, at, isComplete: false })
  } finally {
    await store.close()
  }
  const hotkey = encodeSs58(keys.hotkey.publicKey)
  const manifest = await writePack({ out, kind: 'move', hotkey, sources: await filesOf(home) })
  await writeMoved(home, { file: out, at, isComplete: true })
  return manifest
}

/** While it is unpacked a pack bears this name, so that no second import takes it too. */
const claimed = (file: string): string => `${file}.importing`

/** Makes a home from an exported one and removes the file: it is to be started once. @throws HomeError */
export const importHome = async (o: { readonly file: string; readonly home: string }): Promise<Manifest> => {
  const { file, home } = o
  try {
    await rename(file, claimed(file))
  } catch (error) {
    if (!isMissing(error)) throw error
    const isCut = await isThere(claimed(file))
    const what = isCut
      ? `an import of it was cut short, or is under way: where ${home} is not there, rename ${claimed(file)} back`
      : 'no such file; it is removed once it was imported'
    throw new HomeError('BAD_PACK', file, what)
  }
  let isDone = false
  try {
    const manifest = await unpack({
      file: claimed(file),
      kind: 'move',
      home,
      finish: async (folder) => {
        const config = await loadConfig(folder, {})
        // A wallet's hotkey lies elsewhere, and may come later.
        await loadValidatorKeys(folder, config.hotkey).catch((error: unknown) => {
          if (config.hotkey === hotkeyFileOf(folder)) throw error
        })
        await openStore({ dir: storeDirOf(folder) }).then((store) => store.close())
      },
    })
    isDone = true
    return manifest
  } finally {
    if (isDone) await rm(claimed(file))
    else await rename(claimed(file), file)
    // Else a power cut brings the file back, beside the home that was made from it; not every file system can.
    await syncFolder(dirname(file)).catch(() => undefined)
  }
}

/** What a new home needs and no vote depends on; written while the validator runs. @throws HomeError FILE_EXISTS */
export const backUp = async (o: { readonly home: string; readonly out: string }): Promise<Manifest> => {
  const config = await loadConfig(o.home, {})
  const hotkey = await loadHotkey(o.home, config.hotkey)
  const candidates: readonly Source[] = [
    { path: 'config.json', from: configFileOf(o.home) },
    { path: 'genesis.json', from: config.genesis },
    { path: 'hotkey.json', from: config.hotkey },
    { path: 'peer.json', from: join(o.home, 'peer.json') },
    { path: 'delegation.json', from: delegationFileOf(o.home) },
  ]
  const sources = await keepIf(candidates, ({ from }) => isThere(from))
  return writePack({ out: o.out, kind: 'backup', hotkey: encodeSs58(hotkey.publicKey), sources })
}

/** A new home from a backup, under new session keys: nothing that it signs can contradict what the lost one has signed. @throws HomeError */
export const restoreHome = (o: { readonly file: string; readonly home: string }): Promise<Manifest> =>
  unpack({
    ...o,
    kind: 'backup',
    finish: async (folder) => {
      await completeValidatorKeys(folder, null)
    },
  })

/** Looks at every record that a start would read. @throws StoreError CORRUPT for a damaged one */
const readStore = async (dir: string): Promise<void> => {
  const store = await openStore({ dir })
  try {
    for await (const _ of readRecords(store));
  } finally {
    await store.close()
  }
}

/**
 * New session keys for a home whose store is lost, damaged or old. A damaged store is set aside; any other stays, for its log is as good as before.
 * @returns where the store was set aside, or null. @throws HomeError MOVED; StoreError STORE_LOCKED while the validator runs
 */
export const renewKeys = async (home: string): Promise<string | null> => {
  const config = await loadConfig(home, {})
  await checkNotMoved(home)
  let aside: string | null = null
  try {
    await readStore(storeDirOf(home))
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== 'CORRUPT') throw error
    aside = `${storeDirOf(home)}.damaged-${Date.now()}`
    await rename(storeDirOf(home), aside)
  }
  await renewSession(home, config.hotkey)
  return aside
}
