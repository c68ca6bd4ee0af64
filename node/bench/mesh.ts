/** What a running mesh would do with a submission that was measured at home: asked of one validator, which decides nothing alone. */
import { type CompetitionParams, type Digest, encodeSs58, hash, packBundle } from '../../protocol/index.ts'
import type { BoardView } from '../api/board.ts'
import type { CodeView } from '../api/code.ts'
import type { MinerView, SameCode } from '../api/miners.ts'
import type { ParamsView } from '../api/params-view.ts'
import { askApi } from '../cli/api-client.ts'
import { CliError, EXIT } from '../cli/output.ts'
import { fileOf } from '../miner/bundle.ts'

/** The mesh as it is before anything is measured. */
export type MeshNow = {
  readonly api: string
  readonly competition: string
  readonly params: Pick<CompetitionParams, 'thetaPpm' | 'confirmRounds' | 'bundleBytesMax' | 'poolManifest'>
  /** Submissions with the very same code, whoever handed them in. */
  readonly same: readonly SameCode[]
  /** Null without a hotkey to ask about. */
  readonly miner: MinerView | null
  /** Null while the baseline leads. `source` is null while its code is sealed or not to be had there. */
  readonly leader: { readonly submission: string; readonly source: string | null; readonly why: string } | null
}

export type Outlook = {
  readonly api: string
  /** The code, however it is named in the mesh. */
  readonly bundle: Digest
  readonly same: readonly SameCode[]
  readonly miner: MinerView | null
  readonly leader: string | null
  /** Whether the leader's own code was measured against. */
  readonly isAgainstLeader: boolean
  /**
   * `too large`, `unregistered`, `over the limit`: no receipt. `duplicate`: at best a tie. `fault`: verdict miner. `record`, `provisional`,
   * `no lead`: as measured here. `unknown`: the leader's code is not public yet.
   */
  readonly would:
    | 'too large'
    | 'unregistered'
    | 'over the limit'
    | 'duplicate'
    | 'fault'
    | 'record'
    | 'provisional'
    | 'no lead'
    | 'unknown'
  readonly sentence: string
}

const bundleOf = (competition: string, solution: Uint8Array): Digest =>
  hash(packBundle([{ path: fileOf(competition), content: solution }]))

/** Of a report of either kind. */
type Measured = {
  readonly score: { readonly takesLead: boolean; readonly pair: string } | null
  readonly verdict: string
  readonly code: string
}

const leaderOf = async (api: string, { leader }: BoardView): Promise<MeshNow['leader']> => {
  if (leader === null) return null
  const { submission } = leader
  try {
    const code = await askApi<Extract<CodeView, { kind: 'open' }>>(api, `/submissions/${submission}/code`, 'files')
    // As validators read it: without a mark of its order at its start.
    const source = code.files[0]?.content.replace(/^\uFEFF/, '') ?? null
    return { submission, source, why: 'its code is no bundle' }
  } catch (error) {
    if (error instanceof CliError) return { submission, source: null, why: error.message }
    throw error
  }
}

/** @throws CliError when nobody answers there, or its mesh has no such competition. */
export const askMesh = async (o: {
  readonly api: string
  readonly competition: string
  readonly solution: Uint8Array
  readonly hotkey: string | null
}): Promise<MeshNow> => {
  const { api, competition } = o
  const { targets } = await askApi<ParamsView>(api, '/params', 'targets')
  const params = targets.find((target) => target.competition === competition)?.params
  if (params === undefined || !('thetaPpm' in params)) {
    throw new CliError({ exitCode: EXIT.notFound, message: `the mesh of ${api} has no competition ${competition}` })
  }
  const board = await askApi<BoardView>(api, `/leaderboard?competition=${competition}`, 'leader')
  const { submissions } = await askApi<{ submissions: readonly SameCode[] }>(
    api,
    `/bundles/${bundleOf(competition, o.solution)}`,
    'submissions',
  )
  const miner =
    o.hotkey === null ? null : await askApi<MinerView>(api, `/miners/${encodeSs58(o.hotkey)}`, 'competitions')
  const same = submissions.filter((one) => one.competition === competition)
  return { api, competition, params, same, miner, leader: await leaderOf(api, board) }
}

type Would = Pick<Outlook, 'would' | 'sentence'>

/** What stands in the way before anything runs; null when nothing does. */
const refusalOf = ({ params, competition, miner, same }: MeshNow, sizeBytes: number): Would | null => {
  if (sizeBytes > params.bundleBytesMax) {
    return { would: 'too large', sentence: `it has ${sizeBytes} bytes, and ${params.bundleBytesMax} are allowed` }
  }
  const own = same.find((one) => one.miner === miner?.hotkey)
  if (own !== undefined) {
    return {
      would: 'duplicate',
      sentence: `you have handed it in: ${own.submission}, ${own.verdict ?? 'not measured yet'}`,
    }
  }
  if (miner?.isRegistered === false) {
    return { would: 'unregistered', sentence: 'this hotkey has no uid on the subnet: nobody would give it a receipt' }
  }
  const day = miner?.competitions.find((one) => one.competition === competition)
  if (day !== undefined && day.usedToday >= day.dailyMax) {
    const sentence = `${day.usedToday} of ${day.dailyMax} submissions of this day are used, by this hotkey or its coldkey`
    return { would: 'over the limit', sentence }
  }
  const [other] = same
  if (other === undefined) return null
  return { would: 'duplicate', sentence: `the same code is there, by ${other.miner}: who came first stays first` }
}

const measuredAs = ({ leader, params }: MeshNow, report: Measured): Would => {
  const { score } = report
  if (score === null) {
    return report.verdict === 'miner'
      ? { would: 'fault', sentence: `verdict miner, ${report.code}` }
      : { would: 'unknown', sentence: 'this machine could not measure it' }
  }
  if (leader !== null && leader.source === null) {
    return {
      would: 'unknown',
      sentence: `it was not measured against the leader ${leader.submission.slice(0, 16)}: ${leader.why}`,
    }
  }
  if (!score.takesLead) return { would: 'no lead', sentence: `it would not take the lead: PAIR-1 says ${score.pair}` }
  if (leader === null) return { would: 'record', sentence: 'it would take the lead in its first round' }
  const sentence = `it would be provisional, and lead after ${params.confirmRounds} rounds in a row`
  return params.confirmRounds > 1
    ? { would: 'provisional', sentence }
    : { would: 'record', sentence: 'it would take the lead' }
}

/** Both together: what stands in its way, else what was measured. */
export const outlookOf = (
  now: MeshNow,
  o: {
    readonly solution: Uint8Array
    readonly report: Measured
    readonly isAgainstLeader: boolean
  },
): Outlook => ({
  api: now.api,
  bundle: bundleOf(now.competition, o.solution),
  same: now.same,
  miner: now.miner,
  leader: now.leader?.submission ?? null,
  isAgainstLeader: o.isAgainstLeader,
  ...(refusalOf(now, o.solution.length) ?? measuredAs(now, o.report)),
})
