/** The suite of training speed: what the referee costs beside the plain loop, and what pairing does to a host's noise. */
import { hash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { openSandbox } from '../../node/demo/prepare.ts'
import { COMPETITIONS } from '../../protocol/index.ts'
import { type ContractName, createTrainingEvaluator, readContract, readReference, toQuad } from '../../sandbox/index.ts'
import { type Group, median, progress, type Row, round } from './harness.ts'

const QUADS = 16
const TINY_QUADS = 3
/** A quad of preset 150m takes about a minute of an H100. */
const GPU_QUADS = 8
const GPU_CODE_QUADS = 3
const TARGET_TPS = 0.98

/** The reference, which prints how long it computed: the plain loop's time, without a wait for a batch, an answer or a question. */
const timed = (reference: string): string =>
  `${reference.replaceAll('inner_steps', 'plain')}

import sys
import time


class Watched:
    """Passes batches on, and counts the time between them."""

    def __init__(self, batches):
        self.batches, self.spent, self.since = batches, 0.0, None

    def __next__(self):
        self.stop()
        batch = next(self.batches)
        self.since = time.perf_counter()
        return batch

    def stop(self):
        if self.since is not None:
            self.spent += time.perf_counter() - self.since
            self.since = None


def inner_steps(model, data_iterator, optimizer, num_steps, device):
    watched = Watched(data_iterator)
    result = plain(model, watched, optimizer, num_steps, device)
    watched.stop()
    print("computed", round(watched.spent * 1e9), flush=True)
    return result
`

/** Standard deviation over the mean. */
const spread = (values: readonly number[]): number => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return Math.sqrt(squares / (values.length - 1)) / mean
}

const rules = COMPETITIONS.get('training-speed')
if (rules?.kind !== 'training') throw new Error('no rules of training-speed')
const { score } = rules

const CASES = join(import.meta.dirname, '../submissions')
const readCase = (name: string): string => readFileSync(join(CASES, name, 'submission/train.py'), 'utf8')

/** Quads of one code against another, through the referee. @throws Error when one of them is refused */
const evaluate = async (preset: ContractName, codes: { candidate: string; partner: string }, quads: number) => {
  const { contract } = readContract(preset)
  const isGpu = contract.device === 'cuda'
  const { engine, options } = await openSandbox({
    ...(isGpu
      ? ({ engine: 'auto', image: 'cuda', gpus: ['0'] } as const)
      : ({ engine: 'bubblewrap', image: 'torch' } as const)),
    ...{ hostPython: false, yes: false, say: progress, signal: new AbortController().signal },
  })
  await engine.close()
  const measured = await createTrainingEvaluator({ engine: options }).evaluate(
    {
      ...{ competition: 'training-speed', ...codes, contract, roundSeed: hash('sha256', 'bench') },
      ...{ quads, thetaPpm: null, driftMaxPpm: null, seed: 'bench' },
    },
    { onProgress: ({ phase, done, total }) => progress(`${phase} ${done}/${total}`) },
  )
  if (measured.verdict !== 'pass') throw new Error(measured.line)
  return measured
}

/** The reference against itself. */
const measureReference = async (preset: ContractName, quadsWanted: number): Promise<readonly Row[]> => {
  const reference = readReference()
  const measured = await evaluate(preset, { candidate: timed(reference), partner: reference }, quadsWanted)
  const quads = measured.quads.map(toQuad)
  const seen = quads.flatMap(({ candidateNs }) => candidateNs.map(Number))
  // The first line is the warm-up's, and the log keeps the last lines only.
  const computed = [...measured.stderr.matchAll(/^computed (\d+)$/gm)].map(([, ns]) => Number(ns)).slice(-seen.length)
  const shares = computed.map((ns, index) => ns / (seen.at(index - computed.length) ?? Number.NaN))
  const share = median(shares)
  const ratios = score({ quads, referenceNanos: 1n, hereNanos: 1n }).quadsPpm.map((ppm) => ppm / 1e6)
  const paired = spread(ratios)
  const raw = spread(seen)
  return [
    {
      ...{ name: 'TPS under the referee', value: round(share), unit: 'of the plain loop' },
      ...{ beside: 1, besideName: `the same ${shares.length} runs without waits`, ratio: round(share) },
      ...{ target: `at least ${TARGET_TPS}`, met: share >= TARGET_TPS },
    },
    {
      ...{ name: 'spread of the paired ratio', value: round(100 * paired), unit: '%' },
      ...{ beside: round(100 * raw), besideName: '% of raw TPS over the same runs', ratio: round(paired / raw) },
      ...{ target: 'below that of raw TPS', met: paired < raw },
    },
    {
      ...{ name: 'the reference against itself', value: round(median(ratios), 4), unit: 'times as fast' },
      ...{ beside: 1, besideName: 'the same code', ratio: round(median(ratios), 4) },
      ...{ target: 'within 2 %', met: Math.abs(median(ratios) - 1) <= 0.02 },
    },
  ]
}

/** What an optimised code wins, as the paired runs find it. */
const CODES = ['training-speed-gpu/honest-optimised'] as const

const measureCodes = async (preset: ContractName, quadsWanted: number): Promise<readonly Row[]> => {
  const rows: Row[] = []
  for (const name of CODES) {
    const measured = await evaluate(preset, { candidate: readCase(name), partner: readReference() }, quadsWanted)
    const quads = measured.quads.map(toQuad)
    const ratio = median(score({ quads, referenceNanos: 1n, hereNanos: 1n }).quadsPpm) / 1e6
    const tps = (side: 'candidateNs' | 'partnerNs') =>
      median(quads.flatMap((quad) => quad[side].map((ns) => (quad.tokens * 1e9) / Number(ns))))
    rows.push({
      ...{ name, value: Math.round(tps('candidateNs')), unit: 'tokens a second' },
      ...{
        beside: Math.round(tps('partnerNs')),
        besideName: 'the reference in the same quads',
        ratio: round(ratio, 4),
      },
      ...{ target: 'none: it tells what a code can win', met: null },
    })
  }
  return rows
}

/** On a machine without a GPU its rows say so. */
const onGpu =
  (name: string, measure: Group['measure']): Group['measure'] =>
  async (o) => {
    if (existsSync('/dev/nvidiactl')) return measure(o)
    const row = {
      name,
      value: null,
      unit: '',
      beside: null,
      besideName: '',
      ratio: null,
      target: 'none here',
      met: null,
    }
    return [{ ...row, why: 'this machine has no NVIDIA GPU' }]
  }

export const TRAINING: readonly Group[] = [
  {
    name: 'tiny',
    about: 'preset tiny on a CPU: the referee beside the plain loop, paired beside raw',
    measure: ({ tiny }) => measureReference('tiny', tiny ? TINY_QUADS : QUADS),
  },
  {
    name: '150m',
    about: 'the same of preset 150m on a GPU',
    measure: onGpu('150m', ({ tiny }) => measureReference('150m', tiny ? 1 : GPU_QUADS)),
  },
  {
    name: '150m-codes',
    about: 'faster codes against the reference, on a GPU',
    measure: onGpu('150m-codes', ({ tiny }) => measureCodes('150m', tiny ? 1 : GPU_CODE_QUADS)),
  },
]
