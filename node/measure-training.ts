/** Measures a round of training speed: the same for every submission, with a certificate of this host's own noise. */
import { randomBytes } from 'node:crypto'
import {
  type CompetitionParams,
  type Digest,
  failed,
  type HostCertificate,
  hash,
  hexToBytes,
  type Key,
  type Measured,
  merkleRoot,
  paramsHash,
  passed,
  type TrainingContract,
  type TrainingRules,
} from '../protocol/index.ts'
import { contractByDigest, readReference, type TrainingEvaluator, toQuad } from '../sandbox/index.ts'
import type { Log } from './log.ts'
import type { Measurer } from './ports.ts'
import type { Store } from './store/index.ts'

type Evaluate = Parameters<Measurer['evaluate']>[0]

/** A host's own noise is measured again after this long (protocol §5). */
const CERTIFICATE_MS = 6 * 3_600_000
/** Quads of a host certificate: fewer make a quiet host look noisy, and a noisy one quiet, too often. */
export const NOISE_QUADS = 12

type Options = {
  readonly evaluator: TrainingEvaluator
  readonly store: Pick<Store, 'putBlob'>
  readonly self: Key
  readonly sourceOf: (competition: string, submission: Digest) => Promise<string>
  readonly now: () => number
  readonly log: Pick<Log, 'info'>
}

type Codes = { readonly candidate: string; readonly partner: string }
type Extent = { readonly quads: number; readonly thetaPpm: number | null }

/** One round; `signal` ends what runs for it once nobody waits for it any more. */
type Round = { readonly job: Evaluate; readonly rules: TrainingRules; readonly signal: AbortSignal }

/** What a round came to here. */
export type TrainingFound = { readonly noisePpm: number; readonly submissions: readonly Measured[] }

/** @throws Error when this version does not have the mesh's contract. */
const contractOf = ({ poolManifest }: CompetitionParams): TrainingContract => {
  const contract = contractByDigest(poolManifest)
  if (contract === undefined) throw new Error(`this version does not have the contract ${poolManifest}`)
  return contract
}

/** Measures rounds of training speed, and this host when it is first asked and again when that is too long ago. */
export const createTrainingMeasurer = (o: Options) => {
  const known = new Map<Digest, { readonly at: number; readonly certificate: HostCertificate }>()

  const run = ({ job, signal }: Round, codes: Codes, extent: Extent) =>
    o.evaluator.evaluate(
      {
        competition: job.competition,
        ...codes,
        contract: contractOf(job.params),
        roundSeed: job.seed,
        ...extent,
        seed: randomBytes(32).toString('hex'),
      },
      { signal },
    )

  const certify = async (round: Round): Promise<HostCertificate> => {
    const { job, rules } = round
    const key = paramsHash(job.params)
    const last = known.get(key)
    if (last !== undefined && o.now() - last.at < CERTIFICATE_MS) return last.certificate
    const reference = readReference()
    const extent = { quads: NOISE_QUADS, thetaPpm: null }
    const measurement = await run(round, { candidate: reference, partner: reference }, extent)
    if (measurement.verdict !== 'pass') throw new Error(`the reference does not run here: ${measurement.line}`)
    const certificate = rules.certifyHost(measurement.quads.map(toQuad))
    known.set(key, { at: o.now(), certificate })
    o.log.info({ noisePpm: certificate.noisePpm, hereNanos: `${certificate.hereNanos}` }, 'host certificate')
    return certificate
  }

  /** What the statement says of one submission; the raw runs are kept as a blob under the digest it names. */
  const measureOne = async (
    round: Round,
    one: { readonly id: Digest; readonly partner: string; readonly hereNanos: bigint },
  ): Promise<Measured> => {
    const { job, rules } = round
    const { id, partner, hereNanos } = one
    const candidate = await o.sourceOf(job.competition, id)
    const extent = { quads: job.params.matrixCount, thetaPpm: job.entry.thetaPpm }
    const measurement = await run(round, { candidate, partner }, extent)
    const { verdict, code, line, elapsedMs } = measurement
    o.log.info({ id, verdict, code, line, elapsedMs }, 'measured')
    const runs = await o.store.putBlob(new TextEncoder().encode(JSON.stringify(measurement)))
    // Leaves carry this validator's name and the round's seed: nobody can paste another's.
    const leaves = measurement.transcript.map((weights) =>
      hash(hexToBytes(o.self), hexToBytes(job.seed), hexToBytes(weights)),
    )
    const traced = { id, runs, transcriptRoot: merkleRoot(leaves) }
    if (verdict !== 'pass') return failed({ ...traced, verdict, code })
    const { referenceNanos } = job.params
    const quads = measurement.quads.map(toQuad)
    const { quadsPpm, scorePpb, values, rawMilli } = rules.score({ quads, referenceNanos, hereNanos })
    return passed({ ...traced, quadsPpm, scorePpb, values, rawMilli, thetaPpm: job.entry.thetaPpm })
  }

  return {
    /** Rejects when something is missing, this host cannot measure, or nobody waits any more. */
    measure: async (round: Round): Promise<TrainingFound> => {
      const { entry, competition } = round.job
      const { noisePpm, hereNanos } = await certify(round)
      const partner = entry.incumbent === null ? readReference() : await o.sourceOf(competition, entry.incumbent)
      const submissions: Measured[] = []
      for (const { id } of entry.submissions) submissions.push(await measureOne(round, { id, partner, hereNanos }))
      return { noisePpm, submissions }
    },
  }
}
