/** Control groups, version 1 or 2: the limits of one sandbox as a whole, and the way to end all of it. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'
import { reasonOf } from '../errors.ts'
import type { Policy } from '../limits.ts'
import { isOwnerAlive, ownerTag } from './process-owner.ts'

/** The group of one sandbox. */
export type Cgroup = {
  /** A process joins by writing its pid to each of these. */
  readonly procsFiles: readonly string[]
  /** Processes that the kernel killed for want of memory. */
  oomKills(): number
  memoryPeakBytes(): number | undefined
  /** Kills every member and removes the group; resolves when it is gone. */
  destroy(): Promise<void>
}

/** The place where this machine lets us make groups. */
export type CgroupTree = {
  readonly version: 1 | 2
  /** Whether a group can be given cores of its own. */
  readonly canPin: boolean
  /** `cores`: in the kernel's list form. @throws Error when the kernel refuses a limit; nothing is left then. */
  create(group: { readonly name: string; readonly policy: Policy; readonly cores?: string | undefined }): Cgroup
  /** Destroys the groups of processes that are no more. */
  sweep(): Promise<void>
}

const FOLDER = 'evalmesh'
const CONTROLLERS = ['memory', 'pids', 'cpu'] as const
const CPU_PERIOD_US = 100_000
// Killed processes leave a group within milliseconds; after this long something is stuck in the kernel.
const EMPTY_WAIT_MS = 10_000

/** Where the controllers lie: `roots` those of the limits, `cpuset` that of cores, null where this kernel has none. */
type Mounts = { readonly version: 1 | 2; readonly roots: readonly string[]; readonly cpuset: string | null }

/** Mount points of the controllers as this process sees them; null where one of the limits is missing. */
function findMounts(): Mounts | null {
  const mounts = readOr('/proc/self/mounts', '')
    .split('\n')
    .map((line) => line.split(' '))
  const v1 = (name: string) => mounts.find((m) => m[2] === 'cgroup' && m[3]?.split(',').includes(name))?.[1]
  const roots = CONTROLLERS.map(v1).filter((path) => path !== undefined)
  if (roots.length === CONTROLLERS.length) return { version: 1, roots, cpuset: v1('cpuset') ?? null }
  const v2 = mounts.find((m) => m[2] === 'cgroup2')?.[1]
  if (v2 === undefined) return null
  const offered = readOr(join(v2, 'cgroup.controllers'), '').trim().split(' ')
  if (!CONTROLLERS.every((name) => offered.includes(name))) return null
  return { version: 2, roots: [v2], cpuset: offered.includes('cpuset') ? v2 : null }
}

/** File → content, in the order of writing. `optional` ones exist only on some kernels. */
function limitFiles(version: 1 | 2, policy: Policy): { file: string; text: string; optional?: true }[] {
  const memory = String(policy.memoryBytes)
  const quota = Math.max(1_000, Math.round(policy.cpus * CPU_PERIOD_US))
  if (version === 2) {
    return [
      { file: 'memory.max', text: memory },
      { file: 'memory.swap.max', text: '0', optional: true },
      { file: 'memory.oom.group', text: '1' },
      { file: 'pids.max', text: String(policy.pidsMax) },
      { file: 'cpu.max', text: `${quota} ${CPU_PERIOD_US}` },
    ]
  }
  return [
    { file: 'memory.limit_in_bytes', text: memory },
    { file: 'memory.memsw.limit_in_bytes', text: memory, optional: true },
    { file: 'memory.swappiness', text: '0', optional: true },
    { file: 'pids.max', text: String(policy.pidsMax) },
    { file: 'cpu.cfs_period_us', text: String(CPU_PERIOD_US) },
    { file: 'cpu.cfs_quota_us', text: String(quota) },
  ]
}

const readOr = (path: string, fallback: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return fallback
  }
}

/** Kills whoever is in `folders` until they are empty, then removes them. */
async function destroyFolders(folders: readonly string[]): Promise<void> {
  const waitUntil = performance.now() + EMPTY_WAIT_MS
  for (const folder of folders) {
    while (existsSync(folder)) {
      try {
        if (existsSync(join(folder, 'cgroup.kill'))) writeFileSync(join(folder, 'cgroup.kill'), '1')
      } catch {
        // The group went away meanwhile; rmdir below says so.
      }
      for (const pid of readOr(join(folder, 'cgroup.procs'), '').split('\n').filter(Boolean)) {
        try {
          process.kill(Number(pid), 'SIGKILL')
        } catch {
          // It ended by itself.
        }
      }
      try {
        rmdirSync(folder)
      } catch (thrown) {
        if (!existsSync(folder)) break
        if (performance.now() > waitUntil) throw thrown
        // The kernel reports an empty v1 group to nobody: look again soon.
        await delay(2)
      }
    }
  }
}

function openGroup(version: 1 | 2, folders: readonly string[]): Cgroup {
  const memory = folders[0] ?? ''
  const oomFile = join(memory, version === 1 ? 'memory.oom_control' : 'memory.events')
  const peakFile = join(memory, version === 1 ? 'memory.max_usage_in_bytes' : 'memory.peak')
  return {
    procsFiles: folders.map((folder) => join(folder, 'cgroup.procs')),
    oomKills: () => Number(/^oom_kill (\d+)$/m.exec(readOr(oomFile, ''))?.[1] ?? 0),
    memoryPeakBytes: () => {
      const peak = Number.parseInt(readOr(peakFile, ''), 10)
      return Number.isNaN(peak) ? undefined : peak
    },
    destroy: () => destroyFolders(folders),
  }
}

