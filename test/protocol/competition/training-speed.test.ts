/** Promises about training speed: what a round's seed decides, what the checks refuse and name, and what times come to. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { COMPETITIONS } from '../../../protocol/competition/index.ts'
import { checkTraining, type Found, gatesOf } from '../../../protocol/competition/training-speed/check.ts'
import {
  parametersOf,
  planTraining,
  type TrainingContract,
  tensorsOf,
} from '../../../protocol/competition/training-speed/contract.ts'
import { flopsPerToken, leastNanos, peakGflops } from '../../../protocol/competition/training-speed/plausible.ts'
import { certifyTraining, quadPpm, scoreTraining } from '../../../protocol/competition/training-speed/score.ts'
import { hash, utf8ToBytes } from '../../../protocol/crypto.ts'
import { competitionParamsFault } from '../../../protocol/params.ts'
import { contractNames, readContract } from '../../../sandbox/index.ts'

const { contract } = readContract('tiny')
const seedOf = (text: string) => hash(utf8ToBytes(text))

const m150: TrainingContract = {
  ...contract,
  model: { width: 768, layers: 18, heads: 12, vocabulary: 32_000, sequence: 1024 },
  batch: 8,
  steps: 100,
}

test('the published model has its published number of parameters', () => {
  assert.equal(parametersOf(m150), 152_006_400)
  assert.equal(tensorsOf(m150).length, 1 + 18 * 6 + 1)
})

test('a token of the published model costs its published arithmetic', () => {
  assert.equal(flopsPerToken(m150), 6n * 152_006_400n + 12n * 18n * 768n * 1024n)
})

test('every round has steps within a tenth of the contract’s, and every number of them comes up', () => {
  const steps = Array.from({ length: 200 }, (_, index) =>
    planTraining({ seed: seedOf(`${index}`), contract, quads: 1 }),
  )
  assert.deepEqual(
    [...new Set(steps.map((plan) => plan.steps))].sort((a, b) => a - b),
    [9, 10, 11],
  )
  assert.deepEqual(
    [...new Set(steps.map((plan) => plan.warmupSteps))].sort((a, b) => a - b),
    [2, 3, 4, 5],
  )
})

test('a round’s plan follows from its seed alone, and no two quads share data or weights', () => {
  const plan = planTraining({ seed: seedOf('round'), contract, quads: 6 })
  assert.deepEqual(planTraining({ seed: seedOf('round'), contract, quads: 6 }), plan)
  const all = plan.seeds.flatMap(({ data, weights }) => [data, weights])
  assert.equal(new Set(all).size, 14)
  assert.notDeepEqual(planTraining({ seed: seedOf('another'), contract, quads: 6 }).seeds, plan.seeds)
})

const perfect: Found = {
  ...{ finite: true, logitsPpb: 0, lossPpb: 0, updatePpb: 0, tensorPpb: 0, tensor: 0, memoryPpb: 0, checkpointPpb: 0 },
  ...{ memoryStep: 0, memorySequence: 0, ledgerStep: 0, ledgerPpb: 0, ledgerErrorPpb: 0 },
}
const tolerances = { logitsPpb: 10, lossPpb: 10, updatePpb: 10, tensorPpb: 10, memoryPpb: 10, checkpointPpb: 10 }

test('each number may be as large as its tolerance and no larger', () => {
  assert.equal(checkTraining(perfect, tolerances), null)
  const reasons = {
    memoryPpb: 'WRONG_MEMORY',
    logitsPpb: 'WRONG_LOGITS',
    lossPpb: 'WRONG_LOSS',
    updatePpb: 'WRONG_UPDATE',
    tensorPpb: 'WRONG_UPDATE',
    checkpointPpb: 'RAN_AHEAD',
  }
  for (const [name, code] of Object.entries(reasons)) {
    assert.equal(checkTraining({ ...perfect, [name]: 10 }, tolerances), null, name)
    assert.equal(checkTraining({ ...perfect, [name]: 11 }, tolerances)?.code, code)
    assert.equal(checkTraining({ ...perfect, [name]: Number.NaN }, tolerances)?.code, code, 'what is no number fails')
  }
  assert.equal(checkTraining({ ...perfect, finite: false }, tolerances)?.code, 'WEIGHTS_NOT_FINITE')
})

test('a refusal names the step that is missing, and how sure that is', () => {
  const found = {
    ...perfect,
    memoryPpb: 9_900_000,
    ledgerStep: 99,
    ledgerPpb: -1_000_400_000,
    ledgerErrorPpb: 2_100_000,
  }
  assert.equal(
    checkTraining(found, tolerances)?.text,
    'step 99 contributes nothing: coefficient −1.00 ± 0.002; 0.009900, at most 0.000000',
  )
  const part = { ...found, ledgerPpb: -300_000_000 }
  assert.match(checkTraining(part, tolerances)?.text ?? '', /^step 99 contributes too little: coefficient −0\.30/)
  const sequence = { ...found, ledgerPpb: -10_000_000, memoryStep: 40, memorySequence: 2 }
  assert.match(checkTraining(sequence, tolerances)?.text ?? '', /^most at step 40, sequence 2;/)
})

test('a report shows every check with what would still pass', () => {
  const gates = gatesOf({ ...perfect, lossPpb: 7 }, tolerances)
  assert.equal(gates.length, 6)
  assert.deepEqual(
    gates.find(({ name }) => name === 'lossPpb'),
    { name: 'lossPpb', foundPpb: 7, limitPpb: 10 },
  )
})

const quadOf = (candidate: [bigint, bigint], partner: [bigint, bigint]) => ({
  ...{ tokens: 2_560, steps: 10, candidateNs: candidate, partnerNs: partner },
})

test('twice as fast is two, the same is one, and no ratio is above a thousand', () => {
  assert.equal(quadPpm(quadOf([5n, 5n], [10n, 10n])), 2_000_000)
  assert.equal(quadPpm(quadOf([10n, 20n], [20n, 10n])), 1_000_000)
  assert.equal(quadPpm(quadOf([3n, 3n], [1n, 1n])), 333_333)
  assert.equal(quadPpm(quadOf([1n, 1n], [10n ** 12n, 10n ** 12n])), 1_000_000_000)
})

test('a drift of the host that is even over a quad does not show in its ratio', () => {
  // A B B A while everything gets slower by the same factor: the candidate is first and last.
  assert.ok(Math.abs(quadPpm(quadOf([1_000n, 1_728n], [1_200n, 1_440n])) - 1_000_000) <= 1)
})

test('tokens a second are the pinned reference’s, times the score', () => {
  // The reference takes 1 ms a step here and 2 ms where it was pinned; the candidate takes half a millisecond here.
  const scored = scoreTraining({
    quads: [quadOf([5_000_000n, 5_000_000n], [10_000_000n, 10_000_000n])],
    ...{ referenceNanos: 2_000_000n, hereNanos: 1_000_000n },
  })
  assert.equal(scored.scorePpb, 2_000_000_000n)
  assert.equal(scored.rawMilli, 512_000_000n)
  assert.deepEqual(scored.values, { tpsMilli: 256_000_000n })
  assert.deepEqual(scored.quadsPpm, [2_000_000])
})

test('a host that measures the same code as the same has no noise', () => {
  const even = quadOf([10_000n, 10_000n], [10_000n, 10_000n])
  assert.deepEqual(certifyTraining([even, even]), { noisePpm: 0, hereNanos: 1_000n })
  const odd = quadOf([10_000n, 10_000n], [11_000n, 11_000n])
  assert.equal(certifyTraining([odd]).noisePpm, 100_000)
})

test('a device is known by its name, and one that is not counts as the largest', () => {
  assert.equal(peakGflops({ device: 'NVIDIA A100-SXM4-80GB', cpus: 4 }), 312_000)
  assert.equal(peakGflops({ device: 'NVIDIA A10', cpus: 4 }), 125_000)
  assert.equal(peakGflops({ device: 'NVIDIA H100 PCIe', cpus: 4 }), 756_000)
  assert.equal(peakGflops({ device: 'NVIDIA H100 80GB HBM3', cpus: 4 }), 989_000)
  assert.ok(peakGflops({ device: 'NVIDIA B999', cpus: 4 }) > 2_000_000)
  assert.equal(peakGflops({ device: null, cpus: 1.5 }), 2 * peakGflops({ device: null, cpus: 1 }))
})

test('the published model cannot be trained faster than 85 % of an A100 allows', () => {
  const nanos = leastNanos(m150, { steps: 100, gflops: 312_000 })
  const tps = (819_200 * 1e9) / Number(nanos)
  assert.ok(tps > 240_000 && tps < 250_000, `${tps}`)
})

test('its parameters are ones that a mesh may have', () => {
  const rules = COMPETITIONS.get('training-speed')
  const facts = { image: seedOf('i'), poolManifest: seedOf('c'), poolRoot: seedOf('l'), referenceNanos: 1n }
  for (const preset of ['real', 'demo'] as const) {
    const params = rules?.presets[preset](facts)
    assert.ok(params)
    assert.equal(competitionParamsFault(params), null)
  }
})

test('every contract’s tolerances are its calibration’s, each three times the worst that was honest', () => {
  for (const name of contractNames) {
    const known = readContract(name)
    assert.deepEqual(known.calibration.tolerances, known.contract.tolerances)
    for (const [gate, limit] of Object.entries(known.contract.tolerances)) {
      const worst = Math.max(...Object.values(known.calibration.honest).map((found) => found[gate] ?? 0))
      assert.equal(limit, known.calibration.factor * worst, `${name} ${gate}`)
    }
    for (const [cheat, { caughtBy }] of Object.entries(known.calibration.cheats)) assert.ok(caughtBy.length > 0, cheat)
  }
})
