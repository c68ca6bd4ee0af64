/** Rounds of training speed on several hosts: each has a certificate of its own, and a GPU gives its name to the class. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createCertificates } from '../../../node/measure/noise.ts'
import { createTrainingMeasurer } from '../../../node/measure/training.ts'
import { COMPETITIONS, hardwareClassOf, hash, utf8ToBytes } from '../../../protocol/index.ts'
import { RunFault } from '../../../sandbox/faults.ts'
import { type EngineFacts, readContract, type TrainingMeasurement, trainingFaulted } from '../../../sandbox/index.ts'

const ID = hash(utf8ToBytes('a submission'))
const rules = COMPETITIONS.get('training-speed')
assert.ok(rules?.kind === 'training')
const { digest, logDigest } = readContract('tiny')
const params = rules.presets.demo({ image: digest, poolManifest: digest, poolRoot: logDigest, referenceNanos: 10n })

const engine: EngineFacts = {
  ...{ kind: 'docker', version: '1', imageDigest: digest, hardware: { model: 'A CPU', cores: 8 } },
  strength: {
    ...{ memory: 'cgroup', cpu: 'cgroup', pids: 'cgroup', image: 'built' },
    ...{ cores: 'shared', kernel: 'host', oom: 'reported' },
  },
}

const found = (o: { host: string; device: string | null; candidateNs: number }): TrainingMeasurement => ({
  ...{ verdict: 'pass', code: 'PASS', line: '', transcript: [], stderr: '', gates: [], telemetry: [], elapsedMs: 1 },
  disturbances: [],
  ...{ device: o.device, engine: { ...engine, host: o.host } },
  quads: Array.from({ length: 12 }, () => {
    const candidateNs: [string, string] = [`${o.candidateNs}`, `${o.candidateNs}`]
    return { steps: 1, tokens: 1, candidateNs, partnerNs: ['1000', '1000'] }
  }),
})

const measureWith = (answers: readonly TrainingMeasurement[]) => {
  const left = [...answers]
  const asked: {
    host: string | undefined
    like: string | undefined
    quads: number
    thetaPpm: number | null
    driftMaxPpm: number | null
  }[] = []
  const log = { info: () => undefined }
  const certificates = createCertificates({ now: () => 0, log })
  const measurer = createTrainingMeasurer({
    evaluator: {
      evaluate: async ({ quads, thetaPpm, driftMaxPpm }, { host, like } = {}) => {
        asked.push({ host, like, quads, thetaPpm, driftMaxPpm })
        return left.shift() ?? assert.fail('nothing more to measure')
      },
    },
    ...{ certificates, engine, self: digest, log },
    sourceOf: async () => '',
    store: { putBlob: async (bytes) => hash(bytes) },
  })
  const entry = {
    ...{ competition: params.id, round: 1, paramsHash: digest, image: digest, incumbent: null, thetaPpm: 50_000 },
    submissions: [{ id: ID }],
  }
  const job = { competition: params.id, round: 1, manifest: digest, entry, params, seed: digest, beacon: digest }
  const measure = (incumbent: string | null = null) => {
    const led = { ...job, entry: { ...entry, incumbent } }
    const round = { job: led, rules, signal: new AbortController().signal }
    return measurer.measure(round as unknown as Parameters<typeof measurer.measure>[0])
  }
  return { asked, certificates, measure }
}

test('a submission that moved to another host is scored by that host’s certificate, and the noisier of both is told', async () => {
  const { asked, measure } = measureWith([
    found({ host: 'a', device: null, candidateNs: 1_000 }),
    found({ host: 'b', device: null, candidateNs: 500 }),
    found({ host: 'b', device: null, candidateNs: 1_010 }),
  ])
  const { noisePpm, submissions, engine: first } = await measure()
  assert.deepEqual(asked, [
    { host: undefined, like: undefined, quads: 12, thetaPpm: null, driftMaxPpm: 50_000 },
    { host: undefined, like: 'a', quads: 32, thetaPpm: 50_000, driftMaxPpm: 50_000 },
    { host: 'b', like: undefined, quads: 12, thetaPpm: null, driftMaxPpm: 50_000 },
  ])
  assert.equal(first.host, 'a')
  assert.ok(noisePpm > 9_000 && noisePpm < 10_000)
  // The reference's 1,005 ns on host b over the candidate's 500.
  assert.equal(submissions[0]?.scorePpb, 2_010_000_000n)
})

test('a certificate serves the next round too, until its engine is lost', async () => {
  const quiet = found({ host: 'a', device: null, candidateNs: 1_000 })
  const { asked, certificates, measure } = measureWith([quiet, quiet, quiet, quiet, quiet])
  await measure()
  await measure()
  certificates.forget()
  await measure()
  assert.deepEqual(
    asked.map(({ quads }) => quads),
    [12, 32, 32, 12, 32],
  )
})

test('beside a leader no quad is run again, and the host is certified anew for that', async () => {
  const quiet = found({ host: 'a', device: null, candidateNs: 1_000 })
  const { asked, measure } = measureWith([quiet, quiet, quiet, quiet])
  await measure(null)
  await measure(ID)
  assert.deepEqual(
    asked.map(({ quads, driftMaxPpm }) => [quads, driftMaxPpm]),
    [
      [12, 50_000],
      [32, 50_000],
      [12, null],
      [32, null],
    ],
  )
})

test('the class of hardware names the GPU where there is one', async () => {
  const onGpu = found({ host: 'a', device: 'NVIDIA H100 80GB HBM3', candidateNs: 1_000 })
  const { measure } = measureWith([onGpu, onGpu])
  const { hardware } = (await measure()).engine
  assert.ok(hardware)
  assert.equal(hardwareClassOf(hardware), 'nvidia-h100-80gb-hbm3-x8')
})

test('a submission that is refused asks for no certificate but the first', async () => {
  const facts = { stderr: '', engine: { ...engine, host: 'b' }, elapsedMs: 1 }
  const { asked, measure } = measureWith([
    found({ host: 'a', device: null, candidateNs: 1_000 }),
    trainingFaulted(new RunFault('WRONG_MEMORY', { text: 'step 9' }), facts),
  ])
  const { submissions } = await measure()
  assert.equal(submissions[0]?.code, 'WRONG_MEMORY')
  assert.equal(asked.length, 2)
})
