/** What hostile code, its sandboxes or their engine could leave on this host: looked for, not assumed. */
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { basename, join } from 'node:path'
import process from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'
import { isOwnerAlive } from '../../sandbox/engine/process-owner.ts'
import { SANDBOX_UID } from '../../sandbox/limits.ts'

/** Where a program without rights of its own may write on an ordinary host. */
const OPEN_FOLDERS = ['/tmp', '/var/tmp', '/dev/shm', '/dev/mqueue', '/run', '/run/lock']
/** The kernel frees processes, groups and mounts a moment after their end; seconds on a crowded machine. */
const GRACE_MS = 5_000
const LOOK_AGAIN_MS = 100

const orEmpty = <T>(look: () => readonly T[]): readonly T[] => {
  try {
    return look()
  } catch {
    // It ended while we looked, or there is no such place on this machine.
    return []
  }
}

const contentOf = (path: string): string => orEmpty(() => [readFileSync(path, 'utf8')])[0] ?? ''

type Process = {
  readonly pid: number
  readonly parent: number
  readonly uid: number
  readonly isMarked: boolean
  /** Dead, and not yet looked at by its parent: it holds nothing, and on a crowded machine it stays for seconds. */
  readonly isDead: boolean
}

const readProcess = (pid: number, mark: string): Process => {
  const status = contentOf(`/proc/${pid}/status`)
  const number = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? -1)
  const isMarked = contentOf(`/proc/${pid}/environ`).split('\0').includes(mark)
  return { pid, parent: number('PPid'), uid: number('Uid'), isMarked, isDead: /^State:\s+[ZX]/m.test(status) }
}

const processes = (): readonly number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)

/** Stable while the process lives, another one later. */
const identityOf = (pid: number): string => {
  const stat = contentOf(`/proc/${pid}/stat`)
  return `${pid}:${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''}`
}

const isSandboxed = ({ pid, uid }: Process): boolean => {
  if (uid === SANDBOX_UID) return true
  // An ordinary user's sandboxes are the user's own, in a process namespace of theirs.
  const namespace = (of: string) => orEmpty(() => [readlinkSync(`/proc/${of}/ns/pid`)])[0]
  return uid === process.getuid?.() && uid !== 0 && (namespace(String(pid)) ?? namespace('self')) !== namespace('self')
}

/** Us, and those who started us: whoever of them adopts orphans does what init does. */
const lineage = (): ReadonlySet<number> => {
  const pids = new Set<number>()
  for (let pid = process.pid; pid > 0 && !pids.has(pid); pid = readProcess(pid, '').parent) pids.add(pid)
  return pids
}

/** Nobody alive answers for it but us: its parents are sandboxed, ours, or gone. */
const isOrphanOrOurs = (found: Process, mark: string, ours: ReadonlySet<number>): boolean => {
  for (let { parent } = found; parent > 1 && !ours.has(parent); ) {
    const next = readProcess(parent, mark)
    if (next.isMarked) return true
    if (next.uid !== -1 && !isSandboxed(next)) return false
    parent = next.parent
  }
  return true
}

const controlGroups = (below: string): readonly string[] =>
  contentOf('/proc/self/mounts')
    .split('\n')
    .filter((line) => / cgroup2? /.test(line))
    .map((line) => join(line.split(' ')[1] ?? '', below))
    .flatMap((root) => orEmpty(() => readdirSync(root, { withFileTypes: true })).map((entry) => ({ root, entry })))
    .filter(({ entry }) => entry.isDirectory())
    .map(({ root, entry }) => join(root, entry.name))

/** Parents of the groups that engines make for containers; each group has its container's id in its name. */
const ENGINE_GROUPS = ['docker', 'libpod', 'libpod_parent', 'machine.slice', 'system.slice']
const CONTAINER = /[0-9a-f]{64}/

const COPY = /^evalmesh-stage-(\d+-\d+)-/