/** Gives a group of version 1 its cores; it has no memory nodes until it is told, and its parent neither. */
function pinV1(root: string, folder: string, cores: string): void {
  const parent = join(root, FOLDER)
  const nodes = readFileSync(join(root, 'cpuset.mems'), 'utf8').trim()
  mkdirSync(folder, { recursive: true })
  // All cores above: groups of other sandboxes lie beside this one.
  writeFileSync(join(parent, 'cpuset.cpus'), readFileSync(join(root, 'cpuset.cpus'), 'utf8').trim())
  writeFileSync(join(parent, 'cpuset.mems'), nodes)
  writeFileSync(join(folder, 'cpuset.cpus'), cores)
  writeFileSync(join(folder, 'cpuset.mems'), nodes)
}

/** A tree that works, tried out with one group; or the reason why there is none. */
export function openCgroupTree(probe: Policy): { tree: CgroupTree } | { reason: string } {
  const mounts = findMounts()
  if (mounts === null) return { reason: 'no mounted memory, pids and cpu controllers' }
  const { version, roots, cpuset } = mounts
  const owner = ownerTag()
  let sequence = 0
  const create: CgroupTree['create'] = ({ name, policy, cores }) => {
    sequence += 1
    const label = `${owner}.${sequence}.${name}`
    const folders = roots.map((root) => join(root, FOLDER, label))
    try {
      for (const folder of folders) mkdirSync(folder, { recursive: true })
      for (const { file, text, optional } of limitFiles(version, policy)) {
        const path = folders.map((folder) => join(folder, file)).find((candidate) => existsSync(candidate))
        if (path !== undefined) writeFileSync(path, text)
        else if (optional !== true) throw new Error(`the kernel has no ${file}`)
      }
      if (cores !== undefined && version === 2) writeFileSync(join(folders[0] ?? '', 'cpuset.cpus'), cores)
      if (cores !== undefined && version === 1) {
        const folder = join(cpuset ?? '', FOLDER, label)
        folders.push(folder)
        pinV1(cpuset ?? '', folder, cores)
      }
    } catch (thrown) {
      for (const folder of folders.filter((candidate) => existsSync(candidate))) rmdirSync(folder)
      throw thrown
    }
    return openGroup(version, folders)
  }
  const sweep = async () => {
    for (const root of new Set([...roots, ...(cpuset === null ? [] : [cpuset])])) {
      const folder = join(root, FOLDER)
      const names = existsSync(folder) ? readdirSync(folder, { withFileTypes: true }) : []
      for (const { name } of names.filter((entry) => entry.isDirectory())) {
        if (!isOwnerAlive(name.split('.')[0] ?? '')) await destroyFolders([join(folder, name)])
      }
    }
  }
  /** Nobody joined: the folders go at once. */
  const tryOut = (cores: string | undefined) => {
    const group = create({ name: 'probe', policy: probe, cores })
    for (const file of group.procsFiles) rmdirSync(join(file, '..'))
  }
  try {
    if (version === 2) enableControllers(roots[0] ?? '', CONTROLLERS)
    tryOut(undefined)
    raiseWeight(version, roots)
  } catch (thrown) {
    return { reason: reasonOf(thrown) }
  }
  const canPin = cpuset !== null && canPinHere(version, cpuset, tryOut)
  return { tree: { version, canPin, create, sweep } }
}

function canPinHere(version: 1 | 2, cpuset: string, tryOut: (cores: string) => void): boolean {
  try {
    if (version === 2) enableControllers(cpuset, ['cpuset'])
    tryOut(readFileSync(join(cpuset, version === 1 ? 'cpuset.cpus' : 'cpuset.cpus.effective'), 'utf8').trim())
    return true
  } catch {
    return false
  }
}

/**
 * All sandboxes are one group among the host's programs, and would share one program's part of the cores. A timed run must
 * not wait for whatever else runs here: together they weigh as much as 16. Each one's quota bounds it all the same.
 */
const WEIGHTS = {
  1: { file: 'cpu.shares', text: String(16 * 1_024) },
  2: { file: 'cpu.weight', text: '1600' },
} as const

function raiseWeight(version: 1 | 2, roots: readonly string[]): void {
  const { file, text } = WEIGHTS[version]
  const path = roots.map((root) => join(root, FOLDER, file)).find((candidate) => existsSync(candidate))
  try {
    if (path !== undefined) writeFileSync(path, text)
  } catch {
    // Not ours to say here: slower on a busy host, not weaker.
  }
}

/** In version 2 a child folder has only the controllers that its parents hand down. */
function enableControllers(root: string, names: readonly string[]): void {
  const all = names.map((name) => `+${name}`).join(' ')
  writeFileSync(join(root, 'cgroup.subtree_control'), all)
  mkdirSync(join(root, FOLDER), { recursive: true })
  writeFileSync(join(root, FOLDER, 'cgroup.subtree_control'), all)
}
