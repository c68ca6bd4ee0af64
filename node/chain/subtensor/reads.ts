/** A subnet at one final block: metagraph, schedule, hyperparameters, rows; everything of one answer is read at one hash. */
import type { Codec } from '@polkadot/types/types'
import type { YumaInput } from '../../../protocol/index.ts'
import { type BlockRef, ChainError, type Metagraph, type Weight } from '../port.ts'
import { storageIndex } from './payload.ts'
import { type At, asChainError, bigintOf, hasStorage, hexOf, itemsOf, numberOf, stored, storedMany } from './runtime.ts'
import { epochAt, type Schedule } from './schedule.ts'

/** Fields of the chain's own metagraph, by name; a runtime that lacks one of ours is not supported. */
type Fields = { readonly get: (field: string) => Codec }

const fieldsOf = (metagraph: Codec): Fields => ({
  get: (field) => {
    const value = (metagraph as unknown as { get(name: string): Codec | undefined }).get(field)
    if (value === undefined) throw new ChainError('BAD_RESPONSE', { why: `the metagraph has no ${field}` })
    return value
  },
})

export const scheduleAt = async (at: At, netuid: number): Promise<Schedule> => {
  const tempo = numberOf(await stored(at, 'tempo', netuid))
  if (!hasStorage(at, 'lastEpochBlock')) return { kind: 'legacy', tempo, netuid }
  const [last, pending, index, since] = await Promise.all(
    ['lastEpochBlock', 'pendingEpochAt', 'subnetEpochIndex', 'blocksSinceLastStep'].map((name) =>
      stored(at, name, netuid),
    ),
  )
  return {
    kind: 'stateful',
    tempo,
    lastEpochBlock: numberOf(last),
    pendingEpochAt: numberOf(pending),
    epochIndex: numberOf(index),
    blocksSinceLastStep: numberOf(since),
  }
}

/** Seconds from block to block where the runtime does not say: Subtensor's. */
const BLOCK_SECONDS_DEFAULT = 12

/** Seconds from block to block, a fraction on a devnet with fast blocks. */
export const blockSecondsAt = ({ consts }: Pick<At, 'consts'>): number => {
  const slotMs = consts['aura']?.['slotDuration']
  return slotMs === undefined ? BLOCK_SECONDS_DEFAULT : numberOf(slotMs) / 1000
}

/** SUBNET_UNKNOWN when there is none at that block. */
const metagraphFields = async (at: At, netuid: number): Promise<Fields> => {
  const call = at.call['subnetInfoRuntimeApi']?.['getMetagraph']
  if (call === undefined) throw new ChainError('BAD_RESPONSE', { why: 'the runtime has no getMetagraph' })
  const answer = (await call(netuid)) as Codec & { readonly isSome: boolean; unwrap(): Codec }
  if (!answer.isSome) throw new ChainError('SUBNET_UNKNOWN', { netuid })
  return fieldsOf(answer.unwrap())
}

export const readMetagraph = (at: At, o: { readonly netuid: number; readonly block: BlockRef }): Promise<Metagraph> =>
  asChainError(async () => {
    const { netuid, block } = o
    const fields = await metagraphFields(at, netuid)
    const schedule = await scheduleAt(at, netuid)
    const { epoch, start } = epochAt(schedule, block.number)
    const columns = ['coldkeys', 'totalStake', 'validatorPermit', 'lastUpdate'].map((name) => itemsOf(fields.get(name)))
    const [coldkeys = [], stakes = [], permits = [], updates = []] = columns
    return {
      netuid,
      block,
      epoch,
      epochStart: start,
      tempo: schedule.tempo,
      ownerHotkey: hexOf(fields.get('ownerHotkey')),
      ownerColdkey: hexOf(fields.get('ownerColdkey')),
      weightsRateLimit: numberOf(fields.get('weightsRateLimit')),
      neurons: itemsOf(fields.get('hotkeys')).map((hotkey, uid) => {
        const [coldkey, stake, permit] = [coldkeys[uid], stakes[uid], permits[uid]]
        if (coldkey === undefined || stake === undefined || permit === undefined) {
          throw new ChainError('BAD_RESPONSE', { why: 'columns of the metagraph differ in length' })
        }
        return {
          uid,
          hotkey: hexOf(hotkey),
          coldkey: hexOf(coldkey),
          stakeRao: bigintOf(stake),
          permit: permit.toString() === 'true',
          lastUpdate: numberOf(updates[uid]),
        }
      }),
    }
  })

const rowOf = (value: Codec): readonly Weight[] =>
  itemsOf(value).map((pair) => {
    const [uid, weight] = itemsOf(pair)
    return [numberOf(uid), numberOf(weight)] as const
  })

