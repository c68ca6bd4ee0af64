/** What a whole round costs a validator: bytes received, CPU time, memory, and time beyond its deadlines; the chain and the sandbox are made up. */
import { setTimeout as delay } from 'node:timers/promises'
import { progress, quantile, type Row, round } from './harness.ts'
import { type BenchMesh, openMesh, sumUsage } from './mesh.ts'
import type { Event, Usage } from './mesh-child.ts'
import { BEACON_BLOCK, CLOSE_BLOCK } from './round.ts'
import { leastMiB, sentMiB } from './round-bytes.ts'

export type RoundCase = {
  readonly members: number
  readonly processes: number
  readonly rttMs: number
  readonly submissions: number
  readonly receivedMiBMax: number
}

const WAIT_MS_MAX = 240_000

const decidedBy = (events: readonly Event[], entry: string): readonly Event[] =>
  events.filter((event) => event.event === 'decided' && event.entry === entry)

/** Lets a block pass and waits until all have decided `entry`; the time each took. */
const passBlock = async (mesh: BenchMesh, o: { block: number; entry: string }): Promise<readonly number[]> => {
  const start = Number(process.hrtime.bigint()) / 1e6
  await mesh.all({ kind: 'head', block: o.block })
  await mesh.until((events) => decidedBy(events, o.entry).length === mesh.members, o.entry, WAIT_MS_MAX)
  return decidedBy(mesh.events, o.entry)
    .toSorted((a, b) => a.place - b.place)
    .map(({ at }) => at - start)
}

/** Blocks go on while this waits, from this one to the one before the next that matters: with each a node sends its own again. */
type Blocks = { readonly from: number; readonly before: number }
const BLOCK_MS = 2_000
const POLL_MS = 100

const waitFor = async (
  mesh: BenchMesh,
  o: { readonly what: 'receipts' | 'attestations'; readonly count: number; readonly blocks: Blocks },
): Promise<void> => {
  let block = o.blocks.from
  for (let [least, waitedMs] = [0, 0]; least < o.count; waitedMs += POLL_MS) {
    if (waitedMs > WAIT_MS_MAX) throw new Error(`not within ${WAIT_MS_MAX} ms: ${o.what} everywhere`)
    await delay(POLL_MS)
    least = Math.min(...(await mesh.all<number>({ kind: 'held', what: o.what })))
    if (waitedMs % BLOCK_MS !== 0 || waitedMs === 0 || block >= o.blocks.before) continue
    await mesh.all({ kind: 'head', block })
    block += 1
  }
}

type RoundCost = {
  readonly receivedMiB: number
  readonly cpuSeconds: number
  /** Of the process with the fewest nodes. */
  readonly rssMiB: number
  readonly lagP99Ms: number
  readonly overheadMs: number
}

const runRound = async (o: RoundCase): Promise<RoundCost> => {
  const mesh = await openMesh(o)
  progress(`  ${o.members} peers joined`)
  try {
    await mesh.all({ kind: 'head', block: 1 })
    await delay(500)
    await mesh.all({ kind: 'reset' })
    const before = sumUsage(await mesh.all<Usage>({ kind: 'usage' }))
    await mesh.at(0, { kind: 'submit', place: 0 })
    const receipts = o.submissions * o.members
    await waitFor(mesh, { what: 'receipts', count: receipts, blocks: { from: 2, before: CLOSE_BLOCK } })
    progress('  receipts are everywhere')
    const manifest = await passBlock(mesh, { block: CLOSE_BLOCK, entry: 'manifest' })
    progress('  manifest')
    const result = await passBlock(mesh, { block: BEACON_BLOCK, entry: 'result' })
    progress('  result')
    const blocks = { from: BEACON_BLOCK + 1, before: 2 * CLOSE_BLOCK }
    await waitFor(mesh, { what: 'attestations', count: o.members, blocks })
    const usages = await mesh.all<Usage>({ kind: 'usage' })
    const after = sumUsage(usages)
    const [first] = usages
    return {
      receivedMiB: (after.receivedBytes - before.receivedBytes) / o.members / 2 ** 20,
      cpuSeconds: (after.cpuSeconds - before.cpuSeconds) / o.members,
      rssMiB: (first?.rssBytes ?? 0) / 2 ** 20,
      lagP99Ms: first?.lagP99Ms ?? Number.NaN,
      overheadMs: quantile(
        manifest.map((ms, place) => ms + (result[place] ?? 0)),
        0.95,
      ),
    }
  } finally {
    await mesh.close()
  }
}

/** What a round cost: targets but that of the bytes are those for a hundred validators. */
export const measureRound = async (o: RoundCase): Promise<readonly Row[]> => {
  const cost = await runRound(o)
  const beside = leastMiB(o)
  const at = `${o.submissions} submissions, n = ${o.members}`
  const of = (name: string, value: number, unit: string, max: number): Row => ({
    name: `${name}, ${at}`,
    value: round(value),
    unit,
    beside: null,
    besideName: 'nothing',
    ratio: null,
    target: `≤ ${max} ${unit}`,
    met: value <= max,
  })
  return [
    {
      ...of('received a validator and round', cost.receivedMiB, 'MiB', o.receivedMiBMax),
      beside: round(beside),
      besideName: 'one copy of each reveal and receipt',
      ratio: round(cost.receivedMiB / beside),
    },
    of('CPU a validator and round', cost.cpuSeconds, 'CPU-s', 1),
    of('memory of one validator', cost.rssMiB, 'MiB', 286),
    of('event-loop lag of one validator, p99', cost.lagP99Ms, 'ms', 20),
    of('a round beyond its deadlines, p95 node', cost.overheadMs / 1e3, 's', 2),
  ]
}

/** The bytes alone, from the sizes of encodings and the copies that are made of each: needs no mesh. */
export const computeBytes = (o: Pick<RoundCase, 'members' | 'submissions' | 'receivedMiBMax'>): Row => {
  const [value, beside] = [sentMiB(o), leastMiB(o)]
  return {
    name: `sent to a validator in a round, computed from encoded sizes, ${o.submissions} submissions, n = ${o.members}`,
    value: round(value),
    unit: 'MiB',
    beside: round(beside),
    besideName: 'one copy of each reveal and receipt',
    ratio: round(value / beside),
    target: `≤ ${o.receivedMiBMax} MiB`,
    met: value <= o.receivedMiBMax,
  }
}
