/** The suite of the agreement and the mesh: which rows there are, and how much of each is measured. */
import { measureCertificate } from './certificate.ts'
import { measureFinality } from './finality.ts'
import type { Group, Row } from './harness.ts'
import { measureJoiner } from './joiner.ts'
import { measureReplay } from './replay.ts'
import { computeBytes, measureRound } from './round-cost.ts'
import { measureOneSchedule, measureSimulation } from './simulate.ts'
import { measureStatements } from './statements.ts'
import { measureVotes } from './votes.ts'

/** Statements of two submissions have 2 KiB, of sixteen 8 KiB. */
const STATEMENTS = [
  { submissions: 2, targetRatio: 0.65 },
  { submissions: 17, targetRatio: 0.35 },
]

/** Round trips are long beside the CPU time of a height on two shared cores, and longer where one host runs more validators. */
const FINALITY = [
  { members: 4, processes: 4, rttMs: 150, heights: 12, target: { rtt: 2, ms: 20 } },
  { members: 16, processes: 4, rttMs: 400, heights: 10, target: { rtt: 2.5, ms: 30 } },
  { members: 64, processes: 4, rttMs: 1_000, heights: 4, target: { rtt: 2.6, ms: 50 } },
  { members: 100, processes: 4, rttMs: 1_000, heights: 3, target: { rtt: 2.8, ms: 80 } },
]

const ROUNDS = [
  { members: 4, processes: 3, rttMs: 50, submissions: 50, receivedMiBMax: 0.25 },
  { members: 16, processes: 3, rttMs: 50, submissions: 50, receivedMiBMax: 1 },
  { members: 64, processes: 3, rttMs: 50, submissions: 50, receivedMiBMax: 3.5 },
  { members: 100, processes: 3, rttMs: 50, submissions: 50, receivedMiBMax: 5.5 },
]

export const CONSENSUS: readonly Group[] = [
  {
    name: 'votes',
    about: 'votes from the wire into the machine per CPU-second',
    measure: async ({ tiny }) => [
      await measureVotes(tiny ? { members: 4, heights: 2, runs: 1 } : { members: 100, heights: 20, runs: 15 }),
    ],
  },
  {
    name: 'statements',
    about: 'whole reveals per CPU-second, statements of 2 and 8.7 KiB',
    measure: async ({ tiny }) => {
      const rows: Row[] = []
      // One after another: the CPU time is that of the whole process.
      for (const size of STATEMENTS) {
        rows.push(
          await measureStatements({ ...size, ...(tiny ? { reveals: 2, runs: 1 } : { reveals: 600, runs: 15 }) }),
        )
      }
      return rows
    },
  },
  {
    name: 'certificate',
    about: 'size and CPU time of one certificate at n = 100',
    measure: ({ tiny }) => measureCertificate(tiny ? { members: 4, runs: 1 } : { members: 100, runs: 51 }),
  },
  {
    name: 'replay',
    about: 'rounds that an auditor replays per CPU-second at n = 100',
    measure: async ({ tiny }) => [
      await measureReplay(
        tiny
          ? { members: 4, rounds: 1, submissions: 1, runs: 1 }
          : { members: 100, rounds: 5, submissions: 1, runs: 9 },
      ),
    ],
  },
  {
    name: 'joiner',
    about: 'a late joiner from nothing to the whole log over libp2p and disk, n = 4 and 100',
    measure: async ({ tiny }) => [
      await measureJoiner({ members: 4, rounds: tiny ? 9 : 400 }),
      ...(tiny ? [] : [await measureJoiner({ members: 100, rounds: 24 })]),
    ],
  },
  {
    name: 'simulator',
    about: 'schedules simulated per hour and core at n = 4, 10 and 100 (minutes)',
    measure: async ({ tiny }) => {
      if (tiny) return [await measureSimulation({ members: 4, cpuSeconds: 0.1, perHour: 1_000_000 })]
      return [
        await measureSimulation({ members: 4, cpuSeconds: 10, perHour: 1_000_000 }),
        await measureSimulation({ members: 10, cpuSeconds: 10, perHour: 100_000 }),
        await measureOneSchedule({ members: 100, perHour: 300, msMax: 300_000 }),
      ]
    },
  },
  {
    name: 'bytes',
    about: 'bytes of one round at n = 4, 16, 64 and 100, computed from encoded sizes',
    measure: async () => ROUNDS.map(computeBytes),
  },
  ...FINALITY.map(
    (one): Group => ({
      name: `finality-${one.members}`,
      about: `one height on a mesh of ${one.members} real peers, ${one.rttMs} ms apart`,
      measure: ({ tiny }) => measureFinality(tiny ? { ...one, members: 4, processes: 2, rttMs: 10, heights: 2 } : one),
    }),
  ),
  ...ROUNDS.map(
    (one): Group => ({
      name: `round-${one.members}`,
      about: `bytes, CPU, memory and time of one round on a mesh of ${one.members} real peers`,
      measure: ({ tiny }) => measureRound(tiny ? { ...one, members: 4, submissions: 2 } : one),
    }),
  ),
]
