/** Measures a round: has every submission run in the sandbox, and writes the statement to commit to. */
import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import {
  buildStatement,
  COMPETITIONS,
  type CompetitionParams,
  type CompetitionRules,
  type Digest,
  domainsOf,
  failed,
  type Genesis,
  type HostCertificate,
  hardwareClassOf,
  hash,
  hexToBytes,
  type Input,
  type Key,
  type MatrixRuns,
  type Measured,
  merkleRoot,
  paramsHash,
  passed,
} from '../protocol/index.ts'
import {
  type EngineFacts,
  type Evaluator,
  localHardware,
  type MatrixTimes,
  type Measurement,
  type RunOptions,
  runLimits,
  SandboxError,
} from '../sandbox/index.ts'
import type { Log } from './log.ts'
import { createMaterials, type MaterialsOptions, type Matrices, NotYet } from './materials.ts'
import type { Measurer } from './ports.ts'

type Evaluate = Parameters<Measurer['evaluate']>[0]

/** A host's own noise is measured again after this long (protocol §5). */
const CERTIFICATE_MS = 6 * 3_600_000
/** A round that cannot be measured is tried again after this. */
const RETRY_MS = 2_000
/** Tries of a round that fails in a way nobody foresaw: a full disk may be emptied meanwhile, a bug stays. */
const TRIES_MAX = 3
/** Matrices of the shortened host certificate. */
export const NOISE_MATRICES = 12
/** A host that was never measured: above every θ, so that no value of its votes. */
const NOISE_UNKNOWN_PPM = 1_000_000

type Options = MaterialsOptions & {
  readonly evaluator: Pick<Evaluator, 'evaluate'>
  /** What isolates submissions here. */
  readonly engine: EngineFacts
  /** Digest of the referee's and harness's code. */
  readonly referee: Digest
  readonly genesis: Genesis
  readonly self: Key
  /** Source of the code that a competition compares with while nobody leads. */
  readonly baselineOf: (competition: string) => string
  /** False once the round is over: then nobody waits for its measurement. */
  readonly isOpen: (competition: string, manifest: Digest) => boolean
  readonly submit: (input: Input) => void
  readonly now: () => number
  readonly signal: AbortSignal
  readonly log: Pick<Log, 'info' | 'warn' | 'error'>
  /** Tests wait less between two tries. */
  readonly retryMs?: number
}

type Codes = {
  readonly competition: string
  readonly candidate: string
  readonly partner: string
  readonly matrices: Matrices
}
type Setup = {
  readonly competition: string
  readonly rules: CompetitionRules
  readonly params: CompetitionParams
  /** The certificate of this host. */
  readonly certify: (host: string) => Promise<Certified>
  readonly where: Where
  readonly partner: string
  readonly matrices: Matrices
}

/** Raw runs of one matrix as the scoring reads them. */
export const toRuns = (matrix: MatrixTimes): MatrixRuns => {
  const side = (times: MatrixTimes['candidate']) => ({
    compressedBytes: times.compressedBytes,
    compressNs: [BigInt(times.compressNs[0]), BigInt(times.compressNs[1])] as const,
    decompressNs: [BigInt(times.decompressNs[0]), BigInt(times.decompressNs[1])] as const,
  })
  return { rawBytes: matrix.rawBytes, candidate: side(matrix.candidate), partner: side(matrix.partner) }
}

const rulesOf = (competition: string): CompetitionRules => {
  const rules = COMPETITIONS.get(competition)
  if (rules === undefined) throw new Error(`no rules for ${competition} here`)
  return rules
}

type Where = Pick<RunOptions, 'host' | 'like' | 'signal'>

const run = (o: Options, { competition, candidate, partner, matrices }: Codes, where: Where): Promise<Measurement> => {
  const seed = randomBytes(32).toString('hex')
  const job = { competition, candidate, partner, matrices, seed, limits: runLimits }
  return o.evaluator.evaluate(job, where)
}

/** A host's certificate, and what it is: every submission is scored by that of the host it ran on. */
type Certified = { readonly certificate: HostCertificate; readonly engine: EngineFacts }

const hostOf = (engine: EngineFacts): string => engine.host ?? 'local'

