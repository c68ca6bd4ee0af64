/** The contracts that come with this version: what a training run is held to, as files whose digests stand in parameters. */
import { hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TrainingContract } from '../../protocol/index.ts'

/** The contracts by name. */
export const contractNames = ['tiny', '150m'] as const
export type ContractName = (typeof contractNames)[number]

type Numbers = Readonly<Record<string, number>>

/** How tolerances came about: what honest variants and small cheats were found with, in parts per billion. */
type Calibration = {
  readonly factor: number
  readonly honest: Readonly<Record<string, Numbers>>
  readonly cheats: Readonly<Record<string, { readonly caughtBy: readonly string[] }>>
  readonly tolerances: Numbers
}

/** A contract as a mesh's parameters cite it. */
type KnownContract = {
  readonly contract: TrainingContract
  readonly calibration: Calibration
  /** Hex SHA-256 of the document's bytes, and of the log of its calibration. */
  readonly digest: string
  readonly logDigest: string
}

const read = (name: string): Buffer => readFileSync(join(import.meta.dirname, 'contracts', name))

/** The contract of that name. */
export function readContract(name: ContractName): KnownContract {
  const bytes = read(`${name}.json`)
  const contract = JSON.parse(bytes.toString('utf8')) as TrainingContract
  const log = read(`${name}-calibration.json`)
  const calibration = JSON.parse(log.toString('utf8')) as Calibration
  return { contract, calibration, digest: hash('sha256', bytes), logDigest: hash('sha256', log) }
}

/** The contract with that digest; undefined when another version of this program has it. */
export function contractByDigest(digest: string): TrainingContract | undefined {
  return contractNames.map(readContract).find((known) => known.digest === digest)?.contract
}
