/** The document a mesh starts from: chain block, committee 0, parameters; its hash is part of every signature's domain. */
import { count, digest, encode, type Infer, key, list, struct, text, u8, u16, u32, u64 } from './canonical.ts'
import { type Digest, hash, hexToBytes, utf8ToBytes } from './crypto.ts'
import { ProtocolError } from './errors.ts'
import { COMPETITION_ID_BYTES_MAX, COMPETITIONS_MAX, MEMBERS_MAX } from './limits.ts'
import { signedDelegation } from './message/membership.ts'
import type { Domains } from './message/message.ts'
import { type Json, parseJson, printJson } from './message/statement.ts'

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
})
export type CompetitionParams = Infer<typeof competitionParams>

export const genesis = struct({
  chainGenesis: digest,
  netuid: u16,
  mechanism: u8,
  version: u16,
  /** The finalised block that committee 0 was read at. */
  block: count,
  blockHash: digest,
  epoch: u32,
  members: list(struct({ hotkey: key, weight: u64 }), MEMBERS_MAX),
  delegations: list(signedDelegation, MEMBERS_MAX),
  /** Δ of the views' timers. */
  deltaMs: u32,
  /** No member's weight counts for more than this part of the whole. */
  weightCapPpm: u32,
  /** Vectors are set for blocks that are multiples of this; not below the chain's rate limit. */
  weightsEveryBlocks: count,
  competitions: list(competitionParams, COMPETITIONS_MAX),
})
export type Genesis = Infer<typeof genesis>

const VERSION = 1

/** Domain of hotkeys' delegations: known before the genesis document that contains them. */
export const chainDomain = (o: { chainGenesis: Digest; netuid: number; mechanism: number }): Digest =>
  hash(
    utf8ToBytes('evalmesh/v1/chain'),
    hexToBytes(o.chainGenesis),
    Uint8Array.of(o.netuid >> 8, o.netuid & 255, o.mechanism),
  )

/** the mesh's domain binds the chain, the whole genesis document and the protocol's version. */
export const domainsOf = (document: Genesis): Domains => ({
  chain: chainDomain(document),
  mesh: hash(utf8ToBytes('evalmesh/v1/mesh'), encode(genesis, document)),
})

export const paramsHash = (params: CompetitionParams): Digest =>
  hash(utf8ToBytes('evalmesh/v1/params'), encode(competitionParams, params))

export const printGenesis = (document: Genesis): Uint8Array => printJson(genesis.toJson(document) as Json)

/** @throws ProtocolError BAD_STATEMENT, BAD_SHAPE or BAD_GENESIS. */
export const parseGenesis = (bytes: Uint8Array): Genesis => {
  const document = genesis.fromWire(parseJson(bytes), 'genesis')
  if (document.version !== VERSION)
    throw new ProtocolError('BAD_GENESIS', { version: document.version, supported: VERSION })
  if (document.members.length < 4) throw new ProtocolError('BAD_GENESIS', { members: document.members.length, min: 4 })
  return document
}
