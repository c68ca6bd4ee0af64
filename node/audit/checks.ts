/** The named checks of `evalmesh audit verify`: each says what it looked at and what it found. */
import {
  type Committee,
  type Decided,
  encodeSs58,
  type Genesis,
  incumbentOf,
  type Metagraph,
  vectorOf,
  vectorsUpTo,
} from '../../protocol/index.ts'
import { type Chain, ChainError } from '../chain/port.ts'
import { coalitionsOf } from '../coalition.ts'
import { type Check, checkGenesis } from '../owner/genesis.ts'
import type { VerifySignatures } from '../peers/verify.ts'
import { outlook } from './outlook.ts'
import { type Replayed, replay } from './replay.ts'
import type { ArchiveSource } from './source.ts'

export type AuditReport = {
  readonly ok: boolean
  readonly heights: number
  readonly logRoot: string
  readonly signaturesChecked: number
  readonly checks: readonly Check[]
  /** What the chain will make of the newest certified vector, in one sentence; null before the first. */
  readonly outlook: string | null
  /** Who leads each competition after all that was decided. */
  readonly standings: readonly {
    readonly competition: string
    readonly submission: string | null
    readonly miner: string | null
  }[]
}

const percent = (ppm: number): string => `${(ppm / 10_000).toFixed(1)} %`

const signersOf = (decided: Decided, committee: Committee): bigint =>
  decided.certificate.signatures.reduce((sum, { member }) => sum + (committee.members[member]?.weight ?? 0n), 0n)

/** R-81, R-86: every piece of evidence was checked again when the log named it; who it convicts, and what of. */
export const checkEvidence = ({ machine, unshown }: Pick<Replayed, 'machine' | 'unshown'>): Check => {
  const { convicted, evidence, params } = machine.rounds
  const convicts = [...convicted].map(([hotkey, { offence, height, epoch, isReleased }]) => {
    const end = isReleased
      ? 'released: it was registered anew'
      : `no seat up to epoch ${epoch + params.mesh.evidenceEpochs}`
    return `${encodeSs58(hotkey)} (${offence}, height ${height}; ${end})`
  })
  const named =
    convicts.length === 0 ? 'nobody was ever convicted' : `convicted by signatures that hold: ${convicts.join(', ')}`
  const waiting = evidence.size === 0 ? '' : `; ${evidence.size} pieces wait for a header`
  const missing = unshown === 0 ? '' : `; ${unshown} invalid proposals could not be judged again from this archive`
  return { name: 'evidence', ok: true, detail: `${named}${waiting}${missing}` }
}

/** R-115: a manifest that spends a payment again ends the replay; how many there were, and how many are free again. */
export const checkPayments = ({ spent }: Pick<Replayed['machine']['rounds'], 'spent'>): Check => {
  const submissions = new Set([...spent.values()].map(({ submission }) => submission))
  const detail =
    spent.size === 0
      ? 'no manifest of the last month names one'
      : `${spent.size} of the last month, each for one submission of ${submissions.size}; none was spent twice`
  return { name: 'payments', ok: submissions.size === spent.size, detail }
}

const checkLog = (replayed: Replayed): readonly Check[] => {
  const { machine, decided } = replayed
  const { committee } = machine.rounds
  const same = decided.filter(({ header }) => header.epoch === committee.epoch)
  const least = same.map((one) => signersOf(one, committee)).sort((a, b) => (a < b ? -1 : 1))[0]
  const share = least === undefined ? null : percent(Number((least * 1_000_000n) / committee.total))
  const countOf = (kind: 'result' | 'params'): number =>
    decided.filter(({ header }) => header.entry.kind === kind).length
  const { blocking, certifying } = coalitionsOf(committee)
  return [
    {
      name: 'certificates',
      ok: true,
      detail: `${decided.length} heights, each finalised by more than two thirds of the stake${share === null ? '' : `; the least had ${share}`}`,
    },
    {
      name: 'blocking',
      ok: true,
      detail: `${blocking.sentence}, with ${percent(blocking.weightPpm)} of the weight; ${certifying.sentence}`,
    },
    {
      name: 'links',
      ok: true,
      detail: `every header names the one before and the Merkle root of all before; log root ${machine.consensus.log.root}`,
    },
    {
      name: 'results',
      ok: true,
      detail: `${countOf('result')} results derived again from the reveals, every bit equal; every reveal opens its commitment`,
    },
    {
      name: 'parameters',
      ok: true,
      detail: `${countOf('params')} changes, each signed by the subnet’s owner and sane where it was decided`,
    },
    checkPayments(machine.rounds),
  ]
}

