/** What every benchmark shares: rows, medians over repeated runs, CPU time, and a machine described without its paths. */
import { arch, cpus, loadavg, totalmem } from 'node:os'

/** One figure beside the limit or peer that was measured in the same run. `why`: set where it could not be measured here. */
export type Row = {
  readonly name: string
  readonly value: number | null
  readonly unit: string
  readonly beside: number | null
  readonly besideName: string
  readonly ratio: number | null
  readonly target: string
  readonly met: boolean | null
  readonly why?: string
}

export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[sorted.length >> 1] ?? Number.NaN
}

/** The smallest value that `share` of all are at or below. */
export const quantile = (values: readonly number[], share: number): number => {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
}

/** CPU seconds, all threads of this process, that `work` took. */
export const cpuSeconds = async (work: () => unknown): Promise<number> => {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6
}

/** Progress goes to stderr, so that stdout holds the figures alone. */
export const progress = (line: string): void => {
  process.stderr.write(`${line}\n`)
}

export const round = (value: number, digits = 3): number => Number(value.toPrecision(digits))

export const machine = () => ({
  cpu: cpus()[0]?.model.trim() ?? 'unknown',
  cores: cpus().length,
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  arch: arch(),
  node: process.version,
  /** Runnable processes of the last minute, this one's too: above `cores` the times of a clock say little. */
  load: round(loadavg()[0] ?? Number.NaN),
})

/** One or more rows that are measured together. */
export type Group = {
  readonly name: string
  readonly about: string
  readonly measure: (o: { readonly tiny: boolean }) => Promise<readonly Row[]>
}

export const printRow = ({ name, value, unit, beside, besideName, target, met, why }: Row): string => {
  const verdict = met === null ? 'not measured' : met ? 'met' : 'MISSED'
  const figure = value === null ? '' : `: ${value} ${unit}`
  const peer = beside === null ? '' : ` (${besideName}: ${beside})`
  return `${name}${figure}${peer}; target ${target}: ${verdict}${why === undefined ? '' : `, ${why}`}`
}
