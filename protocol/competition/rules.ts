/** What a competition says of itself: everything that a mesh, a referee and a miner at home know of it comes from here. */
import type { Digest } from '../crypto.ts'
import type { CompetitionParams } from '../params.ts'
import type { Rational } from './integers.ts'
import type { PoolMatrix } from './matrix/draw.ts'
import type { Presets } from './matrix/params.ts'
import type { MatrixRuns } from './matrix/runs.ts'
import type { checkTraining } from './training-speed/check.ts'
import type { planTraining } from './training-speed/contract.ts'
import type { certifyTraining, scoreTraining } from './training-speed/score.ts'

/** Why what came back is refused; each is a row of the referee's table of faults. */
export type CheckCode = 'NOT_LOSSLESS' | 'NOT_SIMILAR' | 'NOT_FINITE'

/** What came back, held against what went in. */
export type Checked = {
  /** Null for what passes; `text` says what was found, for the miner. */
  readonly fault: { readonly code: CheckCode; readonly text: string } | null
  /** How much is left, in parts per billion, rounded down; null where it must be everything. */
  readonly similarityPpb: number | null
}

/** What the runs of one submission come to. */
export type Scored = {
  /** Candidate's score over the partner's, a quad each, in the order of the matrices. */
  readonly quadsPpm: readonly number[]
  readonly scorePpb: bigint
  /** What its statement tells beside the score, by exactly the names in the rules' `values`. */
  readonly values: Readonly<Record<string, bigint>>
  /** Before rounding, for printing: C, t in ns, score. */
  readonly ratio: Rational
  readonly nanos: Rational
  readonly score: Rational
}

/** What a host learns by running the baseline against itself. */
export type HostCertificate = {
  /** Standard deviation of the quads around 1, in the competition's own metric. */
  readonly noisePpm: number
  /** The baseline's mean ns a matrix here. */
  readonly hereNanos: bigint
}

/** What every competition has, whatever is measured. */
type CommonRules = {
  /** Parameters: `real` as published, `demo` for one machine. */
  readonly presets: Presets
  /** Names of the values beside the score that its statements carry and its results certify; in rising order. */
  readonly values: readonly string[]
  /** How the score comes about, for a person to read. */
  readonly formula: string
  /** Name of a submission's one file. */
  readonly file: 'solution.py' | 'train.py'
}

/** A competition whose submissions compress matrices and give them back. */
export type MatrixRules = CommonRules & {
  readonly kind: 'matrix'
  /** What the round of this seed is measured on, in the order it is run. `pool`: in its manifest's order. */
  readonly draw: (o: {
    readonly params: Pick<CompetitionParams, 'matrixCount'>
    readonly seed: Digest
    readonly pool: readonly PoolMatrix[]
  }) => readonly Digest[]
  /** Whether a matrix survived compress and decompress; `returned` is a stranger's. Same answer on every machine. */
  readonly check: (o: { readonly raw: Uint8Array; readonly returned: Uint8Array }) => Checked
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

/** A competition whose submissions train a model. */
export type TrainingRules = CommonRules & {
  readonly kind: 'training'
  readonly plan: typeof planTraining
  readonly check: typeof checkTraining
  readonly score: typeof scoreTraining
  readonly certifyHost: typeof certifyTraining
}

export type CompetitionRules = MatrixRules | TrainingRules
