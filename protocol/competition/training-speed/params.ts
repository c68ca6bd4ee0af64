/** Parameter presets of training speed: the published rules, and a demo on one machine's CPU. */
import { SUBMISSION_FEE_RAO } from '../../chain/payment.ts'
import type { CompetitionParams } from '../../params.ts'
import type { ParamsFacts, Presets } from '../matrix/params.ts'

/** The chain makes a block every 12 s. */
const BLOCKS_PER_DAY = 7_200
/** No decay within a mesh's life: the winner takes all until somebody is faster. */
const DECAY_BLOCKS = 10_000_000

/**
 * Rounds of 360 blocks, the winner takes all, θ 1 %. `poolManifest` is the digest of the contract, `poolRoot` that of its calibration's log,
 * `matrixCount` the most quads of a measurement. Four submissions a round at 15 GPU-minutes each are as much as a round lasts.
 */
const real = (facts: ParamsFacts): CompetitionParams => ({
  id: 'training-speed',
  sharePpm: 1_000_000,
  burnPpm: 0,
  decayBlocks: DECAY_BLOCKS,
  roundBlocks: 360,
  commitBlocks: 360,
  revealBlocks: 50,
  extendBlocks: 180,
  submissionsMax: 4,
  dailySubmissionsMax: 4,
  blocksPerDay: BLOCKS_PER_DAY,
  bundleBytesMax: 65_536,
  thetaPpm: 10_000,
  confirmRounds: 2,
  matrixCount: 16,
  feeRao: SUBMISSION_FEE_RAO,
  feeRecipient: null,
  ...facts,
})

/** Blocks of half a second, preset tiny: a larger θ, and as many quads as a noisy host may need; a quiet one stops after 8. */
const demo = (facts: ParamsFacts): CompetitionParams => ({
  ...real(facts),
  roundBlocks: 12,
  // Four validators of one host take turns at measuring; when all are done nobody waits.
  commitBlocks: 3_600,
  revealBlocks: 8,
  extendBlocks: 600,
  submissionsMax: 8,
  blocksPerDay: 172_800,
  thetaPpm: 50_000,
  matrixCount: 32,
  feeRao: 0n,
  ...facts,
})

export const trainingPresets: Presets = { real, demo }
