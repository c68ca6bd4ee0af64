/** The suite of the sandbox and the evaluation: which rows there are, and how much of each is measured. */
import { COMPETITIONS, matrixRulesOf } from '../../protocol/index.ts'
import type { Group, Row } from './harness.ts'
import { measureCheck } from './sandbox-check.ts'
import { measureDraws } from './sandbox-draw.ts'
import { measureOverhead, measureStock } from './sandbox-overhead.ts'
import { measureScoring, readSubmission } from './sandbox-scoring.ts'
import { ENGINES } from './sandbox-setup.ts'
import { measureSpread } from './sandbox-spread.ts'
import { measureTakeover } from './sandbox-takeover.ts'
import { measureThroughput } from './sandbox-throughput.ts'
import { measureVerdicts } from './sandbox-verdicts.ts'

const MATRIX_COMPETITIONS = [...COMPETITIONS.keys()].filter((competition) => matrixRulesOf(competition) !== undefined)

/** A quick code, whose metric is nearly all size, and one slow enough for its time to count in the score. */
const CODES = [
  { name: 'byte planes', source: () => readSubmission('byte-planes') },
  { name: 'slow lzma', source: () => SLOW },
  { name: 'zlib', source: () => ZLIB },
] as const
const DRAWS = ['matrices drawn anew', 'the same matrices'] as const

const SLOW = `import lzma

FILTERS = [{"id": lzma.FILTER_LZMA2, "preset": 6}]


def compress(data: bytes) -> bytes:
    return lzma.compress(data, lzma.FORMAT_RAW, filters=FILTERS)


def decompress(data: bytes) -> bytes:
    return lzma.decompress(data, lzma.FORMAT_RAW, filters=FILTERS)
`
const ZLIB = 'from zlib import compress, decompress\n'

/** One after the other: nothing of ours may disturb what is timed. */
const inTurns = async (works: readonly (() => Promise<Row | readonly Row[]>)[]): Promise<readonly Row[]> => {
  const rows: Row[] = []
  for (const work of works) rows.push(...[await work()].flat())
  return rows
}

export const SANDBOX: readonly Group[] = [
  {
    name: 'throughput',
    about: 'a job in a sandbox beside the same job outside, on each engine',
    measure: ({ tiny }) =>
      inTurns(
        ENGINES.map((name) => () => measureThroughput(name, tiny ? { pairs: 2, pieces: 1 } : { pairs: 40, pieces: 4 })),
      ),
  },
  {
    name: 'overhead',
    about: 'start to result of one sandboxed run beside the engine’s own tool, and when it was started ahead',
    measure: ({ tiny }) => {
      const size = { runs: tiny ? 2 : 25 }
      return inTurns(ENGINES.flatMap((name) => [() => measureOverhead(name, size), () => measureStock(name, size)]))
    },
  },
  {
    name: 'scoring',
    about: 'scoring one lossless submission beside both codes’ own time',
    measure: async ({ tiny }) => [await measureScoring(tiny ? { matrices: 2, runs: 1 } : { matrices: 30, runs: 7 })],
  },
  {
    name: 'check',
    about: 'the exact similarity of a matrix that came back, beside comparing its bytes',
    measure: async ({ tiny }) => [
      await measureCheck(tiny ? { elements: 4_096, runs: 1 } : { elements: 4 << 20, runs: 9 }),
    ],
  },
  {
    name: 'spread',
    about: 'the certified metric of one submission over four rounds on a noisy machine, beside its raw times',
    measure: ({ tiny }) => {
      const size = tiny ? { rounds: 2, matrixCount: 2, neighbours: 1 } : { rounds: 4, matrixCount: 30, neighbours: 2 }
      const spreads = CODES.flatMap(({ name, source }) => DRAWS.map((draw) => ({ name, draw, source })))
      return inTurns(
        (tiny ? spreads.slice(0, 1) : spreads).map(
          ({ name, draw, source }) =>
            () =>
              measureSpread({ name, draw, candidate: source(), ...size }),
        ),
      )
    },
  },
  {
    name: 'draw',
    about: 'how far other matrices move the metric of one submission, by how many are drawn',
    measure: ({ tiny }) => {
      const size = tiny
        ? { counts: [4], matrices: 16, draws: 40 }
        : { counts: [16, 30, 48, 64], matrices: 128, draws: 2_000 }
      return inTurns(
        (tiny ? CODES.slice(0, 1) : CODES).map(
          ({ name, source }) =>
            () =>
              measureDraws({ name, candidate: source(), ...size }),
        ),
      )
    },
  },
  {
    name: 'takeover',
    about: 'how often a clone takes over and a true gain is seen, simulated',
    measure: async ({ tiny }) => measureTakeover(tiny ? { tries: 20, rounds: 10 } : { tries: 1_000, rounds: 500 }),
  },
  {
    name: 'verdicts',
    about: 'submissions of known verdict that get it, on each engine and competition (minutes each)',
    measure: ({ tiny }) => {
      const only = tiny ? { only: 'cheat-stash,honest-cache' } : {}
      const engines = tiny ? (['bubblewrap'] as const) : ENGINES
      const runs = engines.flatMap((name) => MATRIX_COMPETITIONS.map((competition) => ({ name, competition })))
      return inTurns(
        runs.map(
          ({ name, competition }) =>
            () =>
              measureVerdicts(name, { competition, ...only }),
        ),
      )
    },
  },
]
