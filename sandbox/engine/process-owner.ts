/** Names the process that owns a container or a cgroup, so that a later one can tell a crash from a neighbour. */
import { hash } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import process from 'node:process'

/** Boot-relative start time in clock ticks: tells a process from a later one with the same number. Null: no such process. */
function startTicks(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name in parentheses may hold spaces: count the fields behind it. Field 22 of proc(5) is the start time.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    // A zombie owns nothing any more.
    return fields[0] === 'Z' ? null : (fields[19] ?? null)
  } catch {
    return null
  }
}

/** A process, this one if none is given, as `pid-ticks`; ticks are 0 where there is no /proc. */
export function ownerTag(pid = process.pid): string {
  return `${pid}-${startTicks(pid) ?? '0'}`
}

/** Whether the process behind a tag still runs; a tag that cannot be read counts as alive, so nothing is removed by mistake. */
export function isOwnerAlive(tag: string): boolean {
  const match = /^(\d{1,10})-(\d{1,20})$/.exec(tag)
  if (match === null) return true
  const pid = Number(match[1])
  if (match[2] !== '0') return startTicks(pid) === match[2]
  try {
    process.kill(pid, 0)
    return true
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/**
 * Owners' tags mean something only among processes that see each other: containers of an engine that several hosts share, or
 * several containers of one host, carry this beside it.
 */
export function hostTag(): string {
  // None on macOS; no machine id in most containers: there the name has to do.
  const machine = textOr(() => readFileSync('/etc/machine-id', 'utf8').trim())
  // With the host's network a container has the host's name too, but process numbers of its own.
  const numbers = textOr(() => readlinkSync('/proc/self/ns/pid'))
  return hash('sha256', `${hostname()}\n${machine}\n${numbers}`).slice(0, 16)
}

function textOr(read: () => string): string {
  try {
    return read()
  } catch {
    return ''
  }
}