/** Each host's noise in each competition, measured when it is first asked for and again when that is too long ago. */
const createNoise = (o: Options) => {
  const known = new Map<string, Certified & { readonly at: number }>()
  const fresh = (params: CompetitionParams, host: string | undefined): Certified | undefined =>
    [...known]
      .filter(([key, { at }]) => key.startsWith(paramsHash(params)) && o.now() - at < CERTIFICATE_MS)
      .map(([, certified]) => certified)
      .find(({ engine }) => host === undefined || hostOf(engine) === host)
  return {
    /** Of `where.host`, else of any host. */
    certify: async (setup: Pick<Setup, 'competition' | 'rules' | 'params' | 'matrices'>, where: Where) => {
      const { competition, rules, params } = setup
      const last = fresh(params, where.host)
      if (last !== undefined) return last
      const matrices = setup.matrices.slice(0, NOISE_MATRICES)
      const baseline = o.baselineOf(competition)
      const measurement = await run(o, { competition, candidate: baseline, partner: baseline, matrices }, where)
      if (measurement.verdict !== 'pass') throw new Error(`the baseline does not run here: ${measurement.line}`)
      const certificate = rules.certifyHost({ params, matrices: measurement.matrices.map(toRuns) })
      const engine = measurement.engine ?? o.engine
      const host = hostOf(engine)
      known.set(`${paramsHash(params)} ${host}`, { at: o.now(), certificate, engine })
      const { noisePpm, hereNanos } = certificate
      o.log.info({ engine: host, noisePpm, hereNanos: `${hereNanos}` }, 'host certificate')
      return { certificate, engine }
    },
    ppmOf: (params: CompetitionParams): number =>
      [...known].find(([key]) => key.startsWith(paramsHash(params)))?.[1].certificate.noisePpm ?? NOISE_UNKNOWN_PPM,
  }
}

/** What the statement says of one submission; the raw runs are kept as a blob under the digest it names. */
const measureOne = async (
  o: Options,
  job: Evaluate,
  one: Setup & { readonly id: Digest; readonly candidate: string },
): Promise<{ readonly measured: Measured; readonly certified: Certified | null }> => {
  const { id } = one
  const measurement = await run(o, one, one.where)
  const { verdict, code, line, matrices, elapsedMs } = measurement
  o.log.info({ id, verdict, code, line, elapsedMs, engine: measurement.engine?.host }, 'measured')
  const runs = await o.store.putBlob(new TextEncoder().encode(JSON.stringify(measurement)))
  // Leaves carry this validator's name and the round's seed: nobody can paste another's.
  const leaves = measurement.transcript.map((output) =>
    hash(hexToBytes(o.self), hexToBytes(job.seed), hexToBytes(output)),
  )
  const traced = { id, runs, transcriptRoot: merkleRoot(leaves) }
  if (verdict !== 'pass') return { measured: failed({ ...traced, verdict, code }), certified: null }
  const host = hostOf(measurement.engine ?? o.engine)
  const certified = await one.certify(host)
  const { quadsPpm, scorePpb, values } = one.rules.score({
    params: one.params,
    matrices: matrices.map(toRuns),
    hereNanos: certified.certificate.hereNanos,
  })
  return { measured: passed({ ...traced, quadsPpm, scorePpb, values, thetaPpm: job.entry.thetaPpm }), certified }
}

/** `noisePpm`: of the noisiest host that had a part; `engine`: of the first, whose hardware class all share. */
type Found = { readonly noisePpm: number; readonly engine: EngineFacts; readonly submissions: readonly Measured[] }

/** Hands the machine the statement about these submissions. */
const submitStatement = (o: Options, job: Evaluate, found: Found): void => {
  const { competition, round, manifest, entry, seed } = job
  const nonce = randomBytes(32).toString('hex')
  const { kind, version, strength, hardware = localHardware() } = found.engine
  const statement = buildStatement({
    domain: domainsOf(o.genesis).mesh,
    competition,
    paramsHash: entry.paramsHash,
    round,
    manifest,
    hotkey: o.self,
    nonce,
    seed,
    image: entry.image,
    referee: o.referee,
    hardware: {
      ...hardware,
      class: hardwareClassOf(hardware),
      engine: `${kind} ${version}`.slice(0, 96),
      strength: `memory ${strength.memory}, cpu ${strength.cpu}, pids ${strength.pids}, cores ${strength.cores}, kernel ${strength.kernel}`,
    },
    hostNoisePpm: found.noisePpm,
    submissions: found.submissions,
  })
  o.submit({ kind: 'evaluated', at: o.now(), competition, round, manifest, nonce, statement })
}