/** The uid of a hotkey, null when it is not registered. */
export const uidOf = (at: At, o: { readonly netuid: number; readonly hotkey: string }): Promise<number | null> =>
  asChainError(async () => {
    const uid = (await stored(at, 'uids', o.netuid, `0x${o.hotkey}`)) as Codec & { readonly isSome: boolean }
    return uid.isSome ? numberOf(uid) : null
  })

/** The stored row and the block of the last weights or commit; of a mechanism other than 0 under its own index. */
export const readRow = (
  at: At,
  o: { readonly netuid: number; readonly mechanism: number; readonly uid: number },
): Promise<{ readonly weights: readonly Weight[]; readonly lastUpdate: number }> =>
  asChainError(async () => {
    const index = storageIndex(o.netuid, o.mechanism)
    const weights = rowOf(await stored(at, 'weights', index, o.uid))
    return { weights, lastUpdate: numberOf(itemsOf(await stored(at, 'lastUpdate', index))[o.uid]) }
  })

/** Blocks by which a stored row may be of an older commit than the newest; null where weights are not hidden. */
export const behindBlocks = (at: At, netuid: number): Promise<number | null> =>
  asChainError(async () => {
    if ((await stored(at, 'commitRevealWeightsEnabled', netuid)).toString() !== 'true') return null
    const [period, tempo] = await Promise.all([stored(at, 'revealPeriodEpochs', netuid), stored(at, 'tempo', netuid)])
    // From the first block of the commit's epoch to the last of the one in which its row stands; the older scheduler has one block more an epoch.
    return (numberOf(period) + 1) * (numberOf(tempo) + 1)
  })

/** Blocks after which a validator that has set nothing no longer counts. */
const activityCutoff = async (at: At, o: { readonly netuid: number; readonly tempo: number }): Promise<number> => {
  if (!hasStorage(at, 'activityCutoffFactorMilli')) return numberOf(await stored(at, 'activityCutoff', o.netuid))
  const factor = numberOf(await stored(at, 'activityCutoffFactorMilli', o.netuid))
  return Math.max(1, Math.floor((factor * o.tempo) / 1000))
}

/** Block of each hotkey's oldest timelocked commit that an epoch up to the next may still reveal. */
const commitBlocks = async (
  at: At,
  o: { readonly netuid: number; readonly schedule: Schedule; readonly block: number },
): Promise<ReadonlyMap<string, number>> => {
  const oldest = new Map<string, number>()
  if (!hasStorage(at, 'timelockedWeightCommits')) return oldest
  const period = numberOf(await stored(at, 'revealPeriodEpochs', o.netuid))
  const { epoch } = epochAt(o.schedule, o.block)
  const epochs = Array.from({ length: period + 1 }, (_, back) => epoch - back).filter((each) => each >= 0)
  for (const commits of await storedMany(
    at,
    'timelockedWeightCommits',
    epochs.map((each) => [o.netuid, each]),
  )) {
    for (const commit of itemsOf(commits)) {
      const [who, block] = itemsOf(commit)
      if (who === undefined) continue
      oldest.set(hexOf(who), Math.min(oldest.get(hexOf(who)) ?? Number.POSITIVE_INFINITY, numberOf(block)))
    }
  }
  return oldest
}

export const readYumaInput = (at: At, o: { readonly netuid: number; readonly block: BlockRef }): Promise<YumaInput> =>
  asChainError(async () => {
    const { netuid } = o
    const graph = await readMetagraph(at, o)
    const registered = itemsOf((await metagraphFields(at, netuid)).get('blockAtRegistration'))
    const schedule = await scheduleAt(at, netuid)
    const isHidden = (await stored(at, 'commitRevealWeightsEnabled', netuid)).toString() === 'true'
    const commits = isHidden
      ? await commitBlocks(at, { netuid, schedule, block: o.block.number })
      : new Map<string, number>()
    const owner = await uidOf(at, { netuid, hotkey: graph.ownerHotkey })
    const voters = graph.neurons.filter(({ uid, permit }) => permit || uid === owner)
    const rows = await storedMany(
      at,
      'weights',
      voters.map(({ uid }) => [netuid, uid]),
    )
    const rowByUid = new Map(voters.map(({ uid }, index) => [uid, rows[index]]))
    return {
      block: o.block.number,
      activityCutoff: await activityCutoff(at, { netuid, tempo: graph.tempo }),
      kappa: numberOf(await stored(at, 'kappa', netuid)),
      stakeThreshold: bigintOf(await stored(at, 'stakeThreshold')),
      ownerUid: owner,
      neurons: graph.neurons.map(({ uid, hotkey, stakeRao, permit, lastUpdate }) => {
        const row = rowByUid.get(uid)
        return {
          stake: stakeRao,
          permit,
          lastUpdate,
          registeredAt: numberOf(registered[uid]),
          commitBlock: commits.get(hotkey) ?? null,
          weights: row === undefined ? [] : rowOf(row),
        }
      }),
    }
  })
