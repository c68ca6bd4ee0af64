/** Measures a round: fetches what it needs, has every submission run in the sandbox, and writes the statement to commit to. */
import { randomBytes } from 'node:crypto'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, cpus } from 'node:os'
import { join } from 'node:path'
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
  hash,
  hexToBytes,
  type Input,
  type Key,
  type MatrixRuns,
  type Measured,
  merkleRoot,
  paramsHash,
  passed,
  unpackBundle,
} from '../protocol/index.ts'
import {
  type EngineFacts,
  type Evaluator,
  type MatrixTimes,
  type Measurement,
  parsePoolManifest,
  runLimits,
} from '../sandbox/index.ts'
import type { Log } from './log.ts'
import type { Pool } from './pool-blobs.ts'
import type { Measurer } from './ports.ts'
import type { Store } from './store/index.ts'

type Evaluate = Parameters<Measurer['evaluate']>[0]

/** A host's own noise is measured again after this long (protocol §5). */
const CERTIFICATE_MS = 6 * 3_600_000
/** A round that cannot be measured yet (a matrix nobody answers for) is tried again after this. */
const RETRY_MS = 2_000
/** Matrices of the shortened host certificate. */
const NOISE_MATRICES = 12

type Options = {
  readonly evaluator: Evaluator
  /** What isolates submissions here. */
  readonly engine: EngineFacts
  /** Digest of the referee's and harness's code. */
  readonly referee: Digest
  readonly genesis: Genesis
  readonly self: Key
  readonly store: Store
  readonly pool: Pool
  /** Source of the code that is compared with while nobody leads. */
  readonly baseline: string
  /** Directory for matrices and sources of the round at hand; emptied after it. */
  readonly workDir: string
  readonly fetchBlob: (digest: Digest) => Promise<Uint8Array | null>
  readonly bundleOf: (competition: string, submission: Digest) => Digest | null
  readonly submit: (input: Input) => void
  readonly now: () => number
  readonly signal: AbortSignal
  readonly log: Log
}

/** Something that this round needs is not to be had here yet. */
class NotYet extends Error {}

/** Raw runs of one matrix as the scoring reads them. */
export const toRuns = (matrix: MatrixTimes): MatrixRuns => {
  const side = (times: MatrixTimes['candidate']) => ({
    compressedBytes: times.compressedBytes,
    compressNs: [BigInt(times.compressNs[0]), BigInt(times.compressNs[1])] as const,
    decompressNs: [BigInt(times.decompressNs[0]), BigInt(times.decompressNs[1])] as const,
  })
  return { rawBytes: matrix.rawBytes, candidate: side(matrix.candidate), partner: side(matrix.partner) }
}

