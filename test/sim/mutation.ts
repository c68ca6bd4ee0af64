/** Plants each mutant in a process of its own and lets the simulator look for it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { HEALTHY, MUTANTS, type Mutant } from './mutants.ts'

export type Fate = {
  readonly name: string
  readonly killed: boolean
  /** The promise that was seen broken; what went wrong when the simulator itself did not run. */
  readonly by: string | null
  /** Schedules up to the one that showed it, or all that were run. */
  readonly seeds: number
}

/** Schedules of the source as it is, by the same path: a simulator that always sees something would kill every mutant. */
const CONTROL_SEEDS = 200

const at = (file: string): string => fileURLToPath(new URL(file, import.meta.url))

type Last = { readonly seeds: number; readonly first: { readonly promise: string } | null }

const readLast = (out: string): Last | null => {
  try {
    return JSON.parse(out.trim().split('\n').at(-1) ?? '') as Last
  } catch {
    return null
  }
}

export const tryMutant = async (
  { name, scene, where }: Mutant,
  o: { readonly n: number; readonly seeds: number },
): Promise<Fate> => {
  const { n, from } = where ?? { n: o.n, from: 1 }
  const range = ['--n', `${n}`, '--from', `${from}`, '--seeds', `${o.seeds}`]
  const flags = ['--threads', '1', '--scene', scene, '--stop', '--json', ...range]
  const child = spawn(process.execPath, ['--import', at('./mutate.ts'), at('./main.ts'), ...flags], {
    env: { ...process.env, SIM_MUTANT: name },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [out, errors] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  const last = readLast(out)
  if (last === null) return { name, killed: false, by: `did not run: ${errors.trim().split('\n').at(-1)}`, seeds: 0 }
  return { name, killed: last.first !== null, by: last.first?.promise ?? null, seeds: last.seeds }
}

/** All mutants, `threads` at a time, in the order of the table. */
export const tryMutants = async (o: {
  readonly n: number
  readonly seeds: number
  readonly threads: number
  readonly only: string | undefined
  readonly progress: (fate: Fate) => void
}): Promise<readonly Fate[]> => {
  const waiting = MUTANTS.filter(({ name }) => o.only === undefined || name.includes(o.only))
  const fates = new Map<string, Fate>()
  const left = [...waiting]
  const work = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const fate = await tryMutant(next, o)
      fates.set(next.name, fate)
      o.progress(fate)
    }
  }
  const healthy = await tryMutant(HEALTHY, { n: o.n, seeds: CONTROL_SEEDS })
  if (healthy.killed || healthy.seeds < CONTROL_SEEDS) throw new Error(`without any fault: ${healthy.by}`)
  await Promise.all(Array.from({ length: o.threads }, work))
  return waiting.flatMap(({ name }) => fates.get(name) ?? [])
}
