/** Promises of the measurer: one statement a round, whatever is missing or breaks, and nothing left on the disk. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { createMeasurer } from '../../../node/measure/measure.ts'
import { domainsOf, hash, type Input, type ManifestEntry, packBundle, paramsHash } from '../../../protocol/index.ts'
import { parseStatement, statementFault } from '../../../protocol/round/statement.ts'
import { type Evaluator, type RunOptions, SandboxError } from '../../../sandbox/index.ts'
import { writePoolManifest } from '../../../sandbox/pool/manifest.ts'
import { digestOf, genesisOf, params as roundParams, VALIDATORS } from '../../protocol/round/mesh.ts'
import { createFakeLog } from '../fakes.ts'
import { newFolder } from '../store/folder.ts'

type Job = Parameters<Evaluator['evaluate']>[0]
type Measurement = Awaited<ReturnType<Evaluator['evaluate']>>

const matrices = Array.from({ length: 40 }, (_, index) => Uint8Array.of(index, 1))
const manifestBytes = new TextEncoder().encode(
  writePoolManifest(
    matrices.map((bytes, index) => ({
      name: `m${index}`,
      rows: 1,
      columns: 1,
      layer: 0,
      step: 1,
      direction: 'forward',
      loss: 1,
      digest: hash(bytes),
    })),
  ),
)
const params = { ...roundParams, poolManifest: hash(manifestBytes) }
const genesis = genesisOf({ params })
const self = VALIDATORS[0] ?? ''
const bundle = (code: string) => packBundle([{ path: 'solution.py', content: new TextEncoder().encode(code) }])
const bundles = new Map(['first', 'second', 'leader'].map((name) => [digestOf(name), bundle(name)]))
const pool = new Map([manifestBytes, ...matrices, ...bundles.values()].map((bytes) => [hash(bytes), bytes]))

const entry: ManifestEntry = {
  kind: 'manifest',
  competition: params.id,
  round: 3,
  closeBlock: 100,
  beaconBlock: 105,
  incumbent: digestOf('leader'),
  thetaPpm: params.thetaPpm,
  image: params.image,
  paramsHash: paramsHash(params),
  submissions: ['first', 'second'].map((name) => ({ id: digestOf(name), receiptBlock: 90, receipts: [] })),
}
const job = {
  competition: params.id,
  round: 3,
  manifest: digestOf('manifest'),
  entry,
  params,
  seed: digestOf('seed'),
}

const side = (nanos: number) => ({
  compressedBytes: [10, 10] as const,
  compressNs: [`${nanos}`, `${nanos}`] as const,
  decompressNs: [`${nanos}`, `${nanos}`] as const,
  similarityPpb: null,
})
const pass = (given: Job): Measurement => ({
  verdict: 'pass',
  code: 'PASS',
  line: '',
  matrices: given.matrices.map(({ digest }) => ({
    digest,
    rawBytes: 20,
    candidate: side(1_000),
    partner: side(1_000),
  })),
  transcript: given.matrices.flatMap(({ digest }) => [digest, digest]),
  stderr: '',
  engine: null,
  elapsedMs: 1,
})
const fault: Measurement = {
  verdict: 'miner',
  code: 'NOT_LOSSLESS',
  line: 'differs',
  matrices: [],
  transcript: [],
  stderr: '',
  engine: null,
  elapsedMs: 1,
}

type Evaluated = Extract<Input, { kind: 'evaluated' }>

const create = (
  t: TestContext,
  o: {
    evaluate?: (given: Job, run: number, where: RunOptions) => Measurement
    missing?: () => boolean
    isOpen?: (runs: number) => boolean
  } = {},
) => {
  const workDir = join(newFolder(t), 'work')
  const stopping = new AbortController()
  t.after(() => stopping.abort())
  const jobs: Job[] = []
  const blobs = new Map<string, Uint8Array>()
  const log = createFakeLog()
  const told = Promise.withResolvers<Evaluated>()
  const given = Promise.withResolvers<void>()
  const evaluator: Pick<Evaluator, 'evaluate'> = {
    evaluate: async (one, where = {}) => {
      for (const { digest, path } of one.matrices) assert.equal(hash(readFileSync(path)), digest)
      jobs.push(one)
      try {
        return (o.evaluate ?? pass)(one, jobs.length, where)
      } finally {
        given.resolve()
      }
    },
  }
  const measurer = createMeasurer({
    trainingEvaluator: { evaluate: () => assert.fail('no training here') },
    evaluator,
    engine: {
      kind: 'bubblewrap',
      version: '0.8.0',
      strength: {
        memory: 'rlimit',
        cpu: 'none',
        pids: 'rlimit',
        image: 'built',
        cores: 'shared',
        kernel: 'host',
        oom: 'inferred',
      },
      imageDigest: params.image,
    },
    referee: digestOf('referee'),
    genesis,
    self,
    store: {
      getBlob: async (digest) => blobs.get(digest),
      putBlob: async (bytes) => {
        blobs.set(hash(bytes), bytes)
        return hash(bytes)
      },
    },
    pool: { read: async (digest) => (digest === hash(manifestBytes) ? manifestBytes : undefined) },
    baselineOf: () => 'baseline',
    workDir,
    fetchBlob: async (digest) => (o.missing?.() ? null : (pool.get(digest) ?? null)),
    bundleOf: (_, id) => {
      const packed = bundles.get(id)
      return packed === undefined ? null : hash(packed)
    },
    isOpen: () => o.isOpen?.(jobs.length) ?? true,
    submit: (input) => {
      if (input.kind === 'evaluated') told.resolve(input)
    },
    now: () => 7,
    signal: stopping.signal,
    log,
    retryMs: 1,
  })
  const left = () => (existsSync(workDir) ? readdirSync(workDir) : [])
  return {
    measurer,
    jobs,
    blobs,
    log,
    told: told.promise,
    evaluated: given.promise,
    left,
    stop: () => stopping.abort(),
  }
}

const terms = {
  id: { domain: domainsOf(genesis).mesh, competition: params.id, round: 3, manifest: job.manifest },
  paramsHash: paramsHash(params),
  seed: job.seed,
  image: params.image,
  thetaPpm: params.thetaPpm,
  values: ['linkPpm', 'ratioPpb', 'timeNanos'],
  submissions: entry.submissions.map(({ id }) => id),
}
/** The statement, after the check that every other validator makes of it. */
const statementIn = (input: Evaluated) => {
  const statement = parseStatement(input.statement)
  assert.equal(statementFault(statement, terms, { hotkey: self, nonce: input.nonce }), null)
  return statement
}