/** What an engine says of its containers. */
export type Containers = {
  /** Those that nobody alive owns, by name. */
  readonly orphans: () => Promise<readonly string[]>
  /** Ids of all that were ever made since the watch began, and are gone when nothing of them is left. */
  readonly ids: ReadonlySet<string>
}

const NO_CONTAINERS: Containers = { orphans: async () => [], ids: new Set() }

/** Where to look, and what is ours. */
export type Watch = {
  /** `NAME=value` in the environment of everything that we start. */
  readonly mark: string
  /** The folder that everything we start takes for /tmp. */
  readonly scratch: string
  /** Of the engine, if it has such. */
  readonly containers?: Containers
  /** Whether somebody alive owns what carries this tag. Tests plant what is theirs: a neighbour sweeps what is nobody's. */
  readonly isOwned?: (tag: string) => boolean
  /** How long something may take to go by itself. */
  readonly graceMs?: number
}

const commandOf = (pid: number): string => contentOf(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim()

/** What this host shows now: one thing each, with what to say of it; a process may change its command line, not its name here. */
const look = async (watch: Watch): Promise<Map<string, string>> => {
  const { mark, scratch, containers = NO_CONTAINERS, isOwned = isOwnerAlive } = watch
  const { orphans, ids } = containers
  const ours = lineage()
  const sandboxed = processes()
    .map((pid) => readProcess(pid, mark))
    .filter((found) => found.pid !== process.pid && !found.isDead && (found.isMarked || isSandboxed(found)))
    .filter((found) => found.isMarked || isOrphanOrOurs(found, mark, ours))
  const groups = controlGroups('evalmesh').filter((path) => !isOwned(basename(path).split('.')[0] ?? ''))
  const containerGroups = ENGINE_GROUPS.flatMap(controlGroups).filter((path) =>
    ids.has(CONTAINER.exec(basename(path))?.[0] ?? ''),
  )
  const mounts = contentOf('/proc/self/mounts')
    .split('\n')
    .filter((line) => line.includes(scratch))
  const copies = orEmpty(() => readdirSync('/dev/shm')).filter((name) => !isOwned(COPY.exec(name)?.[1] ?? ''))
  const strange = OPEN_FOLDERS.flatMap((folder) => orEmpty(() => readdirSync(folder)).map((name) => join(folder, name)))
    .filter((path) => lstatSync(path, { throwIfNoEntry: false })?.uid === SANDBOX_UID)
    .concat(orEmpty(() => readdirSync(scratch)).map((name) => join(scratch, name)))
  const things = [
    ...[...groups, ...containerGroups].map((path) => `cgroup ${path}`),
    ...mounts.map((line) => `mount ${line.split(' ')[1]}`),
    ...[...copies.map((name) => `/dev/shm/${name}`), ...strange].map((path) => `file ${path}`),
    ...(await orphans()).map((name) => `container ${name}`),
  ]
  return new Map([
    ...sandboxed.map(({ pid }) => [identityOf(pid), `process ${pid} ${commandOf(pid)}`] as const),
    ...things.map((thing) => [thing, thing] as const),
  ])
}

/** Compares this host with how it was when the promise that this returns was fulfilled. */
export const watchHost = async (watch: Watch): Promise<() => Promise<readonly string[]>> => {
  const before = await look(watch)
  const find = async () => [...(await look(watch))].filter(([thing]) => !before.has(thing))
  return async () => {
    const waitUntil = performance.now() + (watch.graceMs ?? GRACE_MS)
    let found = await find()
    while (found.length > 0 && performance.now() < waitUntil) {
      await delay(LOOK_AGAIN_MS)
      const still = new Map(await find())
      // What came meanwhile may be a neighbour's: only what stays is left over.
      found = found.filter(([thing]) => still.has(thing)).map(([thing]) => [thing, still.get(thing) ?? thing])
    }
    return found.map(([, text]) => text)
  }
}
