/** The parameters of a mesh and of its competitions: what they are, which values are sane, and their hash. */
import { count, digest, hashOf, type Infer, key, option, struct, text, u8, u16, u32, u64 } from './canonical.ts'
import { type Digest, utf8ToBytes } from './crypto.ts'
import { BUNDLE_BYTES_MAX, COMPETITION_ID_BYTES_MAX, QUADS_MAX, SUBMISSIONS_MAX } from './limits.ts'

/** The mesh's own, as the genesis document holds them beside the rest. */
export const MESH_FIELDS = {
  /** Δ of the views' timers. */
  deltaMs: u32,
  /** No member's weight counts for more than this part of the whole. */
  weightCapPpm: u32,
  /** Blocks between two vectors at least; not below the chain’s rate limit. */
  weightsEveryBlocks: count,
  /** Who was convicted by evidence has no seat in the committees of this many epochs after. */
  evidenceEpochs: u32,
} as const

export const meshParams = struct(MESH_FIELDS)
export type MeshParams = Infer<typeof meshParams>

/** Parameters of one competition; every attestation cites their hash. Blocks are the chain's, shares are parts per million. */
export const competitionParams = struct({
  id: text(COMPETITION_ID_BYTES_MAX),
  /** Share of the miners' incentive that this competition hands out; all competitions together at most 1,000,000. */
  sharePpm: u32,
  /** Part of that share that is burned (goes to the subnet owner's uid). */
  burnPpm: u32,
  /** Blocks over which a winner's share falls to 0 without a new best. */
  decayBlocks: count,
  /** Submissions close at multiples of this after the genesis block. */
  roundBlocks: count,
  /** Commits are due this long after the beacon block. */
  commitBlocks: count,
  /** Reveals are due this long after the block of COMMITS. */
  revealBlocks: count,
  /** One extension of either deadline when it finds less than a quorum. */
  extendBlocks: count,
  submissionsMax: u16,
  /** Submissions a hotkey may have receipted in `blocksPerDay` blocks. */
  dailySubmissionsMax: u16,
  blocksPerDay: count,
  bundleBytesMax: u32,
  /** A challenger must be better than this; frozen into each manifest. */
  thetaPpm: u32,
  /** Rounds in a row a takeover must be confirmed in, against another incumbent than the baseline. */
  confirmRounds: u8,
  /** Image that measurements run in, and the pool that inputs are drawn from: the manifest's blob and its Merkle root. */
  image: digest,
  poolManifest: digest,
  poolRoot: digest,
  matrixCount: u16,
  /** Time of the baseline on the reference host, mean over matrices of compress + decompress. */
  referenceNanos: u64,
  /** What a submission costs, in rao; 0: nothing. */
  feeRao: u64,
  /** Coldkey that is paid; null: that of the subnet's owner. */
  feeRecipient: option(key),
})
export type CompetitionParams = Infer<typeof competitionParams>

const TAG = utf8ToBytes('evalmesh/v1/params')

export const paramsHash = (params: CompetitionParams): Digest => hashOf(competitionParams, params, TAG)

/** Smallest and largest value. */
type Range = readonly [min: number, max: number]

const ONE_PPM = 1_000_000
/** About a month of the chain: a round that waits longer is not slow but stuck. */
const STAGE_BLOCKS_MAX = 216_000
/** About four years of the chain: more is for ever. */
const BLOCKS_MAX = 10_000_000

/** what the mesh's parameters may be; outside it stops, or one member stops it. */
const MESH_RANGES: Readonly<Record<keyof MeshParams, Range>> = {
  // Below, ordinary delays between continents end views; above, one absent leader costs minutes.
  deltaMs: [100, 60_000],
  // Above a third one member could block alone; below a quarter a committee of four would have no weights under the cap, and all would
  // weigh as the least.
  weightCapPpm: [250_000, 333_333],
  // The chain forgets validators that set no weights for 5,000 blocks.
  weightsEveryBlocks: [1, 5_000],
  // At 0 an offence costs nothing; above some years of the chain it is for ever.
  evidenceEpochs: [1, 10_000],
}

type Named = 'id' | 'image' | 'poolManifest' | 'poolRoot' | 'feeRecipient'

/** the same of a competition; outside its rounds could not open, end or be written down. */
const COMPETITION_RANGES: Readonly<Record<Exclude<keyof CompetitionParams, Named>, Range>> = {
  sharePpm: [0, ONE_PPM],
  burnPpm: [0, ONE_PPM],
  decayBlocks: [0, BLOCKS_MAX],
  // Rounds close at its multiples.
  roundBlocks: [1, BLOCKS_MAX],
  // Deadlines that nobody lives to see keep a round open for ever.
  commitBlocks: [1, STAGE_BLOCKS_MAX],
  revealBlocks: [1, STAGE_BLOCKS_MAX],
  extendBlocks: [0, STAGE_BLOCKS_MAX],
  submissionsMax: [1, SUBMISSIONS_MAX],
  dailySubmissionsMax: [1, 1_000],
  blocksPerDay: [1, BLOCKS_MAX],
  bundleBytesMax: [1, BUNDLE_BYTES_MAX],
  // At 0 no host is quiet enough to vote, and above a half nothing ever takes over.
  thetaPpm: [1, 500_000],
  confirmRounds: [1, 100],
  matrixCount: [1, QUADS_MAX],
  // Times are divided by it; above a quarter of an hour a matrix nothing would be measured.
  referenceNanos: [1, 1_000_000_000_000],
  // 1,000 TAO: above, a slip of the owner's hand closes the competition.
  feeRao: [0, 1_000_000_000_000],
}

/** Name of the first value outside its range, or null. */
const outside = <N extends string>(
  values: Readonly<Record<N, number | bigint>>,
  ranges: Readonly<Record<N, Range>>,
): string | null =>
  (Object.keys(ranges) as N[]).find((name) => values[name] < ranges[name][0] || values[name] > ranges[name][1]) ?? null

/** Name of the first of the mesh's parameters that would stop it, or null. */
export const meshParamsFault = (params: MeshParams): string | null => outside(params, MESH_RANGES)

export const competitionParamsFault = (params: CompetitionParams): string | null => outside(params, COMPETITION_RANGES)

/** all competitions together hand out at most everything. */
export const sharesFault = (sharesPpm: readonly number[]): string | null =>
  sharesPpm.reduce((sum, share) => sum + share, 0) > ONE_PPM ? 'shares' : null
