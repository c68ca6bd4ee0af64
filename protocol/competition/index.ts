/** The competitions a mesh can run: what is particular to each, so that adding one touches one folder and one line here. */
import type { Digest } from '../crypto.ts'
import type { CompetitionParams } from '../params.ts'
import { drawMatrices } from './matrix-lossless/draw.ts'
import { type ParamsFacts, PRESETS } from './matrix-lossless/params.ts'
import { certifyHost, type HostCertificate, type MatrixRuns, type Scored, scoreRuns } from './matrix-lossless/score.ts'

export type CompetitionRules = {
  /** Parameters: `real` as published, `demo` for a minute on one machine. */
  readonly presets: Readonly<Record<'real' | 'demo', (facts: ParamsFacts) => CompetitionParams>>
  /** What the round of this seed is measured on, in the order it is run. `pool`: the pool's digests in its manifest's order. */
  readonly draw: (o: { params: CompetitionParams; seed: Digest; pool: readonly Digest[] }) => readonly Digest[]
  /** Raw runs in drawn order, of a submission that passed every check, into what its statement says. */
  readonly score: (o: {
    readonly params: CompetitionParams
    readonly matrices: readonly MatrixRuns[]
    readonly hereNanos: bigint
  }) => Scored
  /** Raw runs of the baseline against itself into this host's certificate. */
  readonly certifyHost: (o: {
    readonly params: CompetitionParams
    readonly matrices: readonly MatrixRuns[]
  }) => HostCertificate
}

const matrixLossless: CompetitionRules = {
  presets: PRESETS,
  draw: ({ params, seed, pool }) => drawMatrices({ seed, poolDigests: pool, count: params.matrixCount }),
  score: ({ params, matrices, hereNanos }) => scoreRuns(matrices, { referenceNanos: params.referenceNanos, hereNanos }),
  certifyHost: ({ params, matrices }) => certifyHost(matrices, params.referenceNanos),
}

/** By a competition's id, as the genesis document and submissions name it. */
export const COMPETITIONS: ReadonlyMap<string, CompetitionRules> = new Map([['matrix-lossless', matrixLossless]])
