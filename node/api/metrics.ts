/** What monitoring reads: a short list of numbers in Prometheus' text format, each with its meaning. */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { encodeSs58, type Key, type Machine, type RoundState } from '../../protocol/index.ts'
import type { StatusView } from './views.ts'

type Labels = Readonly<Record<string, string>>
type Sample = readonly [labels: Labels, value: number]

/** What the list is read from, at one moment. */
export type Vitals = {
  readonly status: StatusView
  readonly machine: Machine<RoundState>
  readonly self: Key
  readonly version: string
  readonly nowMs: number
  /** When the last block was shown to the machine; null for none since the start. */
  readonly headAtMs: number | null
  /** Lines logged since the start, by level. */
  readonly logLines: ReadonlyMap<string, number>
  readonly loopLagSeconds: number
}

type Metric = {
  readonly name: string
  readonly type: 'gauge' | 'counter'
  readonly help: string
  readonly read: (v: Vitals) => number | readonly Sample[]
}

const flag = (is: boolean): number => (is ? 1 : 0)
const secondsSince = (v: Vitals, at: number | null): number => (at === null ? -1 : Math.max(0, v.nowMs - at) / 1_000)
const delegationOf = ({ machine, self }: Vitals) => machine.rounds.delegations.get(self)?.message.body

/** In the order of the answer; docs/VALIDATOR.md has the same list. */
export const METRICS: readonly Metric[] = [
  {
    name: 'evalmesh_info',
    type: 'gauge',
    help: '1; says who this is',
    read: ({ version, self, status }) => [
      [{ version, hotkey: encodeSs58(self), name: status.name, engine: status.engine }, 1],
    ],
  },
  {
    name: 'evalmesh_ready',
    type: 'gauge',
    help: '1 when a quorum is connected and this node takes part or follows',
    read: ({ status }) => flag(status.ready),
  },
  {
    name: 'evalmesh_synced',
    type: 'gauge',
    help: '1 when this node’s log is the mesh’s',
    read: ({ status }) => flag(status.sync.kind === 'live'),
  },
  {
    name: 'evalmesh_seated',
    type: 'gauge',
    help: '1 when this hotkey has a seat in the committee of the epoch',
    read: ({ status }) => flag(status.members.some(({ self }) => self)),
  },
  { name: 'evalmesh_height', type: 'gauge', help: 'height being decided', read: ({ status }) => status.height },
  {
    name: 'evalmesh_view',
    type: 'gauge',
    help: 'view of that height; above 3 leaders fail',
    read: ({ status }) => status.view,
  },
  { name: 'evalmesh_epoch', type: 'gauge', help: 'epoch of the committee', read: ({ status }) => status.epoch },
  { name: 'evalmesh_block', type: 'gauge', help: 'finalised block seen last', read: ({ status }) => status.block },
  {
    name: 'evalmesh_block_age_seconds',
    type: 'gauge',
    help: 'since that block was seen; −1 for none since the start',
    read: (v) => secondsSince(v, v.headAtMs),
  },
  {
    name: 'evalmesh_connected_stake_ratio',
    type: 'gauge',
    help: 'part of the committee’s stake that is connected; decisions need more than two thirds',
    read: ({ status }) => status.connectedPpm / 1e6,
  },
  {
    name: 'evalmesh_members',
    type: 'gauge',
    help: 'members of the committee',
    read: ({ status }) => {
      const here = status.members.filter(({ connected }) => connected).length
      return [
        [{ state: 'connected' }, here],
        [{ state: 'away' }, status.members.length - here],
      ]
    },
  },
  {
    name: 'evalmesh_weights_block',
    type: 'gauge',
    help: 'block of the newest vector handed to the chain; 0 for none',
    read: ({ status }) => status.weightsBlock,
  },
  {
    name: 'evalmesh_delegation_blocks_left',
    type: 'gauge',
    help: 'blocks for which this hotkey’s delegation is in force; 0 for none',
    read: (v) => Math.max(0, (delegationOf(v)?.toBlock ?? 0) - v.status.block),
  },
  {
    name: 'evalmesh_rounds_total',
    type: 'counter',
    help: 'decided rounds by how this validator’s reveal went: counted, flagged, noisy, missing',
    read: ({ machine, self }) =>
      [...machine.rounds.competitions.values()].flatMap(({ params, standing }) =>
        Object.entries(standing.tallies.get(self) ?? {}).map(
          ([mark, rounds]): Sample => [{ competition: params.id, mark }, rounds],
        ),
      ),
  },
  {
    name: 'evalmesh_offences',
    type: 'gauge',
    help: 'members convicted, or whose evidence waits',
    read: ({ status }) => status.offences.length,
  },
  {
    name: 'evalmesh_log_lines_total',
    type: 'counter',
    help: 'lines logged by level; error and fatal need someone',
    read: ({ logLines }) => [...logLines].map(([level, lines]): Sample => [{ level }, lines]),
  },
  {
    name: 'evalmesh_event_loop_lag_seconds',
    type: 'gauge',
    help: 'how late the process was for its turns, 99th percentile since the answer before',
    read: ({ loopLagSeconds }) => loopLagSeconds,
  },
  {
    name: 'process_cpu_seconds_total',
    type: 'counter',
    help: 'CPU time of the node, without its sandboxes',
    read: () => {
      const { user, system } = process.cpuUsage()
      return (user + system) / 1e6
    },
  },
  {
    name: 'process_resident_memory_bytes',
    type: 'gauge',
    help: 'memory of the node, without its sandboxes',
    read: () => process.memoryUsage.rss(),
  },
  {
    name: 'process_start_time_seconds',
    type: 'gauge',
    help: 'Unix time of the start',
    read: () => Math.round(performance.timeOrigin / 1_000),
  },
]

const escaped = (text: string): string => text.replace(/[\\"\n]/g, (char) => (char === '\n' ? '\\n' : `\\${char}`))

const labelsOf = (labels: Labels): string => {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

/** The text format of version 0.0.4. */
export const printMetrics = (vitals: Vitals): string =>
  METRICS.map(({ name, type, help, read }) => {
    const value = read(vitals)
    const samples: readonly Sample[] = typeof value === 'number' ? [[{}, value]] : value
    const lines = samples.map(([labels, one]) => `${name}${labelsOf(labels)} ${one}\n`)
    return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`
  }).join('')

/** How often the event loop is looked at. */
const LOOK_MS = 20

/** Prints the metrics of a running node; it measures how late the event loop is until `close`. */
export const createMetrics = (o: {
  readonly status: () => StatusView
  readonly machine: () => Machine<RoundState>
  readonly self: Key
  readonly version: string
  readonly now: () => number
  readonly headAt: () => number | null
  readonly logLines: ReadonlyMap<string, number>
}) => {
  const delays = monitorEventLoopDelay({ resolution: LOOK_MS })
  delays.enable()
  const lagSeconds = (): number => {
    // What is told is the time between two looks.
    const lag = delays.percentile(99) / 1e9 - LOOK_MS / 1e3
    delays.reset()
    return Number.isFinite(lag) ? Math.max(0, lag) : 0
  }
  return {
    print: (): string =>
      printMetrics({
        ...o,
        status: o.status(),
        machine: o.machine(),
        nowMs: o.now(),
        headAtMs: o.headAt(),
        loopLagSeconds: lagSeconds(),
      }),
    close: async (): Promise<void> => {
      delays.disable()
    },
  }
}
