/** The suite of training speed: what the referee costs beside the plain loop, and what pairing does to a host's noise. */
import { hash } from 'node:crypto'
import { openSandbox } from '../../node/demo/prepare.ts'
import { COMPETITIONS } from '../../protocol/index.ts'
import { createTrainingEvaluator, readContract, readReference, toQuad } from '../../sandbox/index.ts'
import { type Group, median, progress, type Row, round } from './harness.ts'

const QUADS = 16
const TINY_QUADS = 3
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

const measure = async ({ tiny }: { readonly tiny: boolean }): Promise<readonly Row[]> => {
  const rules = COMPETITIONS.get('training-speed')
  if (rules?.kind !== 'training') throw new Error('no rules of training-speed')
  const signal = new AbortController().signal
  const { engine, options } = await openSandbox({
    ...{ engine: 'bubblewrap', image: 'torch', hostPython: false, yes: false },
    ...{ say: progress, signal },
  })
  await engine.close()
  const { contract } = readContract('tiny')
  const reference = readReference()
  const measured = await createTrainingEvaluator({ engine: options }).evaluate({
    ...{ competition: 'training-speed', candidate: timed(reference), partner: reference, contract },
    ...{
      roundSeed: hash('sha256', 'bench'),
      quads: tiny ? TINY_QUADS : QUADS,
      thetaPpm: null,
      driftMaxPpm: null,
      seed: 'bench',
    },
  })
  if (measured.verdict !== 'pass') throw new Error(measured.line)
  const quads = measured.quads.map(toQuad)
  const seen = quads.flatMap(({ candidateNs }) => candidateNs.map(Number))
  // The first line is the warm-up's, and the log keeps the last lines only.
  const computed = [...measured.stderr.matchAll(/^computed (\d+)$/gm)].map(([, ns]) => Number(ns)).slice(-seen.length)
  const shares = computed.map((ns, index) => ns / (seen.at(index - computed.length) ?? Number.NaN))
  const share = median(shares)
  const ratios = rules.score({ quads, referenceNanos: 1n, hereNanos: 1n }).quadsPpm.map((ppm) => ppm / 1e6)
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

export const TRAINING: readonly Group[] = [
  { name: 'tiny', about: 'preset tiny on a CPU: the referee beside the plain loop, paired beside raw', measure },
]
