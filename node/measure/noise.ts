/** Each engine's own noise: the baseline against itself, certified for a few hours. */
import { randomBytes } from 'node:crypto'
import {
  type CompetitionParams,
  type HostCertificate,
  type MatrixRules,
  type MatrixRuns,
  paramsHash,
} from '../../protocol/index.ts'
import {
  type EngineFacts,
  type Evaluator,
  type MatrixTimes,
  type Measurement,
  type RunOptions,
  runLimits,
} from '../../sandbox/index.ts'
import type { Log } from '../log.ts'
import type { Matrices } from './materials.ts'

/** A host's own noise is measured again after this long (protocol §5). */
const CERTIFICATE_MS = 6 * 3_600_000
/** Matrices of the shortened host certificate. */
export const NOISE_MATRICES = 12
/** A host that was never measured: above every θ, so that no value of its votes. */
const NOISE_UNKNOWN_PPM = 1_000_000

/** What measuring needs of its node. */
export type RunsOptions = {
  readonly evaluator: Pick<Evaluator, 'evaluate'>
  /** What isolates submissions here, where a measurement does not say it. */
  readonly engine: EngineFacts
  /** Source of the code that a competition compares with while nobody leads. */
  readonly baselineOf: (competition: string) => string
  readonly now: () => number
  readonly log: Pick<Log, 'info'>
}

/** What is compared, on which matrices. */
type Codes = {
  readonly competition: string
  readonly candidate: string
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

/** What a certificate is for. */
export type Ground = {
  readonly competition: string
  readonly rules: MatrixRules
  readonly params: CompetitionParams
  readonly matrices: Matrices
}

/** On which engine, and until when. */
export type Where = Pick<RunOptions, 'host' | 'like' | 'signal'>

/** One run, in an order that nobody outside this process knows. */
export const run = (
  o: Pick<RunsOptions, 'evaluator'>,
  { competition, candidate, partner, matrices }: Codes,
  where: Where,
): Promise<Measurement> => {
  const seed = randomBytes(32).toString('hex')
  const job = { competition, candidate, partner, matrices, seed, limits: runLimits }
  return o.evaluator.evaluate(job, where)
}

/** A host's certificate, and what it is: every submission is scored by that of the host it ran on. */
export type Certified = { readonly certificate: HostCertificate; readonly engine: EngineFacts }

export const hostOf = (engine: EngineFacts): string => engine.host ?? 'local'

/** `ground`: what of a competition's ways to measure the certificate is for. */
type Wanted = { readonly params: CompetitionParams; readonly host: string | undefined; readonly ground: string }

/** Every host's certificates of every competition, each measured when it is first asked for and again when that is too long ago. */
export const createCertificates = (o: Pick<RunsOptions, 'now' | 'log'>) => {
  const known = new Map<string, Certified & { readonly at: number }>()
  const fresh = ({ params, host, ground }: Wanted): Certified | undefined =>
    [...known]
      .filter(([key, { at }]) => key.startsWith(`${paramsHash(params)} ${ground} `) && o.now() - at < CERTIFICATE_MS)
      .map(([, certified]) => certified)
      .find(({ engine }) => host === undefined || hostOf(engine) === host)
  return {
    /** Of `host`, else of any host; `measure` makes it when there is none. */
    of: async (wanted: Wanted, measure: () => Promise<Certified>): Promise<Certified> => {
      const last = fresh(wanted)
      if (last !== undefined) return last
      const { certificate, engine } = await measure()
      const host = hostOf(engine)
      known.set(`${paramsHash(wanted.params)} ${wanted.ground} ${host}`, { at: o.now(), certificate, engine })
      const { noisePpm, hereNanos } = certificate
      o.log.info({ engine: host, noisePpm, hereNanos: `${hereNanos}` }, 'host certificate')
      return { certificate, engine }
    },
    /** The next one is of a host that is well. */
    forget: () => known.clear(),
    ppmOf: (params: CompetitionParams): number =>
      [...known].find(([key]) => key.startsWith(paramsHash(params)))?.[1].certificate.noisePpm ?? NOISE_UNKNOWN_PPM,
  }
}
export type Certificates = ReturnType<typeof createCertificates>

/** A host's certificate in a competition on matrices, by the baseline against itself. */
export const certifyOnMatrices = (
  o: RunsOptions & { readonly certificates: Certificates },
  setup: Ground,
  where: Where,
): Promise<Certified> =>
  o.certificates.of({ params: setup.params, host: where.host, ground: 'matrices' }, async () => {
    const { competition, rules, params } = setup
    const matrices = setup.matrices.slice(0, NOISE_MATRICES)
    const baseline = o.baselineOf(competition)
    const measurement = await run(o, { competition, candidate: baseline, partner: baseline, matrices }, where)
    if (measurement.verdict !== 'pass') throw new Error(`the baseline does not run here: ${measurement.line}`)
    const certificate = rules.certifyHost({ params, matrices: measurement.matrices.map(toRuns) })
    return { certificate, engine: measurement.engine ?? o.engine }
  })
