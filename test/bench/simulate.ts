/** Whole schedules that the simulator gets through in an hour of one core; beside it the same number of validators over the smallest rounds. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { drawFor, noTally, runOne, type SceneName } from '../sim/range.ts'
import { cpuSeconds, progress, type Row, round } from './harness.ts'

type SimulationCase = { readonly members: number; readonly cpuSeconds: number; readonly perHour: number }

/** Seeds from 1 on until the CPU time is spent, one at least; as long again before, uncounted, while the engine compiles. */
const perHourOf = async (o: SimulationCase, scene: SceneName): Promise<{ perHour: number; violations: number }> => {
  const tally = noTally()
  let [seed, violations] = [0, 0]
  const run = async (): Promise<{ seeds: number; spent: number }> => {
    let [seeds, spent] = [0, 0]
    while (seeds === 0 || spent < o.cpuSeconds) {
      seeds += 1
      seed += 1
      spent += await cpuSeconds(() => {
        const { violation } = runOne({ n: o.members, scene, plan: drawFor(o.members, scene, seed) }, tally)
        if (violation !== null) violations += 1
      })
    }
    return { seeds, spent }
  }
  await run()
  const { seeds, spent } = await run()
  return { perHour: (3_600 * seeds) / spent, violations }
}

export const measureSimulation = async (o: SimulationCase): Promise<Row> => {
  const bare = await perHourOf(o, 'toy')
  const whole = await perHourOf(o, 'rounds')
  if (whole.violations > 0) progress(`  ${whole.violations} violations: npm run sim -- --n ${o.members} says which`)
  return {
    name: `schedules simulated per CPU-hour, whole rounds, n = ${o.members}`,
    value: round(whole.perHour),
    unit: 'schedules/CPU-h',
    beside: round(bare.perHour),
    besideName: 'the agreement alone over the smallest rounds',
    ratio: round(whole.perHour / bare.perHour),
    target: `≥ ${o.perHour}, no violation`,
    met: whole.perHour >= o.perHour && whole.violations === 0,
  }
}

/** One schedule in a process of its own, given up after `msMax`: of a large mesh even one may take minutes. */
export const measureOneSchedule = async (o: {
  readonly members: number
  readonly perHour: number
  readonly msMax: number
}): Promise<Row> => {
  const args = ['test/sim/main.ts', '--seeds', '1', '--threads', '1', '--n', `${o.members}`, '--json']
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], timeout: o.msMax })
  let printed = ''
  child.stdout.on('data', (data) => {
    printed += data
  })
  const [code] = (await once(child, 'close')) as [number | null]
  const base = {
    name: `schedules simulated per hour and core, whole rounds, n = ${o.members}`,
    unit: 'schedules/h',
    beside: null,
    besideName: 'nothing',
    ratio: null,
    target: `≥ ${o.perHour}, no violation`,
  }
  if (code === null) return { ...base, value: null, met: null, why: `one took more than ${o.msMax / 1_000} s` }
  const { schedulesPerHour } = JSON.parse(printed.trim().split('\n').at(-1) ?? '{}') as { schedulesPerHour: number }
  return { ...base, value: schedulesPerHour, met: code === 0 && schedulesPerHour >= o.perHour }
}