/** Each member's row on chain, as it stood at the log's last block, against the vectors of the log that it may stand for. */
export const checkWeights = async (o: {
  readonly genesis: Genesis
  readonly chain: Pick<Chain, 'weightsOf' | 'metagraphAt'>
  readonly replayed: Pick<Replayed, 'machine' | 'untilBlock'>
}): Promise<readonly Check[]> => {
  const { genesis, chain } = o
  const { netuid } = genesis
  const { untilBlock } = o.replayed
  const { rounds } = o.replayed.machine
  const checks: Check[] = []
  for (const { hotkey } of rounds.committee.members) {
    const name = `weights ${encodeSs58(hotkey)}`
    const row = await chain.weightsOf({ netuid, hotkey, block: untilBlock }).catch((error: unknown) => {
      if (error instanceof ChainError && error.code === 'NOT_REGISTERED') return null
      throw error
    })
    if (row === null || row.setAt === null) {
      checks.push({ name, ok: true, detail: 'has set none' })
      continue
    }
    const { setAt, behindBlocks = 0 } = row
    if (setAt <= genesis.block) {
      checks.push({ name, ok: true, detail: `has set none: its row is of block ${setAt}, before the mesh began` })
      continue
    }
    const shown = JSON.stringify(row.weights)
    const all = vectorsUpTo(rounds, setAt)
    // A vector is set a few blocks after its own; the one before it is allowed for a slow validator.
    const candidates = all.slice(0, 2 + all.filter(({ block }) => block > setAt - behindBlocks).length)
    let newest: string | null = null
    let equal: { readonly block: number } | null = null
    for (const { block } of candidates) {
      const metagraph: Metagraph = await chain.metagraphAt({ netuid, block })
      const { uids, values } = vectorOf(rounds, metagraph) ?? { uids: [], values: [] }
      const certified = JSON.stringify(uids.map((uid, index) => [uid, values[index]]))
      newest ??= certified
      if (certified !== shown) continue
      equal = { block }
      break
    }
    checks.push(
      equal === null
        ? {
            name,
            ok: false,
            detail: `the row set at block ${setAt} is ${shown}; certified is ${newest ?? 'none'}`,
          }
        : {
            name,
            ok: true,
            detail: `the row set at block ${setAt} equals the certified vector of block ${equal.block}`,
          },
    )
  }
  return checks
}

export const verifyArchive = async (o: {
  readonly genesis: Genesis
  readonly source: ArchiveSource
  readonly chain: Chain
  readonly verify: VerifySignatures
  readonly onHeight: (height: number) => void
}): Promise<AuditReport> => {
  const first = await checkGenesis(o.genesis, o)
  const replayed = await replay(o)
  const checks = [...first, ...checkLog(replayed), checkEvidence(replayed), ...(await checkWeights({ ...o, replayed }))]
  const { machine } = replayed
  return {
    ok: checks.every((check) => check.ok),
    heights: replayed.decided.length,
    logRoot: machine.consensus.log.root,
    signaturesChecked: replayed.signaturesChecked,
    checks,
    outlook: await outlook({ netuid: o.genesis.netuid, chain: o.chain, rounds: machine.rounds }),
    standings: [...machine.rounds.competitions.values()].map(({ params, standing }) => {
      const leader = incumbentOf(standing)
      return {
        competition: params.id,
        submission: leader?.submission ?? null,
        miner: leader && encodeSs58(leader.hotkey),
      }
    }),
  }
}
