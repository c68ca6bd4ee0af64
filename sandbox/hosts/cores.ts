/** Which cores of this machine timed runs may have to themselves, and how many such runs at once it can bear. */
import { readFileSync } from 'node:fs'
import { SandboxError } from '../errors.ts'

/** Cores for each timed run at once, and those for everything else; all in the kernel's list form. */
export type CorePlan = {
  /** One entry a run; null: nowhere in particular. */
  readonly timed: readonly (string | null)[]
  /** Where referees run; null: anywhere. */
  readonly others: string | null
}

/** Numbers of a list such as `0-2,5`. */
export function parseCoreList(text: string): number[] {
  return text
    .trim()
    .split(',')
    .filter((part) => part !== '')
    .flatMap((part) => {
      const [from = 0, to = from] = part.split('-').map(Number)
      return Array.from({ length: to - from + 1 }, (_, index) => from + index)
    })
}

const readText = (path: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

/** Groups of the cores that this process may use: threads of one physical core disturb each other, so they go together. */
export function readPhysicalCores(): number[][] {
  const allowed = /^Cpus_allowed_list:\s*(.*)$/m.exec(readText('/proc/self/status'))?.[1] ?? ''
  const groups = new Map<string, number[]>()
  for (const core of parseCoreList(allowed)) {
    const siblings = readText(`/sys/devices/system/cpu/cpu${core}/topology/thread_siblings_list`).trim() || `${core}`
    groups.set(siblings, [...(groups.get(siblings) ?? []), core])
  }
  return [...groups.values()]
}

/**
 * Below this nothing is pinned unless the operator says so. A run that may not move waits behind whatever else is on its
 * core: on two crowded cores the medians of pinned runs were off by three times as much as those of others.
 */
const PINNED_CORES_MIN = 4

const toList = (groups: readonly (readonly number[])[]): string => groups.flat().join(',')

/**
 * The last physical cores go to timed runs, one each; the first stays for referees, engines and the system, which like to
 * be there. `chosen`: the operator's own lists instead, one for each run.
 * @throws SandboxError `TOO_FEW_CORES` for more runs at once than physical cores less one, and one on a single core; and
 * when `chosen` leaves none for anything else.
 */
export function planCores(options: {
  readonly runs: number
  readonly physical: readonly (readonly number[])[]
  readonly chosen?: readonly string[]
}): CorePlan {
  const { runs, physical, chosen = [] } = options
  const runsMax = Math.max(1, physical.length - 1)
  if (runs > runsMax) throw new SandboxError('TOO_FEW_CORES', { runs, runsMax, physicalCores: physical.length })
  if (chosen.length > 0) {
    const taken = chosen.flatMap(parseCoreList)
    const left = physical.flat().filter((core) => !taken.includes(core))
    if (left.length === 0) throw new SandboxError('TOO_FEW_CORES', { cores: chosen, physicalCores: physical.length })
    return { timed: [...chosen], others: toList([left]) }
  }
  if (physical.length < PINNED_CORES_MIN) return { timed: Array.from({ length: runs }, () => null), others: null }
  return {
    timed: physical.slice(-runs).map((group) => toList([group])),
    others: toList(physical.slice(0, -runs)),
  }
}