test('every submission is run against the leader on the drawn matrices, and the statement is one that counts', async (t) => {
  const { measurer, jobs, told, blobs, left } = create(t, {
    evaluate: (given) => (given.candidate === 'second' ? fault : pass(given)),
  })
  measurer.evaluate(job)
  const statement = statementIn(await told)
  assert.deepEqual(
    jobs.map(({ candidate, partner, matrices: used }) => [candidate, partner, used.length]),
    [
      ['baseline', 'baseline', 12],
      ['first', 'leader', 30],
      ['second', 'leader', 30],
    ],
  )
  assert.deepEqual(
    statement.submissions.map(({ verdict, code, quadsPpm }) => [verdict, code, quadsPpm.length]),
    [
      ['pass', '', 30],
      ['miner', 'NOT_LOSSLESS', 0],
    ],
  )
  for (const { runs } of statement.submissions) assert.ok(blobs.has(runs), 'raw runs are kept')
  assert.deepEqual(left(), [])
})

test('a round that is asked for again while it is measured is measured once', async (t) => {
  const { measurer, jobs, told } = create(t)
  measurer.evaluate(job)
  measurer.evaluate(job)
  await told
  assert.equal(jobs.length, 3)
})

test('what is missing is waited for, however long, and costs no try', async (t) => {
  let asked = 0
  const { measurer, told } = create(t, { missing: () => ++asked <= 10 })
  measurer.evaluate(job)
  assert.deepEqual(
    statementIn(await told).submissions.map(({ verdict }) => verdict),
    ['pass', 'pass'],
  )
})

test('an error that passes is tried again and leaves no trace in the statement', async (t) => {
  const { measurer, told, jobs } = create(t, {
    evaluate: (given, run) => {
      if (run === 2) throw new Error('disk full')
      return pass(given)
    },
  })
  measurer.evaluate(job)
  assert.deepEqual(
    statementIn(await told).submissions.map(({ verdict }) => verdict),
    ['pass', 'pass'],
  )
  assert.equal(jobs.length, 4, 'the host certificate is kept')
})

