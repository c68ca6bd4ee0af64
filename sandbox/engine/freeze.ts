/** Stops all processes of a sandbox and lets them go on: what waits for its turn must not disturb what is timed. */
import { readdirSync, readFileSync } from 'node:fs'
import process from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'

/** Looks until nothing new has come; who forks faster than this is stopped with its last child or found by the clock. */
const ROUNDS_MAX = 64

const readOr = (path: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

const numbersIn = (text: string): number[] => text.split(/\s+/).filter(Boolean).map(Number)

/** Every process below `pid`, itself among them, from the kernel's own lists. */
function treeOf(pid: number): number[] {
  const children = numbersIn(readOr(`/proc/${pid}/task/${pid}/children`))
  return [pid, ...children.flatMap(treeOf)]
}

/** The members of a control group; without one the descendants of the sandbox's first process. */
export const membersOf = (o: {
  readonly procsFile: string | undefined
  readonly pid: number | undefined
}): number[] => {
  if (o.procsFile !== undefined) return numbersIn(readOr(o.procsFile))
  return o.pid === undefined ? [] : treeOf(o.pid)
}

/** Signals until every process that `list` gives has the signal; what ended meanwhile is as good as stopped. */
export function signalAll(list: () => readonly number[], signal: 'SIGSTOP' | 'SIGCONT'): void {
  const told = new Set<number>()
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const fresh = list().filter((pid) => !told.has(pid))
    if (fresh.length === 0) return
    for (const pid of fresh) {
      told.add(pid)
      try {
        process.kill(pid, signal)
      } catch {
        // It ended by itself.
      }
    }
  }
}

/** States of a thread that takes no time from anybody: stopped, traced, ended, or asleep until something else happens. */
const AT_REST = new Set(['T', 't', 'Z', 'X', 'D'])
const LOOK_MS = 2

const threadsOf = (pid: number): string[] => {
  try {
    return readdirSync(`/proc/${pid}/task`)
  } catch {
    return []
  }
}

const isAtRest = (pid: number): boolean =>
  threadsOf(pid).every((thread) => {
    const stat = readOr(`/proc/${pid}/task/${thread}/stat`)
    // Behind the program's name, which may hold anything.
    const state = stat[stat.lastIndexOf(')') + 2]
    return state === undefined || AT_REST.has(state)
  })

/**
 * Stops every process that `list` gives; resolves when all of their threads stand still, for one that is in a long system call goes on until
 * the kernel lets it out. False: after `msMax` some still run.
 */
export async function stopAll(list: () => readonly number[], msMax: number): Promise<boolean> {
  for (const until = performance.now() + msMax; ; await delay(LOOK_MS)) {
    signalAll(list, 'SIGSTOP')
    if (list().every(isAtRest)) return true
    if (performance.now() > until) return false
  }
}
