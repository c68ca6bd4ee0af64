/** Measures a round: has every submission run in the sandbox, and writes the statement to commit to. */
import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import {
  buildStatement,
  COMPETITIONS,
  type CompetitionRules,
  type Digest,
  domainsOf,
  failed,
  type Genesis,
  hardwareClassOf,
  hash,
  hexToBytes,
  type Input,
  type Key,
  type Measured,
  merkleRoot,
  passed,
} from '../../protocol/index.ts'
import { type EngineFacts, localHardware, SandboxError, type TrainingEvaluator } from '../../sandbox/index.ts'
import type { Log } from '../log.ts'
import type { Measurer } from '../machine/ports.ts'
import { createMaterials, type MaterialsOptions, NotYet } from './materials.ts'
import {
  type Certified,
  certifyOnMatrices,
  createCertificates,
  type Ground,
  hostOf,
  type RunsOptions,
  run,
  toRuns,
  type Where,
} from './noise.ts'
import { createTrainingMeasurer } from './training.ts'

type Evaluate = Parameters<Measurer['evaluate']>[0]

/** A round that cannot be measured is tried again after this. */
const RETRY_MS = 2_000
/** Tries of a round that fails in a way nobody foresaw: a full disk may be emptied meanwhile, a bug stays. */
const TRIES_MAX = 3

type Options = MaterialsOptions &
  RunsOptions & {
    readonly trainingEvaluator: TrainingEvaluator
    /** Digest of the referee's and harness's code. */
    readonly referee: Digest
    readonly genesis: Genesis
    readonly self: Key
    /** False once the round is over: then nobody waits for its measurement. */
    readonly isOpen: (competition: string, manifest: Digest) => boolean
    readonly submit: (input: Input) => void
    readonly signal: AbortSignal
    readonly log: Pick<Log, 'info' | 'warn' | 'error'>
    /** Tests wait less between two tries. */
    readonly retryMs?: number
  }

type Setup = Ground & {
  /** The certificate of this host. */
  readonly certify: (host: string) => Promise<Certified>
  readonly where: Where
  readonly partner: string
}

const rulesOf = (competition: string): CompetitionRules => {
  const rules = COMPETITIONS.get(competition)
  if (rules === undefined) throw new Error(`no rules for ${competition} here`)
  return rules
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

/** A signal that ends what runs for a round once nobody waits for it any more. */
const watchRound = (o: { readonly signal: AbortSignal; readonly isOver: () => boolean; readonly everyMs: number }) => {
  const over = new AbortController()
  const look = setInterval(() => o.isOver() && over.abort(new Error('the round is over')), o.everyMs)
  return { signal: AbortSignal.any([o.signal, over.signal]), stop: () => clearInterval(look) }
}

export const createMeasurer = (o: Options): Measurer => {
  const running = new Set<Digest>()
  const materials = createMaterials(o)
  const certificates = createCertificates(o)
  const training = createTrainingMeasurer({
    ...{ ...o, certificates, evaluator: o.trainingEvaluator, sourceOf: materials.sourceOf },
  })
  const isOver = (job: Evaluate): boolean => o.signal.aborted || !o.isOpen(job.competition, job.manifest)

  /** Null: the round was over before it was measured. */
  const measure = async (job: Evaluate, signal: AbortSignal): Promise<Found | null> => {
    const { competition, entry, params, seed } = job
    const rules = rulesOf(competition)
    if (rules.kind === 'training') return training.measure({ job, rules, signal })
    const { dir, matrices } = await materials.layOut({ rules, params, seed })
    try {
      const setup = { competition, rules, params, matrices }
      const book = { ...o, certificates }
      const first = await certifyOnMatrices(book, setup, { signal })
      const certify = (host: string): Promise<Certified> => certifyOnMatrices(book, setup, { signal, host })
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
    submitStatement(o, job, { noisePpm: certificates.ppmOf(job.params), engine: o.engine, submissions })
  }

  /** What is missing is waited for as long as the round is open; what fails is tried a few times. */
  const insist = async (job: Evaluate): Promise<void> => {
    // a statement names the mesh's image; this host may not sign that it ran what it did not run.
    if (o.engine.imageDigest !== job.entry.image) return giveUp(job, new Error('another image than the mesh’s'))
    for (let failures = 0; !isOver(job); ) {
      // While no engine is well a run waits for one: for as long as somebody waits for the run.
      const watch = watchRound({ signal: o.signal, isOver: () => isOver(job), everyMs: o.retryMs ?? RETRY_MS })
      try {
        const found = await measure(job, watch.signal)
        if (found !== null) submitStatement(o, job, found)
        return
      } catch (error) {
        if (isOver(job)) return
        // With the engine went what it had certified: the round is measured anew on those that are left.
        const isLost = error instanceof SandboxError && error.code === 'ENGINE_LOST'
        if (isLost) certificates.forget()
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
