/** The report of `evalmesh bench run` for people. */
import type { BenchReport, BenchRow, BenchScore } from '../bench/bench.ts'
import type { Outlook } from '../bench/mesh.ts'
import type { Profile, ProfileRow } from '../bench/profile.ts'
import { table } from './output.ts'

const percent = (ppm: number): string => `${(ppm / 10_000).toFixed(2)} %`
const times = (ppm: number): string => (ppm / 1_000_000).toFixed(4)

const similarity = ({ candidate }: BenchRow): readonly string[] =>
  candidate.similarityPpb === null ? [] : [(candidate.similarityPpb / 1e9).toFixed(6)]

const showRows = ({ matrices }: BenchReport): string =>
  table([
    [
      ...['matrix', 'bytes', 'C', 'compress ms', 'decompress ms'],
      ...(matrices.some(({ candidate }) => candidate.similarityPpb !== null) ? ['similarity'] : []),
      ...['C against', 'ms against', 'score ratio'],
    ],
    ...matrices.map((row) => [
      row.digest.slice(0, 16),
      String(row.rawBytes),
      row.candidate.ratio.toFixed(5),
      row.candidate.compressMs.toFixed(3),
      row.candidate.decompressMs.toFixed(3),
      ...similarity(row),
      row.partner.ratio.toFixed(5),
      row.partner.ms.toFixed(3),
      times(row.quadPpm),
    ]),
  ])

/** With its terms: those that the formula names. */
const showScore = (name: string, o: BenchScore & { readonly formula: string }): string =>
  `${name}  ${o.formula} with C = ${o.ratio}${/\bt\b/.test(o.formula) ? `, t = ${o.seconds} s` : ''}: ${o.score}`

/** With fewer quads than this even the extremes may be chance: PAIR-1 has no bound. */
const QUADS_MIN = 6

const profileRows = (role: string, rows: readonly ProfileRow[]): readonly (readonly string[])[] => {
  const whole = rows.reduce((sum, { ownMs }) => sum + ownMs, 0)
  return rows.map((row) => [
    role,
    row.function,
    String(row.calls),
    row.ownMs.toFixed(3),
    whole === 0 ? '-' : `${((100 * row.ownMs) / whole).toFixed(0)} %`,
    row.totalMs.toFixed(3),
  ])
}

const showProfile = ({ compress, decompress }: Profile): readonly string[] => [
  '',
  'Where the time goes, on the largest matrix (cProfile slows Python code down)',
  table([
    ['role', 'function', 'calls', 'own ms', 'share', 'with calls ms'],
    ...profileRows('compress', compress),
    ...profileRows('decompress', decompress),
  ]),
]

/** What a running mesh would do, in lines. */
export const showMesh = ({ api, sentence, would, leader, isAgainstLeader, miner }: Outlook): readonly string[] => {
  const who =
    leader === null ? 'the baseline' : `${leader.slice(0, 16)}${isAgainstLeader ? ', measured against here' : ''}`
  const days = miner?.competitions.map((c) => `${c.usedToday} of ${c.dailyMax} in ${c.competition}`) ?? []
  return [
    `mesh        ${api}: the leader is ${who}`,
    ...(miner === null ? [] : [`today       ${days.join(', ')} used by ${miner.hotkey}`]),
    `outlook     ${would}: ${sentence}`,
  ]
}

const showMeasured = (report: BenchReport): readonly string[] => {
  const { score, host } = report
  if (score === null || host === null) return [`${report.verdict}  ${report.code}: ${report.line}`]
  const { thetaPpm, formula, centrePpm, madPpm, pair, takesLead, candidate, partner } = score
  const isNoisy = host.noisePpm > thetaPpm
  return [
    showRows(report),
    '',
    showScore('submission', { ...candidate, formula }),
    showScore('against   ', { ...partner, formula }),
    `metric      ${times(centrePpm)} (lower median of the ratios, ± ${times(madPpm)}); the lead needs more than ${times(1_000_000 + thetaPpm)}`,
    `host        its own noise is ${percent(host.noisePpm)}${isNoisy ? `, above θ = ${percent(thetaPpm)}: a validator here would have no vote; close other programs` : ''}`,
    `link        ${times(candidate.linkPpm)}, against ${times(partner.linkPpm)}: how much sooner a matrix is across 1 to 100 MB/s`,
    `PAIR-1      ${pair}${report.matrices.length < QUADS_MIN ? `: fewer than ${QUADS_MIN} matrices say nothing` : ''}`,
    `on a mesh   ${takesLead ? 'it would take the lead' : 'it would not take the lead'}, if the validators measured as this host did`,
  ]
}

/** `mesh`: what a running one would do; null when none was asked. */
export const showReport = (report: BenchReport, mesh: Outlook | null): string =>
  [
    ...showMeasured(report),
    ...(mesh === null ? [] : showMesh(mesh)),
    ...(report.profile === null ? [] : showProfile(report.profile)),
    ...(report.printed === '' ? [] : ['It printed:', report.printed]),
    `again: --seed ${report.seed}`,
  ].join('\n')
