/** Measures a round of training speed: the same for every submission, with a certificate of this host's own noise. */
import { randomBytes } from 'node:crypto'
import {
  type CompetitionParams,
  type Digest,
  failed,
  hash,
  hexToBytes,
  type Key,
  type Measured,
  merkleRoot,
  passed,
  type TrainingContract,
  type TrainingRules,
} from '../../protocol/index.ts'
import {
  contractByDigest,
  type EngineFacts,
  localHardware,
  readReference,
  type TrainingEvaluator,
  type TrainingMeasurement,
  toQuad,
} from '../../sandbox/index.ts'
import type { Log } from '../log.ts'
import type { Measurer } from '../machine/ports.ts'
import type { Store } from '../store/index.ts'
import { type Certificates, type Certified, hostOf, type Where } from './noise.ts'

type Evaluate = Parameters<Measurer['evaluate']>[0]

/** Quads of a host certificate: fewer make a quiet host look noisy, and a noisy one quiet, too often. */
export const NOISE_QUADS = 12

type Options = {
  readonly evaluator: TrainingEvaluator
  readonly certificates: Certificates
  /** What isolates submissions here, where a measurement does not say it. */
  readonly engine: EngineFacts
  readonly store: Pick<Store, 'putBlob'>
  readonly self: Key
  readonly sourceOf: (competition: string, submission: Digest) => Promise<string>
  readonly log: Pick<Log, 'info'>
}

type Codes = { readonly candidate: string; readonly partner: string }
type Extent = { readonly quads: number; readonly thetaPpm: number | null; readonly driftMaxPpm: number | null }

/** One round; `signal` ends what runs for it once nobody waits for it any more. */
type Round = { readonly job: Evaluate; readonly rules: TrainingRules; readonly signal: AbortSignal }

/** What a round came to here: the noise of the noisiest host that had a part, and the first, whose hardware class all share. */
export type TrainingFound = {
  readonly noisePpm: number
  readonly engine: EngineFacts
  readonly submissions: readonly Measured[]
}

/** @throws Error when this version does not have the mesh's contract. */
const contractOf = ({ poolManifest }: CompetitionParams): TrainingContract => {
  const contract = contractByDigest(poolManifest)
  if (contract === undefined) throw new Error(`this version does not have the contract ${poolManifest}`)
  return contract
}

/** Two runs of the reference as partner may lie apart by the lead that is asked for; a leader's own runs are never judged so. */
const driftMaxOf = ({ entry }: Evaluate): number | null => (entry.incumbent === null ? entry.thetaPpm : null)

/** What a measurement was made on: the machine, by its GPU's name where it has one. */
const engineOf = ({ engine, device }: TrainingMeasurement, otherwise: EngineFacts): EngineFacts => {
  const facts = engine ?? otherwise
  if (device === null) return facts
  return { ...facts, hardware: { ...(facts.hardware ?? localHardware()), model: device.slice(0, 96) } }
}

/** Measures rounds of training speed, and each host when it is first asked and again when that is too long ago. */
export const createTrainingMeasurer = (o: Options) => {
  const run = ({ job, signal }: Round, codes: Codes, extent: Extent, where: Where) =>
    o.evaluator.evaluate(
      {
        competition: job.competition,
        ...codes,
        contract: contractOf(job.params),
        roundSeed: job.seed,
        ...extent,
        seed: randomBytes(32).toString('hex'),
      },
      { ...where, signal },
    )

  /** Of `host`, else of any. */
  const certify = (round: Round, host?: string): Promise<Certified> => {
    const driftMaxPpm = driftMaxOf(round.job)
    const ground = driftMaxPpm === null ? 'beside a leader' : 'beside the reference'
    return o.certificates.of({ params: round.job.params, host, ground }, async () => {
      const reference = readReference()
      const extent = { quads: NOISE_QUADS, thetaPpm: null, driftMaxPpm }
      const codes = { candidate: reference, partner: reference }
      const measurement = await run(round, codes, extent, host === undefined ? {} : { host })
      if (measurement.verdict !== 'pass') throw new Error(`the reference does not run here: ${measurement.line}`)
      const certificate = round.rules.certifyHost(measurement.quads.map(toQuad))
      return { certificate, engine: engineOf(measurement, o.engine) }
    })
  }

  /** What the statement says of one submission; the raw runs are kept as a blob under the digest it names. */
  const measureOne = async (
    round: Round,
    one: { readonly id: Digest; readonly partner: string; readonly like: string },
  ): Promise<{ readonly measured: Measured; readonly noisePpm: number }> => {
    const { job, rules } = round
    const { id, partner, like } = one
    const candidate = await o.sourceOf(job.competition, id)
    const { thetaPpm } = job.entry
    const extent = { quads: job.params.matrixCount, thetaPpm, driftMaxPpm: driftMaxOf(job) }
    const measurement = await run(round, { candidate, partner }, extent, { like })
    const { verdict, code, line, elapsedMs } = measurement
    o.log.info({ id, verdict, code, line, elapsedMs, engine: measurement.engine?.host }, 'measured')
    const runs = await o.store.putBlob(new TextEncoder().encode(JSON.stringify(measurement)))
    // Leaves carry this validator's name and the round's seed: nobody can paste another's.
    const leaves = measurement.transcript.map((weights) =>
      hash(hexToBytes(o.self), hexToBytes(job.seed), hexToBytes(weights)),
    )
    const traced = { id, runs, transcriptRoot: merkleRoot(leaves) }
    if (verdict !== 'pass') return { measured: failed({ ...traced, verdict, code }), noisePpm: 0 }
    const { certificate } = await certify(round, hostOf(measurement.engine ?? o.engine))
    const { hereNanos, noisePpm } = certificate
    const { referenceNanos } = job.params
    const quads = measurement.quads.map(toQuad)
    const { quadsPpm, scorePpb, values, rawMilli } = rules.score({ quads, referenceNanos, hereNanos })
    return { measured: passed({ ...traced, quadsPpm, scorePpb, values, rawMilli, thetaPpm }), noisePpm }
  }

  return {
    /** Rejects when something is missing, no host can measure, or nobody waits any more. */
    measure: async (round: Round): Promise<TrainingFound> => {
      const { entry, competition } = round.job
      const first = await certify(round)
      const partner = entry.incumbent === null ? readReference() : await o.sourceOf(competition, entry.incumbent)
      let { noisePpm } = first.certificate
      const submissions: Measured[] = []
      for (const { id } of entry.submissions) {
        // One statement names one class of hardware.
        const one = await measureOne(round, { id, partner, like: hostOf(first.engine) })
        submissions.push(one.measured)
        noisePpm = Math.max(noisePpm, one.noisePpm)
      }
      return { noisePpm, engine: first.engine, submissions }
    },
  }
}