export const createMeasurer = (o: Options): Measurer => {
  const running = new Set<Digest>()
  const materials = createMaterials(o)
  const noise = createNoise(o)
  const isOver = (job: Evaluate): boolean => o.signal.aborted || !o.isOpen(job.competition, job.manifest)

  /** A signal that ends what runs for a round once nobody waits for it any more. */
  const watchRound = (job: Evaluate): { readonly signal: AbortSignal; readonly stop: () => void } => {
    const over = new AbortController()
    const look = setInterval(() => isOver(job) && over.abort(new Error('the round is over')), o.retryMs ?? RETRY_MS)
    return { signal: AbortSignal.any([o.signal, over.signal]), stop: () => clearInterval(look) }
  }

  /** Null: the round was over before it was measured. */
  const measure = async (job: Evaluate, signal: AbortSignal): Promise<Found | null> => {
    const { competition, entry, params, seed } = job
    const rules = rulesOf(competition)
    const { dir, matrices } = await materials.layOut({ rules, params, seed })
    try {
      const setup = { competition, rules, params, matrices }
      const first = await noise.certify(setup, { signal })
      const certify = (host: string): Promise<Certified> => noise.certify(setup, { signal, host })
      // One statement names one class of hardware.
      const where = { signal, like: hostOf(first.engine) }
      let noisePpm = first.certificate.noisePpm
      const partner =
        entry.incumbent === null ? o.baselineOf(competition) : await materials.sourceOf(competition, entry.incumbent)
      const submissions: Measured[] = []
      for (const { id } of entry.submissions) {
        if (isOver(job)) return null
        const candidate = await materials.sourceOf(competition, id)
        const one = await measureOne(o, job, { ...setup, id, candidate, certify, where, partner })
        submissions.push(one.measured)
        noisePpm = Math.max(noisePpm, one.certified?.certificate.noisePpm ?? 0)
      }
      return { noisePpm, engine: first.engine, submissions }
    } finally {
      await rm(dir, { recursive: true, force: true })
    }
  }

  /** R-53: nobody's fault but this host's; the others' measurements decide. */
  const giveUp = async (job: Evaluate, error: unknown): Promise<void> => {
    const runs = await o.store.putBlob(new TextEncoder().encode(JSON.stringify({ error: `${error}` })))
    const fault = { runs, transcriptRoot: merkleRoot([]), verdict: 'infra', code: 'REFEREE_FAILED' } as const
    const submissions = job.entry.submissions.map(({ id }) => failed({ ...fault, id }))
    submitStatement(o, job, { noisePpm: noise.ppmOf(job.params), engine: o.engine, submissions })
  }

  /** What is missing is waited for as long as the round is open; what fails is tried a few times. */
  const insist = async (job: Evaluate): Promise<void> => {
    // a statement names the mesh's image; this host may not sign that it ran what it did not run.
    if (o.engine.imageDigest !== job.entry.image) return giveUp(job, new Error('another image than the mesh’s'))
    for (let failures = 0; !isOver(job); ) {
      // While no engine is well a run waits for one: for as long as somebody waits for the run.
      const watch = watchRound(job)
      try {
        const found = await measure(job, watch.signal)
        if (found !== null) submitStatement(o, job, found)
        return
      } catch (error) {
        if (isOver(job)) return
        // With the engine went what it had certified: the round is measured anew on those that are left.
        const isLost = error instanceof SandboxError && error.code === 'ENGINE_LOST'
        if (!(error instanceof NotYet || isLost)) failures += 1
        o.log.warn({ round: job.round, failures, error: `${error}` }, 'cannot measure yet')
        if (failures >= TRIES_MAX) return giveUp(job, error)
        await delay(o.retryMs ?? RETRY_MS, undefined, { signal: o.signal }).catch(() => undefined)
      } finally {
        watch.stop()
      }
    }
  }

  return {
    evaluate: (job) => {
      if (running.has(job.manifest)) return
      running.add(job.manifest)
      insist(job)
        .catch((error: unknown) => {
          if (!o.signal.aborted) o.log.error({ round: job.round, error: `${error}` }, 'measuring failed')
        })
        .finally(() => running.delete(job.manifest))
    },
  }
}
