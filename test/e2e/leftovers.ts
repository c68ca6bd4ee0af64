/** What a command could leave behind: processes, control groups of sandboxes, files. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isOwnerAlive } from '../../sandbox/engine/process-owner.ts'

const contentOf = (path: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // It ended while we looked.
    return ''
  }
}

/** Command lines of the processes that carry this in their environment, as all children of one command do. */
export const processesWith = (variable: string): readonly string[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((name) => contentOf(`/proc/${name}/environ`).split('\0').includes(variable))
    .map((name) => `${name} ${contentOf(`/proc/${name}/cmdline`).replaceAll('\0', ' ')}`)

/** Control groups of sandboxes whose owner is no more; members of one are processes of its sandbox. */
export const orphanedGroups = (): readonly string[] => {
  const mounts = contentOf('/proc/self/mounts').split('\n')
  const roots = mounts
    .filter((line) => / cgroup2? /.test(line))
    .map((line) => join(line.split(' ')[1] ?? '', 'evalmesh'))
  return roots
    .filter((root) => existsSync(root))
    .flatMap((root) => readdirSync(root, { withFileTypes: true }).map((entry) => ({ root, entry })))
    .filter(({ entry }) => entry.isDirectory() && !isOwnerAlive(entry.name.split('.')[0] ?? ''))
    .map(({ root, entry }) => join(root, entry.name))
}
