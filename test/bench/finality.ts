/** How long a height takes from its proposal to the node that is 95th of a hundred to decide it, in round trips; beside it the network alone. */
import { setTimeout as delay } from 'node:timers/promises'
import { median, progress, quantile, type Row, round } from './harness.ts'
import { type BenchMesh, openMesh, sumUsage } from './mesh.ts'
import type { Event, Usage } from './mesh-child.ts'

export type FinalityCase = {
  readonly members: number
  readonly processes: number
  readonly rttMs: number
  readonly heights: number
  readonly target: { readonly rtt: number; readonly ms: number }
}

const decidedOf = (events: readonly Event[], height: number): readonly Event[] =>
  events.filter((event) => event.event === 'decided' && event.number === height)

const HEIGHT_MS_MAX = 120_000

/** Proposal to decision at the 95th node, one height after another. */
const measureHeights = async (mesh: BenchMesh, o: FinalityCase): Promise<readonly number[]> => {
  const times: number[] = []
  for (let height = 1; height <= o.heights; height += 1) {
    await mesh.all({ kind: 'head', block: height })
    const isDecided = (events: readonly Event[]) => decidedOf(events, height).length === o.members
    await mesh.until(isDecided, `height ${height} at all ${o.members}`, HEIGHT_MS_MAX)
    const proposed = mesh.events.filter((event) => event.event === 'proposed' && event.number === height)
    if (proposed.length > 1) progress(`  height ${height} took ${proposed.length} views: not counted`)
    const [first] = proposed
    const spent = decidedOf(mesh.events, height).map(({ at }) => at - (first?.at ?? Number.NaN))
    // The first height meets streams that are not open yet.
    if (height > 1 && proposed.length === 1) times.push(quantile(spent, 0.95))
    await delay(2 * o.rttMs)
  }
  return times
}

const measureBare = async (mesh: BenchMesh, o: FinalityCase): Promise<readonly number[]> => {
  const times: number[] = []
  for (let run = 0; run < o.heights; run += 1) {
    const leader = (7 * run) % o.members
    const start = Number(process.hrtime.bigint()) / 1e6
    await mesh.at(leader, { kind: 'bare', run, leader })
    const doneOf = (events: readonly Event[]) => events.filter((e) => e.event === 'bare' && e.number === run)
    await mesh.until((events) => doneOf(events).length === o.members, `bare run ${run}`, HEIGHT_MS_MAX)
    if (run > 0)
      times.push(
        quantile(
          doneOf(mesh.events).map(({ at }) => at - start),
          0.95,
        ),
      )
    await delay(2 * o.rttMs)
  }
  return times
}

export const measureFinality = async (o: FinalityCase): Promise<readonly Row[]> => {
  const mesh = await openMesh({ members: o.members, rttMs: o.rttMs, submissions: null, processes: o.processes })
  progress(`  ${o.members} peers joined`)
  try {
    const bare = median(await measureBare(mesh, o))
    const before = sumUsage(await mesh.all<Usage>({ kind: 'usage' }))
    const value = median(await measureHeights(mesh, o))
    const after = sumUsage(await mesh.all<Usage>({ kind: 'usage' }))
    const cpuMs = (1e3 * (after.cpuSeconds - before.cpuSeconds)) / o.heights / o.members
    const kib = (after.receivedBytes - before.receivedBytes) / o.heights / o.members / 1024
    progress(`  ${round(cpuMs)} CPU-ms and ${round(kib)} KiB received a validator and height`)
    return [
      {
        name: `finality of a height, n = ${o.members}, p95 node, RTT ${o.rttMs} ms`,
        value: round(value / o.rttMs),
        unit: 'RTT',
        beside: round(bare / o.rttMs),
        besideName: 'three bare hops over the same streams, RTT',
        ratio: round(value / bare),
        target: `≤ ${o.target.rtt} RTT + ${o.target.ms} ms`,
        met: value <= o.target.rtt * o.rttMs + o.target.ms,
      },
    ]
  } finally {
    await mesh.close()
  }
}