export const createMeasurer = (o: Options): Measurer => {
  const running = new Set<Digest>()
  const certificates = new Map<Digest, { readonly at: number; readonly certificate: HostCertificate }>()
  const { domains } = { domains: domainsOf(o.genesis) }

  const blob = async (digest: Digest, what: string): Promise<Uint8Array> => {
    const here = (await o.store.getBlob(digest)) ?? (await o.pool.read(digest))
    if (here !== undefined) return here
    const bytes = await o.fetchBlob(digest)
    if (bytes === null) throw new NotYet(`nobody has ${what} ${digest}`)
    await o.store.putBlob(bytes)
    return bytes
  }

  const sourceOf = async (competition: string, submission: Digest): Promise<string> => {
    const bundle = o.bundleOf(competition, submission)
    if (bundle === null) throw new NotYet(`submission ${submission} is not known here`)
    const [file] = unpackBundle(await blob(bundle, 'bundle'))
    return new TextDecoder().decode(file?.content)
  }

  /** The round's matrices as files outside every sandbox. */
  const layOut = async (rules: CompetitionRules, params: CompetitionParams, seed: Digest) => {
    const { digests } = parsePoolManifest(await blob(params.poolManifest, 'pool manifest'))
    const drawn = rules.draw({ params, seed, pool: digests })
    const dir = join(o.workDir, seed)
    await mkdir(dir, { recursive: true, mode: 0o700 })
    const matrices = await Promise.all(
      drawn.map(async (digest) => {
        const path = join(dir, `${digest}.bin`)
        await writeFile(path, await blob(digest, 'matrix'), { mode: 0o600 })
        return { digest, path }
      }),
    )
    return { dir, matrices }
  }

  const certify = async (
    rules: CompetitionRules,
    params: CompetitionParams,
    matrices: Laid,
  ): Promise<HostCertificate> => {
    const known = certificates.get(paramsHash(params))
    if (known !== undefined && o.now() - known.at < CERTIFICATE_MS) return known.certificate
    const measurement = await run({
      candidate: o.baseline,
      partner: o.baseline,
      matrices: matrices.slice(0, NOISE_MATRICES),
    })
    if (measurement.verdict !== 'pass') throw new NotYet(`the baseline does not run here: ${measurement.line}`)
    const certificate = rules.certifyHost({ params, matrices: measurement.matrices.map(toRuns) })
    certificates.set(paramsHash(params), { at: o.now(), certificate })
    o.log.info({ noisePpm: certificate.noisePpm, hereNanos: `${certificate.hereNanos}` }, 'host certificate')
    return certificate
  }

  const run = ({ candidate, partner, matrices }: Codes): Promise<Measurement> => {
    const seed = randomBytes(32).toString('hex')
    return o.evaluator.evaluate({ candidate, partner, matrices, seed, limits: runLimits }, { signal: o.signal })
  }

  /** What the statement says of one submission; the raw runs are kept as a blob under the digest it names. */
  const measureOne = async (job: Evaluate, id: Digest, setup: Setup): Promise<Measured> => {
    const measurement = await run({ ...setup, candidate: await sourceOf(job.competition, id) })
    const { verdict, code, line, matrices, elapsedMs } = measurement
    o.log.info({ id, verdict, code, line, elapsedMs }, 'measured')
    const runs = await o.store.putBlob(new TextEncoder().encode(JSON.stringify(measurement)))
    // Leaves carry this validator's name and the round's seed: nobody can paste another's.
    const leaves = measurement.transcript.map((output) =>
      hash(hexToBytes(o.self), hexToBytes(job.seed), hexToBytes(output)),
    )
    const traced = { id, runs, transcriptRoot: merkleRoot(leaves) }
    if (verdict !== 'pass') return failed({ ...traced, verdict, code })
    const { quadsPpm, ratioPpb, timeNanos, scorePpb } = setup.rules.score({
      params: setup.params,
      matrices: matrices.map(toRuns),
      hereNanos: setup.certificate.hereNanos,
    })
    return passed({ ...traced, quadsPpm, ratioPpb, timeNanos, scorePpb, thetaPpm: job.entry.thetaPpm })
  }

  const measure = async (job: Evaluate): Promise<void> => {
    const { competition, round, manifest, entry, seed } = job
    const params = o.genesis.competitions.find(({ id }) => id === competition)
    const rules = COMPETITIONS.get(competition)
    if (params === undefined || rules === undefined) throw new Error(`no rules for ${competition} here`)
    const { dir, matrices } = await layOut(rules, params, seed)
    try {
      const certificate = await certify(rules, params, matrices)
      const partner = entry.incumbent === null ? o.baseline : await sourceOf(competition, entry.incumbent)
      const submissions: Measured[] = []
      for (const { id } of entry.submissions) {
        submissions.push(await measureOne(job, id, { rules, params, certificate, partner, matrices }))
      }
      const nonce = randomBytes(32).toString('hex')
      const { kind, version, strength } = o.engine
      const statement = buildStatement({
        domain: domains.mesh,
        competition,
        paramsHash: paramsHash(params),
        round,
        manifest,
        hotkey: o.self,
        nonce,
        seed,
        image: entry.image,
        referee: o.referee,
        hardware: {
          model: (cpus()[0]?.model ?? 'unknown').slice(0, 96),
          cores: availableParallelism(),
          engine: `${kind} ${version}`.slice(0, 96),
          strength: `memory ${strength.memory}, cpu ${strength.cpu}, pids ${strength.pids}`,
        },
        hostNoisePpm: certificate.noisePpm,
        submissions,
      })
      o.submit({ kind: 'evaluated', at: o.now(), competition, round, manifest, nonce, statement })
    } finally {
      await rm(dir, { recursive: true, force: true })
    }
  }

  const insist = async (job: Evaluate): Promise<void> => {
    for (;;) {
      try {
        return await measure(job)
      } catch (error) {
        if (o.signal.aborted) return
        if (!(error instanceof NotYet)) throw error
        o.log.warn({ round: job.round, reason: error.message }, 'cannot measure yet')
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
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

type Laid = readonly { readonly digest: Digest; readonly path: string }[]
type Codes = { readonly candidate: string; readonly partner: string; readonly matrices: Laid }
type Setup = {
  readonly rules: CompetitionRules
  readonly params: CompetitionParams
  readonly certificate: HostCertificate
  readonly partner: string
  readonly matrices: Laid
}
