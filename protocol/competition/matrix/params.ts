/** Parameter presets of both matrix competitions: the real rules, and a demo that fits into a minute. */
import { SUBMISSION_FEE_RAO } from '../../chain/payment.ts'
import type { Digest } from '../../crypto.ts'
import type { CompetitionParams } from '../../params.ts'

/** What only the founder of a mesh knows. */
export type ParamsFacts = {
  readonly image: Digest
  readonly poolManifest: Digest
  readonly poolRoot: Digest
  /** Mean ns a matrix of the baseline on the founder's host. */
  readonly referenceNanos: bigint
}

/** The chain makes a block every 12 s. */
const BLOCKS_PER_DAY = 7_200

/** The published rules: rounds of 2 days, burn 90 %, 10 days of decay, 4 submissions a day at 0.1 TAO each, 20,000 bytes, θ 1 %. */
const real = (id: string, facts: ParamsFacts): CompetitionParams => ({
  id,
  sharePpm: 1_000_000,
  burnPpm: 900_000,
  decayBlocks: 10 * BLOCKS_PER_DAY,
  roundBlocks: 2 * BLOCKS_PER_DAY,
  commitBlocks: 1_800,
  revealBlocks: 50,
  extendBlocks: 300,
  submissionsMax: 64,
  dailySubmissionsMax: 4,
  blocksPerDay: BLOCKS_PER_DAY,
  bundleBytesMax: 20_000,
  thetaPpm: 10_000,
  confirmRounds: 2,
  matrixCount: 30,
  feeRao: SUBMISSION_FEE_RAO,
  feeRecipient: null,
  ...facts,
})

/** Blocks of half a second, submissions close every six seconds, a larger θ for hosts that share their cores; the competition's own rules unchanged. */
const demo = (id: string, facts: ParamsFacts): CompetitionParams => ({
  ...real(id, facts),
  decayBlocks: 20_000,
  roundBlocks: 12,
  // Four validators of one host take turns at measuring; when all are done nobody waits.
  commitBlocks: 480,
  revealBlocks: 8,
  extendBlocks: 60,
  submissionsMax: 8,
  blocksPerDay: 172_800,
  thetaPpm: 50_000,
  feeRao: 0n,
})

export type Presets = Readonly<Record<'real' | 'demo', (facts: ParamsFacts) => CompetitionParams>>

/** The presets of the competition with this id, alone in its mesh: it hands out everything. */
export const presetsOf = (id: string): Presets => ({
  real: (facts) => real(id, facts),
  demo: (facts) => demo(id, facts),
})