test('an error that stays ends in a statement that blames this host for all, not in silence', async (t) => {
  const { measurer, told, jobs, blobs, left } = create(t, {
    evaluate: () => {
      throw new Error('disk full')
    },
  })
  measurer.evaluate(job)
  const statement = statementIn(await told)
  assert.deepEqual(
    statement.submissions.map(({ verdict }) => verdict),
    ['infra', 'infra'],
  )
  assert.ok(statement.hostNoisePpm > params.thetaPpm, 'a host that was not measured does not vote')
  assert.equal(jobs.length, 3)
  const [runs = ''] = statement.submissions.map((one) => one.runs)
  assert.match(new TextDecoder().decode(blobs.get(runs)), /disk full/)
  assert.deepEqual(left(), [])
})

const machines = { slow: { model: 'Slow 1', cores: 2 }, fast: { model: 'Fast 9', cores: 8 } }
const on = (host: string, hardware: { model: string; cores: number }, given: Job): Measurement => ({
  ...pass(given),
  engine: {
    ...{ kind: 'docker', version: '27.0', imageDigest: params.image, host, hardware },
    strength: {
      memory: 'cgroup',
      cpu: 'cgroup',
      pids: 'cgroup',
      image: 'built',
      cores: 'cpuset',
      kernel: 'host',
      oom: 'reported',
    },
  },
})

test('a submission that was measured on another engine of the class is scored by that engine’s own certificate', async (t) => {
  const asked: string[] = []
  const { measurer, told } = create(t, {
    evaluate: (given, _run, { host, like }) => {
      asked.push(`${given.candidate} ${host ?? ''} ${like ?? ''}`)
      return on(host ?? (given.candidate === 'second' ? 'b' : 'a'), machines.fast, given)
    },
  })
  measurer.evaluate(job)
  const { hardware, submissions } = statementIn(await told)
  assert.deepEqual(asked, ['baseline  ', 'first  a', 'second  a', 'baseline b '])
  assert.deepEqual(
    submissions.map(({ verdict }) => verdict),
    ['pass', 'pass'],
  )
  assert.deepEqual([hardware.model, hardware.cores, hardware.engine], ['Fast 9', 8, 'docker 27.0'])
})

test('when the last engine of its class is lost, the round is measured anew on another class, and that costs no try', async (t) => {
  let losses = 0
  const { measurer, told, jobs } = create(t, {
    evaluate: (given, run, { like }) => {
      if (run === 1) return on('a', machines.fast, given)
      if (like !== 'a') return on('b', machines.slow, given)
      losses += 1
      throw new SandboxError('ENGINE_LOST', { engines: ['a'] })
    },
  })
  measurer.evaluate(job)
  const { hardware, submissions } = statementIn(await told)
  assert.deepEqual(
    submissions.map(({ verdict }) => verdict),
    ['pass', 'pass'],
  )
  assert.deepEqual([hardware.model, losses, jobs.length], ['Slow 1', 1, 5])
})

test('a host on which the baseline itself fails blames itself', async (t) => {
  const { measurer, told } = create(t, { evaluate: () => ({ ...fault, verdict: 'infra', code: 'ENGINE_FAILED' }) })
  measurer.evaluate(job)
  assert.ok(statementIn(await told).submissions.every(({ verdict }) => verdict === 'infra'))
})

test('a round that is over is measured no further, and nobody is told', async (t) => {
  let toldAny = false
  const { measurer, evaluated, jobs, told, left } = create(t, { isOpen: (runs) => runs === 0 })
  told.then(() => {
    toldAny = true
  })
  measurer.evaluate(job)
  await evaluated
  // Its matrices are removed last.
  while (left().length > 0) await new Promise((resolve) => setTimeout(resolve, 5))
  await new Promise((resolve) => setTimeout(resolve, 20))
  assert.equal(jobs.length, 1)
  assert.equal(toldAny, false)
})

test('a node that stops measures no further', async (t) => {
  const { measurer, stop, jobs } = create(t)
  stop()
  measurer.evaluate(job)
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(jobs, [])
})
