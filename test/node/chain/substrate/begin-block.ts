/** What the test chain does at the start of a block: it reveals what a beacon opens, with a beacon of its own. */
import { bls12_381 } from '@noble/curves/bls12-381.js'
import { startBlock } from '../../../../node/chain/local/state.ts'
import { type Beacon, decryptWith, identityOf } from '../../../../node/chain/subtensor/timelock.ts'
import type { PlainEvent } from './types.ts'
import { storeRow } from './weights.ts'
import { epochOf, REVEAL_PERIOD, type TimedCommit, type World } from './world.ts'

/** Seconds from block to block on the test chain's own clock, which runs with the blocks. */
const BLOCK_SECONDS = 12
/** When its block 0 was made. */
const START_SECONDS = 1_790_000_000
export const secondsOf = (block: number): number => START_SECONDS + block * BLOCK_SECONDS

/** A beacon whose key we hold, as the chain must be shown signatures of rounds to come. */
const BEACON_SECRET = 1_234_567_890_123_456_789n
export const TEST_BEACON: Beacon = {
  genesisSeconds: START_SECONDS - 3_000,
  periodSeconds: 3,
  publicKey: bls12_381.G2.Point.BASE.multiply(BEACON_SECRET).toHex(true),
}

const signatureOf = (round: bigint): Uint8Array => identityOf(round).multiply(BEACON_SECRET).toBytes(true)

/** The newest round that has been published when a block is made. */
const newestRound = (block: number): bigint =>
  BigInt(Math.floor((secondsOf(block) - TEST_BEACON.genesisSeconds) / TEST_BEACON.periodSeconds) + 1)

/** What a block does before its extrinsics: reveals what is due, then permits; a commit that does not open is dropped in silence. */
export const beginBlock = (
  world: World,
  block: number,
): { readonly world: World; readonly events: readonly PlainEvent[] } => {
  const events: PlainEvent[] = []
  const epoch = epochOf(world, block)
  let next: World = world
  const kept: TimedCommit[] = []
  for (const commit of world.timed) {
    const isDue = commit.epoch + REVEAL_PERIOD === epoch
    if (commit.epoch + REVEAL_PERIOD < epoch) continue
    if (!isDue || commit.round > newestRound(block)) {
      kept.push(commit)
      continue
    }
    const revealed = reveal(next, commit, block)
    if (revealed === null) continue
    next = revealed
    events.push({
      pallet: 'SubtensorModule',
      name: 'TimelockedWeightsRevealed',
      data: [commit.index, `0x${commit.hotkey}`],
    })
  }
  return { world: { ...next, timed: kept, local: startBlock(next.local, block) }, events }
}

const reveal = (world: World, commit: TimedCommit, block: number): World | null => {
  try {
    const payload = Buffer.from(decryptWith(signatureOf(commit.round), Buffer.from(commit.wire, 'hex')))
    const { hotkey, uids, values, versionKey } = readPayload(payload)
    if (hotkey !== commit.hotkey) return null
    const stored = storeRow(world, {
      signer: hotkey,
      index: commit.index,
      uids,
      values,
      versionKey,
      block,
      isReveal: true,
    })
    return 'error' in stored ? null : stored.world
  } catch {
    return null // as the chain: whatever does not open or decode is gone
  }
}

/** Hotkey, uids, values, version key; lengths are compact numbers below 2^14. */
const readPayload = (bytes: Buffer) => {
  let at = 0
  const compact = (): number => {
    const first = bytes.readUInt8(at)
    const value = first % 4 === 0 ? first >> 2 : bytes.readUInt16LE(at) >> 2
    at += first % 4 === 0 ? 1 : 2
    return value
  }
  const u16 = (): number => {
    at += 2
    return bytes.readUInt16LE(at - 2)
  }
  const u16s = (): number[] => Array.from({ length: compact() }, u16)
  const length = compact()
  const hotkey = bytes.toString('hex', at, at + length)
  at += length
  const [uids, values] = [u16s(), u16s()]
  return { hotkey, uids, values, versionKey: bytes.readBigUInt64LE(at) }
}
