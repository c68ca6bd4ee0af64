/** The weights vector of a block: a pure function of the ledger, the parameters and the chain at that block. */
import type { Metagraph } from '../chain-view.ts'
import { compareNumbers } from '../competition/integers.ts'
import type { WeightsVector } from '../machine-types.ts'
import type { CompetitionParams } from '../params.ts'
import type { LeadRecord } from './fold.ts'

const PPM = 1_000_000n
const U16_MAX = 65_535n

/** What a vector needs of a competition's standing: its records, in the order they happened. */
export type Records = { readonly records: readonly LeadRecord[] }

/** the lead pays its newest record whose hotkey is registered at the block: when a winner leaves, the one before it follows. */
const payee = ({ records }: Records, metagraph: Metagraph): LeadRecord | null => {
  const registered = new Set(metagraph.neurons.map((neuron) => neuron.hotkey))
  return records.findLast((record) => registered.has(record.hotkey)) ?? null
}

/** One share of several, all over the same denominator: nothing is rounded before a vector's last step. */
type Common = { readonly whole: bigint; readonly decays: bigint }

const commonOf = (competitions: readonly CompetitionParams[]): Common => {
  const decays = competitions.reduce((product, { decayBlocks }) => product * BigInt(Math.max(1, decayBlocks)), 1n)
  return { whole: PPM * PPM * decays, decays }
}

/** the winner's part of a competition's share falls linearly to nothing over `decayBlocks` since its record; a new best resets it. */
const winnerShare = (params: CompetitionParams, o: { common: Common; record: LeadRecord; block: number }): bigint => {
  if (params.decayBlocks === 0) return 0n
  const left = BigInt(Math.max(0, params.decayBlocks - (o.block - o.record.block)))
  const undecayed = BigInt(params.sharePpm) * (PPM - BigInt(params.burnPpm))
  return (undecayed * left * o.common.decays) / BigInt(params.decayBlocks)
}

/** values are u16 with the largest at 65535, as the chain itself upscales; uids rise; nothing is listed with 0. */
const upscale = (shares: ReadonlyMap<number, bigint>): WeightsVector => {
  const rows = [...shares].filter(([, share]) => share > 0n).sort(([a], [b]) => a - b)
  const top =
    rows
      .map(([, share]) => share)
      .sort(compareNumbers)
      .at(-1) ?? 1n
  const values = rows.map(([uid, share]) => [uid, Number((share * U16_MAX) / top)] as const).filter(([, v]) => v > 0)
  return { uids: values.map(([uid]) => uid), values: values.map(([, value]) => value) }
}

/**
 * what no winner gets (burn, decay, shares without a winner) goes to the subnet owner's uid.
 * The vector is empty when neither a winner nor the owner has a uid. `metagraph` is the chain's at the vector's block.
 */
export const vectorAt = (o: {
  readonly competitions: readonly CompetitionParams[]
  readonly standings: ReadonlyMap<string, Records>
  readonly metagraph: Metagraph
}): WeightsVector => {
  const uidOf = new Map(o.metagraph.neurons.map((neuron) => [neuron.hotkey, neuron.uid]))
  const shares = new Map<number, bigint>()
  const give = (uid: number | undefined, share: bigint): void => {
    if (uid !== undefined) shares.set(uid, (shares.get(uid) ?? 0n) + share)
  }
  const common = commonOf(o.competitions)
  let left = common.whole
  for (const params of o.competitions) {
    const standing = o.standings.get(params.id)
    const record = standing === undefined ? null : payee(standing, o.metagraph)
    if (record === null) continue
    const share = winnerShare(params, { common, record, block: o.metagraph.block.number })
    give(uidOf.get(record.hotkey), share)
    left -= share
  }
  give(uidOf.get(o.metagraph.ownerHotkey), left)
  return upscale(shares)
}
